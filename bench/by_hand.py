"""Runs sweep_by_hand.sql: the Maine pack's rules once more, sharing no code with the gate or the pack."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Date, DateTime, String, TextClause, bindparam, text

GRACE = {
    "participation_agreement": timedelta(days=90),
    "user_agreement": timedelta(days=45),
    "agency_admin_agreement": timedelta(days=45),
    "housing_inventory": None,  # three calendar months
}

Published = tuple[str, str, date, datetime, datetime]
"""Document, version, published on, recorded at, withdrawn at."""


def statement() -> TextClause:
    words = [bindparam(document, expanding=True, type_=String()) for document in GRACE]
    days = [
        bindparam("on_day", type_=Date()),
        bindparam("year_ago", type_=Date()),
        bindparam("known_at", type_=DateTime()),
    ]
    return text((Path(__file__).parent / "sweep_by_hand.sql").read_text(encoding="utf-8")).bindparams(*words, *days)


def values(on: date, known_at: datetime, published: Iterable[Published]) -> dict[str, object]:
    """What statement() is given for a day and a moment."""
    seen = [
        (what, version, day)
        for what, version, day, recorded, withdrawn in published
        if recorded <= known_at < withdrawn
    ]
    bound: dict[str, object] = {"on_day": on, "known_at": known_at, "year_ago": year_before(on)}
    for document, grace in GRACE.items():
        mine = sorted((day, version) for what, version, day in seen if what == document)
        in_force = [day for day, _ in mine if (day + grace if grace else three_months_on(day)) <= on]
        first = in_force[-1] if in_force else date.min
        bound[document] = [version for day, version in mine if day >= first]
    return bound


def year_before(on: date) -> date:
    """The earliest day from which a year still covers `on`; a year from February 29 ends on February 28."""
    if (on.month, on.day) == (2, 29):
        return date(on.year - 1, 3, 1)
    return on.replace(year=on.year - 1)


def three_months_on(day: date) -> date:
    year, month = (day.year, day.month + 3) if day.month < 10 else (day.year + 1, day.month - 9)
    return date(year, month, min(day.day, monthrange(year, month)[1]))
