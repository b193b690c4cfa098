"""Leaving: everything ends at once and together, on the day that was said, for this Agency alone; and coming back."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import AccessRequest, Device, Document, Evidence, Job, Link, Membership, Seat, WebSession
from portal.refusals import Refused
from portal.services.account import sign_in
from portal.services.people import departures
from tests.services.asking import admin_of, ask, director_of, in_force
from tests.services.world import World
from workflows.vocabulary import About, Kind, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def leave(
    world: World,
    membership: Membership,
    actor: object = None,
    reason: str = "Took another job.",
    last_day: date | None = None,
) -> bool:
    with world.change() as session:
        return departures.deactivate(
            session,
            membership=session.get_one(Membership, membership.id),
            reason=reason,
            last_day=last_day,
            actor=actor or world.desk,  # type: ignore[arg-type]
            now=world.now,
            policy=world.policy,
        )


def signed_in(world: World, membership: Membership) -> None:
    with world.change() as session:
        sign_in.start_session(
            session,
            person=session.get_one(Membership, membership.id).person,
            via="password",
            actor=world.desk,
            now=world.now,
        )


def test_everything_ends_at_once(world: World) -> None:
    agency = world.agency()
    membership = world.ready(agency)
    world.let_in(membership)
    signed_in(world, membership)
    assert leave(world, membership, admin_of(world, agency)) is True
    assert world.status(membership) == "none"
    for kind in departures.ENDS:
        assert in_force(world, membership.id, kind) == [], kind
    assert world.count(Seat, Seat.status != "returned") == 0
    assert world.count(WebSession, WebSession.person_id == membership.person_id, WebSession.ended_at.is_(None)) == 0
    with world.look() as session:
        request = session.scalars(select(AccessRequest).where(AccessRequest.membership_id == membership.id)).one()
        told = list(session.scalars(select(Job).where(Job.key.like("departed:%"))))
    assert request.status == "ended"
    assert [job.payload["mail"] for job in told] == ["departed"]
    world.drain()
    assert world.orders(membership)[-1] == ("remove", "open")
    world.confirm(membership)
    assert world.account_of(membership).status == "removed"


def test_an_open_request_ends_its_papers_and_links_with_it(world: World) -> None:
    agency = world.agency()
    request = ask(world, agency)
    with world.look() as session:
        membership = session.get_one(Membership, request.membership_id)
    leave(world, membership)
    assert world.count(Document, Document.membership_id == membership.id, Document.status != "void") == 0
    assert world.count(Link, Link.person_id == membership.person_id, Link.revoked_at.is_(None)) == 0
    assert world.count(Seat, Seat.status != "returned") == 0


def test_a_later_day_changes_nothing_until_it_has_come(world: World) -> None:
    agency = world.agency()
    membership = world.ready(agency)
    world.let_in(membership)
    last = world.today + timedelta(2)
    assert leave(world, membership, last_day=last) is False
    world.drain()
    assert world.status(membership) == "live" and in_force(world, membership.id, Kind.ROLE)
    world.now += timedelta(2)
    world.drain()
    assert world.status(membership) == "live"
    world.now = datetime(2026, 11, 26, 5, 1)  # a minute past midnight in Maine
    world.drain()
    assert world.status(membership) == "none" and not in_force(world, membership.id, Kind.ROLE)
    with world.look() as session:
        role = session.scalars(
            select(Evidence).where(
                Evidence.kind == Kind.ROLE, Evidence.subject_id == membership.id, Evidence.withdrawn_at == datetime.max
            )
        ).one()
    assert role.valid_until == last


def test_a_planned_departure_can_be_called_off_and_moved(world: World) -> None:
    agency = world.agency()
    membership = world.ready(agency)
    world.let_in(membership)
    leave(world, membership, last_day=world.today + timedelta(5))
    leave(world, membership, last_day=world.today + timedelta(3))
    with world.look() as session:
        assert [row.valid_from for row in departures.departures_of(session, membership.id)] == [
            world.today + timedelta(4)
        ]
    with world.change() as session:
        departures.call_off(
            session,
            membership=session.get_one(Membership, membership.id),
            reason="She stays.",
            actor=admin_of(world, agency),
            now=world.now,
            policy=world.policy,
        )
    world.now += timedelta(10)
    world.drain()
    assert world.status(membership) == "live"


def test_who_left_last_week_left_last_week(world: World) -> None:
    membership = world.ready(world.agency())
    world.let_in(membership)
    leave(world, membership, last_day=world.today - timedelta(7))
    assert world.status(membership) == "none"
    with world.look() as session:
        assert departures.departures_of(session, membership.id)[0].valid_from == world.today - timedelta(6)


def test_other_agencies_of_the_person_are_left_alone(world: World) -> None:
    """One account: it stays for the other membership, and so does the sign-in."""
    one, two = world.agency(), world.agency()
    person = world.person()
    here, there = world.ready(one, person), world.ready(two, person)
    world.let_in(here)
    signed_in(world, here)
    leave(world, here, admin_of(world, one))
    world.drain()
    assert (world.status(here), world.status(there)) == ("none", "live")
    assert world.account_of(there).status != "removing"
    assert world.count(WebSession, WebSession.person_id == person.id, WebSession.ended_at.is_(None)) == 1


def test_the_free_seat_goes_to_whoever_waits(world: World) -> None:
    agency = world.agency(licences_=1)
    leaver, waiter = world.ready(agency), world.ready(agency)
    world.let_in(leaver)
    world.drain()
    assert world.status(waiter) == "none"
    leave(world, leaver)
    world.drain()
    assert world.status(waiter) == "live"


def test_twice_is_refused_and_a_reason_is_needed(world: World) -> None:
    membership = world.ready(world.agency())
    with pytest.raises(Refused) as empty:
        leave(world, membership, reason="  ")
    assert empty.value.field == "reason"
    with pytest.raises(Refused) as far:
        leave(world, membership, last_day=date(1900, 1, 1))
    assert far.value.field == "last_day"
    leave(world, membership)
    with pytest.raises(Refused) as twice:
        leave(world, membership)
    assert twice.value.reason == Reason.ALREADY_DONE


def test_only_the_own_agency_and_the_desk_deactivate(world: World) -> None:
    agency, other = world.agency(), world.agency()
    membership = world.ready(agency)
    for actor in (
        admin_of(world, other),
        world.actor(membership),
        world.actor(world.member(agency, None, Role.SECURITY_OFFICER)),
    ):
        with pytest.raises(Refused) as refused:
            leave(world, membership, actor)
        assert refused.value.reason == Reason.NOT_ALLOWED
    assert leave(world, membership, director_of(world, agency))


def test_the_desk_does_not_deactivate_the_leads_administrators(world: World) -> None:
    with world.look() as session:
        admin = session.scalars(select(Membership).where(Membership.person_id == world.admin.person_id)).one()
    with pytest.raises(Refused) as refused:
        leave(world, admin, world.desk)
    assert refused.value.reason == Reason.NOT_ALLOWED


def test_a_rehire_is_asked_for_anew_and_gets_the_same_account(world: World) -> None:
    agency = world.agency()
    membership = world.ready(agency)
    world.let_in(membership)
    account = world.account_of(membership)
    leave(world, membership)
    world.drain()
    world.confirm(membership)
    world.now += timedelta(30)
    with world.look() as session:
        device_id = session.scalars(select(Evidence.value).where(Evidence.kind == Kind.DEVICE_IN_USE)).first()
        device = session.get_one(Device, device_id)
    ask(world, agency, membership=membership, device=device)
    world.drain()
    assert world.status(membership) == "none", "nothing is assigned yet: courses have to be assigned anew"
    for course in ("hmis-basics", "security"):
        world.record(Kind.COURSE_ASSIGNED, About.MEMBERSHIP, membership.id, detail=course)
    world.drain()
    assert world.status(membership) == "live"
    again = world.account_of(membership)
    assert (again.id, again.user_id) == (account.id, account.user_id)
    assert departures_over(world, membership)


def departures_over(world: World, membership: Membership) -> bool:
    with world.look() as session:
        return departures.departures_of(session, membership.id) == []


def test_consequences_name_the_account_the_roles_and_the_seat(world: World) -> None:
    agency = world.agency()
    membership = world.ready(agency, world.person("Jamie", "Sample"))
    world.let_in(membership)
    world.record(Kind.ROLE, About.MEMBERSHIP, membership.id, detail=Role.SECURITY_OFFICER)
    with world.look() as session:
        said = " ".join(departures.consequences(session, session.get_one(Membership, membership.id), on=world.today))
    assert "jsample" in said and "license goes back" in said and "security officer" in said and "signed out" in said
