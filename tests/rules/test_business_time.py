"""Business hours in Maine: openings, holidays, daylight saving, and the mornings on which a lapse may end access."""

from datetime import UTC, date, datetime, time, timedelta

import holidays as others
import pytest

from workflows.business_time import (
    BusinessHours,
    add_business_days,
    add_business_hours,
    business_morning,
    end_of_day,
    holidays,
    local_day,
    us_date,
)
from workflows.policy import load

POLICY = load()
HOURS, CLOSED = POLICY.hours, POLICY.holidays
MAINE = "America/New_York"


@pytest.mark.parametrize(
    ("after", "opening"),
    [
        (datetime(2026, 11, 23, 12, 59), datetime(2026, 11, 23, 13, 0)),  # Monday before eight
        (datetime(2026, 11, 23, 13, 0), datetime(2026, 11, 24, 13, 0)),  # at eight sharp: the next one
        (datetime(2026, 11, 25, 15, 0), datetime(2026, 11, 30, 13, 0)),  # over Thanksgiving and the weekend
        (datetime(2026, 11, 19, 20, 0), datetime(2026, 11, 23, 13, 0)),  # Thursday: never a Friday
        (datetime(2026, 12, 23, 20, 0), datetime(2026, 12, 24, 13, 0)),  # Christmas is a Friday
        (datetime(2026, 3, 5, 15, 0), datetime(2026, 3, 9, 12, 0)),  # the clocks went forward on March 8
        (datetime(2026, 10, 29, 15, 0), datetime(2026, 11, 2, 13, 0)),  # and back on November 1
        (datetime(2026, 11, 23, 3, 0), datetime(2026, 11, 23, 13, 0)),  # Sunday evening in Maine
    ],
)
def test_a_lapse_ends_access_on_a_business_morning_monday_to_thursday(after: datetime, opening: datetime) -> None:
    assert business_morning(after, HOURS, CLOSED) == opening


def test_every_business_morning_is_one() -> None:
    now = datetime(2026, 1, 1)
    for hours in range(0, 24 * 400, 7):
        at = now + timedelta(hours=hours)
        morning = business_morning(at, HOURS, CLOSED)
        day = local_day(morning, MAINE)
        assert morning > at
        assert day.weekday() < 4
        assert day not in CLOSED
        assert morning - at < timedelta(days=7)


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        (datetime(2026, 11, 23, 15, 0), 2, datetime(2026, 11, 23, 17, 0)),
        (datetime(2026, 11, 23, 15, 0), 8, datetime(2026, 11, 24, 15, 0)),
        (datetime(2026, 11, 23, 13, 0), 8, datetime(2026, 11, 23, 21, 0)),  # to the last minute of the day
        (datetime(2026, 11, 25, 20, 0), 2, datetime(2026, 11, 30, 14, 0)),  # over Thanksgiving
        (datetime(2026, 11, 22, 3, 0), 0, datetime(2026, 11, 23, 13, 0)),  # nothing is due before the desk opens
        (
            datetime(2026, 3, 6, 20, 0),
            2,
            datetime(2026, 3, 9, 13, 0),
        ),  # an hour before and one after the clocks changed
        (datetime(2026, 11, 23, 15, 0), 0.5, datetime(2026, 11, 23, 15, 30)),
        (datetime(2026, 11, 23, 23, 0), 16, datetime(2026, 11, 25, 21, 0)),
    ],
)
def test_a_work_order_is_due_in_business_hours(start: datetime, amount: float, due: datetime) -> None:
    assert add_business_hours(start, amount, HOURS, CLOSED) == due


def test_a_negative_amount_of_time_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        add_business_hours(datetime(2026, 11, 23), -1, HOURS, CLOSED)


def test_a_calendar_without_business_days_is_refused_and_not_searched_for_ever() -> None:
    never = frozenset(date(2026, 1, 1) + timedelta(n) for n in range(1500))
    for ask in (
        lambda: business_morning(datetime(2026, 6, 1), HOURS, never),
        lambda: add_business_days(date(2026, 6, 1), 1, never),
    ):
        with pytest.raises(ValueError, match="check the holidays"):
            ask()


@pytest.mark.parametrize(
    ("day", "amount", "then"),
    [
        (date(2026, 11, 23), 5, date(2026, 12, 2)),  # without Thanksgiving and the day after
        (date(2026, 12, 2), -5, date(2026, 11, 23)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
    ],
)
def test_program_changes_are_announced_in_business_days(day: date, amount: int, then: date) -> None:
    assert add_business_days(day, amount, CLOSED) == then


def test_the_federal_holidays_are_those_that_others_compute() -> None:
    """Not Columbus Day by another name, which Maine keeps on the same day, and without the days Maine adds."""
    own = {"Patriots' Day", "Friday after Thanksgiving"}
    years = range(2021, 2041)
    federal = holidays((rule for rule in POLICY.holiday_rules if rule.name not in own), years)
    assert federal == set(others.US(years=years, observed=True)) - _unobserved(years)


def _unobserved(years: range) -> set[date]:
    """The other library lists a fixed day that falls on a weekend beside the weekday on which it is kept."""
    return {day for day in others.US(years=years, observed=True) if day.weekday() > 4} | {
        day for day in others.US(years=years, observed=True) if day.year not in years
    }


@pytest.mark.parametrize(
    ("name", "year", "day"),
    [
        ("Patriots' Day", 2026, date(2026, 4, 20)),
        ("Memorial Day", 2026, date(2026, 5, 25)),
        ("Memorial Day", 2027, date(2027, 5, 31)),
        ("Friday after Thanksgiving", 2026, date(2026, 11, 27)),
        ("Independence Day", 2026, date(2026, 7, 3)),
        ("New Year's Day", 2028, date(2027, 12, 31)),
        ("Juneteenth", 2027, date(2027, 6, 18)),
        ("Christmas Day", 2022, date(2022, 12, 26)),
    ],
)
def test_a_holiday_is_kept_on(name: str, year: int, day: date) -> None:
    (rule,) = [rule for rule in POLICY.holiday_rules if rule.name == name]
    assert rule.in_year(year) == day
    assert day in CLOSED


def test_the_last_weekday_of_december_is_found() -> None:
    from workflows.business_time import HolidayRule

    assert HolidayRule("last", 12, weekday=3, nth=-1).in_year(2026) == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 24, 4, 59), date(2026, 11, 23)),
        (datetime(2026, 11, 24, 5, 0), date(2026, 11, 24)),
        (datetime(2026, 7, 24, 3, 59), date(2026, 7, 23)),
        (datetime(2026, 7, 24, 4, 0), date(2026, 7, 24)),
    ],
)
def test_a_day_is_the_leads_own(now: datetime, day: date) -> None:
    assert local_day(now, MAINE) == day


def test_the_end_of_a_day_is_its_last_moment() -> None:
    for day in (date(2026, 3, 8), date(2026, 11, 1), date(2026, 6, 1)):
        end = end_of_day(day, MAINE)
        assert local_day(end, MAINE) == day
        assert local_day(end + timedelta(microseconds=1), MAINE) == day + timedelta(1)
    assert end_of_day(date.max, MAINE).date() == date.max


def test_dates_are_written_the_american_way() -> None:
    assert us_date(date(2026, 11, 3)) == "November 3, 2026"


def test_another_lead_may_be_elsewhere() -> None:
    hours = BusinessHours(time(9), time(17), "America/Los_Angeles")
    morning = business_morning(datetime(2026, 11, 23, 12, 0), hours, CLOSED)
    assert morning.replace(tzinfo=UTC) == datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
