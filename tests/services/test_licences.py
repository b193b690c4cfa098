"""Licences and seats: granted by the Lead, reserved for a time, taken by whoever is ready, never one too many."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import Evidence, Licence, Seat
from portal.refusals import Refused
from portal.services import evidence
from portal.services.people import licences
from tests.services.world import World
from workflows.vocabulary import About, Kind, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def say_free(world: World, agency_id: int) -> bool:
    with world.look() as session:
        return bool(evidence.in_force(session, About.AGENCY, agency_id, Kind.SEAT_FREE, on=world.today, detail="core"))


def test_a_reservation_holds_a_seat_for_thirty_days_and_says_so(world: World) -> None:
    agency = world.agency(licences_=1)
    member = world.ready(agency, request=False)
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, member.id)
    world.request(member, reserve=True)
    with world.look() as session:
        seat = licences.seat_of(session, member.id)
        assert seat and seat.status == "reserved" and seat.reserved_until == world.today + timedelta(30)
        assert licences.usage(session, agency.id) == {"granted": 1, "held": 0, "reserved": 1, "free": 0}
        said = evidence.in_force(session, About.MEMBERSHIP, member.id, Kind.SEAT, on=world.today, detail="core")
        assert [row.valid_until for row in said] == [world.today + timedelta(30)]
    assert not say_free(world, agency.id)


def test_a_reservation_that_runs_out_goes_to_the_one_who_is_ready(world: World) -> None:
    """The first has the seat and lacks something; the second has everything but a seat."""
    agency = world.agency(licences_=1)
    slow = world.ready(agency, request=False)
    world.withdraw(Kind.PRIVACY_PLEDGE, About.MEMBERSHIP, slow.id)
    world.request(slow, reserve=True)
    world.now += timedelta(hours=1)
    ready = world.ready(agency)
    world.drain()
    assert (world.status(slow), world.status(ready)) == ("none", "none")
    world.now += timedelta(days=30)
    world.drain()
    assert world.status(ready) == "none"  # the last day of the reservation still counts
    world.now += timedelta(days=1)
    world.drain()
    assert (world.status(slow), world.status(ready)) == ("none", "live")
    assert world.count(Seat, Seat.status == "returned") == 1


@pytest.mark.parametrize(("days", "status"), [(30, "reserved"), (31, "returned")])
def test_a_reservation_counts_to_the_end_of_its_last_day(world: World, days: int, status: str) -> None:
    member = world.ready(world.agency(licences_=1), request=False)
    world.request(member, reserve=True)
    world.now += timedelta(days=days)
    with world.change() as session:
        licences.expire(session, session.scalars(select(Seat.id)).one(), now=world.now, policy=world.policy)
    assert world.count(Seat, Seat.status == status) == 1


def test_a_seat_that_was_taken_does_not_expire(world: World) -> None:
    member = world.ready(world.agency(licences_=1), request=False)
    world.request(member, reserve=True)
    world.drain()
    assert world.status(member) == "live"
    world.now += timedelta(days=45)
    world.drain()
    assert world.status(member) == "live" and world.count(Seat, Seat.status == "held") == 1


def test_those_who_wait_are_served_in_the_order_of_readiness(world: World) -> None:
    agency = world.agency(licences_=0)
    first = world.ready(agency)
    world.now += timedelta(minutes=1)
    second = world.ready(agency)
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, first.id)
    world.drain()
    with world.change() as session:
        licences.grant_licences(session, agency, count=1, actor=world.admin, now=world.now, policy=world.policy)
    world.drain()
    assert (world.status(first), world.status(second)) == ("none", "live")


def test_free_is_said_when_there_is_one_and_unsaid_when_there_is_none(world: World) -> None:
    agency = world.agency(licences_=1)
    assert say_free(world, agency.id)
    with world.change() as session:
        licences.withdraw_licence(session, agency, actor=world.admin, now=world.now, policy=world.policy)
    assert not say_free(world, agency.id)
    with world.change() as session:
        licences.grant_licences(session, agency, count=2, actor=world.admin, now=world.now, policy=world.policy)
    assert say_free(world, agency.id) and world.count(Licence, Licence.withdrawn_at.is_(None)) == 2


def test_a_licence_in_use_cannot_be_taken_back(world: World) -> None:
    agency = world.agency(licences_=1)
    member = world.ready(agency)
    world.drain()
    with pytest.raises(Refused, match="in use or reserved") as refusal, world.change() as session:
        licences.withdraw_licence(session, agency, actor=world.admin, now=world.now, policy=world.policy)
    assert refusal.value.reason == Reason.NO_SEAT and world.status(member) == "live"


@pytest.mark.parametrize("count", [0, -1, 501])
def test_nobody_grants_no_or_too_many_licences(world: World, count: int) -> None:
    with pytest.raises(Refused, match="between 1 and 500"), world.change() as session:
        licences.grant_licences(
            session, world.agency(), count=count, actor=world.admin, now=world.now, policy=world.policy
        )


def test_an_agency_does_not_grant_itself_licences(world: World) -> None:
    agency = world.agency()
    admin = world.actor(world.member(agency, None, Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR))
    with pytest.raises(Refused) as refusal, world.change() as session:
        licences.grant_licences(session, agency, count=1, actor=admin, now=world.now, policy=world.policy)
    assert refusal.value.reason == Reason.NOT_ALLOWED
    assert world.count(Licence, Licence.agency_id == agency.id) == 5


def test_kinds_are_counted_apart(world: World) -> None:
    agency = world.agency(licences_=1)
    member = world.member(agency)
    with world.change() as session:
        assert licences.reserve(session, member, now=world.now, policy=world.policy, kind="art") is None
        licences.grant_licences(
            session, agency, count=1, actor=world.admin, now=world.now, policy=world.policy, kind="art"
        )
        assert licences.reserve(session, member, now=world.now, policy=world.policy, kind="art")
        assert licences.free_seats(session, agency.id) == 1 and licences.free_seats(session, agency.id, "art") == 0


def test_whether_one_was_free_on_a_day_can_be_asked_later(world: World) -> None:
    agency = world.agency(licences_=1)
    world.now += timedelta(days=3)
    world.drain()
    member = world.ready(agency)
    world.drain()
    assert world.status(member) == "live"
    with world.look() as session:
        rows = session.scalars(
            select(Evidence).where(Evidence.kind == Kind.SEAT_FREE, Evidence.withdrawn_at == evidence.datetime.max)
        ).all()
    assert [(row.valid_until - row.valid_from).days for row in rows] == [2]
