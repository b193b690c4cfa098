"""Races on both databases: the last seat, one membership at once, people of one name, evidence against issuing."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select

from portal.actors import PORTAL
from portal.db import transaction
from portal.models import Account, Decision, Evidence, Grant, Seat, WorkOrder
from portal.refusals import Refused
from portal.services import evidence
from portal.services.desk import work_orders
from portal.services.people import grants, handover, licences
from tests.services.world import World
from workflows.vocabulary import About, Kind


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def together(*acts: Callable[[], object]) -> list[object]:
    """Starts all at one moment, each in a thread of its own; what they gave back, or the exception that ended them."""
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            results[n] = act()
        except BaseException as error:
            results[n] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def reconsider(world: World, membership_id: int) -> Callable[[], object]:
    def act() -> object:
        with transaction(world.sessions) as session:
            return grants.reconsider(session, membership_id=membership_id, now=world.now, policy=world.policy)

    return act


def test_twenty_at_once_for_the_last_seat_and_one_gets_it(world: World) -> None:
    agency = world.agency(licences_=1)
    members = [world.ready(agency) for _ in range(20)]
    results = together(*(reconsider(world, member.id) for member in members))
    assert sorted(map(str, results)) == ["permitted"] + ["refused"] * 19
    assert world.count(Grant) == world.count(Account) == world.count(Seat) == 1


def test_twenty_at_once_for_three_reservations(world: World) -> None:
    agency = world.agency(licences_=3)
    members = [world.ready(agency) for _ in range(20)]

    def reserve(member) -> Callable[[], object]:
        def act() -> object:
            with transaction(world.sessions) as session:
                return licences.reserve(session, member, now=world.now, policy=world.policy) is not None

        return act

    results = together(*(reserve(member) for member in members))
    assert sorted(results) == [False] * 17 + [True] * 3, results
    assert world.count(Seat) == 3


def test_one_membership_reconsidered_by_ten_at_once_is_let_in_once(world: World) -> None:
    member = world.ready(world.agency())
    results = together(*(reconsider(world, member.id) for _ in range(10)))
    assert sorted(map(str, results)) == ["None"] * 9 + ["permitted"]
    assert world.count(Grant) == 1 and world.count(Decision, Decision.outcome == "permitted") == 1
    world.drain()
    assert world.orders(member) == [("ensure", "open")]


def test_one_person_let_in_at_two_agencies_at_once_has_one_account(world: World) -> None:
    person = world.person("Robin", "Sample")
    members = [world.ready(world.agency(), person) for _ in range(4)]
    results = together(*(reconsider(world, member.id) for member in members))
    assert [str(r) for r in results] == ["permitted"] * 4
    assert world.count(Account) == 1 and world.count(Grant) == 4


def test_people_of_one_name_let_in_at_once_have_different_user_ids(world: World) -> None:
    members = [world.ready(world.agency(), world.person("Jamie", "Smith")) for _ in range(4)]
    results = together(*(reconsider(world, member.id) for member in members))
    assert [str(r) for r in results] == ["permitted"] * 4
    assert {world.account_of(member).user_id for member in members} == {"jsmith", "jsmith2", "jsmith3", "jsmith4"}


@pytest.mark.parametrize("turn", range(5))
def test_a_sanction_and_the_issuing_at_the_same_moment_never_leave_access_open(world: World, turn: int) -> None:
    member = world.ready(world.agency())

    def sanction() -> None:
        with transaction(world.sessions) as session:
            evidence.record(
                session,
                actor=PORTAL,
                now=world.now,
                kind=Kind.SANCTION,
                about=About.PERSON,
                subject_id=member.person_id,
                detail="suspension",
                valid_from=world.today,
            )

    results = together(reconsider(world, member.id), sanction)
    assert not [r for r in results if isinstance(r, Exception)], results
    with world.look() as session:
        against = session.scalars(select(Evidence.id).where(Evidence.kind == Kind.SANCTION)).one()
        decisions = session.scalars(select(Decision).where(Decision.outcome == "permitted")).all()
    assert all(against not in {fact["id"] for fact in decision.facts} for decision in decisions)
    world.drain()
    assert world.status(member) in {"none", "suspended"}


def test_ten_confirmations_at_once_are_one(world: World) -> None:
    member = world.ready(world.agency())
    world.drain()
    order, typed = world.open_order(member), world.account_of(member).user_id

    def confirm() -> object:
        with transaction(world.sessions) as session:
            work_orders.confirm(
                session,
                order=session.get_one(WorkOrder, order.id),
                actor=world.desk,
                now=world.now,
                policy=world.policy,
                keys=world.keys,
                typed_user_id=typed,
                temporary_password="Harbor42Lights",
            )
            return "done"

    results = together(*(confirm for _ in range(10)))
    assert results.count("done") == 1, results
    assert all(isinstance(r, Refused) for r in results if r != "done"), results


def test_ten_looks_at_the_password_at_once_show_it_once(world: World) -> None:
    member = world.ready(world.agency())
    world.let_in(member)
    herself = world.actor(member)

    def reveal() -> object:
        with transaction(world.sessions) as session:
            person = session.get_one(grants.Person, member.person_id)
            return handover.reveal(session, person=person, actor=herself, now=world.now, keys=world.keys)

    results = together(*(reveal for _ in range(10)))
    assert results.count("Harbor42Lights") == 1, results
    assert all(isinstance(r, Refused) for r in results if r != "Harbor42Lights"), results
