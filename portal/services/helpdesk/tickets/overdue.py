"""What is overdue at the desk: one message a business morning to whoever has it and to the Lead's administrators (H1)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import jobs
from portal.models import DutyTold, Ticket
from portal.models.helpdesk.tickets import LIVING
from portal.services import holders
from portal.services.helpdesk.tickets import clock
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.ticket_clock import standing
from workflows.vocabulary import Effect, Role

KEY = "tickets_overdue"


def of_person(session: Session, person_id: int, *, now: datetime, policy: Policy) -> Sequence[Ticket]:
    """What is overdue and concerns somebody: their own, and all of it for an administrator of the Lead; two statements."""
    query = _overdue(now)
    if person_id not in holders.of_the_lead(session, Role.LEAD_ADMIN, on=local_day(now, policy.zone)):
        query = query.where(Ticket.assignee_id == person_id)
    return session.scalars(query).all()


def tell(session: Session, *, now: datetime, policy: Policy) -> int:
    """Has the morning's message sent, once a business day and never while the desk is closed; to how many people."""
    if not standing(now, clock.calendar(session, policy=policy)).open:
        return 0
    today = local_day(now, policy.zone)
    told = select(DutyTold.id).where(DutyTold.key == KEY, DutyTold.due == today)
    if session.scalar(told) is not None:
        return 0
    session.add(DutyTold(key=KEY, due=today, step=0, told_at=now))
    late: dict[int, int] = defaultdict(int)
    rows = session.scalars(_overdue(now)).all()
    staff = set(
        holders.of_the_lead(session, Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.TRAINER, on=today)
    )
    for ticket in rows:
        if ticket.assignee_id in staff:
            late[ticket.assignee_id] += 1
    people = set(late) | (set(holders.of_the_lead(session, Role.LEAD_ADMIN, on=today)) if rows else set())
    for person_id in sorted(people):
        payload = {"mail": KEY, "person_id": person_id}
        jobs.enqueue(session, Effect.MAIL, key=f"{KEY}:{person_id}:{today}", now=now, payload=payload)
    session.flush()
    return len(people)


def _overdue(now: datetime) -> Select[Ticket]:
    late = Ticket.status.in_(LIVING) & (Ticket.next_due < now)
    return select(Ticket).where(late).order_by(Ticket.next_due, Ticket.id)
