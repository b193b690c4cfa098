"""Lots that anybody can draw again, and a year over which reviews are spread so that none runs out."""

import hashlib
from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from workflows.draw import drawn, due_days, spread
from workflows.periods import Period

YEAR, WITHIN = Period(12), Period(0, 60)
OPENED = date(2026, 11, 23)
IDS = st.sets(st.integers(1, 500), max_size=80)


def by_hand(seed: str, ids: set[int], share: int) -> set[int]:
    """The rule as the page tells it, done without the portal."""
    count = 0
    while count * 10_000 < len(ids) * share:
        count += 1
    return set(sorted(ids, key=lambda each: hashlib.sha256(f"{seed}:{each}".encode()).hexdigest())[:count])


@given(st.text(max_size=20), IDS, st.integers(0, 10_000))
def test_the_draw_is_what_the_written_rule_gives(seed: str, ids: set[int], share: int) -> None:
    assert set(drawn(seed, ids, share)) == by_hand(seed, ids, share)
    assert drawn(seed, sorted(ids, reverse=True), share) == drawn(seed, ids, share), (
        "the order of the list is of no account"
    )


def test_a_draw_made_once_stays_what_it_was() -> None:
    assert drawn("lottery 4 8 15", range(1, 21), 2500) == (2, 4, 10, 15, 20)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(1, 100))
def test_places_are_even_and_end_with_the_last(first: int, width: int, count: int) -> None:
    places = spread(first, first + width, count)
    assert len(places) == count and places[-1] == first + width
    gaps = [after - before for before, after in zip((first, *places), places, strict=False)]
    assert max(gaps) - min(gaps) <= 1


@given(st.dictionaries(st.integers(1, 500), st.none() | st.integers(-400, 400), max_size=80))
@example(dict.fromkeys(range(1, 76), 250))
def test_nobody_is_due_after_the_last_review_runs_out(left: dict[int, int | None]) -> None:
    covered = {each: None if days is None else OPENED + timedelta(days) for each, days in left.items()}
    due = due_days(OPENED, covered, within=WITHIN, period=YEAR)
    first, last = WITHIN.after(OPENED), YEAR.after(OPENED)
    assert due.keys() == covered.keys()
    for each, until in covered.items():
        if until is None or until < OPENED:
            assert due[each] == first
        else:
            assert OPENED <= due[each] <= min(until, last)


def test_what_would_all_fall_on_one_day_is_spread() -> None:
    """Seventy-five Agencies that were all signed off on the same day in August."""
    august = date(2027, 8, 1)
    due = due_days(OPENED, dict.fromkeys(range(1, 76), august), within=WITHIN, period=YEAR)
    months = {(day.year, day.month) for day in due.values()}
    assert len(months) >= 7 and max(due.values()) == august
