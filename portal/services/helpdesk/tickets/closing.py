"""What is solved is closed after some business days; an answer opens it again all the same (H1)."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actors import PORTAL
from portal.models import Ticket
from portal.services.helpdesk.tickets import clock, moves
from workflows.business_time import add_business_days, end_of_day, local_day
from workflows.policy import Policy
from workflows.ticket_clock import Calendar, standing

_EVERY = 200


def closes_on(ticket: Ticket, *, calendar: Calendar, policy: Policy) -> date | None:
    """The business day on which a solved ticket is closed if nobody answers; None for one that is not solved."""
    if ticket.status != "solved" or ticket.solved_at is None:
        return None
    return add_business_days(local_day(ticket.solved_at, policy.zone), policy.helpdesk.close_after, calendar)


def due_to_close(session: Session, *, now: datetime, policy: Policy) -> list[int]:
    """Tickets whose day has come, the oldest first, some at a time; none while the desk is closed."""
    desk = clock.calendar(session, policy=policy)
    if not standing(now, desk).open:
        return []
    today = local_day(now, policy.zone)
    latest = end_of_day(add_business_days(today, -policy.helpdesk.close_after, desk), policy.zone)
    solved = (Ticket.status == "solved") & (Ticket.solved_at <= latest)
    return list(session.scalars(select(Ticket.id).where(solved).order_by(Ticket.solved_at, Ticket.id).limit(_EVERY)))


def close(session: Session, ticket_id: int, *, now: datetime, policy: Policy) -> bool:
    """Closes one, if it still stands as solved and its day has come."""
    ticket = session.get_one(Ticket, ticket_id, with_for_update=True)
    day = closes_on(ticket, calendar=clock.calendar(session, policy=policy), policy=policy)
    if day is None or day > local_day(now, policy.zone):
        return False
    moves.close(session, ticket, actor=PORTAL, now=now)
    return True
