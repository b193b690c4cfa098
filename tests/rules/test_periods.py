"""Periods: how far one reaches, its exact inverse, and what is no period."""

from datetime import date, timedelta
from random import Random

import pytest

from workflows.periods import NO_TIME, Period, parse_span


@pytest.mark.parametrize(
    ("period", "start", "last"),
    [
        ("P1Y", date(2026, 3, 2), date(2027, 3, 2)),
        ("P1Y", date(2028, 2, 29), date(2029, 2, 28)),
        ("P4Y", date(2028, 2, 29), date(2032, 2, 29)),
        ("P1M", date(2027, 1, 31), date(2027, 2, 28)),
        ("P1M", date(2028, 1, 31), date(2028, 2, 29)),
        ("P6M", date(2026, 8, 31), date(2027, 2, 28)),
        ("P45D", date(2026, 1, 15), date(2026, 3, 1)),
        ("P1Y1M1D", date(2026, 12, 31), date(2028, 2, 1)),
        ("P0D", date(2026, 12, 31), date(2026, 12, 31)),
        ("P1Y", date(9999, 6, 1), date.max),
    ],
)
def test_a_period_reaches(period: str, start: date, last: date) -> None:
    assert Period.parse(period).after(start) == last


def test_reaching_is_the_exact_inverse_of_after() -> None:
    rng = Random(4)
    for _ in range(2000):
        period = Period(rng.choice((0, 1, 3, 11, 12, 24)), rng.choice((0, 0, 1, 29, 45)))
        day = rng.choice((date(2028, 2, 29), date(2029, 2, 28), date(2029, 3, 1))) + timedelta(rng.randint(-800, 800))
        earliest = period.reaching(day)
        assert period.after(earliest) >= day
        assert period.after(earliest - timedelta(1)) < day


def test_reaching_stops_at_the_first_day_there_is() -> None:
    assert Period.parse("P1Y").reaching(date.min) == date.min


def test_no_time_covers_its_own_day_alone() -> None:
    assert NO_TIME.after(date(2026, 1, 1)) == date(2026, 1, 1) == NO_TIME.reaching(date(2026, 1, 1))


@pytest.mark.parametrize("text", ["", "P", "1Y", "P1W", "P-1D", "P1.5Y", "PT1H", "p1y", "P1Y ", 1, None])
def test_what_is_no_period_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="is not a period such as P1Y"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT72H", timedelta(hours=72)),
        ("PT15M", timedelta(minutes=15)),
        ("P14D", timedelta(days=14)),
        ("P1DT12H30M", timedelta(days=1, hours=12, minutes=30)),
    ],
)
def test_a_length_of_time_is_exact(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "P", "PT", "P1Y", "72H", "P1DT", 72])
def test_what_is_no_length_of_time_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="is not a length of time such as PT72H"):
        parse_span(text)
