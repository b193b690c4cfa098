"""One person alone: what somebody could record, name, approve or change in the own favour, or of another Agency's people."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from portal.models import AccessRequest, Agency, Device, Evidence, Membership, Person
from portal.refusals import Refused
from portal.services.agencies import directors, officers
from portal.services.desk import evidence_by_hand, import_training, record_evidence
from portal.services.desk.evidence_by_hand import Entry
from portal.services.people import approvals, asked_for, bases, departures, people, requests, training, waivers
from portal.services.people.particulars import PersonFields
from tests.services.asking import admin_of, ask, at, director_of, in_force, names_himself
from tests.services.world import World
from workflows.vocabulary import KINDS, LEAD, About, Kind, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@contextmanager
def refused(world: World, *reasons: Reason) -> Iterator[None]:
    """Refused for one of these reasons, and nothing of it is on record."""
    before = world.count(Evidence), world.count(Person), world.count(Membership), world.count(AccessRequest)
    with pytest.raises(Refused) as refusal:
        yield
    assert refusal.value.reason in reasons, refusal.value
    assert before == (world.count(Evidence), world.count(Person), world.count(Membership), world.count(AccessRequest))


def entry(world: World, kind: Kind, about: About, subject_id: int, **more: Any) -> Entry:
    given = {"valid_from": world.today, "verified_by": "Dana Desk", "verified_how": "submitted", "note": "Seen today."}
    return Entry(kind=kind, about=about, subject_id=subject_id, **given | more)


def by_hand(world: World, actor: Any, *given: Any, **more: Any) -> None:
    with world.change() as session:
        record_evidence.record(
            session, entry=entry(world, *given, **more), actor=actor, now=world.now, policy=world.policy
        )


def membership_of(world: World, actor: Any, agency_id: int = LEAD) -> Membership:
    return at(world, actor, agency_id)


def called_off(world: World, request: int, *, by: Any) -> None:
    with world.change() as session:
        requests.cancel(
            session, request=session.get_one(AccessRequest, request), reason="Not needed", actor=by, now=world.now, policy=world.policy
        )  # fmt: skip


def also_at(world: World, actor: Any, agency: Agency, *roles: Role) -> Any:
    """The same person of the Lead, with an office at an Agency too."""
    with world.look() as session:
        person = session.get_one(Person, actor.person_id)
    return world.actor(world.member(agency, person, *roles))


# --- evidence by hand


@pytest.mark.parametrize("role", [Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.TRAINER])
def test_the_help_desk_gives_nobody_a_role_of_the_lead_and_least_of_all_itself(world: World, role: Role) -> None:
    colleague = membership_of(world, world.staff(Role.TRAINER))
    own = membership_of(world, world.desk)
    for subject in (own, colleague):
        with refused(world, Reason.NOT_ALLOWED, Reason.SAME_PERSON):
            by_hand(world, world.desk, Kind.ROLE, About.MEMBERSHIP, subject.id, detail=role.value)
    with refused(world, Reason.NOT_ALLOWED, Reason.SAME_PERSON):
        by_hand(
            world, world.admin, Kind.ROLE, About.MEMBERSHIP, membership_of(world, world.admin).id, detail=role.value
        )


def test_no_evidence_by_hand_is_about_oneself(world: World) -> None:
    own = membership_of(world, world.admin)
    for kind in evidence_by_hand.recordable():
        details = evidence_by_hand.details_of(kind, world.policy)
        for about in KINDS[kind].about:
            if about in (About.PERSON, About.MEMBERSHIP):
                subject = own.person_id if about == About.PERSON else own.id
                with refused(world, Reason.NOT_ALLOWED, Reason.SAME_PERSON, Reason.BAD_INPUT):
                    by_hand(world, world.admin, kind, about, subject, detail=next(iter(details), ""))


def test_whoever_belongs_to_an_agency_records_nothing_for_it(world: World) -> None:
    """The help desk's own Agency: its forms are seen by somebody else of the Lead."""
    agency = world.agency()
    both = also_at(world, world.desk, agency, Role.AGENCY_ADMIN)
    colleague = world.member(agency)
    with refused(world, Reason.SAME_PERSON):
        by_hand(world, both, Kind.CONFIGURED, About.AGENCY, agency.id, valid_from=world.today - timedelta(1))
    with refused(world, Reason.SAME_PERSON):
        by_hand(world, both, Kind.ROLE, About.MEMBERSHIP, colleague.id, detail=Role.SECURITY_OFFICER.value)
    sanction = world.record(Kind.SANCTION, About.AGENCY, agency.id, detail="reprimand")
    officer = also_at(world, world.staff(Role.LEAD_SECURITY), agency, Role.END_USER)
    with refused(world, Reason.SAME_PERSON), world.change() as session:
        row = session.get_one(Evidence, sanction.id)
        record_evidence.withdraw(session, row=row, reason="It was nothing.", actor=officer, now=world.now)
    by_hand(world, world.desk, Kind.CONFIGURED, About.AGENCY, agency.id, valid_from=world.today - timedelta(1))


def test_nobody_authorises_the_device_they_use(world: World) -> None:
    own = membership_of(world, world.desk)
    with world.change() as session:
        session.add(device := Device(agency_id=LEAD, label="Desk of Dana", entered_at=world.now))
    world.record(Kind.DEVICE_IN_USE, About.MEMBERSHIP, own.id, value=device.id)
    with refused(world, Reason.SAME_PERSON):
        by_hand(world, world.desk, Kind.DEVICE_AUTHORISED, About.DEVICE, device.id)
    by_hand(world, world.admin, Kind.DEVICE_AUTHORISED, About.DEVICE, device.id)


def test_what_cannot_be_waived_is_waived_by_nobody(world: World) -> None:
    agency = world.agency()
    member = world.member(agency)
    for prerequisite in world.policy.prerequisites:
        if prerequisite.waivable:
            continue
        for whom in (None, member):
            with refused(world, Reason.BAD_INPUT), world.change() as session:
                waivers.ask(
                    session, agency=session.get_one(Agency, agency.id), membership=whom and session.get_one(Membership, whom.id), prerequisite=prerequisite.id,
                    until=world.today + timedelta(30), reason="It is booked.", actor=world.desk, now=world.now, policy=world.policy,
                )  # fmt: skip
    with refused(world, Reason.CONFLICT):
        by_hand(world, world.admin, Kind.WAIVER, About.AGENCY, agency.id, detail="security-review")


def test_an_importer_leaves_out_the_own_result_however_it_is_addressed(world: World) -> None:
    with world.look() as session:
        me = session.get_one(Person, world.desk.person_id)
    for address in (me.email, me.email.upper(), f" {me.email} "):
        for actor, recorded in ((world.desk, 0), (world.admin, 1)):
            data = f"email,course,score,max_score,taken_at,attempt\n{address},security,100,100,2026-11-20,1\n".encode()
            with world.change() as session:
                report = import_training.import_file(
                    session, data, "own.csv", actor=actor, now=world.now, policy=world.policy, dry_run=True
                )
            assert dict(report.counts).get("recorded", 0) == recorded, [problem.sentence for problem in report.problems]
    with refused(world, Reason.NOT_ALLOWED), world.change() as session:
        training.record_result(
            session, person=session.get_one(Person, me.id), course="security", score=10000, score_as_written="100", source="by hand",
            taken_at=world.now, attempt=None, proof=None, note="", actor=world.desk, now=world.now, policy=world.policy,
        )  # fmt: skip


# --- naming oneself


def fields_of(world: World, actor: Any) -> PersonFields:
    with world.look() as session:
        person = session.get_one(Person, actor.person_id)
    return PersonFields(first_name=person.first_name, last_name=person.last_name, email=person.email)


def test_the_leads_staff_give_themselves_no_office_at_an_agency(world: World) -> None:
    agency = world.agency()
    for role in (Role.HELP_DESK, Role.LEAD_ADMIN):
        actor = world.actor(world.member(_lead(world), world.person("Dana", f"Of{role.replace('_', '')}"), role))
        me = fields_of(world, actor)
        terms = {"actor": actor, "now": world.now, "policy": world.policy}
        with refused(world, Reason.SAME_PERSON), world.change() as session:
            directors.invite_director(session, agency=session.get_one(Agency, agency.id), person=me, **terms)
        for named in ({"admin": me}, {"admin": None, "security_officer": me}):
            with refused(world, Reason.SAME_PERSON), world.change() as session:
                officers.name_officers(session, agency=session.get_one(Agency, agency.id), **named, **terms)


def test_a_director_who_names_himself_to_everything_waits_for_the_lead(world: World) -> None:
    """U18: administrator, security officer and user in one person; the Lead is the second one."""
    agency = world.agency()
    director = director_of(world, agency)
    mine = membership_of(world, director, agency.id)
    named = names_himself(world, agency, director)
    assert named.request is not None and in_force(world, mine.id, Kind.REQUEST) == []
    again = world.actor(mine)
    with refused(world, Reason.NOT_ALLOWED):
        approve(world, named.request.id, again)
    with refused(world, Reason.SAME_PERSON):
        ask(world, agency, again, membership=mine)
    with world.change() as session:
        approvals.approve(
            session,
            request=session.get_one(AccessRequest, named.request.id),
            actor=world.admin,
            now=world.now,
            policy=world.policy,
        )
    assert in_force(world, mine.id, Kind.REQUEST)


# --- the Lead's own staff: always two


def of_the_lead(world: World, requester: Any, level: str, membership: Membership, act: str) -> int:
    work = requests.Work(purpose="Supports the Agencies at the desk.", access_level=level, start_on=world.today)
    with world.change() as session:
        made = requests.submit(
            session, agency=session.get_one(Agency, LEAD), work=work, membership=session.get_one(Membership, membership.id), act=act,
            actor=requester, now=world.now, policy=world.policy,
        )  # fmt: skip
        return made.id


def approve(world: World, request_id: int, actor: Any) -> None:
    with world.change() as session:
        approvals.approve(
            session, request=session.get_one(AccessRequest, request_id), actor=actor, now=world.now, policy=world.policy
        )


def test_whoever_approved_cannot_ask_anew_under_the_own_approval(world: World) -> None:
    first, second = world.admin, world.staff(Role.LEAD_ADMIN)
    colleague = membership_of(world, world.staff(Role.TRAINER))
    request = of_the_lead(world, first, "read_only", colleague, "add")
    with refused(world, Reason.NOT_ALLOWED, Reason.SAME_PERSON):
        approve(world, request, first)
    approve(world, request, second)
    assert in_force(world, colleague.id, Kind.LEAD_APPROVAL)
    called_off(world, request, by=second)
    again = of_the_lead(world, second, "read_only", colleague, "add")
    assert not in_force(world, colleague.id, Kind.LEAD_APPROVAL)
    with refused(world, Reason.NOT_ALLOWED, Reason.SAME_PERSON):
        approve(world, again, second)


@pytest.mark.parametrize("who", ["the requester of before", "the approver of before"])
def test_a_higher_level_for_a_colleague_needs_a_second_person_again(world: World, who: str) -> None:
    first, second = world.admin, world.staff(Role.LEAD_ADMIN)
    colleague = world.member(_lead(world), None, Role.HELP_DESK)
    higher = next(level.id for level in world.policy.access_levels if level.lead_only)
    approve(world, of_the_lead(world, first, "read_only", colleague, "add"), second)
    world.now += timedelta(days=1)
    with world.change() as session:  # as if the gate had opened
        session.execute(AccessRequest.__table__.update().values(status="issued"))
        request = AccessRequest(
            membership_id=colleague.id, agency_id=LEAD, act="modify", purpose="More", access_level=higher, worker="staff", project_ids=[],
            start_on=world.today, requested_at=world.now, requested_by=first.person_id,
        )  # fmt: skip
        session.add(request)
        session.flush()
        actor = first if who == "the requester of before" else second
        basis = bases.Basis(called="lead")
        asked_for.record(
            session,
            session.get_one(Membership, colleague.id),
            request,
            basis,
            actor=actor,
            now=world.now,
            policy=world.policy,
        )
    assert in_force(world, colleague.id, Kind.LEAD_APPROVAL) == []


def _lead(world: World) -> Agency:
    with world.look() as session:
        return session.get_one(Agency, LEAD)


# --- another Agency's people


def test_naming_somebody_whom_another_agency_knows_changes_nothing_about_that_person(world: World) -> None:
    here, there = world.agency(), world.agency()
    person = world.person("Jamie", "Sample", phone="207-555-0100", title="Director of nights")
    world.member(there, person)
    ask(
        world,
        here,
        email=person.email,
        person=PersonFields(first_name="J", last_name="SAMPLE", email=person.email.upper(), phone="1", title="Evil"),
    )
    with world.look() as session:
        now = session.get_one(Person, person.id)
        assert (now.first_name, now.last_name, now.phone, now.title, now.email) == (
            "Jamie",
            "Sample",
            "207-555-0100",
            "Director of nights",
            person.email,
        )
        assert session.scalar(select(func.count()).where(Person.email_key == person.email)) == 1


def test_a_wrong_name_for_a_known_address_does_not_tell_the_right_one(world: World) -> None:
    here, there = world.agency(), world.agency()
    person = world.person("Jamie", "Sample")
    world.member(there, person)
    with pytest.raises(Refused) as no:
        ask(world, here, person=PersonFields(first_name="Wrong", last_name="Guess", email=person.email))
    assert "Sample" not in no.value.sentence and "Jamie" not in no.value.sentence


@pytest.mark.parametrize("where", ["another Agency", "the Lead"])
def test_an_agency_admin_renames_nobody_of_another_organization(world: World, where: str) -> None:
    """Naming the mailbox of a Lead's administrator is allowed to every Agency Admin; to rename them by that is not."""
    here = world.agency()
    if where == "the Lead":
        person = world.person("Robin", "Example")
        world.member(_lead(world), person, Role.LEAD_ADMIN)
    else:
        person = world.person("Robin", "Example")
        world.member(world.agency(), person)
    ask(world, here, person=PersonFields(first_name=person.first_name, last_name=person.last_name, email=person.email))
    names = {"first_name": "Somebody", "last_name": "Else", "now": world.now, "policy": world.policy}
    with refused(world, Reason.NOT_ALLOWED), world.change() as session:
        people.change_name(session, person=session.get_one(Person, person.id), actor=admin_of(world, here), **names)
    own = world.person()
    world.member(here, own)
    with world.change() as session:
        people.change_name(session, person=session.get_one(Person, own.id), actor=admin_of(world, here), **names)
    with world.change() as session:
        people.change_name(session, person=session.get_one(Person, person.id), actor=world.desk, **names)


def test_a_departure_here_leaves_access_there(world: World) -> None:
    here, there = world.agency(), world.agency()
    person = world.person()
    mine, theirs = world.ready(here, person), world.ready(there, person)
    world.drain()
    world.confirm(mine)
    before = world.status(theirs)
    with refused(world, Reason.NOT_ALLOWED), world.change() as session:
        member = session.get_one(Membership, theirs.id)
        departures.deactivate(
            session,
            membership=member,
            reason="Not mine",
            actor=admin_of(world, here),
            now=world.now,
            policy=world.policy,
        )
    with world.change() as session:
        member = session.get_one(Membership, mine.id)
        departures.deactivate(
            session, membership=member, reason="Left", actor=admin_of(world, here), now=world.now, policy=world.policy
        )
    world.drain()
    assert (world.status(mine), world.status(theirs)) in {("none", before), ("ended", before)} and before == "live"


# --- what is to come


def test_an_office_that_was_to_begin_later_ends_with_the_departure(world: World) -> None:
    """Otherwise whoever left on Monday would be Agency Administrator on Friday."""
    agency = world.agency()
    member = world.member(agency)
    world.record(
        Kind.ROLE, About.MEMBERSHIP, member.id, detail=Role.AGENCY_ADMIN, valid_from=world.today + timedelta(4)
    )
    with world.change() as session:
        leaving = session.get_one(Membership, member.id)
        departures.deactivate(
            session, membership=leaving, reason="Left", actor=world.desk, now=world.now, policy=world.policy
        )
    world.now += timedelta(days=5)
    assert world.actor(member).roles == frozenset()


def test_a_change_of_projects_does_not_call_off_a_departure(world: World) -> None:
    agency = world.agency()
    member = world.ready(agency)
    world.let_in(member)
    with world.change() as session:
        departures.deactivate(
            session, membership=session.get_one(Membership, member.id), reason="Leaves on Friday", last_day=world.today + timedelta(4),
            actor=world.desk, now=world.now, policy=world.policy,
        )  # fmt: skip
    ask(world, agency, membership=member, act="modify")
    with world.look() as session:
        assert len(departures.departures_of(session, member.id)) == 1
    world.now += timedelta(days=5)
    world.drain()
    assert world.status(member) in {"none", "ended"}


def test_a_first_day_to_come_is_waited_for(world: World) -> None:
    member = world.ready(world.agency(), request=False)
    world.request(member, start_on=world.today + timedelta(3))
    world.drain()
    assert world.status(member) == "none"
    world.now += timedelta(days=3)
    world.drain()
    assert world.status(member) == "live"


def test_who_comes_by_a_link_has_no_role_of_the_lead(world: World) -> None:
    """The rule of signed_in.load, for every verb behind it: an actor without the Lead's roles may do nothing of theirs."""
    actor = replace(world.admin, via="link", roles=frozenset(held for held in world.admin.roles if held[0] != LEAD))
    agency = world.agency()
    with refused(world, Reason.NOT_ALLOWED):
        by_hand(world, actor, Kind.CONFIGURED, About.AGENCY, agency.id)


def test_whoever_asked_may_end_what_another_person_approved(world: World) -> None:
    """On a later day the row is written again with its end; that is no approval of one's own."""
    first, second = world.admin, world.staff(Role.LEAD_ADMIN)
    colleague = membership_of(world, world.staff(Role.TRAINER))
    request = of_the_lead(world, first, "read_only", colleague, "add")
    approve(world, request, second)
    world.now += timedelta(days=2)
    called_off(world, request, by=first)
    assert in_force(world, colleague.id, Kind.LEAD_APPROVAL) == []
