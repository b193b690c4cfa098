"""What access was at any moment, read from the record: the same as what the tables said when it was so."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import Decision, Membership
from portal.services.people import access_then
from portal.services.people.access_then import Details, Spell, level_in
from tests.services.histories import Real, lived, real
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import About, Kind


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def read(world: World, member: Membership, moment: datetime) -> tuple[Spell, Details | None]:
    with world.look() as session:
        history = access_then.history(session, member.id)
        return history.at(moment), history.details(moment)


def as_read(spell: Spell, details: Details | None) -> Real:
    if details is None:
        return Real(spell.status)
    return Real(spell.status, details.access_level, details.user_id, details.confirmed_at is not None, details.core)


def test_the_record_gives_every_state_back_that_the_tables_ever_showed(world: World) -> None:
    """Six random lives with issuing, sanctions, lapses, changes, departures and returns, replayed act by act."""
    states: set[str] = set()
    for seed in range(6):
        life = lived(world, seed)
        with world.look() as session:
            history = access_then.history(session, life.member.id)
        for (at, was), act in zip(life.seen, life.done, strict=True):
            assert as_read(history.at(at), history.details(at)) == was, (seed, act, at, life.done)
        for earlier, later in zip(life.seen, life.seen[1:], strict=False):
            # Nothing moves between two acts: a moment before the later one shows the earlier one's state.
            assert as_read(history.at(later[0] - timedelta(seconds=1)), None).status == earlier[1].status, seed
        states |= {was.status for _, was in life.seen}
        assert [s.since for s in history.spells] == sorted(s.since for s in history.spells)
        assert all(a.until == b.since for a, b in zip(history.spells, history.spells[1:], strict=False))
    assert states == {"none", "asked", "live", "suspended", "ended"}, "the lives must lead everywhere"


def test_a_user_id_is_the_one_of_that_moment(world: World) -> None:
    member = world.ready(world.agency())
    world.drain()
    before, first = world.now, world.account_of(member).user_id
    world.now += timedelta(days=1)
    world.confirm(member, typed="renamed7", really_made="renamed7")
    assert world.account_of(member).user_id == "renamed7"
    for moment, user_id in ((before, first), (world.now - timedelta(seconds=1), first), (world.now, "renamed7")):
        _, details = read(world, member, moment)
        assert details and details.user_id == user_id


def test_suspended_says_why_and_until_when_and_whether_the_core_hmis_knew(world: World) -> None:
    member = world.ready(world.agency())
    world.let_in(member)
    world.now += timedelta(days=2)
    shut = world.now
    world.record(Kind.SANCTION, About.MEMBERSHIP, member.id, detail="suspension", valid_from=world.today)
    world.drain()
    world.now += timedelta(days=2)
    world.confirm(member)
    world.now += timedelta(days=1)
    opened = world.now
    world.withdraw(Kind.SANCTION, About.MEMBERSHIP, member.id)
    world.drain()
    assert real(world, member).status == "live", "the row itself keeps nothing of the suspension"
    spell, details = read(world, member, shut + timedelta(hours=1))
    assert (spell.status, spell.since, spell.until) == ("suspended", shut, opened)
    assert "suspended or revoked" in spell.why and details and not details.core_agrees
    spell, details = read(world, member, opened - timedelta(hours=1))
    assert spell.status == "suspended" and details and details.core_agrees and details.core == "suspended"


def test_a_level_comes_from_the_facts_of_the_decision_it_was_let_in_under(world: World) -> None:
    member = world.ready(world.agency())
    world.let_in(member)
    with world.look() as session:
        row = session.scalars(select(Decision).where(Decision.outcome == "permitted")).one()
        assert level_in(row.facts, member.id, row.on.isoformat()) == "case_manager_1"
        assert level_in(row.facts, member.id, "2026-01-01") == "", "the level was not yet asked for then"
        assert level_in(row.facts, member.id + 1, row.on.isoformat()) == ""


def test_many_histories_cost_as_many_statements_as_one(world: World) -> None:
    agency = world.agency(licences_=12)
    ids = []
    counts = []
    for _ in range(2):
        for _ in range(4):
            member = world.ready(agency)
            world.let_in(member)
            ids.append(member.id)
        with world.look() as session, statements(world.engine) as said:
            found = access_then.histories(session, ids)
        assert {len(found[each].spells) for each in ids} == {1}
        counts.append(len([each for each in said if each.lstrip().upper().startswith("SELECT")]))
    assert counts[0] == counts[1] <= 7


def test_whoever_never_asked_has_no_history(world: World) -> None:
    member = world.member(world.agency())
    spell, details = read(world, member, world.now)
    assert (spell.status, details) == ("none", None)
