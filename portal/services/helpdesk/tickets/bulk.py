"""One act on many tickets at once: each by the same verb as alone, all of them or none."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Person, Ticket
from portal.models.helpdesk.tickets import LIVING
from portal.refusals import Refused, bad_input, not_found
from portal.services.helpdesk.tickets import following, joining, moves
from workflows.actions import Action
from workflows.policy import Policy
from workflows.vocabulary import Reason

ACTS = {
    "assign": "Give them to somebody",
    "priority": "Set their priority",
    "kind": "Say what they are about",
    "tag": "Add a tag",
    "solve": "Solve them",
    "merge": "Merge them into one",
}
MOST = 200


def chosen(session: Session, ids: Sequence[int], *, actor: Actor) -> list[Ticket]:
    """The tickets of these numbers that the actor works on, in order; NOT_FOUND where one is not among them."""
    wanted = sorted(set(ids))
    if not wanted:
        raise bad_input("Choose at least one ticket.", "t")
    if len(wanted) > MOST:
        raise bad_input(f"At most {MOST} tickets at once.", "t")
    seen = permissions.visible(actor, Action.TICKET_WORK, Ticket)
    rows = session.scalars(select(Ticket).where(Ticket.id.in_(wanted), seen).order_by(Ticket.id)).all()
    if len(rows) != len(wanted):
        raise not_found()
    return list(rows)


def carry_out(
    session: Session, rows: Sequence[Ticket], *, act: str, value: str, actor: Actor, now: datetime, policy: Policy
) -> int:
    """Does it to all of them, and says how many were changed; a refusal of one is a refusal of all, naming which."""
    if act not in ACTS:
        raise bad_input("Choose what to do from the list.", "act")
    if act == "merge":
        return _merged(session, rows, value, actor=actor, now=now, policy=policy)
    changed = 0
    for ticket in rows:
        try:
            changed += _one(session, ticket, act, value, actor=actor, now=now, policy=policy)
        except Refused as no:
            if no.field in ("assignee", "priority", "kind", "tags"):
                raise bad_input(no.sentence, "value") from no
            raise Refused(no.reason, f"{ticket.reference}: {no.sentence} Nothing was done.", "value") from no
    return changed


def _one(session: Session, ticket: Ticket, act: str, value: str, *, actor: Actor, now: datetime, policy: Policy) -> int:
    before = (ticket.assignee_id, ticket.priority, ticket.kind, ticket.status, len(ticket.tags))
    if act == "assign":
        to = session.get(Person, _number(value, "Choose whom to give them to.")) if value else None
        moves.assign(session, ticket, to=to, actor=actor, now=now, policy=policy)
    elif act == "priority":
        moves.set_priority(session, ticket, priority=value, actor=actor, now=now, policy=policy)
    elif act == "kind":
        moves.set_kind(session, ticket, kind=value, actor=actor, now=now, policy=policy)
    elif act == "tag":
        [tag] = following.tags_of(value)[:1] or [""]
        if not tag:
            raise bad_input("Enter the tag.", "value")
        following.add_tag(session, ticket, tag=tag, actor=actor, now=now)
    elif act == "solve" and ticket.status in LIVING:
        moves.solve(session, ticket, actor=actor, now=now, policy=policy)
    return before != (ticket.assignee_id, ticket.priority, ticket.kind, ticket.status, len(ticket.tags))


def _merged(
    session: Session, rows: Sequence[Ticket], value: str, *, actor: Actor, now: datetime, policy: Policy
) -> int:
    into = next((row for row in rows if str(row.id) == value), None)
    if into is None or len(rows) < 2:
        raise bad_input("Choose two tickets or more, and which of them the others go into.", "value")
    for ticket in rows:
        if ticket.id != into.id:
            joining.merge(session, ticket, into=into, actor=actor, now=now, policy=policy)
    return len(rows) - 1


def _number(text: str, ask: str) -> int:
    if (number := permissions.row_id(text)) is None:
        raise Refused(Reason.BAD_INPUT, ask, "value")
    return number
