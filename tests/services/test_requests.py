"""Asking for access: who may, for whom, what is written, what is refused whole, and what taking it back does."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import AccessRequest, Agency, Document, Evidence, Job, Link, Membership, Person, Project, Seat
from portal.refusals import Refused
from portal.services.people import approvals, requests
from portal.services.people.particulars import PersonFields
from tests.services.asking import admin_of, ask, device_of, director_of, in_force, projects_of, work
from tests.services.world import World
from workflows.vocabulary import LEAD, About, Kind, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def refusal(world: World, *args: object, **more: object) -> Refused:
    with pytest.raises(Refused) as refused:
        ask(world, *args, **more)  # type: ignore[arg-type]
    return refused.value


def test_a_request_writes_everything_in_one_commit(world: World) -> None:
    agency = world.agency()
    device = device_of(world, agency)
    request = ask(world, agency, device=device)
    member = request.membership_id
    assert in_force(world, member, Kind.ROLE) == [("end_user", 0)]
    assert in_force(world, member, Kind.REQUEST) == [("", 0)]
    assert in_force(world, member, Kind.ACCESS_LEVEL) == [("case_manager_1", 0)]
    assert in_force(world, member, Kind.WORKER) == [("staff", 0)]
    assert in_force(world, member, Kind.PROJECT) == [(str(projects_of(world, agency)[0]), 0)]
    assert in_force(world, member, Kind.DEVICE_IN_USE) == [("", device.id)]
    assert in_force(world, member, Kind.SEAT) == [("core", 0)]
    with world.look() as session:
        seat = session.scalars(select(Seat).where(Seat.membership_id == member)).one()
        assert (seat.status, seat.reserved_until) == ("reserved", world.today + timedelta(30))
        document = session.scalars(select(Document).where(Document.membership_id == member)).one()
        assert (document.kind, document.status) == ("user_agreement", "prepared")
        assert document.answers["purpose"] == "Enters intakes at the night shelter."
        assert (
            document.answers["access_level"] == "Case Manager I"
            and "Security awareness training" in document.answers["courses"]
        )
        assert session.scalars(select(Link).where(Link.document_id == document.id)).one().purpose == "signing"
        mails = set(session.scalars(select(Job.key).where(Job.effect == "mail")))
        assert f"request_received:{request.id}" in mails and any(key.startswith("link:") for key in mails)
    assert request.basis == "agency_admin"


def test_a_refusal_leaves_nothing_behind(world: World) -> None:
    agency = world.agency()
    before = {
        model: world.count(model) for model in (Person, Membership, Evidence, AccessRequest, Seat, Document, Link, Job)
    }
    assert refusal(world, agency, access_level="no_such_level").field == "access_level"
    assert {model: world.count(model) for model in before} == before


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("purpose", {"purpose": "work"}),
        ("purpose", {"purpose": "x" * 1001}),
        ("purpose", {"purpose": "For the client with 123-45-6789."}),
        ("worker", {"worker": "intern"}),
        ("start_on", {"start_on": date(1900, 1, 1)}),
        ("start_on", {"start_on": date(2031, 1, 1)}),
        ("access_level", {"access_level": "system_admin_1"}),
        ("access_level", {"access_level": "agency_admin"}),
        ("project_ids", {"project_ids": ()}),
        ("project_ids", {"project_ids": (999_999,)}),
        ("supervisor", {"supervisor": "x" * 201}),
    ],
)
def test_what_makes_no_sense_is_refused_on_its_field(world: World, field: str, change: dict[str, object]) -> None:
    refused = refusal(world, world.agency(), **change)
    assert (refused.reason, refused.field) == (Reason.BAD_INPUT, field)


def test_projects_and_devices_of_another_agency_are_refused(world: World) -> None:
    agency, other = world.agency(), world.agency()
    assert refusal(world, agency, project_ids=projects_of(world, other)).field == "project_ids"
    assert refusal(world, agency, device=device_of(world, other)).field == "device"
    strange = world.member(other)
    assert refusal(world, agency, membership=strange).reason == Reason.BAD_INPUT


def test_nobody_asks_for_themselves(world: World) -> None:
    agency = world.agency()
    person = world.person("Robin", "Example")
    own = world.member(agency, person, Role.AGENCY_ADMIN)
    admin = world.actor(own)
    assert refusal(world, agency, admin, membership=own).reason == Reason.SAME_PERSON
    me = PersonFields(first_name="Robin", last_name="Example", email=person.email.upper())
    assert refusal(world, agency, admin, person=me).reason == Reason.SAME_PERSON


def test_others_may_not_ask(world: World) -> None:
    agency, other = world.agency(), world.agency()
    for actor in (
        admin_of(world, other),
        world.actor(world.member(agency)),
        world.actor(world.member(agency, None, Role.SECURITY_OFFICER)),
    ):
        assert refusal(world, agency, actor).reason == Reason.NOT_ALLOWED


def test_the_lead_asks_on_the_directors_signed_instruction_only(world: World) -> None:
    agency = world.agency()
    assert refusal(world, agency, world.desk).field == "instruction"
    request = ask(
        world, agency, world.desk, instruction="Letter of Robin Example, November 20, 2026, filed under letters."
    )
    assert request.basis == "director_instruction"
    with world.look() as session:
        row = session.scalars(
            select(Evidence).where(Evidence.kind == Kind.REQUEST, Evidence.subject_id == request.membership_id)
        ).one()
    assert "Letter of Robin Example" in row.note and row.recorded_by == world.desk.person_id


def test_one_open_request_a_membership(world: World) -> None:
    agency = world.agency()
    ask(world, agency)
    refused = refusal(world, agency)
    assert refused.reason == Reason.ALREADY_DONE and "November 23, 2026" in refused.sentence


def test_an_excluded_provider_and_an_ended_agency_are_told_why(world: World) -> None:
    agency = world.agency()
    world.record(Kind.EXCLUDED_PROVIDER, About.AGENCY, agency.id, detail="victim_service")
    assert "comparable database" in refusal(world, agency).sentence


def test_without_a_free_seat_the_person_queues(world: World) -> None:
    agency = world.agency(licences_=1)
    first, second = ask(world, agency), ask(world, agency, email="robin@example.org")
    assert in_force(world, first.membership_id, Kind.SEAT) and not in_force(world, second.membership_id, Kind.SEAT)
    assert second.status == "open"
    assert world.count(Job, Job.key.like("seat_waiting:%")) == 1


def test_cancelling_gives_the_seat_back_and_ends_what_was_asked_for(world: World) -> None:
    agency = world.agency(licences_=1)
    request = ask(world, agency)
    with world.change() as session:
        requests.cancel(
            session,
            request=session.get_one(AccessRequest, request.id),
            reason="The offer was declined.",
            actor=admin_of(world, agency),
            now=world.now,
            policy=world.policy,
        )
    for kind in (Kind.ROLE, Kind.REQUEST, Kind.ACCESS_LEVEL, Kind.PROJECT, Kind.WORKER, Kind.SEAT):
        assert in_force(world, request.membership_id, kind) == [], kind
    assert world.count(Seat, Seat.status != "returned") == 0
    again = ask(world, agency, email="robin@example.org")
    assert in_force(world, again.membership_id, Kind.SEAT)


def test_a_change_leaves_the_live_level_until_the_gate_permits_and_can_be_called_off(world: World) -> None:
    agency = world.agency()
    membership = world.ready(agency)
    world.let_in(membership)
    world.withdraw(Kind.DEVICE_AUTHORISED, About.DEVICE, in_force(world, membership.id, Kind.DEVICE_IN_USE)[0][1])
    request = ask(world, agency, membership=membership, act="modify", access_level="case_manager_2")
    world.drain()
    grant = world.grant_of(membership)
    assert grant and (grant.status, grant.access_level) == ("live", "case_manager_1")
    assert in_force(world, membership.id, Kind.ACCESS_LEVEL) == [("case_manager_2", 0)]
    with world.change() as session:
        requests.cancel(
            session,
            request=session.get_one(AccessRequest, request.id),
            reason="Not after all.",
            actor=admin_of(world, agency),
            now=world.now,
            policy=world.policy,
        )
    assert in_force(world, membership.id, Kind.ACCESS_LEVEL) == [("case_manager_1", 0)]
    assert in_force(world, membership.id, Kind.SEAT) == [("core", 0)]
    assert world.status(membership) == "live"


def test_a_permitted_change_reaches_the_core_hmis(world: World) -> None:
    agency = world.agency()
    membership = world.ready(agency)
    world.let_in(membership)
    ask(world, agency, membership=membership, act="modify", access_level="case_manager_2")
    world.drain()
    grant = world.grant_of(membership)
    assert grant and grant.access_level == "case_manager_2"
    assert "Case Manager II" in str(world.open_order(membership).fields)


def test_add_and_modify_are_not_mixed_up(world: World) -> None:
    agency = world.agency()
    membership = world.ready(agency)
    world.let_in(membership)
    assert refusal(world, agency, membership=membership).reason == Reason.ALREADY_DONE
    assert refusal(world, agency, membership=world.member(agency), act="modify").field == "act"


def test_replacing_somebody_is_a_departure(world: World) -> None:
    """The seat of whoever leaves is free for whoever comes."""
    agency = world.agency(licences_=1)
    leaver = world.ready(agency)
    world.let_in(leaver)
    request = ask(world, agency, act="replace", replaces=leaver)
    assert world.status(leaver) == "none"
    assert in_force(world, leaver.id, Kind.DEPARTURE) == [("", 0)]
    assert in_force(world, request.membership_id, Kind.SEAT) == [("core", 0)]
    assert refusal(world, agency, act="replace", email="robin@example.org").field == "act"


def test_the_directors_designation_is_the_admins_own_request(world: World) -> None:
    agency = world.agency()
    membership, director = world.member(agency, None, Role.AGENCY_ADMIN), director_of(world, agency)
    with world.change() as session:
        request = requests.from_designation(
            session,
            membership=session.get_one(Membership, membership.id),
            access_level="agency_admin",
            purpose="Administers the Agency's users.",
            actor=director,
            now=world.now,
            policy=world.policy,
        )
    assert request.basis == "designation" and request.project_ids == projects_of(world, agency)
    assert in_force(world, membership.id, Kind.REQUEST) == [("", 0)]
    assert in_force(world, membership.id, Kind.ACCESS_LEVEL) == [("agency_admin", 0)]


def test_a_director_who_names_himself_needs_the_lead_as_second_person(world: World) -> None:
    agency = world.agency()
    membership = world.member(agency, None, Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN)
    director = world.actor(membership)
    with world.change() as session:
        request = requests.from_designation(
            session,
            membership=session.get_one(Membership, membership.id),
            access_level="agency_admin",
            purpose="Administers the Agency's users.",
            actor=director,
            now=world.now,
            policy=world.policy,
        )
    assert in_force(world, membership.id, Kind.REQUEST) == []
    for actor, reason in ((director, Reason.NOT_ALLOWED), (world.desk, Reason.NOT_ALLOWED), (world.admin, None)):
        if reason is None:
            with world.change() as session:
                approvals.approve(
                    session,
                    request=session.get_one(AccessRequest, request.id),
                    actor=actor,
                    now=world.now,
                    policy=world.policy,
                )
            continue
        with pytest.raises(Refused) as refused, world.change() as session:
            approvals.approve(
                session,
                request=session.get_one(AccessRequest, request.id),
                actor=actor,
                now=world.now,
                policy=world.policy,
            )
        assert refused.value.reason == reason
    assert in_force(world, membership.id, Kind.REQUEST) == [("", 0)]


def test_the_leads_own_staff_need_two_people_of_the_lead(world: World) -> None:
    with world.look() as session:
        lead = session.get_one(Agency, LEAD)
    request = ask(world, lead, world.admin, access_level="system_admin_1", project_ids=())
    other = world.staff(Role.LEAD_ADMIN)
    the_person = world.actor(world.member(lead, None, Role.LEAD_ADMIN))
    for actor in (world.admin, world.desk):
        with pytest.raises(Refused) as refused, world.change() as session:
            approvals.approve(
                session,
                request=session.get_one(AccessRequest, request.id),
                actor=actor,
                now=world.now,
                policy=world.policy,
            )
        assert refused.value.reason == Reason.NOT_ALLOWED
    assert the_person.person_id
    with world.change() as session:
        approvals.approve(
            session, request=session.get_one(AccessRequest, request.id), actor=other, now=world.now, policy=world.policy
        )
    assert in_force(world, request.membership_id, Kind.LEAD_APPROVAL) == [("", 0)]
    with pytest.raises(Refused) as again, world.change() as session:
        approvals.approve(
            session, request=session.get_one(AccessRequest, request.id), actor=other, now=world.now, policy=world.policy
        )
    assert again.value.reason == Reason.ALREADY_DONE


def test_a_request_of_another_agency_cannot_be_cancelled(world: World) -> None:
    agency, other = world.agency(), world.agency()
    request = ask(world, agency)
    with pytest.raises(Refused) as refused, world.change() as session:
        requests.cancel(
            session,
            request=session.get_one(AccessRequest, request.id),
            reason="x" * 5,
            actor=admin_of(world, other),
            now=world.now,
            policy=world.policy,
        )
    assert refused.value.reason == Reason.NOT_ALLOWED


def test_a_project_that_ended_long_ago_is_no_longer_asked_for(world: World) -> None:
    agency = world.agency()
    with world.change() as session:
        for project in session.scalars(select(Project).where(Project.agency_id == agency.id)):
            project.ends_on = world.today - timedelta(40)
    assert ask(world, agency, project_ids=()).project_ids == []
    assert work(world, agency).project_ids
