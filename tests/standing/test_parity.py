"""One rule, two readings, and a third by hand: thousands of random communities, on SQLite and on PostgreSQL.

Parity alone would not see a fault in what both readings share (`workflows.questions`): the SQL written by hand does.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bench import by_hand
from portal.db import make_engine
from portal.standing.facts import facts_of, standing_of
from portal.standing.sweep import Standing, stand, tally
from tests.standing import plain
from tests.standing.community import World, draw_world, questions
from workflows.gate import EVERYTHING, Decision, Status, decide
from workflows.policy import MAINE, Policy, load, text_of

WORLDS, COMMUNITIES, ASKED = 10, 200, 2
SEED = 20261123


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


def as_standing(decision: Decision) -> Standing:
    return Standing(
        membership_id=decision.member.id,
        inherited=decision.inherited,
        statuses={f.id: str(f.status) for f in decision.findings},
        permitted=decision.permitted,
        closes=decision.closes,
        held_new=decision.held_new,
    )


def by_hand_standing(row: Mapping[str, Any], policy: Policy) -> Standing:
    statuses = {p.id: row[p.id] for p in policy.prerequisites}
    return Standing(
        row["id"], bool(row["inherited"]), statuses, bool(row["permitted"]), bool(row["closes"]), bool(row["held_new"])
    )


def read_by_hand(session: Session, policy: Policy, world: World, on: date, known_at: datetime) -> list[Standing]:
    published = [
        (e.detail, e.version, e.valid_from, e.recorded_at, e.withdrawn_at) for e in world.rows if e.kind == "published"
    ]
    rows = session.execute(by_hand.statement(), by_hand.values(on, known_at, published)).mappings()
    return [by_hand_standing(row, policy) for row in rows]


def test_both_readings_and_the_hand_written_one_agree(engine: Engine) -> None:
    policy, rng, seen = load(), Random(SEED), Counter()
    for n in range(WORLDS):
        world, day = draw_world(rng, COMMUNITIES)
        plain.fill(engine, world)
        with Session(engine) as session:
            for on, known_at in questions(rng, world, day, ASKED):
                asked = f"world {n} of seed {SEED}, on {on}, known at {known_at}"
                swept = {one.membership_id: one for one in stand(session, policy, on, known_at)}
                hand = {one.membership_id: one for one in read_by_hand(session, policy, world, on, known_at)}
                decided = {
                    m.id: as_standing(decide(policy, m, world.bearing[m.id], on, known_at)) for m in world.members
                }
                assert differences(decided, swept) == {}, f"the two readings differ: {asked}"
                assert differences(hand, swept) == {}, f"both readings differ from the one by hand: {asked}"
                seen.update((called, status) for one in swept.values() for called, status in one.statuses.items())
                seen.update("permitted" for one in swept.values() if one.permitted)
                seen.update(
                    "inherited, kept" for one in swept.values() if one.inherited and one.unmet and not one.closes
                )
    assert_rich(policy, seen)


def differences(one: dict[int, Standing], other: dict[int, Standing]) -> dict[int, Any]:
    """Where two readings differ, and in what; a membership that only one of them knows differs too."""
    found = {}
    for called in one.keys() | other.keys():
        a, b = one.get(called), other.get(called)
        if a != b:
            found[called] = (
                a and b and ({k: (v, b.statuses[k]) for k, v in a.statuses.items() if v != b.statuses[k]}, a, b)
            )
    return found


def assert_rich(policy: Policy, seen: Counter) -> None:
    """The communities put every prerequisite to the test: agreement about nothing would prove nothing."""
    for p in policy.prerequisites:
        assert seen[p.id, Status.MET] > 100, p.id
        assert seen[p.id, Status.UNMET] > 25, p.id
        assert (seen[p.id, Status.NOT_APPLICABLE] > 100) == bool(p.at or p.applies_to or p.when), p.id
        assert (seen[p.id, Status.WAIVED] > 5) == p.waivable, p.id
    assert seen["permitted"] > 300
    assert seen["inherited, kept"] > 10


ANOTHER_LEAD = (
    ("pass_mark = 80 ", 'pass_marks = { reports = 85, security = 79.99 }\npass_mark = 90 '),
    ('grace    = "P90D"', 'grace    = "P1M"'),
    ('about    = "agency_admin"        # a role', 'about    = "executive_director"        # a role'),
    ('detail   = "core"\nor       = { evidence = "seat_free", detail = "core", about = "agency" }',
     'or       = { evidence = "background_check", detail = ["cleared", "pending"], about = "person" }'),
    ('each     = ["authorisation", "policy"]\nabout    = "device"', 'detail   = "policy"\nabout    = "device"'),
    ('applies_to = ["access_level=agency_admin"]\nwaivable   = true',
     'applies_to = ["agency_admin", "seat=art", "inherited"]'),
    ('at       = "agency"\nsteps    = [{ who = "agency_admin", do = "Attest the protocols',
     'at       = "lead"\nsteps    = [{ who = "agency_admin", do = "Attest the protocols'),
    ('evidence = "user_agreement"\n', 'evidence = "user_agreement"\nwaivable = true\n'),
    ('max_age  = "P1Y"\nabout    = "person"',
     'max_age  = "P11M29D"\nabout    = "person"\nor = { evidence = "published", about = "lead" }'),
)  # fmt: skip


def another_pack() -> Policy:
    """A pack that uses the vocabulary otherwise than Maine's: marks by course, other substitutes, other places."""
    text = text_of(MAINE)
    for one, other in ANOTHER_LEAD:
        assert one in text, f"the Maine pack has changed; this variant must follow: {one!r}"
        text = text.replace(one, other)
    return load(text, "another Lead's pack")


def test_both_readings_agree_about_another_pack(engine: Engine) -> None:
    policy, rng = another_pack(), Random(SEED + 1)
    for _ in range(3):
        world, day = draw_world(rng, COMMUNITIES)
        plain.fill(engine, world)
        with Session(engine) as session:
            for on, known_at in questions(rng, world, day, ASKED):
                swept = {one.membership_id: one for one in stand(session, policy, on, known_at)}
                decided = {
                    m.id: as_standing(decide(policy, m, world.bearing[m.id], on, known_at)) for m in world.members
                }
                assert differences(decided, swept) == {}


def test_what_is_fetched_for_one_membership_is_all_that_bears_on_it(engine: Engine) -> None:
    policy, rng = load(), Random(SEED + 2)
    world, day = draw_world(rng, COMMUNITIES)
    plain.fill(engine, world)
    with Session(engine) as session:
        for member in rng.sample(world.members, 120):
            fetched = facts_of(session, member, policy)
            assert len({e.id for e in fetched}) == len(fetched)
            for on, known_at in questions(rng, world, day, 2):
                known = decide(policy, member, world.bearing[member.id], on, known_at)
                assert as_standing(decide(policy, member, fetched, on, known_at)) == as_standing(known)
            assert as_standing(standing_of(session, member, policy, day)) == as_standing(
                decide(policy, member, world.bearing[member.id], day, EVERYTHING)
            )


def test_the_sweep_of_some_memberships_says_the_same_as_that_of_all(engine: Engine) -> None:
    policy, rng = load(), Random(SEED + 3)
    world, day = draw_world(rng, COMMUNITIES)
    plain.fill(engine, world)
    with Session(engine) as session:
        for on, known_at in questions(rng, world, day, 3):
            everybody = {one.membership_id: one for one in stand(session, policy, on, known_at)}
            some = {m.id for m in rng.sample(world.members, 25)}
            wanted = {called: one for called, one in everybody.items() if called in some}
            query = select(plain.membership.c.id).where(plain.membership.c.id.in_(some))
            assert {one.membership_id: one for one in stand(session, policy, on, known_at, memberships=some)} == wanted
            assert {one.membership_id: one for one in stand(session, policy, on, known_at, memberships=query)} == wanted
        assert list(stand(session, policy, day, memberships=[])) == []


def test_the_tally_counts_what_the_sweep_finds(engine: Engine) -> None:
    policy, rng = load(), Random(SEED + 4)
    world, day = draw_world(rng, COMMUNITIES)
    plain.fill(engine, world)
    with Session(engine) as session:
        everybody = list(stand(session, policy, day))
        counted = tally(session, policy, day)
    unmet = Counter(called for one in everybody for called in one.unmet)
    assert counted["memberships"] == len(everybody) == len(world.members)
    assert counted["permitted"] == sum(one.permitted for one in everybody) > 0
    assert counted["by_prerequisite"] == {p.id: unmet[p.id] for p in policy.prerequisites}
