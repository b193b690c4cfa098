"""A ticket is opened: by mail, in the portal, or by the staff for somebody who called."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Membership, Person, Ticket, TicketEntry
from portal.models.helpdesk.tickets import PRIORITIES
from portal.refusals import Refused, bad_input
from portal.services.helpdesk.tickets import clock, words
from portal.services.helpdesk.tickets.entries import Attached, seen, subject_of, text_of, write
from workflows.actions import Action
from workflows.helpdesk_pack import TicketKind
from workflows.policy import Policy
from workflows.vocabulary import Reason


def open_ticket(
    session: Session,
    *,
    subject: str,
    text: str,
    kind: str,
    channel: str,
    requester: Person | None,
    email: str = "",
    name: str = "",
    agency_id: int | None = None,
    membership_id: int | None = None,
    priority: str | None = None,
    rung: str = "lead",
    files: Sequence[Attached] = (),
    message_id: str = "",
    html: str = "",
    folded_from: int | None = None,
    original_file_id: int | None = None,
    in_reply_to: str = "",
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Ticket:
    """Opens a ticket with its first message, and starts its clock.

    `requester` is None for a sender whom nobody knows: then it belongs to no Agency and is about nobody. `rung` is the
    step of the ladder on which it begins. BAD_INPUT for an empty subject or text, and for a kind that the pack has not.
    """
    permissions.check(session, actor, Action.TICKET_OPEN)
    if channel == "staff" or (requester is not None and actor.person_id not in (None, requester.id)):
        permissions.check(session, actor, Action.TICKET_WORK)
    if requester is None:
        agency_id = membership_id = None
    about = _about(policy, kind, priority)
    _refuse_strange(
        session, requester, agency_id, membership_id, staff=permissions.allows(session, actor, Action.TICKET_WORK)
    )
    ticket = Ticket(
        subject=subject_of(subject), kind=kind, priority=priority or about.priority, channel=channel,
        requester_id=requester.id if requester else None, requester_email=(email or (requester.email if requester else ""))[:320],
        requester_name=(requester.name if requester else " ".join(name.split()))[:200], agency_id=agency_id,
        membership_id=membership_id, rung=rung if agency_id is not None else "lead", rung_since=now, opened_at=now, touched_at=now,
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    words.add(session, ticket, *words.of_ticket(ticket))
    entry = first_message(
        session, ticket, text_of(text), files=files, message_id=message_id, html=html, folded_from=folded_from,
        original_file_id=original_file_id, in_reply_to=in_reply_to, actor=actor, now=now,
    )  # fmt: skip
    if message_id:
        seen(session, message_id, direction="in", now=now, ticket=ticket, entry=entry)
    clock.start(session, ticket, policy=policy)
    audit.record(
        session, actor=actor, now=now, act="ticket.open", thing=ticket, after={"kind": kind, "priority": ticket.priority, "channel": channel},
        said=f"{ticket.reference} was opened: {about.title}.",
    )  # fmt: skip
    return ticket


def _about(policy: Policy, kind: str, priority: str | None) -> TicketKind:
    """The kind as the pack has it; BAD_INPUT for one that it has not, and for no priority of its own."""
    about = policy.helpdesk.kind(kind)
    if about is None:
        raise bad_input("Choose from the list what it is about.", "kind")
    if priority is not None and priority not in PRIORITIES:
        raise bad_input("Choose a priority from the list.", "priority")
    return about


def first_message(
    session: Session, ticket: Ticket, text: str, *, files: Sequence[Attached], actor: Actor, now: datetime, **more: object
) -> TicketEntry:  # fmt: skip
    """What the asker wrote, in the asker's name, whoever entered it."""
    return write(
        session, ticket, "in", text, actor=actor, now=now, files=files, author_id=ticket.requester_id,
        author_name=ticket.asker, **more,
    )  # fmt: skip


def agency_of(session: Session, person: Person) -> int | None:
    """The one Agency of a person; None where there are several, or none: then nobody guesses."""
    found = session.scalars(select(Membership.agency_id).where(Membership.person_id == person.id).distinct().limit(2)).all()  # fmt: skip
    return found[0] if len(found) == 1 else None


def _refuse_strange(
    session: Session, requester: Person | None, agency_id: int | None, membership_id: int | None, *, staff: bool
) -> None:
    """NOT_FOUND for an Agency to which the asker does not belong, unless the staff say so, and for nobody of that Agency."""
    if membership_id is not None:
        there = session.get(Membership, membership_id)
        if there is None or there.agency_id != agency_id:
            raise Refused(Reason.NOT_FOUND, "There is nobody of that Agency with this number.")
    if agency_id is not None and requester is not None and not staff:
        own = select(Membership.id).where(Membership.agency_id == agency_id, Membership.person_id == requester.id)
        if session.scalar(own) is None:
            raise Refused(Reason.NOT_FOUND, "Choose an Agency to which you belong.")
