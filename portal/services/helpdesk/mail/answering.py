"""What goes out: the acknowledgement with the time that is really due, and answers, each handed over once or marked as in doubt."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, jobs
from portal.actors import PORTAL
from portal.models import MessageSeen, Person, StoredFile, Ticket, TicketEntry, TicketFile, TicketFollower
from portal.secrets import Keys
from portal.services.helpdesk.mail import marks
from portal.services.helpdesk.mail.incoming import Incoming, email_key
from portal.services.helpdesk.tickets import clock, closing, rating
from portal.services.helpdesk.tickets.entries import say, seen, write
from workflows.policy import Policy
from workflows.ticket_clock import moment_in_words
from workflows.vocabulary import Effect

DESK = "HMIS help desk"
QUOTED_IDS = 12
"""So many earlier messages an answer refers to: what mail programs show as one conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An answer as it goes out. `to` and `cc` are (name, address); `local_id` is the part of its Message-ID before the `@`.

    `automatic` where no person wrote it; `known` where whoever asked can see the ticket in the portal. An answer that solves
    it carries the day on which it is closed (`closes_on`) and, where nobody else gets it, what the link that rates it holds.
    """

    entry_id: int
    ticket_id: int
    reference: str
    subject: str
    body: str
    mark: str
    author: str
    to: tuple[str, str]
    cc: tuple[tuple[str, str], ...]
    local_id: str
    in_reply_to: str
    references: tuple[str, ...]
    files: tuple[tuple[str, str, str], ...]
    automatic: bool
    known: bool
    closes_on: date | None
    rating: str
    written_at: datetime


def acknowledge(session: Session, ticket: Ticket, *, now: datetime, policy: Policy) -> TicketEntry:
    """Has the sender told that the message arrived, under which number, and by when somebody answers."""
    desk = clock.calendar(session, policy=policy)
    due = clock.next_due(ticket)
    when = f"Somebody answers by {moment_in_words(due, desk)}." if due else "Somebody answers as soon as possible."
    text = (
        f"Thank you. Your message has arrived and has the number {ticket.reference}.\n\n{when} "
        "That counts the hours in which the help desk is open.\n\n"
        "To add something, answer this message and leave its subject as it is."
    )
    entry = write(
        session, ticket, "out", text, actor=PORTAL, now=now, author_id=None, author_name=DESK, delivery="queued"
    )  # fmt: skip
    queue(session, entry, now=now)
    return entry


def queue(session: Session, entry: TicketEntry, *, now: datetime) -> None:
    """Asks for an entry's mail."""
    jobs.enqueue(session, Effect.TICKET_MAIL, key=f"ticket_entry:{entry.id}", now=now, payload={"entry_id": entry.id})


def prepare(session: Session, entry_id: int, *, keys: Keys, now: datetime, host: str, policy: Policy) -> Letter | None:
    """What is to be sent for an entry; None where nothing is: it was sent, is in doubt, was redacted, or has nobody to go to.

    `host` is what stands behind the `@` of the portal's own address. The Message-ID is made once and stays, so that a
    message that is sent again by somebody's word is recognized by whoever has it already.
    """
    entry = session.get_one(TicketEntry, entry_id, with_for_update=True)
    ticket = session.get_one(Ticket, entry.ticket_id)
    if entry.delivery != "queued":
        return None
    everybody = _everybody(session, ticket)
    if entry.redacted_at is not None or not everybody:
        entry.delivery = "failed"
        say(session, ticket, "An answer was not sent: it was redacted, or there is no address.", actor=PORTAL, now=now)
        return None
    local_id = _message_id(session, entry, ticket, keys=keys, host=host, now=now)
    in_reply_to, references = conversation_of(session, ticket, before=entry.id)
    closes_on = _closes_on(session, ticket, entry, policy=policy)
    return Letter(
        entry_id=entry.id, ticket_id=ticket.id, reference=ticket.reference, subject=_subject(ticket),
        body=entry.body, mark=marks.mark(keys, ticket.id), author=entry.author_name, to=everybody[0], cc=tuple(everybody[1:]),
        local_id=local_id, in_reply_to=in_reply_to, references=references, files=_files(session, entry),
        automatic=entry.author_id is None, known=ticket.requester_id is not None, written_at=entry.at,
        closes_on=closes_on, rating=rating.envelope(ticket, keys=keys) if closes_on and len(everybody) == 1 else "",
    )  # fmt: skip


def conversation_of(session: Session, ticket: Ticket, *, before: int) -> tuple[str, tuple[str, ...]]:
    """The Message-ID that a mail about a ticket answers, and those that it refers to, of what came and went before an entry."""
    earlier = MessageSeen.entry_id < before
    came = session.scalars(
        select(MessageSeen.message_id)
        .where(MessageSeen.ticket_id == ticket.id, earlier)
        .order_by(MessageSeen.id.desc())
        .limit(QUOTED_IDS)
    ).all()
    last_in = session.scalars(
        select(MessageSeen.message_id)
        .where(MessageSeen.ticket_id == ticket.id, MessageSeen.direction == "in", earlier)
        .order_by(MessageSeen.id.desc())
        .limit(1)
    ).first()
    return last_in or "", tuple(reversed(came))


def notice_id(session: Session, ticket: Ticket, job_id: int, *, keys: Keys, host: str, now: datetime) -> str:
    """The part before the `@` of the id of a mail about a ticket that is no entry of it: made once for a job, and kept."""
    of_no_entry = select(MessageSeen.message_id).where(
        MessageSeen.ticket_id == ticket.id, MessageSeen.direction == "out", MessageSeen.entry_id.is_(None)
    )
    for each in session.scalars(of_no_entry):
        if (ticket.id, -job_id) in marks.of_ours(keys, [each]):
            return each.rpartition("@")[0]
    local_id = marks.message_id(keys, ticket.id, -job_id)
    seen(session, f"{local_id}@{host}", direction="out", now=now, ticket=ticket)
    return local_id


def _closes_on(session: Session, ticket: Ticket, entry: TicketEntry, *, policy: Policy) -> date | None:
    """The day on which the ticket is closed, for the answer with which it was solved and while it is; None for any other."""
    if ticket.solved_at != entry.at or entry.author_id is None:
        return None
    return closing.closes_on(ticket, calendar=clock.calendar(session, policy=policy), policy=policy)


def handing_over(session: Session, entry_id: int) -> bool:
    """Marks an answer as in doubt, just before the mail server is given it; False where it is not to be sent any more.

    Whoever is killed from here on leaves it so: nobody can say then whether the server took it.
    """
    entry = session.get_one(TicketEntry, entry_id, with_for_update=True)
    if entry.delivery != "queued":
        return False
    entry.delivery = "uncertain"
    session.flush()
    return True


def taken(session: Session, entry_id: int, *, refused: tuple[str, ...], now: datetime) -> None:
    """The mail server took it; `refused` are the addresses that it did not take."""
    entry = session.get_one(TicketEntry, entry_id, with_for_update=True)
    entry.delivery = "sent"
    if refused:
        ticket = session.get_one(Ticket, entry.ticket_id)
        say(session, ticket, f"The mail server did not take it for {', '.join(refused)}.", actor=PORTAL, now=now)
    session.flush()


def not_taken(session: Session, entry_id: int, *, why: str, final: bool, now: datetime) -> None:
    """The mail server did not take it: it is tried again, or (`final`) it failed, and the ticket says so."""
    entry = session.get_one(TicketEntry, entry_id, with_for_update=True)
    if entry.delivery not in ("queued", "uncertain"):
        return
    entry.delivery = "failed" if final else "queued"
    session.flush()
    if final:
        _tell(session, entry, f"An answer could not be sent. {why}", act="ticket.not_sent", now=now)


def in_doubt(session: Session, entry_id: int, *, why: str, now: datetime) -> None:
    """Nobody can say whether the server took it: the ticket says so, and it is sent again only by somebody's word."""
    entry = session.get_one(TicketEntry, entry_id, with_for_update=True)
    if entry.delivery == "uncertain":
        _tell(
            session, entry, f"Whether an answer was sent is not known. {why} Send it again if need be.",
            act="ticket.in_doubt", now=now,
        )  # fmt: skip


def undelivered(session: Session, entry: TicketEntry, mail: Incoming, *, now: datetime) -> str:
    """Marks an answer that a mail server returned, unless it is only late; what is to be noted in the ticket."""
    gave_up = (
        [each for each in mail.undelivered if each[1] in ("failed", "")] if mail.undelivered else [("", "failed", "")]
    )
    if gave_up and entry.delivery in ("sent", "uncertain"):
        session.refresh(entry, with_for_update=True)
        entry.delivery = "failed"
        ticket = session.get_one(Ticket, entry.ticket_id)
        audit.record(
            session, actor=PORTAL, now=now, act="ticket.bounced", thing=ticket,
            said=f"{ticket.reference}: an answer came back as undeliverable.",
        )  # fmt: skip
    said = [
        f"{address or 'An address'}: {action or 'failed'}. {why}".strip() for address, action, why in mail.undelivered
    ]
    head = "An answer could not be delivered." if gave_up else "An answer is delayed; the mail server goes on trying."
    return "\n".join([head, *said])


def _subject(ticket: Ticket) -> str:
    """What may name a client is not sent around once more."""
    return marks.tagged("" if ticket.to_redact else ticket.subject, ticket.reference)


def _tell(session: Session, entry: TicketEntry, text: str, *, act: str, now: datetime) -> None:
    ticket = session.get_one(Ticket, entry.ticket_id)
    say(session, ticket, text, actor=PORTAL, now=now)
    audit.record(session, actor=PORTAL, now=now, act=act, thing=ticket, said=f"{ticket.reference}: {text}"[:400])


def _everybody(session: Session, ticket: Ticket) -> list[tuple[str, str]]:
    """Who asked, then who follows: name and address, each address once, a person's own address as it is today."""
    rows = session.execute(
        select(TicketFollower.email, Person)
        .outerjoin(Person, Person.id == TicketFollower.person_id)
        .where(TicketFollower.ticket_id == ticket.id)
        .order_by(TicketFollower.id)
    ).all()
    found = {email_key(ticket.requester_email): (ticket.requester_name, ticket.requester_email)}
    for email, person in rows:
        address = person.email if person else email
        found.setdefault(email_key(address), (person.name if person else "", address))
    return [pair for key, pair in found.items() if key]


def _message_id(session: Session, entry: TicketEntry, ticket: Ticket, *, keys: Keys, host: str, now: datetime) -> str:
    there = session.scalars(
        select(MessageSeen.message_id).where(MessageSeen.entry_id == entry.id, MessageSeen.direction == "out").limit(1)
    ).first()
    if there:
        return there.rpartition("@")[0]
    local_id = marks.message_id(keys, ticket.id, entry.id)
    seen(session, f"{local_id}@{host}", direction="out", now=now, ticket=ticket, entry=entry)
    return local_id


def _files(session: Session, entry: TicketEntry) -> tuple[tuple[str, str, str], ...]:
    rows = session.execute(
        select(TicketFile.name, StoredFile.media_type, StoredFile.sha256)
        .join(StoredFile, StoredFile.id == TicketFile.file_id)
        .where(TicketFile.entry_id == entry.id)
        .order_by(TicketFile.id)
    )
    return tuple((name, media, sha256) for name, media, sha256 in rows)
