"""What the pages of tickets share: the blueprint, finding a ticket, its row in a list, the words of its state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from flask import Blueprint, url_for
from sqlalchemy.orm import Session

from portal import permissions
from portal.models import Ticket
from portal.models.helpdesk.tickets import LIVING
from portal.web.components import ago
from portal.web.kernel import actor, now, policy
from workflows.actions import Action

Row = TypeVar("Row")
blueprint = Blueprint("tickets", __name__, url_prefix="/tickets")

STATES = {
    "new": ("new", "New"),
    "open": ("open", "Open"),
    "waiting": ("waiting", "Waits for who asked"),
    "solved": ("done", "Solved"),
    "closed": ("closed", "Closed"),
    "merged": ("merged", "Merged"),
}
FAR = datetime(9999, 1, 1)

PROOFS = {
    "proven": ("good", "Sender confirmed"), "unsaid": ("warning", "Sender not confirmed"),
    "failed": ("error", "Probably forged"),
}  # fmt: skip


def doubt_of(ticket: Ticket, standing: str) -> dict[str, str] | None:
    """What the staff are told before they act on mail whose sender nobody has made sure of; None where there is no doubt."""
    sender = ticket.requester_email or "whom it says"
    if standing == "failed":
        return {
            "kind": "error", "title": f"This probably did not come from {sender}",
            "text": "The mail server looked where it came from, and it was not sent by way of that address's own mail server. Anybody "
            "may have written it. Call the person at a number that you know, not one in the message, before you act on it.",
        }  # fmt: skip
    if standing == "unsaid":
        return {
            "kind": "warning", "title": "Nobody knows yet who wrote this",
            "text": f"The mail server could not confirm that it came from {sender}: an address is easily forged. To answer a "
            "question, go ahead. Before you act on it, call the person at a number that you know.",
        }  # fmt: skip
    return None


def found(session: Session, ticket_id: int, action: Action = Action.TICKET_WORK) -> Ticket:
    return permissions.find(session, actor(), action, Ticket, ticket_id)


def named(session: Session, model: type[Row], chosen: str) -> Row | None:
    """The row whose id a form sent; None for what no row can have, and for none of this id."""
    number = permissions.row_id(chosen)
    return None if number is None else session.get(model, number)


def one_url(ticket_id: int, anchor: str | None = None) -> str:
    return url_for("tickets.one", ticket_id=ticket_id, _anchor=anchor)


def state(ticket: Ticket) -> tuple[str, str]:
    return STATES[ticket.status]


def kinds() -> Mapping[str, str]:
    """What a ticket may be about, by the pack's ids."""
    return {kind.id: kind.title for kind in policy().helpdesk.kinds}


def row_of(ticket: Ticket) -> dict[str, Any]:
    """One line of a list; everything that it reads is loaded by the list's query."""
    return {
        "ticket": ticket,
        "status": state(ticket),
        "kind": policy().helpdesk.title_of(ticket.kind),
        "agency": ticket.agency.name if ticket.agency else "",
        "assignee": ticket.assignee.name if ticket.assignee else "",
        "due": due_of(ticket),
        "age": ago(ticket.opened_at, now()),
        "touched": ago(ticket.touched_at, now()),
        "tags": [tag.tag for tag in ticket.tags],
        "href": one_url(ticket.id),
    }


def due_of(ticket: Ticket) -> dict[str, Any] | None:
    """When it is due next, how soon, and whether that is past; None where the clock stands or nothing is to do."""
    due = ticket.next_due
    if ticket.status not in LIVING or due is None or ticket.clock_stopped_at is not None:
        return None
    what = "First answer" if ticket.first_answered_at is None else "Solution"
    return {"at": due, "what": what, "late": due < now(), "said": ago(due, now())}
