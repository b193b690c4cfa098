"""Tickets as the mails about them need them: each mail has its moment, and says nothing after it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.models import Ticket

NAMES = ("ticket_for_admin", "ticket_moved", "ticket_solved", "tickets_overdue")


def about_ticket(
    session: Session, name: str, *, agency_id: int, asker_id: int, asker: str, admin_id: int, now: datetime, subject: str = "An empty report"
) -> dict[str, Any]:  # fmt: skip
    """The payload of one of these mails, and the ticket that it is about; an overdue one is assigned to whoever asked."""
    if name not in NAMES:
        return {}
    late = name == "tickets_overdue"
    ticket = Ticket(
        subject=subject, kind="report", channel="portal", requester_id=asker_id, requester_email="asker@example.org", requester_name=asker,
        agency_id=agency_id, rung="agency_admin" if name == "ticket_for_admin" else "lead", rung_since=now, opened_at=now, touched_at=now,
        answer_due=now + timedelta(hours=-4 if late else 4), solve_due=now + timedelta(days=4), assignee_id=asker_id if late else None,
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    if name == "ticket_solved":
        ticket.solved_at, ticket.status = now, "solved"
        session.flush()
    return {"ticket_id": ticket.id, "person_id": admin_id if name == "ticket_for_admin" else asker_id}
