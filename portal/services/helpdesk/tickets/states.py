"""Where a ticket stands, with its clock and whoever has to be told: waiting for the sender, solved, open again."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import Ticket
from portal.services.helpdesk.tickets import clock, telling
from portal.services.transition import transition
from workflows.policy import Policy


def waits(session: Session, ticket: Ticket, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """It waits for who asked: the clock stands until an answer comes."""
    transition(session, ticket, "wait", actor=actor, now=now)
    clock.stop(session, ticket, now=now, why=clock.WAITING, policy=policy)


def is_solved(
    session: Session, ticket: Ticket, *, told: bool = False, actor: Actor, now: datetime, policy: Policy
) -> None:
    """It is solved: the clock stands, and whoever asked is told, unless the answer that solves it says so (`told`)."""
    ticket.solved_at = now
    transition(session, ticket, "solve", actor=actor, now=now)
    clock.stop(session, ticket, now=now, why=clock.SOLVED, policy=policy)
    if not told:
        telling.solved(session, ticket, actor=actor, now=now)


def again(session: Session, ticket: Ticket, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Whatever waited for the sender, or was taken as solved, goes on."""
    if ticket.status == "waiting":
        transition(session, ticket, "resume", actor=actor, now=now)
    elif ticket.status in ("solved", "closed"):
        transition(session, ticket, "reopen", actor=actor, now=now)
        ticket.solved_at = ticket.closed_at = None
    else:
        return
    clock.resume(session, ticket, now=now, policy=policy)
