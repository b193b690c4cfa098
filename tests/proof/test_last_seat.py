"""Fifty at once for the last seat: one gets it, the others are told cleanly to wait; threads and processes, both databases."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from portal.models import Agency, Grant, Membership, Seat
from portal.services.people import departures
from tests.proof.racing import holes, in_processes, problems, reconsider, together, wide
from tests.services.world import World

AT_ONCE = 50


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with wide(database_url, AT_ONCE) as engine:
        yield World(engine)


def everybody(world: World, how_many: int) -> tuple[Agency, list[Membership]]:
    agency = world.agency(licences_=1)
    return agency, [world.ready(agency) for _ in range(how_many)]


def one_got_it(world: World, results: list[str], how_many: int) -> None:
    assert sorted(results) == ["permitted"] + ["refused"] * (how_many - 1), results
    assert world.count(Grant, Grant.status == "live") == world.count(Seat, Seat.status == "held") == 1
    assert not holes(world)


def leave(world: World, members: list[Membership]) -> Membership:
    """Whoever has the seat leaves, so that it is free again for the others."""
    with world.look() as session:
        winner = session.scalar(text("SELECT membership_id FROM access_grant WHERE status = 'live'"))
    member = next(m for m in members if m.id == winner)
    with world.change() as session:
        departures.deactivate(
            session, membership=session.get_one(Membership, winner), reason="Went to another job.", actor=world.admin,
            now=world.now, policy=world.policy,
        )  # fmt: skip
    return member


def race(world: World, rounds: int, at_once: int) -> None:
    agency, members = everybody(world, at_once)
    for _ in range(rounds):
        one_got_it(world, together(*(reconsider(world, member.id) for member in members)), at_once)
        members.remove(leave(world, members))
        members.append(world.ready(agency))
    world.drain()
    assert world.count(Grant, Grant.status == "live") == 1, "the worker gives the free seat to the next one"
    assert [p for p in problems(world) if p.check != "account-lost"] == []


def test_fifty_at_once_for_the_last_seat(world: World) -> None:
    race(world, rounds=3, at_once=AT_ONCE)


def test_four_processes_for_the_last_seat(world: World, database_url: str) -> None:
    _, members = everybody(world, 12)
    ids = [member.id for member in members]
    one_got_it(world, in_processes(database_url, world.now, [ids[n::4] for n in range(4)]), len(ids))


@pytest.mark.proof
def test_fifty_at_once_for_the_last_seat_a_hundred_times(world: World) -> None:
    race(world, rounds=100, at_once=AT_ONCE)


@pytest.mark.proof
def test_ten_processes_of_five_for_the_last_seat_ten_times(world: World, database_url: str) -> None:
    agency, members = everybody(world, AT_ONCE)
    for _ in range(10):
        ids = [member.id for member in members]
        one_got_it(world, in_processes(database_url, world.now, [ids[n::10] for n in range(10)]), AT_ONCE)
        members.remove(leave(world, members))
        members.append(world.ready(agency))
