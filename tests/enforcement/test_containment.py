"""Containment (S2): closed at once by one person, for a time, by evidence of its own; opened through the whole gate."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from portal.models import Containment, Device, Evidence, Grant, Membership, WebSession
from portal.refusals import Refused
from portal.services import daily
from portal.services.account import sign_in
from portal.services.agencies import devices
from portal.services.security.incidents import containment, containment_preview
from portal.services.security.incidents.containment import Target
from tests.enforcement.incidents_world import Incidents, refusal
from tests.services.asking import admin_of, director_of
from tests.services.world import World
from workflows.vocabulary import About, Kind, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def made(world: World) -> Incidents:
    return Incidents(world)


def let_in(world: World, *agencies) -> list[Membership]:
    """One person, with access at each of these Agencies."""
    first = world.ready(agencies[0])
    world.let_in(first)
    members = [first]
    with world.look() as session:
        person = session.get_one(Membership, first.id).person
    for agency in agencies[1:]:
        member = world.ready(agency, person)
        world.drain()
        if world.status(member) == "live" and any(status == "open" for _, status in world.orders(member)):
            world.confirm(member)
        members.append(member)
    assert [world.status(member) for member in members] == ["live"] * len(members)
    return members


def whole(member: Membership) -> Target:
    return Target(About.PERSON, member.person_id)


def one(member: Membership) -> Target:
    return Target(About.MEMBERSHIP, member.id)


def verb(made: Incidents, act, row: Containment, *, actor=None, reason: str = "Mended.") -> None:
    made.act(act, row, actor=actor, reason=reason, policy=made.world.policy)


def test_what_will_happen_is_said_by_name_and_is_what_happens_within_one_pass(world: World, made: Incidents) -> None:
    harbor, inland = world.agency("Sample Harbor"), world.agency("Sample Inland")
    here, there = let_in(world, harbor, inland)
    colleague = world.ready(harbor)
    world.let_in(colleague)
    with world.change() as session:
        person = session.get_one(Membership, here.id).person
        sign_in.start_session(session, person=person, via="password", actor=world.desk, now=world.now)
        name = person.name
    row = made.investigated(harbor, here)
    with world.look() as session:
        foreseen = containment_preview.foreseen(session, [whole(here)], now=world.now, policy=world.policy)
        users = {grant.membership_id: grant.account.user_id for grant in session.scalars(select(Grant))}
    assert foreseen[:3] == [
        f"The access of {name} at Sample Harbor closes (user ID {users[here.id]}); the license stays.",
        f"The access of {name} at Sample Inland closes (user ID {users[there.id]}); the license stays.",
        f"{name} is signed out of this portal in 1 browser.",
    ]
    made.contain(row, whole(here))
    world.drain()
    assert [world.status(each) for each in (here, there, colleague)] == ["suspended", "suspended", "live"]
    with world.look() as session:
        assert session.scalars(select(WebSession.id).where(WebSession.person_id == here.person_id, WebSession.ended_at.is_(None))).all() == []  # fmt: skip


def test_one_memberships_access_closes_and_not_the_one_elsewhere(world: World, made: Incidents) -> None:
    here, there = let_in(world, world.agency(), world.agency())
    row = made.investigated(world.agency(), here)
    made.contain(row, one(here))
    world.drain()
    assert [world.status(each) for each in (here, there)] == ["suspended", "live"]


def test_it_ends_by_itself_after_the_packs_days(world: World, made: Incidents) -> None:
    [member] = let_in(world, agency := world.agency())
    [held] = made.contain(made.investigated(agency, member), whole(member))
    assert held.until == world.today + timedelta(world.policy.incidents.suspension_days - 1)
    world.drain()
    world.now += timedelta(world.policy.incidents.suspension_days - 1)
    sweep(world)
    assert world.status(member) == "suspended"
    world.now += timedelta(1)
    sweep(world)
    assert world.status(member) == "live"
    assert refusal(verb, made, containment.extend, held, actor=world.admin)[0] is Reason.ILLEGAL_MOVE
    row = made.read_incident(held)
    [again] = made.contain(row, whole(member))
    world.drain()
    assert (world.status(member), made.read(held).ended_at) == ("suspended", world.now)
    assert again.until > held.until


def sweep(world: World) -> None:
    with world.change() as session:
        daily.sweep(session, now=world.now, policy=world.policy)
    world.drain()


def test_a_second_person_extends_it_once(world: World, made: Incidents) -> None:
    [member] = let_in(world, agency := world.agency())
    [held] = made.contain(made.investigated(agency, member), whole(member))
    assert refusal(verb, made, containment.extend, held)[0] is Reason.SAME_PERSON
    verb(made, containment.extend, held, actor=world.admin, reason="Not decided yet.")
    days = world.policy.incidents.suspension_days
    assert made.read(held).until == world.today + timedelta(2 * days - 1)
    assert refusal(verb, made, containment.extend, held, actor=world.staff(Role.LEAD_ADMIN))[0] is Reason.ALREADY_DONE
    world.now += timedelta(2 * days - 1)
    sweep(world)
    assert world.status(member) == "suspended"
    world.now += timedelta(1)
    sweep(world)
    assert world.status(member) == "live"


def test_release_asks_the_whole_gate_and_gives_back_nothing_that_lacks_something_else(
    world: World, made: Incidents
) -> None:
    [member], [other] = let_in(world, agency := world.agency()), let_in(world, agency)
    row = made.investigated(agency, member, other)
    held = made.contain(row, whole(member), whole(other))
    world.drain()
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, other.id)
    for each in held:
        verb(made, containment.release, each)
    world.drain()
    assert [world.status(each) for each in (member, other)] == ["live", "suspended"]
    assert refusal(verb, made, containment.release, held[0])[0] is Reason.ALREADY_DONE


def test_overlapping_ones_never_open_each_other(world: World, made: Incidents) -> None:
    [member] = let_in(world, agency := world.agency())
    first, second = (made.investigated(agency, member) for _ in range(2))
    [one_held], [other_held] = made.contain(first, whole(member)), made.contain(second, whole(member))
    assert refusal(made.contain, first, whole(member)) == (Reason.ALREADY_DONE, "what")
    world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)
    world.drain()
    for held in (one_held, other_held):
        verb(made, containment.release, held)
        world.drain()
        assert world.status(member) == "suspended"
    world.withdraw(Kind.SANCTION, About.PERSON, member.person_id)
    world.drain()
    assert world.status(member) == "live"


def test_an_extended_one_that_is_released_leaves_nothing_behind(world: World, made: Incidents) -> None:
    [member] = let_in(world, agency := world.agency())
    [held] = made.contain(made.investigated(agency, member), whole(member))
    verb(made, containment.extend, held, actor=world.admin, reason="Not decided yet.")
    verb(made, containment.release, held)
    world.drain()
    world.now += timedelta(world.policy.incidents.suspension_days + 1)
    sweep(world)
    assert world.status(member) == "live"


def test_a_device_is_out_of_use_until_it_is_released_whoever_authorizes_it(world: World, made: Incidents) -> None:
    [member] = let_in(world, agency := world.agency())
    row = made.investigated(agency, member)
    with world.look() as session:
        device = session.scalars(select(Device)).one()
        offered = [each.target for each in containment_preview.choices(session, row, on=world.today)]
    assert offered == [whole(member), one(member), Target(About.DEVICE, device.id)]
    [held] = made.contain(row, Target(About.DEVICE, device.id))
    world.drain()
    with world.look() as session:
        assert devices.authorisation(session, session.get_one(Device, device.id), on=world.today) is None
    director, admin = director_of(world, agency), admin_of(world, agency)
    for who in (director, admin):
        with pytest.raises(Refused, match="keeps this device out of use"), world.change() as session:
            devices.authorise(session, device=session.get_one(Device, device.id), actor=who, now=world.now, policy=world.policy)  # fmt: skip
    verb(made, containment.release, held)
    with world.look() as session:
        assert devices.authorisation(session, session.get_one(Device, device.id), on=world.today) is not None


def test_nobody_closes_or_opens_their_own_and_nobody_elses_is_reached(world: World, made: Incidents) -> None:
    agency = world.agency()
    [member], outsider = let_in(world, agency), world.member(world.agency())
    row = made.investigated(agency, member)
    assert refusal(made.contain, row, whole(outsider)) == (Reason.BAD_INPUT, "what")
    assert refusal(made.contain, row, Target(About.DEVICE, 4711)) == (Reason.BAD_INPUT, "what")
    assert refusal(made.contain, row) == (Reason.BAD_INPUT, "what")
    assert refusal(made.contain, row, whole(member), reason=" ") == (Reason.BAD_INPUT, "reason")
    assert refusal(made.contain, row, whole(member), reason="Born 3/14/1987.") == (Reason.BAD_INPUT, "reason")
    for who in (world.desk, world.staff(Role.AUDITOR), admin_of(world, agency), director_of(world, agency)):
        assert refusal(made.contain, row, whole(member), actor=who)[0] is Reason.NOT_ALLOWED
    assert world.count(Containment) == 0
    for nonsense in ("person", "person:x", "agency:1", "", "person:-1"):
        assert refusal(Target.read, nonsense) == (Reason.BAD_INPUT, "what")


def test_of_two_who_close_the_same_at_once_one_does(world: World, made: Incidents) -> None:
    [member] = let_in(world, agency := world.agency())
    row = made.investigated(agency, member)
    barrier, outcomes = threading.Barrier(3), []

    def go() -> None:
        barrier.wait()
        try:
            made.contain(row, whole(member))
            outcomes.append("done")
        except (Refused, DBAPIError) as no:
            outcomes.append(type(no).__name__ if isinstance(no, DBAPIError) else str(no.reason))

    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already_done", "already_done", "done"]
    assert world.count(Evidence, Evidence.kind == Kind.SANCTION) == 1


@pytest.mark.parametrize(
    "change",
    [
        "began_by = person_id",
        "extended_by = began_by, extended_evidence_id = evidence_id",
        "device_id = 1",
        "ended_at = began_at",
    ],
)
def test_the_database_refuses_it_too(world: World, made: Incidents, change: str) -> None:
    [member] = let_in(world, agency := world.agency())
    [held] = made.contain(made.investigated(agency, member), whole(member))
    with pytest.raises(DBAPIError), world.change() as session:
        session.execute(text(f"UPDATE containment SET {change} WHERE id = :id"), {"id": held.id})
