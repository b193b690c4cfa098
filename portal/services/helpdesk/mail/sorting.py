"""What the staff do with mail that became no ticket: look it over, make a ticket of it after all, or put it away."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import MailArrival, Ticket, TicketEntry
from portal.models.helpdesk.ticket_mail import HELD
from portal.refusals import Refused
from portal.secrets import Keys
from portal.services import searching
from portal.services.helpdesk.mail import arriving, threading
from portal.services.helpdesk.mail.incoming import Incoming, email_key
from portal.services.paging import PAGE, Order, Page
from workflows.actions import Action
from workflows.policy import Policy
from workflows.vocabulary import Reason

SHOWN = {
    "": "Waits for a look", "auto_reply": "Automatic replies", "bounce": "Returned mail", "list": "Lists and bulk mail",
    "loop": "The portal's own", "duplicate": "Came twice", "entry": "In tickets", "all": "All",
}  # fmt: skip
NEWEST = Order(((MailArrival.id, int),), down=True)
_MOST_UNSENT = 50


def page(
    session: Session, actor: Actor, *, show: str = "", sender: str = "", after: str = "", limit: int = PAGE
) -> Page:
    """Messages that arrived, the newest first; `sender` is how an address begins. Two statements."""
    permissions.check(session, actor, Action.TICKET_WORK)
    return NEWEST.page(session, _query(session, show, sender), after, lambda row: (row[0].id,), limit=limit)


def _query(session: Session, show: str, sender: str) -> Select[Any]:
    query = select(MailArrival).options(joinedload(MailArrival.ticket))
    if show == "":
        query = query.where(MailArrival.outcome.in_(HELD), MailArrival.done_at.is_(None))
    elif show != "all":
        query = query.where(MailArrival.outcome == show)
    if sender.strip():
        query = query.where(searching.begins(session, MailArrival.from_email, email_key(sender)))
    return query


def unsent(session: Session, actor: Actor) -> list[tuple[TicketEntry, Ticket]]:
    """Answers that were not sent, or of which nobody knows, the newest first; at most fifty."""
    permissions.check(session, actor, Action.TICKET_WORK)
    query = (
        select(TicketEntry, Ticket)
        .join(Ticket, Ticket.id == TicketEntry.ticket_id)
        .where(TicketEntry.delivery.in_(("failed", "uncertain")))
        .order_by(TicketEntry.id.desc())
        .limit(_MOST_UNSENT)
    )
    return [(entry, ticket) for entry, ticket in session.execute(query)]


def make_ticket(
    session: Session, arrival: MailArrival, mail: Incoming, *, own: Collection[str], keys: Keys, actor: Actor, now: datetime, policy: Policy
) -> Ticket:  # fmt: skip
    """Makes a message part of the ticket that it answers, or opens one; nobody is mailed for it.

    `mail` is the message read anew. ALREADY_DONE where it is part of a ticket, CONFLICT where its original is not there.
    """
    permissions.check(session, actor, Action.TICKET_WORK)
    session.refresh(arrival, with_for_update=True)
    if arrival.ticket_id is not None or arrival.outcome == "duplicate":
        raise Refused(Reason.ALREADY_DONE, "This message is part of a ticket already.")
    if arrival.raw_file_id is None:
        raise Refused(
            Reason.CONFLICT,
            "The original is not here: it was too large to be taken in, or was removed meanwhile. Open a ticket by hand and ask for it again.",
        )
    found = threading.find(session, mail, keys=keys)
    ticket = arriving.into_ticket(session, arrival, mail, found, own=own, now=now, policy=policy)
    arrival.said = f"{actor.name} made it part of a ticket."
    audit.record(
        session, actor=actor, now=now, act="mail.into_ticket", thing=ticket, said=f"{ticket.reference}: a message that was kept aside was put in."
    )  # fmt: skip
    return ticket


def put_away(session: Session, arrival: MailArrival, *, actor: Actor, now: datetime) -> None:
    """Says that a message that waits for a look needs nobody. ALREADY_DONE where it does not wait."""
    permissions.check(session, actor, Action.TICKET_WORK)
    session.refresh(arrival, with_for_update=True)
    if not arrival.waits:
        raise Refused(Reason.ALREADY_DONE, "Somebody has looked at this message already.")
    arrival.done_at, arrival.done_by = now, actor.person_id
    session.flush()
    said = f"A message from {arrival.from_email or 'nobody named'} was looked at and put away."
    audit.record(session, actor=actor, now=now, act="mail.put_away", thing=arrival, said=said)
