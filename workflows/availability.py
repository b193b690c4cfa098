"""How much of a month something was there: the time that was planned to be out counts neither way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from workflows.business_time import start_of_day

Span = tuple[datetime, datetime]
WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Month:
    """One month as reckoned: minutes that it should have been there, minutes that it was not, hundredths of a percent.

    `up` is cut off and never rounded: a minute's outage is never a hundred percent. None where nothing was to be had.
    """

    first: date
    promised: int
    planned: int
    down: int
    up: int | None


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that do not touch, in their order; what is no time at all is left out."""
    joined: list[Span] = []
    for begins, ends in sorted(span for span in spans if span[0] < span[1]):
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return joined


def within(spans: Sequence[Span], begins: datetime, ends: datetime) -> list[Span]:
    """What of these spans lies between two moments."""
    return [(max(one, begins), min(other, ends)) for one, other in spans if one < ends and other > begins]


def length(spans: Iterable[Span]) -> timedelta:
    return sum((ends - begins for begins, ends in spans), timedelta())


def month(first: date, *, until: datetime, planned: Iterable[Span], out: Iterable[Span], zone: str) -> Month:
    """The month that begins on `first`, as far as `until` (naive UTC), from what was planned and what was out.

    Time that was both counts as planned.
    """
    begins = start_of_day(first, zone)
    ends = min(start_of_day(next_month(first), zone), until)
    kept_free = within(merged(planned), begins, ends)
    either = within(merged([*kept_free, *out]), begins, ends)
    free = length(kept_free)
    promised, down = ends - begins - free, length(either) - free
    up = None if promised <= timedelta() else WHOLE * (promised - down) // promised
    return Month(first, _minutes(promised), _minutes(free), _minutes_up(down), up)


def months(since: date, until: date, *, most: int) -> list[date]:
    """The first days of the months from one day to another, the latest first, at most so many."""
    first = until.replace(day=1)
    found: list[date] = []
    while len(found) < most and first >= since.replace(day=1):
        found.append(first)
        first = (first - timedelta(1)).replace(day=1)
    return found


def next_month(first: date) -> date:
    return (first.replace(day=1) + timedelta(32)).replace(day=1)


def _minutes(span: timedelta) -> int:
    return max(span, timedelta()) // timedelta(minutes=1)


def _minutes_up(span: timedelta) -> int:
    return -(-span // timedelta(minutes=1))
