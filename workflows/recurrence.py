"""What comes every week at the same hour on the wall: each evening once, through both changes of the clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workflows.business_time import local_day

WEEK = timedelta(days=7)
_EDGE = timedelta(days=9)  # a week, and the most that a zone is away from UTC on either side


@dataclass(frozen=True, slots=True)
class Weekly:
    """On `weekday` (0 is Monday) at `opens` on the wall of `zone`, for the exact time `lasts`, which is under a week."""

    weekday: int
    opens: time
    lasts: timedelta
    zone: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One of them: the day on the wall it begins on, and its two moments in naive UTC."""

    on: date
    starts_at: datetime
    ends_at: datetime


def occurrence(rule: Weekly, on: date) -> Occurrence:
    """The one that begins on this day; ValueError where the rule has none on it.

    An hour that the clock skips begins as much later as the clock was put forward; of an hour that comes twice it is
    the first: as RFC 5545 reads a local time.
    """
    if on.weekday() != rule.weekday:
        raise ValueError(f"{on} is no day of this rule")
    starts = datetime.combine(on, rule.opens, ZoneInfo(rule.zone)).astimezone(UTC).replace(tzinfo=None)
    return Occurrence(on, starts, starts + rule.lasts)


def occurrences(rule: Weekly, after: datetime, before: datetime) -> Iterator[Occurrence]:
    """Every one that is not over at `after` and begins before `before` (naive UTC), the first one first."""
    day = local_day(after, rule.zone) - _EDGE
    day += timedelta((rule.weekday - day.weekday()) % 7)
    while (one := occurrence(rule, day)).starts_at < before:
        if one.ends_at > after:
            yield one
        day += WEEK


def following(rule: Weekly, after: datetime) -> Occurrence:
    """The one that is on at this moment, or else the next."""
    return next(occurrences(rule, after, after + 3 * _EDGE))
