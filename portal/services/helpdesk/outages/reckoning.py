"""The availability of each month, from the outages on record: without what was planned, and cut off, never rounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Outage
from portal.services.helpdesk.outages.entering import rule_of
from workflows import availability
from workflows.availability import Month, Span
from workflows.business_time import local_day, start_of_day
from workflows.outage_pack import Impact, OutageKind
from workflows.policy import Policy
from workflows.recurrence import occurrences

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Reckoned:
    """The months, the latest first, and how many outages were on record in each."""

    months: list[Month]
    outages: dict[Month, int]


def by_month(session: Session, *, now: datetime, policy: Policy, most: int = MONTHS) -> Reckoned:
    """The last months from the first outage on record on; none where there is none: what nobody recorded is not known.

    Only what was down of the systems that count, and was not planned: what a planned outage took longer than announced
    counts as not planned. Two statements.
    """
    first = session.scalar(select(func.min(Outage.starts_at)).where(Outage.status != "called_off"))
    if first is None or first > now:
        return Reckoned([], {})
    zone = policy.zone
    days = availability.months(local_day(first, zone), local_day(now, zone), most=most)
    since = start_of_day(days[-1], zone)
    rows = session.scalars(
        select(Outage).where(
            Outage.status != "called_off", Outage.starts_at < now, func.coalesce(Outage.ended_at, now) > since
        )
    ).all()
    counting = policy.outages.counting()
    planned = _planned(session, rows, since, now, policy)
    out = [
        (row.starts_at, row.ended_at or now)
        for row in rows
        if row.impact == Impact.DOWN and counting & set(row.systems)
    ]
    months = [availability.month(day, until=now, planned=planned, out=out, zone=zone) for day in days]
    return Reckoned(months, {each: _of(rows, each, now, policy) for each in months})


def _planned(session: Session, rows: Sequence[Outage], since: datetime, now: datetime, policy: Policy) -> list[Span]:
    rule = rule_of(policy)
    called_off = set(
        session.scalars(
            select(Outage.occurrence_on).where(Outage.status == "called_off", Outage.occurrence_on.is_not(None))
        )
    )
    weekly = occurrences(rule, since, now) if rule else ()
    spans = [(each.starts_at, each.ends_at) for each in weekly if each.on not in called_off]
    spans += [
        (row.starts_at, min(row.ends_expected_at, row.ended_at or row.ends_expected_at))
        for row in rows
        if row.kind == OutageKind.PLANNED and row.impact == Impact.DOWN and row.ends_expected_at
    ]
    return spans


def _of(rows: Sequence[Outage], month: Month, now: datetime, policy: Policy) -> int:
    """How many unplanned outages touched this month."""
    begins = start_of_day(month.first, policy.zone)
    ends = start_of_day(availability.next_month(month.first), policy.zone)
    return sum(
        row.kind == OutageKind.UNPLANNED and row.starts_at < ends and (row.ended_at or now) > begins for row in rows
    )
