"""Times as people type and read them."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.wall_time import clock_words, length_words, local, moment_words, read_clock, span_words, to_utc

EASTERN = "America/New_York"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("10:30 p.m.", time(22, 30)), ("10:30pm", time(22, 30)), ("10 PM", time(22)), ("22:30", time(22, 30)), ("9:05", time(9, 5)),
        ("12 a.m.", time(0)), ("12:15 p.m.", time(12, 15)), (" 8.30  am ", time(8, 30)), ("0:00", time(0)),
    ],
)  # fmt: skip
def test_a_time_is_read_as_it_is_typed(typed: str, meant: time) -> None:
    assert read_clock(typed) == meant


@pytest.mark.parametrize("typed", ["", "10", "25:00", "13 p.m.", "0 a.m.", "10:60", "ten", "22:30:15", "1022"])
def test_what_is_no_time_is_refused_in_words(typed: str) -> None:
    with pytest.raises(ValueError, match=r"such as 10:30 p\.m\. or 22:30"):
        read_clock(typed)


@given(st.times())
def test_what_is_said_is_read_again(at: time) -> None:
    at = at.replace(second=0, microsecond=0, tzinfo=None, fold=0)
    assert read_clock(clock_words(at)) == read_clock(f"{at:%H:%M}") == at


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)))
def test_there_and_back(moment: datetime) -> None:
    there = local(moment, EASTERN)
    back = to_utc(there.date(), there.time(), EASTERN)
    assert back in (moment, moment - timedelta(hours=1)) and local(back, EASTERN) == there


def test_an_hour_that_is_skipped_is_refused_and_one_that_comes_twice_is_the_first() -> None:
    with pytest.raises(ValueError, match="the clocks go forward that night"):
        to_utc(date(2027, 3, 14), time(2, 30), EASTERN)
    assert str(to_utc(date(2026, 11, 1), time(1, 30), EASTERN)) == "2026-11-01 05:30:00"
    assert str(to_utc(date(2027, 3, 14), time(3, 30), EASTERN)) == "2027-03-14 07:30:00"


def test_spans_and_lengths_in_words() -> None:
    begins = datetime(2026, 11, 26, 3, 0)
    assert moment_words(begins, EASTERN) == "November 25, 2026 at 10:00 p.m. Eastern"
    assert (
        span_words(begins, begins + timedelta(hours=1), EASTERN)
        == "November 25, 2026, 10:00 p.m. to 11:00 p.m. Eastern"
    )
    assert (
        span_words(begins, begins + timedelta(hours=3), EASTERN)
        == "November 25, 2026, 10:00 p.m. to November 26, 2026, 1:00 a.m. Eastern"
    )
    assert span_words(begins, None, EASTERN) == "since November 25, 2026 at 10:00 p.m. Eastern"
    assert [length_words(timedelta(minutes=each)) for each in (0, 1, 60, 90, 1440 + 125)] == [
        "under a minute", "1 minute", "1 hour", "1 hour 30 minutes", "1 day 2 hours",
    ]  # fmt: skip
