"""The availability of a month: what was planned counts neither way, and no outage rounds up to a hundred percent."""

from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workflows.availability import WHOLE, length, merged, month, months

EASTERN = "America/New_York"
LATER = datetime(2030, 1, 1)
AT = datetime(2026, 6, 10, 12, 0)
HOUR = timedelta(hours=1)
BASE = datetime(2026, 6, 1)
SPANS = st.lists(
    st.tuples(st.integers(0, 45 * 24 * 60), st.integers(0, 3000)).map(
        lambda pair: (BASE + timedelta(minutes=pair[0]), BASE + timedelta(minutes=sum(pair)))
    ),
    max_size=8,
)


def test_a_month_without_an_outage_is_whole() -> None:
    june = month(date(2026, 6, 1), until=LATER, planned=[], out=[], zone=EASTERN)
    assert (june.promised, june.planned, june.down, june.up) == (30 * 24 * 60, 0, 0, WHOLE)


def test_months_are_as_long_as_the_clock_makes_them() -> None:
    assert month(date(2026, 11, 1), until=LATER, planned=[], out=[], zone=EASTERN).promised == 30 * 24 * 60 + 60
    assert month(date(2027, 3, 1), until=LATER, planned=[], out=[], zone=EASTERN).promised == 31 * 24 * 60 - 60


def test_a_month_that_is_not_over_is_reckoned_as_far_as_it_has_come() -> None:
    june = month(date(2026, 6, 1), until=datetime(2026, 6, 2, 4, 0), planned=[], out=[], zone=EASTERN)
    assert june.promised == 24 * 60
    assert month(date(2026, 6, 1), until=datetime(2026, 6, 1, 4, 0), planned=[], out=[], zone=EASTERN).up is None


def test_what_was_planned_and_out_at_once_counts_as_planned() -> None:
    june = month(
        date(2026, 6, 1), until=LATER, planned=[(AT, AT + 2 * HOUR)], out=[(AT + HOUR, AT + 4 * HOUR)], zone=EASTERN
    )
    assert (june.planned, june.down, june.promised) == (120, 120, 30 * 24 * 60 - 120)


def test_two_outages_at_a_time_count_once() -> None:
    june = month(
        date(2026, 6, 1), until=LATER, planned=[], out=[(AT, AT + 2 * HOUR), (AT + HOUR, AT + 3 * HOUR)], zone=EASTERN
    )
    assert june.down == 180


def test_an_outage_over_the_end_of_a_month_is_shared_out() -> None:
    begins = datetime(2026, 7, 1, 3, 0)  # eleven in the evening of June 30 in Maine
    spans = [(begins, begins + 3 * HOUR)]
    june, july = (month(date(2026, each, 1), until=LATER, planned=[], out=spans, zone=EASTERN) for each in (6, 7))
    assert (june.down, july.down) == (60, 120)


def test_a_second_is_no_hundred_percent() -> None:
    june = month(date(2026, 6, 1), until=LATER, planned=[], out=[(AT, AT + timedelta(seconds=1))], zone=EASTERN)
    assert june.up == WHOLE - 1 and june.down == 1


def test_the_months_asked_for_go_back_no_further_than_the_first_outage() -> None:
    assert months(date(2026, 9, 15), date(2026, 11, 23), most=12) == [
        date(2026, 11, 1),
        date(2026, 10, 1),
        date(2026, 9, 1),
    ]
    assert months(date(2020, 1, 1), date(2026, 11, 23), most=2) == [date(2026, 11, 1), date(2026, 10, 1)]
    assert months(date(2026, 12, 1), date(2026, 11, 23), most=2) == []


@given(SPANS, SPANS)
def test_minute_by_minute_it_is_the_same(
    planned: list[tuple[datetime, datetime]], out: list[tuple[datetime, datetime]]
) -> None:
    """Against counting every minute of the month by itself."""
    june = month(date(2026, 6, 1), until=LATER, planned=planned, out=out, zone="UTC")
    free = {minute for begins, ends in planned for minute in minutes(begins, ends)}
    down = {minute for begins, ends in out for minute in minutes(begins, ends)} - free
    whole = 30 * 24 * 60
    assert (june.planned, june.down, june.promised) == (len(free), len(down), whole - len(free))
    assert june.up == (WHOLE * (whole - len(free) - len(down)) // (whole - len(free)) if whole > len(free) else None)


def minutes(begins: datetime, ends: datetime) -> range:
    first, last = ((each - BASE) // timedelta(minutes=1) for each in (begins, ends))
    return range(max(first, 0), min(last, 30 * 24 * 60))


@given(SPANS)
def test_joined_spans_are_in_order_and_do_not_touch(spans: list[tuple[datetime, datetime]]) -> None:
    joined = merged(spans)
    assert all(one[1] < other[0] for one, other in pairwise(joined))
    assert length(joined) <= length((begins, ends) for begins, ends in spans if begins < ends)
