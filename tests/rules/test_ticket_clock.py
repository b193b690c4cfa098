"""When a ticket is due, and why: business time through weekends, holidays, both changes of the clock, and pauses."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workflows.policy import load
from workflows.ticket_clock import Calendar, Pause, due, explain, left, remaining, span_in_words, standing

POLICY = load()
MAINE = ZoneInfo("America/New_York")
DESK = Calendar(POLICY.hours, POLICY.holiday_rules)
AROUND_CHANGES = st.sampled_from([datetime(2026, 10, 30, 12), datetime(2027, 3, 12, 12), datetime(2026, 11, 24, 12)])
STARTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)) | st.builds(
    lambda base, minutes: base + timedelta(minutes=minutes), AROUND_CHANGES, st.integers(0, 8 * 1440)
)
QUARTER = timedelta(minutes=15)
AMOUNTS = st.integers(0, 60 * 60)
CLOSED = st.dictionaries(st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.just("Snow"), max_size=40)
WORKED = st.frozensets(st.sampled_from(sorted(POLICY.holidays)), max_size=20)
DESKS = st.builds(lambda closed, worked: Calendar(POLICY.hours, POLICY.holiday_rules, closed, worked), CLOSED, WORKED)


def quarter(at: datetime) -> datetime:
    """The quarter of an hour that it falls into."""
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


@st.composite
def stood(draw: st.DrawFn, quarters: bool = False) -> tuple[datetime, list[Pause]]:
    """A start, and pauses after it, one after the other as a ticket has them; all of them at quarters, if asked."""
    start = at = draw(STARTS.map(quarter) if quarters else STARTS)
    pauses = []
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 333), st.integers(0, 1333)), max_size=4)):
        began = at + gap * QUARTER
        at = began + length * QUARTER
        pauses.append(Pause(began, at, "waiting for the sender"))
    return start, pauses


def step_by_step(start: datetime, minutes: int, desk: Calendar, pauses: list[Pause]) -> datetime:
    """The same answer by the simplest of means: it looks at every quarter of an hour by the wall clock, one after the other."""
    at = start
    while not _open(at, desk, pauses):
        at += QUARTER
    while minutes > 0:
        minutes -= 15 * _open(at, desk, pauses)
        at += QUARTER
    return at


def _open(at: datetime, desk: Calendar, pauses: list[Pause]) -> bool:
    if any(p.began <= at < p.ended for p in pauses if p.ended):
        return False
    local = at.replace(tzinfo=UTC).astimezone(MAINE)
    day = local.date()
    closed = local.weekday() > 4 or day in desk.closed or (day in POLICY.holidays and day not in desk.worked)
    return not closed and 8 <= local.hour < 16


@given(STARTS.map(quarter), st.integers(0, 70), DESKS)
@example(datetime(2026, 11, 21, 4, 0), 4, DESK)  # 23:00 on a Friday
@example(datetime(2026, 10, 30, 19, 45), 32, DESK)  # over the night in which the clocks go back
@example(datetime(2027, 3, 12, 20, 45), 33, DESK)  # and the one in which they go forward
@example(datetime(2026, 11, 25, 21, 0), 0, DESK)  # as the desk closes before Thanksgiving
def test_it_is_due_when_every_quarter_has_been_counted(start: datetime, quarters: int, desk: Calendar) -> None:
    assert due(start, 15 * quarters, desk) == step_by_step(start, 15 * quarters, desk, [])


@given(stood(quarters=True), st.integers(1, 40))
def test_pauses_are_not_counted(start_and_pauses: tuple[datetime, list[Pause]], quarters: int) -> None:
    start, pauses = start_and_pauses
    assert due(start, 15 * quarters, DESK, pauses) == step_by_step(start, 15 * quarters, DESK, pauses)


def test_a_moment_within_a_minute_counts_as_its_end() -> None:
    """Both where it begins and where a pause begins or ends; the last half minute of a Friday is Monday's."""
    assert due(datetime(2026, 11, 20, 20, 59, 30), 1, DESK) == datetime(2026, 11, 23, 13, 1)
    paused = [Pause(datetime(2026, 11, 23, 14, 0, 1), datetime(2026, 11, 23, 14, 9, 59), "waiting for the sender")]
    assert due(datetime(2026, 11, 23, 13, 59, 59, 5), 10, DESK, paused) == datetime(2026, 11, 23, 14, 19)


@given(stood(), AMOUNTS, DESKS)
def test_nothing_is_ever_due_outside_hours(
    start_and_pauses: tuple[datetime, list[Pause]], minutes: int, desk: Calendar
) -> None:
    start, pauses = start_and_pauses
    until = due(start, minutes, desk, pauses)
    assert until is not None and until >= start
    local = until.replace(tzinfo=UTC).astimezone(MAINE)
    assert 8 * 60 <= local.hour * 60 + local.minute <= 16 * 60
    assert not desk.why_closed(local.date())


@given(STARTS, AMOUNTS, AMOUNTS, DESKS)
def test_more_time_is_never_due_earlier_and_parts_add_up(start: datetime, some: int, more: int, desk: Calendar) -> None:
    first = due(start, some, desk)
    assert first is not None
    whole = due(start, some + more, desk)
    assert whole is not None and whole >= first
    if some and more:
        assert due(first, more, desk) == whole


@given(STARTS, st.integers(1, 3000), DESKS)
def test_what_is_left_falls_to_nothing_and_below(start: datetime, minutes: int, desk: Calendar) -> None:
    until = due(start, minutes, desk)
    assert until is not None
    assert left(start, until, desk) == minutes
    assert left(until, until, desk) == 0
    assert left(until + timedelta(days=4), until, desk) < 0 or desk.closed


@given(stood(), st.integers(1, 2000), st.integers(0, 20_000))
def test_what_remains_and_what_was_used_make_the_whole(
    start_and_pauses: tuple[datetime, list[Pause]], minutes: int, later: int
) -> None:
    """Whoever stops the clock and lets it run again at the same moment changes nothing."""
    start, pauses = start_and_pauses
    now = max([start, *(p.ended for p in pauses if p.ended)]) + timedelta(minutes=later)
    rest = remaining(start, minutes, now, DESK, pauses)
    until = due(start, minutes, DESK, pauses)
    assert until is not None
    assert 0 <= rest <= minutes
    if rest:
        assert due(now, rest, DESK) == until == due(start, minutes, DESK, [*pauses, Pause(now, now, "a moment")])
    else:
        assert until <= now + timedelta(minutes=1)


@given(stood(), st.integers(1, 3000))
def test_the_days_of_an_explanation_add_up(start_and_pauses: tuple[datetime, list[Pause]], minutes: int) -> None:
    start, pauses = start_and_pauses
    said = explain(start, minutes, DESK, pauses)
    listed = said.split(": ", 1)[1].split(". Not counted")[0].split(". The desk was closed")[0].rstrip(".")
    assert said.startswith(span_in_words(minutes))
    assert sum(_minutes_in(listed)) == minutes


def _minutes_in(listed: str) -> Iterator[int]:
    words = listed.replace(",", " ").split()
    for number, unit in itertools.pairwise(words):
        if number.isdigit() and unit.startswith(("hour", "minute")):
            yield int(number) * (60 if unit.startswith("hour") else 1)


def test_while_it_stands_nothing_is_due_and_it_says_what_is_left() -> None:
    start, began = datetime(2026, 11, 20, 20), datetime(2026, 11, 20, 20, 30)
    pauses = [Pause(began, None, "waiting for the sender")]
    assert due(start, 240, DESK, pauses) is None
    assert remaining(start, 240, datetime(2027, 1, 4, 15), DESK, pauses) == 210
    assert explain(start, 240, DESK, pauses) == (
        "4 hours of business time. The clock has stood since Friday, November 20, 3:30 p.m.: waiting for the sender. "
        "Left when it runs again: 3 hours and 30 minutes."
    )


@pytest.mark.parametrize(
    ("start", "minutes", "desk", "pauses", "said"),
    [
        (
            datetime(2026, 11, 20, 20), 240, DESK, [],
            ("4 hours of business time from Friday, November 20, 3:00 p.m.: 1 hour on Friday, November 20 and 3 hours on "
            "Monday, November 23."),
        ),
        (
            datetime(2026, 11, 25, 20), 90, DESK, [],
            ("1 hour and 30 minutes of business time from Wednesday, November 25, 3:00 p.m.: 1 hour on Wednesday, November 25 and "
            "30 minutes on Monday, November 30. Not counted: Thursday, November 26 is closed (Thanksgiving Day); Friday, "
            "November 27 is closed (Friday after Thanksgiving)."),
        ),
        (
            datetime(2026, 11, 22, 1), 60, DESK, [],
            ("1 hour of business time from Saturday, November 21, 8:00 p.m.: 1 hour on Monday, November 23. The desk was "
            "closed, so counting began on Monday, November 23, 8:00 a.m."),
        ),
        (
            datetime(2026, 11, 23, 14), 120, DESK,
            [Pause(datetime(2026, 11, 23, 14, 30), datetime(2026, 11, 24, 14), "waiting for the sender")],
            ("2 hours of business time from Monday, November 23, 9:00 a.m.: 30 minutes on Monday, November 23 and 1 hour and "
            "30 minutes on Tuesday, November 24. Not counted: waiting for the sender from Monday, November 23, 9:30 a.m. to "
            "Tuesday, November 24, 9:00 a.m."),
        ),
        (
            datetime(2026, 12, 7, 14), 2400, DESK, [],
            ("40 hours of business time from Monday, December 7, 9:00 a.m.: 7 hours on Monday, December 7, 32 hours on the 4 "
            "business days after it and 1 hour on Monday, December 14."),
        ),
        (
            datetime(2026, 11, 25, 20), 90, Calendar(POLICY.hours, POLICY.holiday_rules, {date(2026, 11, 30): "Snow"},
            frozenset({date(2026, 11, 27)})), [],
            ("1 hour and 30 minutes of business time from Wednesday, November 25, 3:00 p.m.: 1 hour on Wednesday, November 25 and "
            "30 minutes on Friday, November 27. Not counted: Thursday, November 26 is closed (Thanksgiving Day)."),
        ),
    ],
)  # fmt: skip
def test_a_due_time_explains_itself(
    start: datetime, minutes: int, desk: Calendar, pauses: list[Pause], said: str
) -> None:
    assert explain(start, minutes, desk, pauses) == said


@pytest.mark.parametrize(
    ("now", "open_", "changes", "why"),
    [
        (datetime(2026, 11, 23, 12, 59), False, datetime(2026, 11, 23, 13), "outside business hours"),
        (datetime(2026, 11, 23, 13, 0), True, datetime(2026, 11, 23, 21), ""),
        (datetime(2026, 11, 23, 20, 59), True, datetime(2026, 11, 23, 21), ""),
        (datetime(2026, 11, 23, 21, 0), False, datetime(2026, 11, 24, 13), "outside business hours"),
        (datetime(2026, 11, 21, 18, 0), False, datetime(2026, 11, 23, 13), "Saturday"),
        (datetime(2026, 11, 26, 18, 0), False, datetime(2026, 11, 30, 13), "Thanksgiving Day"),
        (datetime(2027, 3, 14, 18, 0), False, datetime(2027, 3, 15, 12), "Sunday"),
    ],
)
def test_the_desk_is_open_or_says_when_it_opens(now: datetime, open_: bool, changes: datetime, why: str) -> None:
    found = standing(now, DESK)
    assert (found.open, found.changes, found.why) == (open_, changes, why)


def test_new_years_day_kept_in_december_is_closed() -> None:
    assert DESK.why_closed(date(2027, 12, 31)) == "New Year's Day"


def test_a_negative_amount_and_a_calendar_without_days_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        due(datetime(2026, 11, 23), -1, DESK)
    never = {date(2026, 1, 1) + timedelta(n): "Closed" for n in range(1500)}
    with pytest.raises(ValueError, match="check the holidays"):
        due(datetime(2026, 6, 1), 1, Calendar(POLICY.hours, POLICY.holiday_rules, never))
