"""What day one leaves for the Lead's first page: accounts that are inherited still, and scans that nobody could place."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import BulkScan
from portal.services.people import inheriting


def queues(session: Session, *, on: date) -> list[dict[str, Any]]:
    """At most two tasks, in two statements: inherited accounts with the first day on which the gate takes over, and the tray."""
    found: list[dict[str, Any]] = []
    count, first = inheriting.still_inherited(session, on=on)
    if count and first is not None:
        title = f"{count:,} inherited {'account' if count == 1 else 'accounts'}: see what is missing before the gate takes over"
        hint = "They are older than the portal and are reported apart from those the gate permitted."
        found.append(
            {
                "kind": "desk:inherited",
                "title": title,
                "since": None,
                "due": first - timedelta(1),
                "hint": hint,
                "status": "due_soon",
            }
        )
    waiting, since = session.execute(
        select(func.count(), func.min(BulkScan.arrived_at)).where(BulkScan.status == "waiting")
    ).one()
    if waiting:
        title = f"{waiting:,} {'scan' if waiting == 1 else 'scans'} in the tray: say whose {'it is' if waiting == 1 else 'they are'}"
        found.append({"kind": "desk:scans", "title": title, "since": since})
    return found
