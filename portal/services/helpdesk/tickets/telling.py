"""Who is told that a ticket came, moved, or was solved, beside the conversation itself."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import jobs
from portal.actors import Actor
from portal.models import Ticket
from workflows.vocabulary import Effect


def came(session: Session, ticket: Ticket, *, to: list[int], now: datetime) -> None:
    """To the Agency Administrators: one of their people asks, and they have it first."""
    for person_id in to:
        payload = {"mail": "ticket_for_admin", "person_id": person_id, "ticket_id": ticket.id}
        jobs.enqueue(session, Effect.MAIL, key=f"ticket_for_admin:{ticket.id}:{person_id}", now=now, payload=payload)


def moved(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """To whoever asked: the HMIS Team has it now."""
    _to_the_asker(session, ticket, "ticket_moved", now)


def solved(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """To whoever asked: it is taken as solved, an answer opens it again, and whether it was solved well. Not who said so."""
    if actor.person_id is None or actor.person_id != ticket.requester_id:
        _to_the_asker(session, ticket, "ticket_solved", now)


def _to_the_asker(session: Session, ticket: Ticket, mail: str, now: datetime) -> None:
    """Nothing goes to an address that nobody gave; a mail without an addressee would go to the desk itself."""
    if not ticket.requester_email:
        return
    payload = {"mail": mail, "person_id": ticket.requester_id, "ticket_id": ticket.id}
    jobs.enqueue(session, Effect.MAIL, key=f"{mail}:{ticket.id}", now=now, payload=payload)
