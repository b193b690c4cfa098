"""Calendar periods ('P1Y', 'P45D'), how far one reaches and from where it still does; lengths of time ('PT72H')."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_PERIOD = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?")
_SPAN = re.compile(r"P(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?")


@dataclass(frozen=True, slots=True)
class Period:
    """A number of calendar months and days; no months and no days is no time at all."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Reads P1Y, P6M, P45D or P1Y6M; ValueError says what was expected."""
        found = _PERIOD.fullmatch(text) if isinstance(text, str) else None
        if not found:
            raise ValueError(f"{text!r} is not a period such as P1Y, P6M or P45D")
        years, months, days = (int(part or 0) for part in found.groups())
        return cls(12 * years + months, days)

    def after(self, day: date) -> date:
        """The last day that a period from `day` covers: February 29 and P1Y give February 28 of the next year."""
        year, month = divmod(day.year * 12 + day.month - 1 + self.months, 12)
        try:
            return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1])) + timedelta(self.days)
        except (ValueError, OverflowError):
            return date.max

    def reaching(self, day: date) -> date:
        """The earliest day from which the period still covers `day`: `start >= reaching(day)` is `after(start) >= day`.

        The exact inverse of `after`, so that no database ever has to add a month to a date: they disagree about
        February 29.
        """
        try:
            start = day - timedelta(31 * self.months + self.days)
        except OverflowError:
            return date.min
        while self.after(start) < day:
            start += timedelta(1)
        return start


NO_TIME = Period()


def parse_span(text: str) -> timedelta:
    """Reads PT72H, PT15M, P14D or P1DT12H as an exact length of time; ValueError says what was expected."""
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if not found or not any(found.groups()):
        raise ValueError(f"{text!r} is not a length of time such as PT72H, PT15M or P14D")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
