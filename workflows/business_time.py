"""Business hours, holidays and due dates: days are the Lead's, moments are naive UTC."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FRIDAY, SATURDAY, SUNDAY = 4, 5, 6
_LONGEST_CLOSURE = 400  # days; a calendar with no business day in that time is a mistake, not a long holiday


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When the help desk works, Monday to Friday ('The HMIS Application Support')."""

    opens: time
    closes: time
    zone: str


@dataclass(frozen=True, slots=True)
class HolidayRule:
    """A holiday of every year: a fixed `day` of a month, or its `nth` weekday (-1: the last), and days `plus`."""

    name: str
    month: int
    day: int = 0
    weekday: int = 0
    nth: int = 0
    plus: int = 0

    def in_year(self, year: int) -> date:
        """The day it is kept in a year: a fixed day that falls on a weekend moves to the nearest weekday."""
        if self.day:
            kept = date(year, self.month, self.day)
            return kept + timedelta({SATURDAY: -1, SUNDAY: 1}.get(kept.weekday(), 0))
        if self.nth > 0:
            first = date(year, self.month, 1)
            away = (self.weekday - first.weekday()) % 7 + 7 * (self.nth - 1)
            return first + timedelta(away + self.plus)
        following = date(year + self.month // 12, self.month % 12 + 1, 1)
        away = (following.weekday() - self.weekday - 1) % 7 + 1 + 7 * (-self.nth - 1)
        return following - timedelta(away - self.plus)


def holidays(rules: Iterable[HolidayRule], years: Iterable[int]) -> frozenset[date]:
    """Every day on which the Lead is closed; a New Year's Day kept on December 31 belongs to the year before."""
    kept = list(rules)
    return frozenset(rule.in_year(year) for year in years for rule in kept)


def local_day(now: datetime, zone: str) -> date:
    """The Lead's calendar day at a moment in naive UTC."""
    return now.replace(tzinfo=UTC).astimezone(_zone(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """The first moment of the Lead's calendar day, in naive UTC."""
    return datetime.combine(day, time.min) if day <= date.min + timedelta(1) else _utc(day, time.min, zone)


def end_of_day(day: date, zone: str) -> datetime:
    """The last moment of the Lead's calendar day, in naive UTC."""
    if day >= date.max - timedelta(1):
        return datetime.combine(day, time.max)
    return _utc(day + timedelta(1), time.min, zone) - timedelta(microseconds=1)


def us_date(day: date) -> str:
    """November 23, 2026."""
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def business_morning(after: datetime, hours: BusinessHours, closed: Container[date]) -> datetime:
    """The next opening, Monday to Thursday and no holiday, later than `after`: when access may end for a lapse.

    A Friday would leave a shelter alone with it over the weekend. All moments are naive UTC.
    """
    for day in _business_days(local_day(after, hours.zone), closed):
        opening = _utc(day, hours.opens, hours.zone)
        if day.weekday() < FRIDAY and opening > after:
            return opening
    raise AssertionError("unreachable: _business_days ends with an error")


def add_business_hours(start: datetime, amount: float, hours: BusinessHours, closed: Container[date]) -> datetime:
    """The moment by which `amount` business hours have passed since `start`; both are naive UTC.

    Nothing due before the desk opens: zero hours from a Sunday is Monday's opening. ValueError for a negative amount.
    """
    if amount < 0:
        raise ValueError(f"{amount} business hours: an amount of time cannot be negative")
    left = timedelta(hours=amount)
    for day in _business_days(local_day(start, hours.zone), closed):
        begin = max(start, _utc(day, hours.opens, hours.zone))
        end = _utc(day, hours.closes, hours.zone)
        if begin + left <= end:
            return begin + left
        left -= max(end - begin, timedelta())
    raise AssertionError("unreachable: _business_days ends with an error")


def opening_and_closing(day: date, hours: BusinessHours) -> tuple[datetime, datetime]:
    """When the desk opens and closes on a day, in naive UTC; it does not ask whether that is a business day."""
    return _utc(day, hours.opens, hours.zone), _utc(day, hours.closes, hours.zone)


def works(day: date, closed: Container[date]) -> bool:
    """Monday to Friday, and no holiday."""
    return day.weekday() <= FRIDAY and day not in closed


def add_business_days(day: date, amount: int, closed: Container[date]) -> date:
    """The business day that comes `amount` business days after `day`, or before it where `amount` is negative."""
    step = timedelta(1 if amount >= 0 else -1)
    left, idle = abs(amount), 0
    while left:
        day += step
        idle = 0 if works(day, closed) else idle + 1
        left -= not idle
        if idle > _LONGEST_CLOSURE:
            raise ValueError(f"no business day within {_LONGEST_CLOSURE} days of {us_date(day)}: check the holidays")
    return day


def _business_days(first: date, closed: Container[date]) -> Iterator[date]:
    day, idle = first, 0
    while idle <= _LONGEST_CLOSURE:
        if works(day, closed):
            idle = 0
            yield day
        else:
            idle += 1
        day += timedelta(1)
    raise ValueError(f"no business day within {_LONGEST_CLOSURE} days after {us_date(first)}: check the holidays")


def _utc(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, tzinfo=_zone(zone)).astimezone(UTC).replace(tzinfo=None)


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
