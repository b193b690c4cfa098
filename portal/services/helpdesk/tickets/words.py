"""The words by which a ticket is found: of its subject, its conversation, and who asked; the same on both databases."""

import re
import unicodedata
from collections.abc import Iterable

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session

from portal.models import Ticket, TicketEntry, TicketWord

SHORTEST, LONGEST, MOST = 2, 40, 1_000
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")


def words_of(*texts: str) -> list[str]:
    """The words of some texts in their order, each once: small letters without accents; of 'sign-in' also its parts."""
    found: dict[str, None] = {}
    for text in texts:
        plain = unicodedata.normalize("NFKD", text)
        plain = "".join(each for each in plain if not unicodedata.combining(each)).casefold()
        for whole in _WORD.findall(plain):
            for word in (whole, *_PART.findall(whole)):
                if SHORTEST <= len(word) <= LONGEST:
                    found[word] = None
            if len(found) >= MOST:
                return list(found)[:MOST]
    return list(found)


def add(session: Session, ticket: Ticket, *texts: str) -> None:
    """Adds the words of these texts to those of the ticket; two statements at most."""
    session.flush()
    words = words_of(*texts)
    if not words:
        return
    known = set(
        session.scalars(select(TicketWord.word).where(TicketWord.ticket_id == ticket.id, TicketWord.word.in_(words)))
    )
    _put(session, ticket, (word for word in words if word not in known))


def again(session: Session, ticket: Ticket) -> None:
    """Makes the words of a ticket anew from what is left of it and of those merged into it: nothing redacted is found any more."""
    session.flush()
    session.execute(delete(TicketWord).where(TicketWord.ticket_id == ticket.id))
    merged = session.scalars(select(Ticket).where(Ticket.merged_into_id == ticket.id).order_by(Ticket.id)).all()
    texts = [text for each in (ticket, *merged) for text in of_ticket(each)]
    _put(session, ticket, words_of(*texts, *of_entries(session, ticket)))


def of_entries(session: Session, ticket: Ticket) -> list[str]:
    """What stands in the conversation that is read at a ticket, with those merged into it: no quotes, no acts."""
    these = select(Ticket.id).where(or_(Ticket.id == ticket.id, Ticket.merged_into_id == ticket.id))
    query = select(TicketEntry).where(TicketEntry.ticket_id.in_(these), TicketEntry.kind != "act")
    return [entry.shown for entry in session.scalars(query.order_by(TicketEntry.id))]


def of_ticket(ticket: Ticket) -> tuple[str, ...]:
    """What is looked for of the ticket itself."""
    return ticket.subject, ticket.requester_name, ticket.requester_email


def _put(session: Session, ticket: Ticket, words: Iterable[str]) -> None:
    rows = [{"word": word, "ticket_id": ticket.id} for word in words]
    if rows:
        session.execute(insert(TicketWord), rows)
