"""The conversation of a ticket: what the sender adds, what is answered, what the staff note for themselves."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import Ticket, TicketEntry
from portal.models.helpdesk.tickets import LIVING
from portal.refusals import Refused
from portal.services.helpdesk.tickets import states
from portal.services.helpdesk.tickets.entries import Attached, hold, seen, text_of, write
from portal.services.transition import transition
from workflows.actions import Action
from workflows.client_data import looks_like_client
from workflows.policy import Policy
from workflows.vocabulary import Effect, Reason

AFTER = ("", "wait", "solve")
"""What becomes of the ticket with an answer: it goes on, waits for the sender, or is solved."""


class LooksLikeClient(Refused):
    """What was written looks as if a client stood in it: said once, then it may be sent anyway."""


def receive(
    session: Session,
    ticket: Ticket,
    *,
    text: str,
    html: str = "",
    files: Sequence[Attached] = (),
    message_id: str = "",
    in_reply_to: str = "",
    folded_from: int | None = None,
    original_file_id: int | None = None,
    author_id: int | None = None,
    author_name: str = "",
    reopens: bool = True,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> TicketEntry:
    """Adds what the sender (or who follows) wrote; the clock goes on, and a solved ticket is open again.

    `author_id` and `author_name` say who wrote it where the portal itself takes it in, by mail; `reopens`: not for what a
    machine answered. A ticket that was merged hands it on to the one it went into.
    """
    permissions.check(session, actor, Action.TICKET_ADD, ticket)
    ticket = hold(session, ticket)
    by_mail = actor.is_portal
    entry = write(
        session, ticket, "in", text_of(text), actor=actor, now=now, files=files, html=html, message_id=message_id,
        in_reply_to=in_reply_to, folded_from=folded_from, original_file_id=original_file_id,
        author_id=author_id if by_mail else actor.person_id, author_name=author_name if by_mail else actor.name,
    )  # fmt: skip
    seen(session, message_id, direction="in", now=now, ticket=ticket, entry=entry)
    if reopens:
        states.again(session, ticket, actor=actor, now=now, policy=policy)
    audit.record(session, actor=actor, now=now, act="ticket.receive", thing=ticket, said=f"{ticket.reference}: a message came in.")  # fmt: skip
    return entry


def answer(
    session: Session,
    ticket: Ticket,
    *,
    text: str,
    files: Sequence[Attached] = (),
    after: str = "",
    last_seen: int | None = None,
    anyway: bool = False,
    canned_id: int | None = None,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> TicketEntry:
    """Answers the sender: the entry, and its mail in the queue. `after` is one of AFTER.

    `last_seen` is the newest entry that the writer had before their eyes: CONFLICT where somebody wrote meanwhile, so that
    nobody answers twice. LooksLikeClient unless it is to be sent `anyway`.
    """
    permissions.check(session, actor, Action.TICKET_ANSWER, ticket)
    words = _before_writing(session, ticket, text, last_seen=last_seen, anyway=anyway)
    if ticket.status in ("solved", "closed") and after != "solve":
        states.again(session, ticket, actor=actor, now=now, policy=policy)
    elif ticket.status == "new":
        transition(session, ticket, "take", actor=actor, now=now)
    if ticket.first_answered_at is None:
        ticket.first_answered_at = now
    entry = write(
        session, ticket, "out", words, actor=actor, now=now, files=files, canned_id=canned_id,
        delivery="queued" if ticket.requester_email or ticket.followers else "",
    )  # fmt: skip
    if entry.delivery:
        jobs.enqueue(
            session, Effect.TICKET_MAIL, key=f"ticket_entry:{entry.id}", now=now, payload={"entry_id": entry.id}
        )
    _then(session, ticket, entry, after, actor=actor, now=now, policy=policy)
    audit.record(
        session, actor=actor, now=now, act="ticket.answer", thing=ticket, said=f"{ticket.reference} was answered."
    )
    return entry


def note(
    session: Session, ticket: Ticket, *, text: str, anyway: bool = False, files: Sequence[Attached] = (), actor: Actor, now: datetime
) -> TicketEntry:  # fmt: skip
    """An internal note: the staff alone read it, and nobody is mailed."""
    permissions.check(session, actor, Action.TICKET_WORK, ticket)
    words = _before_writing(session, ticket, text, last_seen=None, anyway=anyway)
    entry = write(session, ticket, "note", words, actor=actor, now=now, files=files)
    audit.record(
        session, actor=actor, now=now, act="ticket.note", thing=ticket, said=f"{ticket.reference}: a note was added."
    )
    return entry


def send_again(session: Session, entry: TicketEntry, *, actor: Actor, now: datetime) -> None:
    """Puts an answer in the queue once more whose mail failed, or of which nobody knows whether it arrived."""
    permissions.check(session, actor, Action.TICKET_ANSWER, entry.ticket)
    session.refresh(entry, with_for_update=True)
    if entry.delivery not in ("uncertain", "failed"):
        raise Refused(Reason.ALREADY_DONE, "This answer is on its way, or has arrived.")
    if entry.redacted_at is not None:
        raise Refused(Reason.CONFLICT, "This answer was redacted. Write a new one.")
    entry.delivery = "queued"
    jobs.enqueue(session, Effect.TICKET_MAIL, key=f"ticket_entry:{entry.id}", now=now, payload={"entry_id": entry.id})
    audit.record(
        session, actor=actor, now=now, act="ticket.send_again", thing=entry.ticket,
        said=f"{entry.ticket.reference}: an answer is sent once more.",
    )  # fmt: skip


def arrived(session: Session, entry: TicketEntry, *, actor: Actor, now: datetime) -> None:
    """Somebody found out that an answer of which nobody knew has arrived: it counts as sent, and is not sent again."""
    permissions.check(session, actor, Action.TICKET_ANSWER, entry.ticket)
    session.refresh(entry, with_for_update=True)
    if entry.delivery != "uncertain":
        raise Refused(Reason.ALREADY_DONE, "There is no doubt about this answer any more.")
    entry.delivery = "sent"
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="ticket.arrived", thing=entry.ticket, said=f"{entry.ticket.reference}: an answer that was in doubt has arrived."
    )  # fmt: skip


def _before_writing(session: Session, ticket: Ticket, text: str, *, last_seen: int | None, anyway: bool) -> str:
    words = text_of(text)
    session.refresh(ticket, with_for_update=True)
    if ticket.merged_into_id is not None:
        raise Refused(Reason.CONFLICT, f"This ticket was merged into HD-{ticket.merged_into_id}. Write there.")
    if last_seen is not None and ticket.last_entry_id > last_seen:
        raise Refused(
            Reason.CONFLICT,
            "Somebody wrote in this ticket while you did. Read it, then send your text again, or change it. Nothing is lost.",
            "text",
        )
    if not anyway and (why := looks_like_client(words)):
        raise LooksLikeClient(
            Reason.BAD_INPUT,
            f"This looks as if a client stood in it. {why[0]} Reword it, or tick that it is to be sent anyway.", "text",
        )  # fmt: skip
    return words


def _then(
    session: Session, ticket: Ticket, entry: TicketEntry, after: str, *, actor: Actor, now: datetime, policy: Policy
) -> None:
    if after == "wait" and ticket.status in ("new", "open"):
        states.waits(session, ticket, actor=actor, now=now, policy=policy)
    elif after == "solve" and ticket.status in LIVING:
        by_mail = bool(entry.delivery and ticket.requester_email)  # one message: the answer says that it is solved
        states.is_solved(session, ticket, told=by_mail, actor=actor, now=now, policy=policy)
