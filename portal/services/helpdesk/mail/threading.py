"""Which ticket a message belongs to: by what only the portal can have made, by ids it has seen, and by a number last of all."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import MessageSeen, Person, Ticket, TicketEntry, TicketFollower
from portal.secrets import Keys
from portal.services.helpdesk.mail import marks
from portal.services.helpdesk.mail.incoming import Incoming, email_key
from portal.services.helpdesk.tickets.entries import fingerprint


@dataclass(frozen=True, slots=True)
class Found:
    """The ticket, how it was found, and whether the sender takes part in it. `proven`: the sender had a message of ours."""

    ticket: Ticket
    by: str
    takes_part: bool
    proven: bool


def find(session: Session, mail: Incoming, *, keys: Keys) -> Found | None:
    """The ticket that a message answers; None for a new one.

    A forged mark or id counts as none. A number in the subject counts only from somebody who takes part in that ticket, and
    nobody takes part whose message the mail server says is not from them.
    """
    ids = (*mail.in_reply_to, *reversed(mail.references))
    for ticket_id, _ in marks.of_ours(keys, ids):
        if found := _found(session, ticket_id, mail, "the id of the message it answers", proven=True):
            return found
    if (ticket := _of_seen(session, ids)) is not None:
        return Found(ticket, "an earlier message of the conversation", _takes_part(session, ticket, mail), False)
    for ticket_id in marks.of_marks(keys, mail.text):
        if found := _found(session, ticket_id, mail, "the mark in its text", proven=True):
            return found
    for ticket_id in marks.numbers(mail.subject):
        found = _found(session, ticket_id, mail, "the number in its subject", proven=False)
        if found is not None and found.takes_part:
            return found
    return None


def answered_entry(session: Session, mail: Incoming, *, keys: Keys) -> TicketEntry | None:
    """The answer of ours that a bounce or an automatic reply is about; None where it cannot be told."""
    ids = (*mail.about, *mail.in_reply_to, *reversed(mail.references))
    for ticket_id, entry_id in marks.of_ours(keys, ids):
        entry = session.get(TicketEntry, entry_id)
        if entry is not None and entry.ticket_id == ticket_id and entry.kind == "out":
            return entry
    return None


def takes_part(session: Session, ticket: Ticket, email: str) -> bool:
    """Whether an address is that of who asked, who follows, or who works on the ticket."""
    key = email_key(email)
    if not key:
        return False
    if email_key(ticket.requester_email) == key:
        return True
    if session.scalar(
        select(TicketFollower.id).where(TicketFollower.ticket_id == ticket.id, TicketFollower.email == key)
    ):
        return True
    person_id = session.scalar(select(Person.id).where(Person.email_key == key))
    return person_id is not None and person_id in (ticket.requester_id, ticket.assignee_id)


def _found(session: Session, ticket_id: int, mail: Incoming, by: str, *, proven: bool) -> Found | None:
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:  # of another database with the same keys
        return None
    return Found(ticket, by, _takes_part(session, ticket, mail), proven)


def _takes_part(session: Session, ticket: Ticket, mail: Incoming) -> bool:
    return not mail.forged and takes_part(session, ticket, mail.from_email)


def _of_seen(session: Session, ids: Iterable[str]) -> Ticket | None:
    """The ticket of the nearest of these messages that came or went before."""
    keys = [fingerprint(each) for each in ids]
    rows = session.scalars(
        select(MessageSeen).where(MessageSeen.sha256.in_(keys[:100]), MessageSeen.ticket_id.is_not(None))
    ).all()
    if not rows:
        return None
    nearest = min(rows, key=lambda row: keys.index(row.sha256))
    return session.get(Ticket, nearest.ticket_id)
