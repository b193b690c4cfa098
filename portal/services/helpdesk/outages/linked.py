"""Tickets about one outage: found, linked, answered together with one text, and solved once it is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Outage, Ticket, TicketWord
from portal.models.helpdesk.tickets import LIVING
from portal.refusals import Refused, bad_input
from portal.services.helpdesk.tickets import conversation, words
from portal.services.helpdesk.tickets.entries import say
from workflows.actions import Action
from workflows.policy import Policy
from workflows.vocabulary import Reason

KIND = "outage"
BEFORE = timedelta(hours=2)
MOST = 500
"""As many tickets as are answered at once."""

COMMON = 2
"""How many words of its title a ticket must share with an outage to be proposed, where its kind does not say so."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How many tickets got the answer, and how many of them were solved with it."""

    answered: int
    solved: int


def link(session: Session, outage: Outage, tickets: Sequence[Ticket], *, actor: Actor, now: datetime) -> int:
    """Links tickets to an outage; how many were not linked to it before. BAD_INPUT for none."""
    if not tickets:
        raise bad_input("Choose at least one ticket.", "tickets")
    linked = 0
    for ticket in tickets:
        permissions.check(session, actor, Action.TICKET_WORK, ticket)
        session.refresh(ticket, with_for_update=True)
        if ticket.merged_into_id is not None:
            raise Refused(
                Reason.CONFLICT, f"{ticket.reference} was merged into HD-{ticket.merged_into_id}. Link that one."
            )
        if ticket.outage_id == outage.id:
            continue
        before, ticket.outage_id = ticket.outage_id, outage.id
        _done(session, ticket, "link", f"Linked to the outage {outage.reference}.", actor=actor, now=now, before=before)
        linked += 1
    return linked


def unlink(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """Takes a ticket off its outage: it was about something else."""
    permissions.check(session, actor, Action.TICKET_WORK, ticket)
    session.refresh(ticket, with_for_update=True)
    if ticket.outage_id is None:
        raise Refused(Reason.ALREADY_DONE, "This ticket is linked to no outage.")
    before, ticket.outage_id = ticket.outage_id, None
    _done(session, ticket, "unlink", "No longer linked to an outage.", actor=actor, now=now, before=before)


def of(session: Session, actor: Actor, outage: Outage, *, limit: int = MOST) -> list[Ticket]:
    """The tickets linked to it that the actor may work on, those still open first; one statement."""
    mine = permissions.visible(actor, Action.TICKET_WORK, Ticket)
    done = Ticket.status.not_in(LIVING)
    query = select(Ticket).where(Ticket.outage_id == outage.id, Ticket.merged_into_id.is_(None), mine)
    return list(session.scalars(query.order_by(done, Ticket.id).limit(limit)))


def suggested(session: Session, actor: Actor, outage: Outage, *, limit: int = 50) -> list[Ticket]:
    """Open tickets that may be about it and are linked to none: since shortly before it began, said to be about an
    outage, or sharing words with its title. The oldest first; one statement."""
    mine = permissions.visible(actor, Action.TICKET_WORK, Ticket)
    said = words.words_of(outage.title)
    shared = (
        select(func.count())
        .where(TicketWord.ticket_id == Ticket.id, TicketWord.word.in_(said))
        .correlate(Ticket)
        .scalar_subquery()
    )
    alike = or_(Ticket.kind == KIND, shared >= min(COMMON, max(len(said), 1)))
    since = Ticket.opened_at >= outage.starts_at - BEFORE
    if outage.ended_at is not None:
        since &= Ticket.opened_at <= outage.ended_at + BEFORE
    query = select(Ticket).where(mine, Ticket.status.in_(LIVING), Ticket.outage_id.is_(None), since, alike)
    return list(session.scalars(query.order_by(Ticket.id).limit(limit)))


def answer_all(
    session: Session, outage: Outage, *, text: str, solve: bool, anyway: bool = False, expected: int, actor: Actor, now: datetime, policy: Policy
) -> Answered:  # fmt: skip
    """Answers every open ticket linked to it with one text: each gets its own entry and its own mail.

    `expected` is how many the writer was shown: CONFLICT where there are others by now. `solve` only once it is over.
    """
    permissions.check(session, actor, Action.OUTAGE_WORK, outage)
    session.refresh(outage, with_for_update=True)
    if solve and outage.status not in ("ended", "called_off"):
        raise Refused(
            Reason.CONFLICT, "The outage is not over. Answer without solving, or say first that it has ended.", "solve"
        )
    tickets = [each for each in of(session, actor, outage) if each.status in LIVING]
    if not tickets:
        raise Refused(Reason.CONFLICT, "No open ticket is linked to this outage any more.")
    if len(tickets) != expected:
        raise Refused(
            Reason.CONFLICT, f"There are {len(tickets):,} open tickets by now, not {expected:,}. Look at them, then send it again.", "text"
        )  # fmt: skip
    for ticket in tickets:
        conversation.answer(
            session, ticket, text=text, after="solve" if solve else "", anyway=anyway, actor=actor, now=now, policy=policy
        )  # fmt: skip
    audit.record(
        session, actor=actor, now=now, act="outage.answer", thing=outage, after={"tickets": [each.id for each in tickets], "solved": solve},
        said=f"{outage.reference}: answered {len(tickets):,} tickets together{', and solved them' if solve else ''}.",
    )  # fmt: skip
    return Answered(len(tickets), len(tickets) if solve else 0)


def _done(
    session: Session, ticket: Ticket, act: str, said: str, *, actor: Actor, now: datetime, before: int | None
) -> None:
    ticket.touched_at = max(now, ticket.touched_at)
    say(session, ticket, said, actor=actor, now=now)
    audit.record(
        session, actor=actor, now=now, act=f"ticket.{act}", thing=ticket, said=f"{ticket.reference}: {said}",
        before={"outage_id": before}, after={"outage_id": ticket.outage_id},
    )  # fmt: skip
