"""What helps whoever writes an answer: a draft that is kept, who else is at it, and ready answers with their fields filled."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import CannedReply, Membership, Ticket, TicketDraft, TicketPresence
from portal.refusals import Refused, a_reason, bad_input, not_found
from portal.services.helpdesk.tickets import senders
from portal.services.helpdesk.tickets.entries import LONGEST
from portal.services.people import standing_view
from workflows.actions import Action
from workflows.client_data import looks_like_client
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Reason

HERE = timedelta(minutes=2)
"""So long after somebody was last seen at a ticket, others are told of them."""

FIELDS = {
    "name": "the sender's first name",
    "full_name": "the sender's whole name",
    "agency": "the Agency's name",
    "number": "the ticket's number",
    "subject": "the ticket's subject",
    "staff": "your own name",
    "why": "what access still lacks",
}
"""What may stand in braces in a ready answer."""

_FIELD = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else who has the ticket open, or is writing an answer."""

    name: str
    writing: bool
    seen_at: datetime


def draft_of(session: Session, ticket: Ticket, *, actor: Actor) -> TicketDraft | None:
    """What the actor has written and not sent."""
    mine = select(TicketDraft).where(TicketDraft.ticket_id == ticket.id, TicketDraft.person_id == actor.person_id)
    return session.scalars(mine).one_or_none()


def save_draft(
    session: Session, ticket: Ticket, *, text: str, note: bool = False, actor: Actor, now: datetime
) -> TicketDraft | None:
    """Keeps what the actor has written so far, as it is; an empty text lets go of it."""
    permissions.check(session, actor, Action.TICKET_ANSWER, ticket)
    if len(text) > LONGEST:
        raise bad_input(f"At most {LONGEST:,} characters; this has {len(text):,}. Attach the rest as a file.", "text")
    if not text.strip():
        drop_draft(session, ticket, actor=actor)
        return None
    session.refresh(ticket, with_for_update=True)
    row = draft_of(session, ticket, actor=actor)
    if row is None:
        row = TicketDraft(ticket_id=ticket.id, person_id=actor.person_id, saved_at=now)
        session.add(row)
    row.body, row.note, row.saved_at = text, note, now
    session.flush()
    return row


def add_to_draft(session: Session, ticket: Ticket, text: str, *, actor: Actor, now: datetime) -> None:
    """Puts a text below what the actor has written so far."""
    row = draft_of(session, ticket, actor=actor)
    whole = f"{row.body.rstrip()}\n\n{text}" if row is not None and row.body.strip() else text
    save_draft(session, ticket, text=whole, actor=actor, now=now)


def drop_draft(session: Session, ticket: Ticket, *, actor: Actor) -> None:
    session.execute(
        delete(TicketDraft).where(TicketDraft.ticket_id == ticket.id, TicketDraft.person_id == actor.person_id)
    )


def here(session: Session, ticket: Ticket, *, writing: bool, actor: Actor, now: datetime) -> None:
    """Notes that the actor has the ticket open, and whether an answer is being written."""
    permissions.check(session, actor, Action.TICKET_ANSWER, ticket)
    mine = (TicketPresence.ticket_id == ticket.id, TicketPresence.person_id == actor.person_id)
    done = session.execute(update(TicketPresence).where(*mine).values(seen_at=now, writing=writing))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.refresh(ticket, with_for_update=True)  # two windows that open at once wait for one another here
        if session.scalar(select(TicketPresence.id).where(*mine)) is None:
            session.add(TicketPresence(ticket_id=ticket.id, person_id=actor.person_id, seen_at=now, writing=writing))
    session.flush()


def others(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> list[Other]:
    """Who else has it open by now, or has begun an answer within the last minutes; writers first. One statement."""
    rows = session.scalars(
        select(TicketPresence)
        .where(TicketPresence.ticket_id == ticket.id, TicketPresence.person_id != actor.person_id, TicketPresence.seen_at > now - HERE)
        .options(joinedload(TicketPresence.person))
        .order_by(TicketPresence.writing.desc(), TicketPresence.id)
    )  # fmt: skip
    return [Other(row.person.name, row.writing, row.seen_at) for row in rows]


def ready(session: Session, ticket: Ticket | None = None) -> Sequence[CannedReply]:
    """The ready answers, those for the ticket's kind alone where one is given; by title."""
    rows = session.scalars(
        select(CannedReply).where(CannedReply.retired_at.is_(None)).order_by(CannedReply.title)
    ).all()
    return [row for row in rows if ticket is None or not row.kinds or ticket.kind in row.kinds]


def filled(session: Session, row: CannedReply, ticket: Ticket, *, actor: Actor, now: datetime, policy: Policy) -> str:
    """A ready answer with its fields filled from the ticket; what is unknown is said so in brackets."""
    wanted = set(_FIELD.findall(row.body))
    person = ticket.requester
    values = {
        "name": person.first_name if person else (ticket.requester_name.split() or ["[name]"])[0],
        "full_name": ticket.requester_name or "[name]",
        "agency": ticket.agency.name if ticket.agency else "[Agency]",
        "number": ticket.reference,
        "subject": ticket.subject,
        "staff": actor.name,
    }
    if "why" in wanted:
        forged = senders.standing(session, ticket) == "failed"
        why = "" if forged else why_not_yet(session, ticket, actor=actor, now=now, policy=policy)
        values["why"] = why or "[nothing is known of access]"
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), row.body)


def why_not_yet(session: Session, ticket: Ticket, *, actor: Actor, now: datetime, policy: Policy) -> str:
    """What the access that the ticket is about still lacks, line by line, with whose turn it is; '' where it is nobody's."""
    member = ticket.membership or _only_place(session, ticket)
    if member is None:
        return ""
    shown = standing_view.view(session, membership=member, actor=actor, now=now, policy=policy)
    own = member.person_id == ticket.requester_id
    whose = "Your access" if own else f"The access of {member.person.name}"
    if not shown.decision.unmet:
        return f"{whose} at {member.agency.name} lacks nothing by now."
    lines = [
        f"- {finding.title}: {finding.sentence} ({_turn(finding.waiting_on or '', own)})"
        for finding in shown.decision.unmet
    ]
    return f"{whose} at {member.agency.name} still lacks:\n" + "\n".join(lines)


def save_ready(
    session: Session, row: CannedReply | None, *, title: str, body: str, kinds: Sequence[str], actor: Actor, now: datetime, policy: Policy
) -> CannedReply:  # fmt: skip
    """Writes a ready answer, or a new text of one. BAD_INPUT for an unknown field or kind, a title in use, a client's data."""
    permissions.check(session, actor, Action.CANNED_EDIT)
    name = a_reason(title, "Give it a title.", field="title", least=2, most=100)
    text = body.replace("\r\n", "\n").strip()
    if not text:
        raise bad_input("Write the answer.", "body")
    if why := looks_like_client(text):
        raise bad_input(f"A ready answer is sent to many. {why[0]} Take that out.", "body")
    if strange := [each for each in _FIELD.findall(text) if each not in FIELDS]:
        raise bad_input(f"{{{strange[0]}}} is no field. Use {', '.join(f'{{{each}}}' for each in FIELDS)}.", "body")
    if [each for each in kinds if policy.helpdesk.kind(each) is None]:
        raise bad_input("Choose kinds from the list.", "kinds")
    same = select(CannedReply.id).where(CannedReply.title == name, CannedReply.retired_at.is_(None))
    if (known := session.scalar(same)) is not None and (row is None or known != row.id):
        raise bad_input("Another ready answer has this title.", "title")
    if row is None:
        row = CannedReply(title=name, body=text, kinds=list(kinds), written_by=actor.person_id, written_at=now)
        session.add(row)
    else:
        row.title, row.body, row.kinds, row.written_by, row.written_at = name, text, list(kinds), actor.person_id, now
    session.flush()
    audit.record(session, actor=actor, now=now, act="canned.save", thing=row, said=f"Wrote the ready answer '{name}'.")
    return row


def retire(session: Session, row: CannedReply, *, actor: Actor, now: datetime) -> None:
    """Takes a ready answer out of the list; answers that were written with it keep their text."""
    permissions.check(session, actor, Action.CANNED_EDIT)
    if row.retired_at is not None:
        raise Refused(Reason.ALREADY_DONE, "This ready answer is out of the list already.")
    row.retired_at = now
    audit.record(session, actor=actor, now=now, act="canned.retire", thing=row, said=f"Retired the ready answer '{row.title}'.")  # fmt: skip


def ready_one(session: Session, canned_id: int) -> CannedReply:
    """One ready answer that is in the list; NOT_FOUND otherwise."""
    row = session.get(CannedReply, canned_id)
    if row is None or row.retired_at is not None:
        raise not_found()
    return row


def _only_place(session: Session, ticket: Ticket) -> Membership | None:
    if ticket.requester_id is None:
        return None
    query = select(Membership).where(Membership.person_id == ticket.requester_id, Membership.agency_id != LEAD)
    if ticket.agency_id is not None:
        query = query.where(Membership.agency_id == ticket.agency_id)
    found = session.scalars(query.options(joinedload(Membership.agency), joinedload(Membership.person)).limit(2)).all()
    return found[0] if len(found) == 1 else None


def _turn(holder: str, own: bool) -> str:
    if holder == "person":
        return "your turn" if own else "the person's turn"
    return f"with: {standing_view.TITLES.get(holder, holder)}"
