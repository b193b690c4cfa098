"""What is overdue at the desk: one message a business morning to whoever has it and to the Lead's administrators (H1)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from portal import jobs
from portal.models import DutyTold, Ticket
from portal.models.helpdesk.tickets import LIVING
from portal.services import holders
from portal.services.helpdesk.tickets import clock, moves
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.ticket_clock import standing
from workflows.vocabulary import Effect, Role

KEY = "tickets_overdue"


def of_person(
    session: Session, person_id: int, *, now: datetime, policy: Policy, most: int
) -> tuple[Sequence[Ticket], int]:
    """What is overdue and concerns somebody, the oldest first, and how many that are: their own, and all of it for an
    administrator of the Lead. Three statements."""
    late = _late(now)
    if person_id not in holders.of_the_lead(session, Role.LEAD_ADMIN, on=local_day(now, policy.zone)):
        late &= Ticket.assignee_id == person_id
    shown = select(Ticket).where(late).options(joinedload(Ticket.assignee), joinedload(Ticket.agency))
    rows = session.scalars(shown.order_by(Ticket.due_key, Ticket.id).limit(most)).all()
    return rows, session.scalar(select(func.count()).select_from(Ticket).where(late)) or 0


def tell(session: Session, *, now: datetime, policy: Policy) -> int:
    """Has the morning's message sent, once a business day and never while the desk is closed; to how many people."""
    if not standing(now, clock.calendar(session, policy=policy)).open:
        return 0
    today = local_day(now, policy.zone)
    told = select(DutyTold.id).where(DutyTold.key == KEY, DutyTold.due == today)
    if session.scalar(told) is not None:
        return 0
    session.add(DutyTold(key=KEY, due=today, step=0, told_at=now))
    have = set(session.scalars(select(Ticket.assignee_id).where(_late(now)).distinct()))
    people = {each for each in holders.of_the_lead(session, *moves.STAFF, on=today) if each in have}
    if have:
        people |= set(holders.of_the_lead(session, Role.LEAD_ADMIN, on=today))
    for person_id in sorted(people):
        payload = {"mail": KEY, "person_id": person_id}
        jobs.enqueue(session, Effect.MAIL, key=f"{KEY}:{person_id}:{today}", now=now, payload=payload)
    session.flush()
    return len(people)


def _late(now: datetime) -> ColumnElement[bool]:
    return Ticket.status.in_(LIVING) & (Ticket.due_key < now)
