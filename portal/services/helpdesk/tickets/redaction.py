"""What stands of a client in a ticket is taken out for good: text, HTML, the stored original and the files that came with it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import MailArrival, StoredFile, Ticket, TicketDraft, TicketEntry, TicketFile
from portal.refusals import Refused, bad_input, not_found
from portal.services.helpdesk.tickets import words
from portal.services.helpdesk.tickets.entries import say, subject_of, text_of
from workflows.actions import Action
from workflows.client_data import looks_like_client
from workflows.vocabulary import Effect, Reason

GONE = "It was redacted."


def redact(
    session: Session, ticket: Ticket, *, entry: TicketEntry | None, text: str, actor: Actor, now: datetime
) -> None:
    """Replaces an entry's text (without one: the subject) by the same words without a client in them.

    What stood there is gone for good and is not put on record: also its HTML, the message as it came, every file of the
    entry, copies of it in tickets that were split off, and drafts. BAD_INPUT where it still looks like a client's.
    """
    permissions.check(session, actor, Action.TICKET_REDACT, ticket)
    kept = subject_of(text, field="text") if entry is None else text_of(text, ask="Leave what does not concern a client; put [removed] for the rest.")  # fmt: skip
    if why := looks_like_client(kept):
        raise bad_input(f"{why[0]} Take that out too.", "text")
    session.refresh(ticket, with_for_update=True)
    if entry is None:
        ticket.subject = kept
        what, touched = "the subject", [ticket.id]
    else:
        _refuse_strange(session, ticket, entry)
        what, touched = "a message", _entries(session, entry, kept, actor=actor, now=now)
    session.flush()
    read_at = _with_targets(session, [ticket.id, *touched])
    for one in read_at:
        words.again(session, one)
        _look_again(session, one)
    session.execute(delete(TicketDraft).where(TicketDraft.ticket_id.in_([one.id for one in read_at])))
    say(session, ticket, f"Redacted {what}.", actor=actor, now=now)
    audit.record(session, actor=actor, now=now, act="ticket.redact", thing=ticket, said=f"{ticket.reference}: redacted {what}.")  # fmt: skip


def cleared(session: Session, ticket: Ticket, *, entry: TicketEntry, actor: Actor, now: datetime) -> None:
    """Says that an entry was looked at and holds nothing of a client's."""
    permissions.check(session, actor, Action.TICKET_REDACT, ticket)
    _refuse_strange(session, ticket, entry)
    if not entry.to_redact:
        raise Refused(Reason.ALREADY_DONE, "This was looked at already.")
    entry.to_redact = False
    session.flush()
    for one in _with_targets(session, [ticket.id, entry.ticket_id]):
        _look_again(session, one)
    audit.record(
        session, actor=actor, now=now, act="ticket.looked_at", thing=ticket,
        said=f"{ticket.reference}: a message was looked at; it holds nothing of a client's.",
    )  # fmt: skip


def _entries(session: Session, entry: TicketEntry, kept: str, *, actor: Actor, now: datetime) -> list[int]:
    """Redacts the entry, what it was copied from, and its copies; the ids of their tickets."""
    first = entry.copied_from_id or entry.id
    same = session.scalars(
        select(TicketEntry).where((TicketEntry.id == first) | (TicketEntry.copied_from_id == first)).with_for_update()
    ).all()
    files: set[int] = set()
    for each in same:
        files |= {each.original_file_id} if each.original_file_id else set()
        each.body, each.html, each.folded_from, each.original_file_id, each.to_redact = kept, "", None, None, False
        each.redacted_at, each.redacted_by = now, actor.person_id
    attached = session.scalars(select(TicketFile).where(TicketFile.entry_id.in_([each.id for each in same]))).all()
    for row in attached:
        if row.file_id is not None:
            files.add(row.file_id)
            row.file_id, row.refused, row.name = None, GONE, "file"
    session.flush()
    _shred(session, files, now=now)
    return [each.ticket_id for each in same]


def _shred(session: Session, files: Iterable[int], *, now: datetime) -> None:
    """Lets go of these files: their rows now, what lies in the storage as soon as this is committed."""
    rows = session.scalars(select(StoredFile).where(StoredFile.id.in_(sorted(files)))).all()
    used = set(session.scalars(select(TicketFile.file_id).where(TicketFile.file_id.in_([row.id for row in rows]))))
    used |= set(session.scalars(select(TicketEntry.original_file_id).where(TicketEntry.original_file_id.in_([row.id for row in rows]))))  # fmt: skip
    for row in rows:
        if row.id in used:
            continue
        _let_go(session, row)
        session.delete(row)
        jobs.enqueue(session, Effect.TICKET_SHRED, key=f"file:{row.sha256}", now=now, payload={"sha256": row.sha256})
    session.flush()


def _let_go(session: Session, row: StoredFile) -> None:
    """Takes the file from what else points to it: the row of the message's arrival."""
    session.execute(update(MailArrival).where(MailArrival.raw_file_id == row.id).values(raw_file_id=None))


def _with_targets(session: Session, ids: Iterable[int]) -> list[Ticket]:
    """These tickets and those into which they were merged: wherever what was redacted is read."""
    rows = {row.id: row for row in session.scalars(select(Ticket).where(Ticket.id.in_(set(ids))))}
    for row in list(rows.values()):
        if row.merged_into_id is not None:
            rows[row.merged_into_id] = session.get_one(Ticket, row.merged_into_id)
    return [rows[each] for each in sorted(rows)]


def _look_again(session: Session, ticket: Ticket) -> None:
    """Whether something of it, or of what was merged into it, still waits for a look."""
    these = or_(Ticket.id == ticket.id, Ticket.merged_into_id == ticket.id)
    open_ = (
        select(TicketEntry.id)
        .join(Ticket, Ticket.id == TicketEntry.ticket_id)
        .where(these, TicketEntry.to_redact.is_(True))
    )
    subjects = session.scalars(select(Ticket.subject).where(these)).all()
    ticket.to_redact = session.scalar(open_.limit(1)) is not None or any(looks_like_client(each) for each in subjects)


def _refuse_strange(session: Session, ticket: Ticket, entry: TicketEntry) -> None:
    home = session.get(Ticket, entry.ticket_id)
    if home is None or ticket.id not in (home.id, home.merged_into_id):
        raise not_found()
