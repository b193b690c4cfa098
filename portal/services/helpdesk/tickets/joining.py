"""Two tickets that are one are merged; one that is two is split; each says where the other is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Ticket, TicketEntry, TicketFile, TicketFollower
from portal.models.helpdesk.tickets import LIVING
from portal.refusals import Refused, bad_input
from portal.services.helpdesk.tickets import clock, following, senders, states, words
from portal.services.helpdesk.tickets.entries import say, subject_of
from portal.services.transition import transition
from workflows.actions import Action
from workflows.policy import Policy
from workflows.vocabulary import Reason


def merge(session: Session, ticket: Ticket, *, into: Ticket, actor: Actor, now: datetime, policy: Policy) -> None:
    """Puts a ticket into another: its conversation is read there, whoever asked or follows it follows the other.

    What was merged into this one before goes along, and where something is still to be done, the other is open again. It
    stays with the Agency Administrator only where both stand there for the same Agency. CONFLICT for a ticket that was
    merged, itself, or a closed one.
    """
    permissions.check(session, actor, Action.TICKET_WORK, ticket)
    permissions.check(session, actor, Action.TICKET_WORK, into)
    if ticket.id == into.id:
        raise bad_input("Choose another ticket: this one cannot be merged into itself.", "into")
    for each in sorted((ticket, into), key=lambda one: one.id):
        session.refresh(each, with_for_update=True)
    for each in (ticket, into):
        if each.merged_into_id is not None:
            raise Refused(
                Reason.CONFLICT, f"{each.reference} was merged into HD-{each.merged_into_id} before. Choose that one.", "into"
            )  # fmt: skip
    if ticket.status == "closed":
        raise Refused(Reason.CONFLICT, f"{ticket.reference} is closed. Open it again first.", "into")
    waits = ticket.status in LIVING
    ticket.merged_into_id = into.id
    transition(session, ticket, "merge", actor=actor, now=now)
    session.flush()
    session.execute(update(Ticket).where(Ticket.merged_into_id == ticket.id).values(merged_into_id=into.id))
    if ticket.clock_stopped_at is None:
        clock.stop(session, ticket, now=now, why=clock.SOLVED, policy=policy)
    _participants(session, ticket, into, actor=actor, now=now)
    newest = max(ticket.last_entry_id, into.last_entry_id)
    into.last_entry_id, into.touched_at = newest, max(now, into.touched_at)
    into.to_redact = into.to_redact or ticket.to_redact
    words.add(session, into, *words.of_ticket(ticket), *words.of_entries(session, ticket))
    if waits and into.status in ("solved", "closed"):
        states.again(session, into, actor=actor, now=now, policy=policy)
    if into.rung != "lead" and (ticket.rung != into.rung or ticket.agency_id != into.agency_id):
        into.rung, into.rung_since = "lead", now
    say(session, ticket, f"Merged into {into.reference}.", actor=actor, now=now)
    say(session, into, f"{ticket.reference} was merged into this ticket.", actor=actor, now=now)
    audit.record(
        session, actor=actor, now=now, act="ticket.merged", thing=into, said=f"{ticket.reference} was merged into {into.reference}."
    )  # fmt: skip


def split(
    session: Session, ticket: Ticket, *, entries: Sequence[int], subject: str, actor: Actor, now: datetime, policy: Policy
) -> Ticket:  # fmt: skip
    """Opens a second ticket of the same asker with copies of these entries; both say where the other is.

    BAD_INPUT for no entries, for what is no message or note of this ticket, and for what was redacted.
    """
    permissions.check(session, actor, Action.TICKET_WORK, ticket)
    session.refresh(ticket, with_for_update=True)
    if ticket.merged_into_id is not None:
        raise Refused(Reason.CONFLICT, f"This ticket was merged into HD-{ticket.merged_into_id}. Split that one.")
    chosen = _chosen(session, ticket, entries)
    made = Ticket(
        subject=subject_of(subject), kind=ticket.kind, priority=ticket.priority, channel=ticket.channel,
        requester_id=ticket.requester_id, requester_email=ticket.requester_email, requester_name=ticket.requester_name,
        agency_id=ticket.agency_id, membership_id=ticket.membership_id, rung=ticket.rung, rung_since=now, opened_at=now,
        touched_at=now, assignee_id=ticket.assignee_id, split_from_id=ticket.id, outage_id=ticket.outage_id,
        to_redact=any(entry.to_redact for entry in chosen),
    )  # fmt: skip
    session.add(made)
    session.flush()
    for entry in chosen:
        _copy(session, entry, made)
    words.add(session, made, *words.of_ticket(made), *(entry.shown for entry in chosen))
    followers = session.scalars(select(TicketFollower).where(TicketFollower.ticket_id == ticket.id))
    session.add_all(
        TicketFollower(ticket_id=made.id, person_id=each.person_id, email=each.email, added_at=now, added_by=actor.person_id)
        for each in followers.all()
    )  # fmt: skip
    clock.start(session, made, policy=policy)
    say(session, made, f"Split from {ticket.reference}.", actor=actor, now=now)
    say(session, ticket, f"{made.reference} was split from this ticket.", actor=actor, now=now)
    audit.record(
        session, actor=actor, now=now, act="ticket.split", thing=made, said=f"{made.reference} was split from {ticket.reference}."
    )  # fmt: skip
    return made


def _chosen(session: Session, ticket: Ticket, entries: Sequence[int]) -> list[TicketEntry]:
    found = session.scalars(
        select(TicketEntry)
        .where(TicketEntry.ticket_id == ticket.id, TicketEntry.id.in_(set(entries)), TicketEntry.kind != "act")
        .order_by(TicketEntry.id)
    ).all()
    if not found or len(found) != len(set(entries)):
        raise bad_input("Choose at least one message of this ticket.", "entries")
    if any(entry.redacted_at is not None for entry in found):
        raise bad_input("What was redacted is not copied. Leave it out.", "entries")
    return list(found)


def _copy(session: Session, entry: TicketEntry, made: Ticket) -> None:
    copy = TicketEntry(
        ticket_id=made.id, at=entry.at, kind=entry.kind, author_id=entry.author_id, author_name=entry.author_name, body=entry.body,
        folded_from=entry.folded_from, html=entry.html, original_file_id=entry.original_file_id, to_redact=entry.to_redact,
        copied_from_id=entry.copied_from_id or entry.id,
    )  # fmt: skip
    session.add(copy)
    session.flush()
    made.last_entry_id = copy.id
    senders.copy(session, entry, copy)
    files = session.scalars(select(TicketFile).where(TicketFile.entry_id == entry.id).order_by(TicketFile.id)).all()
    session.add_all(
        TicketFile(entry_id=copy.id, file_id=each.file_id, name=each.name, size=each.size, refused=each.refused)
        for each in files
    )


def _participants(session: Session, ticket: Ticket, into: Ticket, *, actor: Actor, now: datetime) -> None:
    followers = session.scalars(select(TicketFollower.email).where(TicketFollower.ticket_id == ticket.id)).all()
    for email in dict.fromkeys((ticket.requester_email, *followers)):
        if email:
            following.add(session, into, email=email, actor=actor, now=now)
