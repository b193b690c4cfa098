"""Whether a ticket's mail comes from whom it says: what the mail server said, who made sure otherwise, and no weighty act before."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Person, SenderProof, Ticket, TicketEntry
from portal.refusals import Refused, a_reason
from portal.services.helpdesk.tickets import words
from portal.services.helpdesk.tickets.entries import say
from portal.services.helpdesk.tickets.opening import agency_of
from workflows.actions import Action
from workflows.vocabulary import Reason

LONGEST = 300
ASK = "Say how you made sure who wrote this: an e-mail proves nothing. Call a number that you know, then write whom you spoke with."


def keep(session: Session, entry: TicketEntry, *, proof: str, said: str) -> None:
    """Keeps what the mail server said about the sender of an entry that came by mail."""
    session.add(SenderProof(ticket_id=entry.ticket_id, entry_id=entry.id, proof=proof, said=said[:200]))
    session.flush()


def copy(session: Session, entry: TicketEntry, to: TicketEntry) -> None:
    """An entry that is copied into another ticket is no better proven there."""
    row = session.scalars(select(SenderProof).where(SenderProof.entry_id == entry.id)).one_or_none()
    if row is not None:
        session.add(
            SenderProof(
                ticket_id=to.ticket_id, entry_id=to.id, proof=row.proof, said=row.said, vouched_at=row.vouched_at,
                vouched_by=row.vouched_by, how=row.how,
            )
        )  # fmt: skip
        session.flush()


def of(session: Session, ticket: Ticket) -> Mapping[int, SenderProof]:
    """What is known of the senders, by the id of the entry; also of tickets merged into this one. One statement."""
    rows = session.scalars(
        select(SenderProof).where(SenderProof.ticket_id.in_(_these(ticket))).options(joinedload(SenderProof.voucher))
    )
    return {row.entry_id: row for row in rows}


def standing(session: Session, ticket: Ticket) -> str:
    """What stands against acting on it: 'failed', 'unsaid', or '' where every message is proven or was made sure of."""
    return worst(of(session, ticket))


def worst(proofs: Mapping[int, SenderProof]) -> str:
    """standing() of proofs that were read already."""
    left = {row.proof for row in proofs.values() if row.open}
    return "failed" if "failed" in left else "unsaid" if left else ""


def vouch(
    session: Session, ticket: Ticket, *, how: str, last_seen: int | None = None, actor: Actor, now: datetime
) -> None:
    """Somebody made sure in another way that the messages come from whom they say, and says how.

    Only of messages up to `last_seen`: what came meanwhile is another question. Where a message was said to be forged and
    nobody was named for it, who asked is known from now on. ALREADY_DONE where there is no doubt.
    """
    permissions.check(session, actor, Action.TICKET_WORK, ticket)
    said = a_reason(how, ASK, field="how", least=4, most=LONGEST)
    session.refresh(ticket, with_for_update=True)
    query = select(SenderProof).where(
        SenderProof.ticket_id.in_(_these(ticket)), SenderProof.proof != "proven", SenderProof.vouched_at.is_(None)
    )
    if last_seen is not None:
        query = query.where(SenderProof.entry_id <= last_seen)
    rows = session.scalars(query.with_for_update()).all()
    if not rows:
        raise Refused(Reason.ALREADY_DONE, "Somebody has made sure already, or there is no doubt about the sender.")
    for row in rows:
        row.vouched_at, row.vouched_by, row.how = now, actor.person_id, said
    session.flush()
    _name(session, ticket)
    say(session, ticket, f"Made sure who wrote this: {said}", actor=actor, now=now)
    audit.record(
        session, actor=actor, now=now, act="ticket.vouch", thing=ticket,
        said=f"{ticket.reference}: made sure that it comes from {ticket.requester_email or 'whom it says'}: {said}"[:400],
    )  # fmt: skip


def be_sure(
    session: Session, ticket: Ticket, *, how: str, last_seen: int | None = None, actor: Actor, now: datetime
) -> None:
    """Before an act that weighs: nothing where there is no doubt about the senders, else vouch(). BAD_INPUT without `how`."""
    if not standing(session, ticket):
        return
    vouch(session, ticket, how=how, last_seen=last_seen, actor=actor, now=now)
    if standing(session, ticket):
        raise Refused(
            Reason.CONFLICT, "Another message came in while you made sure, and nobody knows yet whom it is from. Read it first."
        )  # fmt: skip


def _name(session: Session, ticket: Ticket) -> None:
    """Who asked, where that was left open because the message was said to be forged."""
    if ticket.requester_id is not None or ticket.channel != "mail" or not ticket.requester_email:
        return
    person = session.scalars(select(Person).where(Person.email_key == ticket.requester_email.strip().lower())).one_or_none()  # fmt: skip
    if person is None:
        return
    ticket.requester_id, ticket.requester_name = person.id, person.name
    ticket.agency_id = agency_of(session, person)
    session.flush()
    session.refresh(ticket, ["requester", "agency"])
    words.add(session, ticket, person.name)


def _these(ticket: Ticket) -> Select[int]:
    return select(Ticket.id).where(or_(Ticket.id == ticket.id, Ticket.merged_into_id == ticket.id))
