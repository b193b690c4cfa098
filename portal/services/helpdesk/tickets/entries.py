"""What is written into a ticket, one way for all: the entry, its files, its words, its Message-ID, what looks like a client's."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.actors import Actor
from portal.models import MessageSeen, StoredFile, Ticket, TicketEntry, TicketFile
from portal.refusals import Refused, bad_input
from portal.services.helpdesk.tickets import words
from workflows.client_data import looks_like_client
from workflows.vocabulary import Reason

LONGEST = 60_000
NOTHING = "\u200b\ufeff \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that lies in the storage already, with its row; or one that was not kept (`file` empty), and why."""

    name: str
    file: StoredFile | None = None
    size: int = 0
    refused: str = ""


def text_of(text: str, *, ask: str = "Write something first.", field: str = "text") -> str:
    """A message as it is kept: its lines stay; BAD_INPUT for an empty or too long one."""
    kept = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    kept = kept.replace("\x00", "").strip(NOTHING)
    if not kept:
        raise bad_input(ask, field)
    if len(kept) > LONGEST:
        raise bad_input(f"At most {LONGEST:,} characters; this has {len(kept):,}. Attach the rest as a file.", field)
    return kept


def subject_of(text: str, *, field: str = "subject") -> str:
    """A subject on one line of at most 200 characters; BAD_INPUT for an empty or too long one."""
    kept = " ".join(text.replace("\x00", "").split())
    if not kept:
        raise bad_input("Say in a few words what it is about.", field)
    if len(kept) > 200:
        raise bad_input(f"At most 200 characters; this has {len(kept)}. Shorten it.", field)
    return kept


def write(
    session: Session,
    ticket: Ticket,
    kind: str,
    text: str,
    *,
    actor: Actor,
    now: datetime,
    files: Sequence[Attached] = (),
    **more: Any,
) -> TicketEntry:
    """Adds an entry, with its files and its words; what looks like a client's is marked on it and on the ticket.

    An act of the portal or of the staff counts neither as conversation nor as something new that somebody wrote.
    """
    looks = kind != "act" and bool(looks_like_client(text))
    entry = TicketEntry(
        ticket_id=ticket.id, at=now, kind=kind, author_id=more.pop("author_id", actor.person_id),
        author_name=more.pop("author_name", actor.name)[:200], body=text, to_redact=looks, **more,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    for each in files:
        session.add(
            TicketFile(
                entry_id=entry.id, file_id=each.file.id if each.file else None, name=each.name[:200],
                size=each.file.size if each.file else each.size, refused=each.refused[:300],
            )
        )  # fmt: skip
    if kind == "act":
        return entry
    ticket.to_redact = ticket.to_redact or looks
    ticket.last_entry_id, ticket.touched_at = entry.id, max(now, ticket.touched_at)
    words.add(session, ticket, entry.shown)
    session.flush()
    return entry


def say(session: Session, ticket: Ticket, text: str, *, actor: Actor, now: datetime) -> TicketEntry:
    """Adds what somebody did with the ticket to it, for the staff to read."""
    return write(session, ticket, "act", text, actor=actor, now=now)


def fingerprint(message_id: str) -> str:
    """What a Message-ID is looked up by: the hash of what stands between its angle brackets."""
    return hashlib.sha256(message_id.strip().strip("<>").encode()).hexdigest()


def seen(
    session: Session, message_id: str, *, direction: str, now: datetime, ticket: Ticket | None = None, entry: TicketEntry | None = None
) -> bool:  # fmt: skip
    """Keeps a Message-ID that came or went; False where it was kept before, whatever it belonged to then."""
    if not message_id:
        return True
    key = fingerprint(message_id)
    if session.scalar(select(MessageSeen.id).where(MessageSeen.sha256 == key)) is not None:
        return False
    session.add(
        MessageSeen(
            message_id=message_id[:998], sha256=key, ticket_id=ticket.id if ticket else None, entry_id=entry.id if entry else None,
            direction=direction, at=now,
        )
    )  # fmt: skip
    session.flush()
    return True


def hold(session: Session, ticket: Ticket) -> Ticket:
    """Locks the ticket for what is written next; of one that was merged, the one it went into."""
    for _ in range(10):
        session.refresh(ticket, with_for_update=True)
        if ticket.merged_into_id is None:
            return ticket
        ticket = session.get_one(Ticket, ticket.merged_into_id)
    raise Refused(Reason.CONFLICT, "These tickets were merged in a circle. Tell the HMIS Lead.")


def of(session: Session, ticket: Ticket, *, notes: bool) -> Sequence[TicketEntry]:
    """The conversation, the first entry first, with those of tickets merged into it; `notes`: also notes and acts.

    Four statements, however long it is.
    """
    these = select(Ticket.id).where(or_(Ticket.id == ticket.id, Ticket.merged_into_id == ticket.id))
    query = select(TicketEntry).where(TicketEntry.ticket_id.in_(these))
    if not notes:
        query = query.where(TicketEntry.kind.in_(("in", "out")))
    return session.scalars(
        query.order_by(TicketEntry.at, TicketEntry.id).options(
            joinedload(TicketEntry.author), joinedload(TicketEntry.original),
            selectinload(TicketEntry.files).joinedload(TicketFile.file),
        )
    ).all()  # fmt: skip
