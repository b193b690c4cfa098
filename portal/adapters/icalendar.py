"""A calendar (RFC 5545) from plain events: lines folded, words escaped, a weekly event on the wall's clock with its zone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LINE = 75
"""Octets of a line without its end, at most."""

_SURE = 12
"""Years for which a rule of a zone must hold before it is written down as a rule."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: moments in naive UTC; `until` None where nobody knows. `stamp`: when it was last touched."""

    uid: str
    starts_at: datetime
    until: datetime | None
    stamp: datetime
    sequence: int
    summary: str
    description: str
    url: str
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Instead:
    """One of a weekly event's times that is another than every week: `on` is its day on the wall."""

    on: date
    event: Event


@dataclass(frozen=True, slots=True)
class WeeklyEvent:
    """An event of every week from `first` on (a day on the wall), at `opens` for `lasts`; not on the days `without`."""

    event: Event
    first: datetime
    lasts: timedelta
    without: Sequence[date] = ()
    instead: Sequence[Instead] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    name: str
    product: str
    zone: str
    url: str
    weekly: WeeklyEvent | None = None
    events: Sequence[Event] = field(default_factory=tuple)


def to_icalendar(calendar: Calendar) -> bytes:
    """The calendar as UTF-8 text with the line ends that the standard asks for."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{_text(calendar.product)}//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(calendar.name)}", f"NAME:{_text(calendar.name)}", f"X-WR-TIMEZONE:{calendar.zone}",
        f"URL:{calendar.url}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H",
    ]  # fmt: skip
    if calendar.weekly:
        lines += _zone(calendar.zone, calendar.weekly.first.year)
        lines += _weekly(calendar.weekly, calendar.zone)
    for event in calendar.events:
        lines += _event(event, [f"DTSTART:{_utc(event.starts_at)}", *_ends(event)])
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line)).encode()


def _event(event: Event, when: Sequence[str]) -> list[str]:
    return [
        "BEGIN:VEVENT", f"UID:{event.uid}", f"DTSTAMP:{_utc(event.stamp)}", f"LAST-MODIFIED:{_utc(event.stamp)}",
        f"SEQUENCE:{event.sequence}", *when, f"SUMMARY:{_text(event.summary)}", f"DESCRIPTION:{_text(event.description)}",
        f"URL:{event.url}", f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}", "TRANSP:TRANSPARENT", "END:VEVENT",
    ]  # fmt: skip


def _ends(event: Event) -> list[str]:
    return [f"DTEND:{_utc(event.until)}"] if event.until and event.until > event.starts_at else []


def _weekly(weekly: WeeklyEvent, zone: str) -> list[str]:
    opens = weekly.first.time()
    here = f";TZID={zone}:"
    when = [
        f"DTSTART{here}{_wall(weekly.first)}", f"DURATION:{_duration(weekly.lasts)}",
        f"RRULE:FREQ=WEEKLY;BYDAY={WEEKDAYS[weekly.first.weekday()]}",
    ]  # fmt: skip
    if weekly.without:
        days = ",".join(_wall(datetime.combine(day, opens)) for day in sorted(weekly.without))
        when.append(f"EXDATE{here}{days}")
    lines = _event(weekly.event, when)
    for each in weekly.instead:
        times = [f"DTSTART:{_utc(each.event.starts_at)}", *_ends(each.event)]
        lines += _event(each.event, [f"RECURRENCE-ID{here}{_wall(datetime.combine(each.on, opens))}", *times])
    return lines


def _zone(zone: str, year: int) -> list[str]:
    """The zone's rules as they are from this year on: each change of the clock by its weekday of the month."""
    here = ZoneInfo(zone)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    changes = list(_changes(here, year - 1))
    if not changes:
        offset = datetime(year, 1, 1, tzinfo=here)
        lines += _observance(
            "STANDARD", datetime(year - 1, 1, 1), offset.utcoffset(), offset.utcoffset(), offset.tzname(), ""
        )
    for change in changes:
        before, after = (datetime.fromtimestamp(at, here) for at in (change - 1, change))
        wall = before.replace(tzinfo=None) + timedelta(seconds=1)
        kind = "DAYLIGHT" if after.dst() else "STANDARD"
        lines += _observance(kind, wall, before.utcoffset(), after.utcoffset(), after.tzname(), _rule(here, wall, year))
    return [*lines, "END:VTIMEZONE"]


def _observance(
    kind: str, wall: datetime, before: timedelta | None, after: timedelta | None, name: str | None, rule: str
) -> list[str]:
    return [
        f"BEGIN:{kind}", f"DTSTART:{_wall(wall)}", f"TZOFFSETFROM:{_offset(before)}", f"TZOFFSETTO:{_offset(after)}",
        f"TZNAME:{name or kind}", *([rule] if rule else []), f"END:{kind}",
    ]  # fmt: skip


def _changes(here: ZoneInfo, year: int) -> Iterator[int]:
    """The seconds since 1970 at which the clock changes in this year: looked for by halves of each hour's steps."""
    hour = 3600
    at, end = (int(datetime(each, 1, 1, tzinfo=UTC).timestamp()) for each in (year, year + 1))
    while at < end:
        if _seen(here, at) != _seen(here, at + 24 * hour):
            low, high = at, at + 24 * hour
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _seen(here, middle) == _seen(here, at) else (low, middle)
            yield high
        at += 24 * hour


def _seen(here: ZoneInfo, at: int) -> timedelta | None:
    return datetime.fromtimestamp(at, here).utcoffset()


def _rule(here: ZoneInfo, wall: datetime, year: int) -> str:
    """'RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU', the first of the ways to say it that holds; '' where none does."""
    for nth in ((wall.day - 1) // 7 + 1, -1):
        said = [_nth(each, wall, nth) for each in range(year, year + _SURE)]
        if all(_is_change(here, datetime.combine(day, wall.time())) for day in said):
            return f"RRULE:FREQ=YEARLY;BYMONTH={wall.month};BYDAY={nth}{WEEKDAYS[wall.weekday()]}"
    return ""


def _nth(year: int, like: datetime, nth: int) -> date:
    if nth > 0:
        first = date(year, like.month, 1)
        return first + timedelta((like.weekday() - first.weekday()) % 7 + 7 * (nth - 1))
    last = date(year + like.month // 12, like.month % 12 + 1, 1) - timedelta(1)
    return last - timedelta((last.weekday() - like.weekday()) % 7)


def _is_change(here: ZoneInfo, wall: datetime) -> bool:
    minute = timedelta(minutes=1)
    before = (wall - minute).replace(tzinfo=here)
    later = (before.astimezone(UTC) + 2 * minute).astimezone(here)
    return before.utcoffset() != later.utcoffset()


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most LINE octets, never cut inside a letter; all but the first begin with a space."""
    piece, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > LINE:
            yield piece
            piece, size = " ", 1
        piece, size = piece + letter, size + octets
    yield piece


def _text(text: str) -> str:
    plain = "".join(letter for letter in text.replace("\r\n", "\n") if letter >= " " or letter == "\n")
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _utc(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S}Z"


def _wall(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S}"


def _duration(span: timedelta) -> str:
    return f"PT{span // timedelta(minutes=1)}M"


def _offset(span: timedelta | None) -> str:
    minutes = (span or timedelta()) // timedelta(minutes=1)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
