"""A preview equals what then happens: random communities with real grants, random packs, both databases."""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import pytest
from sqlalchemy import Engine

from portal.services import packs
from portal.services.desk import pack_preview
from portal.services.desk.foreseen import What
from portal.services.people import grants
from tests.packs.drawing import Town, draw_pack, happened, state_of
from tests.support import databases
from workflows.vocabulary import Role

SEED = 20261123
ACTS = {What.OPENS, What.RESTORED, What.CHANGED, What.CLOSES}
DAYS = 5
"""How many packs one community sees; a reservation, which lapses by itself, lives longer than that."""


def play(town: Town, rng: Random, number: int) -> Counter[str]:
    """One day, one pack: foreseen, activated by a second person, carried out at once and on the next business morning."""
    town.one_day()
    pack = draw_pack(rng, number)
    with town.look() as session:
        found = pack_preview.preview(session, candidate=pack, now=town.now, policy=town.policy)
        morning = grants.next_closing(town.now, pack)
    before = state_of(town)
    with town.change() as session:
        packs.propose(session, pack, actor=town.admin, now=town.now, note="A draw.", foreseen=found.kept())
    with town.change() as session:
        row = packs.waiting(session)
        assert row is not None
        pack_preview.activate(session, row, seen=found.digest(), actor=town.second, now=town.now, policy=town.policy)
    town.drain()
    between = state_of(town)
    said = {line.membership_id: line.what.value for line in found.lines if line.what in ACTS and line.when == town.now}
    assert happened(before, between) == said, f"{number}: at once, {morning}"
    later = {line.membership_id: line.what.value for line in found.lines if line.what in ACTS and line.when != town.now}
    if morning > town.now:
        town.now = morning
        town.drain()
    assert happened(between, state_of(town)) == later, f"{number}: in the morning, {morning}"
    return Counter(
        [
            *said.values(),
            *(f"{what} later" for what in later.values()),
            *(line.what.value for line in found.lines if line.what not in ACTS),
        ]
    )


def communities(make: Callable[[], Engine], many: int, seed: int) -> Iterator[Counter[str]]:
    for number in range(many):
        rng = Random(seed + number)
        town = Town(make())
        town.second = town.staff(Role.LEAD_ADMIN)
        town.settle(rng)
        for day in range(DAYS):
            try:
                yield play(town, rng, day)
            except BaseException as wrong:
                wrong.add_note(f"seed {seed + number}, day {day}")
                raise


@pytest.fixture
def make(
    request: pytest.FixtureRequest, database_url: str, clean_url: Callable[[str], str]
) -> Iterator[Callable[[], Engine]]:
    dialect, made = database_url.split(":", maxsplit=1)[0], []

    def fresh() -> Engine:
        while made:
            made.pop().dispose()
        made.append(databases.make_engine(clean_url(dialect)))
        return made[-1]

    yield fresh
    while made:
        made.pop().dispose()


def test_a_preview_says_what_then_happens(make: Callable[[], Engine]) -> None:
    seen: Counter[str] = sum(communities(make, 2, SEED), Counter())
    assert seen["closes"] and seen["closes later"] and seen["opens"] and seen["held"], seen


@pytest.mark.proof
def test_a_preview_says_what_then_happens_two_hundred_times(make: Callable[[], Engine]) -> None:
    seen: Counter[str] = sum(communities(make, 40, SEED + 1000), Counter())
    acts = ("closes", "closes later", "opens", "restored", "held", "lacks")
    assert all(seen[what] >= 10 for what in acts) and seen["changed"], seen
