"""Moments as the clock on the wall says them: naive UTC in words, times of day as people type them, lengths in words."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workflows.business_time import us_date

_TYPED = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:([ap])\.?\s*m?\.?)?", re.IGNORECASE)
NOON = 12


def read_clock(text: str) -> time:
    """'10:30 p.m.', '10 pm', '22:30'; ValueError says what was expected. A bare '10' is no time: which ten?"""
    found = _TYPED.fullmatch(" ".join(text.split()))
    if not found or not (found[2] or found[3]):
        raise ValueError("Enter a time such as 10:30 p.m. or 22:30.")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half and not 1 <= hour <= NOON:
        raise ValueError("Enter a time such as 10:30 p.m. or 22:30.")
    if half:
        hour = hour % NOON + (NOON if half == "p" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        raise ValueError("Enter a time that exists, such as 10:30 p.m. or 22:30.") from None


def to_utc(day: date, at: time, zone: str) -> datetime:
    """The naive UTC moment of a time on the wall; of an hour that comes twice the first. ValueError for one that is skipped."""
    there = datetime.combine(day, at, ZoneInfo(zone))
    moment = there.astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != there.replace(tzinfo=None):
        raise ValueError("That hour is skipped: the clocks go forward that night. Enter an earlier or a later one.")
    return moment.replace(tzinfo=None)


def local(moment: datetime, zone: str) -> datetime:
    """The naive time on the wall of a moment in naive UTC."""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def clock_words(at: time) -> str:
    """'10:30 p.m.'"""
    return f"{at.hour % NOON or NOON}:{at.minute:02} {'a.m.' if at.hour < NOON else 'p.m.'}"


def moment_words(moment: datetime, zone: str, zone_name: str = "Eastern") -> str:
    """'November 25, 2026 at 10:00 p.m. Eastern' for a moment in naive UTC."""
    there = local(moment, zone)
    return f"{us_date(there.date())} at {clock_words(there.time())} {zone_name}"


def span_words(begins: datetime, ends: datetime | None, zone: str, zone_name: str = "Eastern") -> str:
    """'November 25, 2026, 10:00 p.m. to 11:00 p.m. Eastern'; with both days where it ends on another one."""
    first = local(begins, zone)
    if ends is None:
        return f"since {moment_words(begins, zone, zone_name)}"
    last = local(ends, zone)
    day, other = us_date(first.date()), us_date(last.date())
    until = clock_words(last.time()) if day == other else f"{other}, {clock_words(last.time())}"
    return f"{day}, {clock_words(first.time())} to {until} {zone_name}"


def length_words(span: timedelta) -> str:
    """'1 hour 30 minutes', '2 days 3 hours', 'under a minute': the two largest units, cut off."""
    minutes = span // timedelta(minutes=1)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    said = [f"{count} {unit if count == 1 else unit + 's'}" for count, unit in parts if count]
    return " ".join(said[:2]) or "under a minute"
