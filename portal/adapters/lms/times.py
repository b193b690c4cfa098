"""Reads the day or moment of a training result, in the forms of LMS exports and spreadsheets in the United States."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# No learning management system in use is older; what stands before is a stopgap or a cell of the wrong kind.
EARLIEST = date(2000, 1, 1)
# A server's clock may run a little ahead of ours.
_SKEW = timedelta(minutes=5)
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?) ?(Z|UTC|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_US = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})(?:,? +(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([ap])\.?m\.?)?)?", re.ASCII | re.I
)
_WORDS = re.compile(r"([a-z]{3,9})\.? +(\d{1,2}),? +(\d{4})", re.ASCII | re.I)
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


@dataclass(frozen=True, slots=True)
class Taken:
    """When a result was achieved: the moment (naive UTC), the Lead's day, and whether the file gave a time."""

    at: datetime
    on: date
    timed: bool


class TimeError(ValueError):
    """A date that cannot be read or cannot be right; `sentence` says what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def _iso(found: re.Match[str]) -> tuple[date, time | None, str]:
    return date.fromisoformat(found[1]), time.fromisoformat(found[2]) if found[2] else None, found[3] or ""


def _us(found: re.Match[str]) -> tuple[date, time | None, str]:
    month, day, year, hour, minute, second, half = found.groups()
    if int(month) > 12 >= int(day):
        raise TimeError("The date has its day first. Write the month first, as in 12/31/2026, or 2026-12-31.")
    on = date(int(year), int(month), int(day))
    if hour is None:
        return on, None, ""
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError("a 12-hour clock has hours from 1 to 12")
        hours = hours % 12 + (12 if half in "pP" else 0)
    return on, time(hours, int(minute), int(second or 0)), ""


def _words(found: re.Match[str]) -> tuple[date, time | None, str]:
    name = found[1].casefold()
    months = [number for number, month in enumerate(_MONTHS, start=1) if month == name or month[:3] == name]
    if not months and name != "sept":
        raise ValueError(f"no month is called {name}")
    return date(int(found[3]), months[0] if months else 9, int(found[2])), None, ""


def _moment(on: date, at: time, offset: str, zone: ZoneInfo) -> datetime:
    local = datetime.combine(on, at)
    if offset in {"Z", "UTC"}:
        return local
    if offset:
        return datetime.fromisoformat(f"{local.isoformat()}{offset}").astimezone(UTC).replace(tzinfo=None)
    return local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _why_unreadable(written: str) -> str:
    if not written:
        return "The date is empty. Fill in the day on which the result was achieved."
    if re.fullmatch(r"\d+(\.\d+)?%?", written):
        return (
            "The date is a bare number: a score in the wrong column, or a date that a spreadsheet keeps as a number. "
            "Check the header against the cells, and format the column as a date, as in 2026-11-23."
        )
    if re.fullmatch(r"\d{1,2}/\d{1,2}/\d{2}", written):
        return "The year has two digits. Write it with four, as in 11/23/2026 or 2026-11-23."
    return "The date cannot be read. Write it as 2026-11-23, 2026-11-23 14:05 or 11/23/2026."


def read_time(written: str, zone: ZoneInfo) -> Taken:
    """A day or moment from its cell; raises `TimeError`.

    A time without an offset is the Lead's local time. A date without a time stands for noon there, so that it is the
    same day in UTC and in every time zone of the United States.
    """
    text = written.strip()
    try:
        for form, read in ((_ISO, _iso), (_US, _us), (_WORDS, _words)):
            if found := form.fullmatch(text):
                on, at, offset = read(found)
                moment = _moment(on, at or time(12), offset, zone)
                day = moment.replace(tzinfo=UTC).astimezone(zone).date() if offset else on
                return Taken(moment, day, at is not None)
    except TimeError:
        raise
    except (ValueError, OverflowError):
        raise TimeError("The date is not a day and time of the calendar. Correct it.") from None
    raise TimeError(_why_unreadable(text))


def check_likely(taken: Taken, now: datetime, today: date) -> None:
    """Raise `TimeError` for a result before 2000 or after `now` (naive UTC); a bare day may be the Lead's `today`."""
    if taken.on < EARLIEST:
        raise TimeError(f"The date lies in {taken.on.year}, before any result that counts. Correct it.")
    late = taken.at > now + _SKEW if taken.timed else taken.on > today
    if late:
        raise TimeError("The date lies in the future. A result counts when it has been achieved; correct the date.")
