"""The help desk's clock: when a ticket is due in business time, how much is left, and why it is that ('The HMIS Application Support').

Moments are naive UTC; amounts are whole business minutes; a moment within a minute counts as the end of that minute.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from workflows.business_time import (
    MONTHS,
    WEEKDAYS,
    BusinessHours,
    HolidayRule,
    add_business_hours,
    local_day,
    opening_and_closing,
    us_date,
    works,
)

_LONGEST_CLOSURE = 400
_SPELLED = 4  # so many days are listed one by one; more are summed up
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the desk works: the pack's hours and holidays, days the Lead closes besides, holidays on which it works.

    It is a container of the days on which the desk is closed, weekends apart, as workflows.business_time takes them.
    """

    hours: BusinessHours
    rules: tuple[HolidayRule, ...]
    closed: Mapping[date, str] = field(default_factory=dict)
    worked: frozenset[date] = frozenset()

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and bool(self.holiday(day))

    def holiday(self, day: date) -> str:
        """What the desk is closed for on a day, empty where there is no such thing; weekends are no holidays."""
        if day in self.closed:
            return self.closed[day]
        return "" if day in self.worked else kept(self.rules, day.year).get(day, "")

    def why_closed(self, day: date) -> str:
        """'Saturday', 'Thanksgiving Day', or nothing on a business day."""
        return self.holiday(day) or ("" if works(day, self) else WEEKDAYS[day.weekday()].capitalize())


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stood from one moment to another (None: it still does), for a reason in a few words."""

    began: datetime
    ended: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether the desk is open, and the moment at which that changes."""

    open: bool
    changes: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Business minutes that are counted on one day."""

    day: date
    minutes: int


@lru_cache(maxsize=512)
def kept(rules: tuple[HolidayRule, ...], year: int) -> Mapping[date, str]:
    """The holidays that fall into a year by what they are called; New Year's Day may be kept on the December 31 before."""
    days = ((rule.in_year(each), rule.name) for each in (year, year + 1) for rule in rules if each <= date.max.year)
    return {day: name for day, name in days if day.year == year}


def standing(now: datetime, calendar: Calendar) -> Opening:
    """Whether the desk is open at a moment, until when or from when, and why it is closed."""
    opens = add_business_hours(now, 0, calendar.hours, calendar)
    _, closes = opening_and_closing(local_day(opens, calendar.hours.zone), calendar.hours)
    if opens == now and now < closes:
        return Opening(True, closes, "")
    if opens == now:  # the very moment at which it closes
        opens = add_business_hours(now + _MINUTE, 0, calendar.hours, calendar)
    today = local_day(now, calendar.hours.zone)
    return Opening(False, opens, calendar.why_closed(today) or "outside business hours")


def due(start: datetime, minutes: int, calendar: Calendar, pauses: Sequence[Pause] = ()) -> datetime | None:
    """The moment at which so many business minutes have passed; None while the clock stands. Never outside hours.

    ValueError for a negative amount, or where the calendar has no business day within 400 days.
    """
    stretches = list(_counted(start, minutes, calendar, pauses))
    return stretches[-1][1] if stretches else None


def left(now: datetime, until: datetime, calendar: Calendar) -> int:
    """Business minutes from now to a moment; negative when that has passed."""
    if now <= until:
        return _spent(_up(now), _up(until), calendar)
    return -_spent(_up(until), _up(now), calendar)


def remaining(start: datetime, minutes: int, now: datetime, calendar: Calendar, pauses: Sequence[Pause] = ()) -> int:
    """Business minutes not yet used of an amount at a moment, whether the clock runs or stands; never below 0."""
    used, now = 0, _up(now)
    for begin, end in _running(_up(start), calendar, pauses, now):
        if begin >= now:
            break
        used += (min(end, now) - begin) // _MINUTE
        if used >= minutes:
            return 0
    return minutes - used


def explain(start: datetime, minutes: int, calendar: Calendar, pauses: Sequence[Pause] = ()) -> str:
    """In words how a due time comes about: what is counted on which day, what is not counted and why."""
    at = moment_in_words(start, calendar)
    head = f"{span_in_words(minutes)} of business time from {at}"
    standing_still = next((pause for pause in pauses if pause.ended is None), None)
    if standing_still:
        rest = remaining(start, minutes, standing_still.began, calendar, pauses)
        since = moment_in_words(standing_still.began, calendar)
        return " ".join(
            (
                f"{span_in_words(minutes)} of business time.",
                _sentence(f"The clock has stood since {since}: {standing_still.why}"),
                f"Left when it runs again: {span_in_words(rest)}.",
            )
        )
    pieces = [
        Piece(local_day(begin, calendar.hours.zone), (end - begin) // _MINUTE)
        for begin, end in _counted(start, minutes, calendar, pauses)
    ]
    counted = [piece for piece in _by_day(pieces) if piece.minutes]
    said = [_sentence(f"{head}: {_listed(counted)}" if counted else head)]
    until = due(start, minutes, calendar, pauses)
    said += _not_counted(start, until, calendar, pauses) if until else []
    return " ".join(said)


def span_in_words(minutes: int) -> str:
    """'4 hours', '1 hour and 30 minutes', '20 minutes'."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((hours, "hour"), (rest, "minute")) if n]
    return " and ".join(parts) or "no time"


def moment_in_words(moment: datetime, calendar: Calendar) -> str:
    """'Monday, November 23, 3:05 p.m.' in the Lead's zone."""
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(calendar.hours.zone))
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{day_in_words(local.date())}, {local.hour % 12 or 12}:{local.minute:02} {half}"


def day_in_words(day: date) -> str:
    """'Monday, November 23'; the year is left out, for what is near."""
    return f"{WEEKDAYS[day.weekday()].capitalize()}, {MONTHS[day.month - 1]} {day.day}"


def _counted(
    start: datetime, minutes: int, calendar: Calendar, pauses: Sequence[Pause]
) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of time that make up an amount; the last one ends when it is due. Nothing while the clock stands."""
    if minutes < 0:
        raise ValueError(f"{minutes} minutes: an amount of time cannot be negative")
    if any(pause.ended is None for pause in pauses):
        return
    rest = timedelta(minutes=minutes)
    for begin, end in _running(_up(start), calendar, pauses):
        if begin + rest <= end:
            yield begin, begin + rest
            return
        yield begin, end
        rest -= end - begin


def _running(
    start: datetime, calendar: Calendar, pauses: Sequence[Pause], until: datetime | None = None
) -> Iterator[tuple[datetime, datetime]]:
    """Every stretch from `start` on in which the desk is open and no pause holds the clock; those that begin by `until`."""
    stops = sorted((_up(p.began), _up(p.ended) if p.ended else datetime.max) for p in pauses)
    for opens, closes in _open(start, calendar):
        if until and opens > until:
            return
        begin = opens
        for stopped, again in stops:
            if again <= begin or stopped >= closes:
                continue
            if stopped > begin:
                yield begin, stopped
            begin = again
        if begin < closes:
            yield begin, closes


def _open(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    day, idle = local_day(start, calendar.hours.zone), 0
    while True:
        if works(day, calendar):
            idle = 0
            opens, closes = opening_and_closing(day, calendar.hours)
            if closes > start:
                yield max(opens, start), closes
        elif (idle := idle + 1) > _LONGEST_CLOSURE:
            raise ValueError(f"no business day within {_LONGEST_CLOSURE} days of {us_date(day)}: check the holidays")
        day += timedelta(1)


def _spent(start: datetime, end: datetime, calendar: Calendar) -> int:
    total = timedelta()
    for opens, closes in _open(start, calendar):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return total // _MINUTE


def _by_day(pieces: Iterable[Piece]) -> list[Piece]:
    days: dict[date, int] = {}
    for piece in pieces:
        days[piece.day] = days.get(piece.day, 0) + piece.minutes
    return [Piece(day, minutes) for day, minutes in days.items()]


def _listed(pieces: Sequence[Piece]) -> str:
    said = [f"{span_in_words(piece.minutes)} on {day_in_words(piece.day)}" for piece in pieces]
    if len(pieces) > _SPELLED:
        between = sum(piece.minutes for piece in pieces[1:-1])
        said = [said[0], f"{span_in_words(between)} on the {len(pieces) - 2} business days after it", said[-1]]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _not_counted(start: datetime, until: datetime, calendar: Calendar, pauses: Sequence[Pause]) -> list[str]:
    zone = calendar.hours.zone
    first, last = local_day(start, zone), local_day(until, zone)
    days = (first + timedelta(n) for n in range((last - first).days + 1))
    closed = [f"{day_in_words(day)} is closed ({calendar.holiday(day)})" for day in days if calendar.holiday(day)]
    waits = [
        f"{pause.why} from {moment_in_words(pause.began, calendar)} to {moment_in_words(pause.ended, calendar)}"
        for pause in pauses
        if pause.ended and pause.began < until and _up(pause.ended) > _up(pause.began)
    ]
    said = [_sentence(f"Not counted: {'; '.join([*closed, *waits])}")] if closed or waits else []
    begins = next(islice(_open(_up(start), calendar), 1))[0]
    if begins > _up(start):
        said.insert(0, _sentence(f"The desk was closed, so counting began on {moment_in_words(begins, calendar)}"))
    return said


def _sentence(words: str) -> str:
    """With a period at its end, but not two after 'a.m.'."""
    return words if words.endswith(".") else f"{words}."


def _up(moment: datetime) -> datetime:
    """The moment itself, or the end of the minute it falls into."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + _MINUTE
