"""A service request that a ticket began: each says where the other is, and how it ends is answered there (H4)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import ServiceRequest, Ticket
from portal.refusals import Refused
from portal.services.helpdesk.requests import service_requests
from portal.services.helpdesk.tickets import conversation, workflows
from portal.services.helpdesk.tickets.conversation import LooksLikeClient
from workflows.actions import Action
from workflows.policy import Policy
from workflows.vocabulary import Reason

MOST = 20
ENDINGS = {"resolve": service_requests.resolve, "decline": service_requests.decline}


def begun(session: Session, row: ServiceRequest, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """Says in the ticket what was made of it, and writes so into the draft of an answer."""
    what = "The change of your program" if row.change is not None else "What you ask for"
    answer = f"{what} stands on the list of service requests as {row.number}. You are told as soon as it is decided."
    workflows.wrote(session, ticket, f"Made the service request {row.number} of it.", answer, actor=actor, now=now)


def of_ticket(session: Session, ticket: Ticket) -> Sequence[ServiceRequest]:
    """What was made of a ticket, and of those merged into it; one statement."""
    query = (
        select(ServiceRequest)
        .join(Ticket, Ticket.id == ServiceRequest.ticket_id)
        .where(or_(Ticket.id == ticket.id, Ticket.merged_into_id == ticket.id))
        .options(joinedload(ServiceRequest.change))
        .order_by(ServiceRequest.id)
        .limit(MOST)
    )
    return session.scalars(query).all()


def ticket_of(session: Session, row: ServiceRequest) -> Ticket | None:
    """The ticket that it came from; of one that was merged, the one it went into."""
    ticket = session.get(Ticket, row.ticket_id) if row.ticket_id is not None else None
    return session.get_one(Ticket, ticket.merged_into_id) if ticket and ticket.merged_into_id else ticket


def end(
    session: Session, row: ServiceRequest, *, move: str, resolution: str, answer: bool, anyway: bool = False, actor: Actor, now: datetime,
    policy: Policy,
) -> Ticket | None:  # fmt: skip
    """Resolves or declines it and tells whoever asked, once: by a mail, or (`answer`) by an answer that solves the ticket.

    The ticket that was answered; None where there is none. NOT_ALLOWED where the actor may not answer it.
    """
    ticket = ticket_of(session, row) if answer else None
    if ticket is not None:
        permissions.check(session, actor, Action.TICKET_ANSWER, ticket)
    ENDINGS[move](session, row, resolution=resolution, actor=actor, now=now, told=ticket is not None)
    if ticket is None:
        return None
    try:
        conversation.answer(
            session, ticket, text=f"{row.number}, {row.title}:\n\n{row.resolution}", after="solve", anyway=anyway, actor=actor, now=now,
            policy=policy,
        )  # fmt: skip
    except LooksLikeClient as no:
        raise Refused(Reason.BAD_INPUT, no.sentence, "resolution") from no
    return ticket
