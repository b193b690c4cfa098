"""Tickets on the first page of the Lead's staff: what they have, what nobody has, what is overdue, what did not arrive."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Ticket, TicketEntry
from portal.services.helpdesk.tickets.listing import is_living
from portal.services.home.tasks import Task
from portal.services.searching import COUNTED
from workflows.actions import Action
from workflows.vocabulary import Role

STAFF = {Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.TRAINER}
DESK = {Role.LEAD_ADMIN, Role.HELP_DESK}


def tasks(session: Session, *, actor: Actor, now: datetime) -> list[Task]:
    """Counted no further than COUNTED; two statements, and none for whoever has no tickets."""
    if not actor.lead_roles & STAFF:
        return []
    seen = permissions.visible(actor, Action.TICKET_WORK, Ticket)
    to_do = (
        select(Ticket.assignee_id, Ticket.opened_at, Ticket.due_key)
        .where(is_living(), Ticket.status != "waiting", Ticket.rung == "lead", seen)
        .order_by(Ticket.due_key, Ticket.id)
        .limit(COUNTED + 1)
        .subquery()
    )
    mine, free, late = to_do.c.assignee_id == actor.person_id, to_do.c.assignee_id.is_(None), to_do.c.due_key < now
    has, since, nobody, oldest, overdue, first = session.execute(
        select(
            func.count().filter(mine), func.min(to_do.c.opened_at).filter(mine), func.count().filter(free),
            func.min(to_do.c.opened_at).filter(free), func.count().filter(late), func.min(to_do.c.due_key).filter(late),
        ).select_from(to_do)
    ).one()  # fmt: skip
    found = [_task("mine", has, "ticket waits for you", "tickets wait for you", since)]
    if actor.lead_roles & DESK:
        found.append(_task("unassigned", nobody, "ticket that nobody has", "tickets that nobody has", oldest))
        found.append(_task("overdue", overdue, "ticket is overdue", "tickets are overdue", first, status="overdue"))
        lost = _not_arrived(session)
        found.append(_task("undelivered", lost, "answer that may not have arrived", "answers that may not have arrived", None))  # fmt: skip
    return [task for task in found if task is not None]


def _not_arrived(session: Session) -> int:
    lost = select(TicketEntry.id).where(TicketEntry.delivery.in_(("uncertain", "failed"))).limit(COUNTED + 1)
    return session.scalar(select(func.count()).select_from(lost.subquery())) or 0


def _task(show: str, count: int, one: str, many: str, since: datetime | None, *, status: str = "to_do") -> Task | None:
    if not count:
        return None
    said = f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"
    return Task(f"at:/tickets?show={show}", f"{said} {one if count == 1 else many}", since=since, status=status)
