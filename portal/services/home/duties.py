"""What falls due on a day: for the first page of whoever has it to do, and for the one digest of the day."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import jobs
from portal.models import DutyTold
from portal.services.helpdesk.requests import request_duties
from portal.services.security.actions import action_duties
from portal.services.security.duty import Duty, Looker
from portal.services.security.incidents import incident_duties
from portal.services.security.plans import plan_duties
from portal.services.security.reviews import review_duties
from portal.services.security.sanctions import sanction_duties
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import Effect

Source = Callable[[Session, date, Policy, Looker | None], Iterable[Duty]]

SOURCES: tuple[Source, ...] = (
    incident_duties.due,
    plan_duties.due,
    action_duties.due,
    review_duties.duties,
    sanction_duties.due,
    request_duties.due,
)
"""Each room's own: its duties that are due by a day or before, of everybody (None) or of whoever looks."""


def for_person(
    session: Session, *, person_id: int | None, roles: frozenset[tuple[int, str]], on: date, policy: Policy
) -> list[Duty]:
    """What is overdue, or due within the pack's time of warning, for this person; the nearest day first."""
    if person_id is None or not roles:
        return []
    looker = Looker(person_id, roles)
    return [duty for duty in _all(session, on, policy, looker) if person_id in duty.people]


def when(duty: Duty, *, on: date) -> str:
    """'By December 1, 2026', or since when it is overdue."""
    return f"By {us_date(duty.due)}" if duty.due >= on else f"Overdue since {us_date(duty.due)}"


def tell(session: Session, *, now: datetime, policy: Policy) -> int:
    """Has the day's digest sent to everybody for whom a day of warning has come; to how many.

    Called where services/lapses.py tells of lapses, under the same lock of the day: the mail has one key a person and a
    day, so whoever is told of both gets one message.
    """
    today = local_day(now, policy.zone)
    duties = _all(session, today, policy, None)
    known = {(row.key, row.due): row for row in session.scalars(select(DutyTold).where(DutyTold.key.in_([d.key for d in duties])))}  # fmt: skip
    told: set[int] = set()
    for duty in duties:
        row, step = known.get((duty.key, duty.due)), _step(duty, policy, today)
        if row is None:
            session.add(DutyTold(key=duty.key, due=duty.due, step=step, told_at=now))
        elif step < row.step:
            row.step, row.told_at = step, now
        else:
            continue
        told |= duty.people
    for person_id in sorted(told):
        payload = {"mail": "runs_out", "person_id": person_id}
        jobs.enqueue(session, Effect.MAIL, key=f"runs_out:{person_id}:{today}", now=now, payload=payload)
    return len(told)


def _all(session: Session, on: date, policy: Policy, looker: Looker | None) -> list[Duty]:
    found = [duty for source in SOURCES for duty in source(session, on, policy, looker)]
    reach = policy.warnings.days[0]
    return sorted((duty for duty in found if (duty.due - on).days <= reach), key=lambda duty: (duty.due, duty.key))


def _step(duty: Duty, policy: Policy, today: date) -> int:
    """The step of warning that has come: the least of the pack's days that is not past, 0 once it is overdue."""
    left = (duty.due - today).days
    return 0 if left < 0 else min(day for day in policy.warnings.days if left <= day)
