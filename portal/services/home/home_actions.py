"""What corrective actions leave for the Lead's first page: to verify, to decide about, overdue somewhere."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.services.security import action_lists


def queues(session: Session, *, actor: Actor, on: date) -> list[dict[str, Any]]:
    """At most three tasks, in one statement."""
    counts = action_lists.counted(session, actor, on=on)
    return [
        {"kind": f"at:/security/actions?show={show}", "title": f"{count:,} {one if count == 1 else many}", "hint": hint, "since": None, "status": status}
        for show, count, one, many, hint, status in (
            ("completed", counts.completed, "corrective action to verify", "corrective actions to verify",
             "Whoever said that it is done does not verify it.", "to_do"),
            ("asked", counts.asked, "exception to decide about", "exceptions to decide about",
             "A standard that somebody says cannot be met for now.", "to_do"),
            ("overdue", counts.overdue, "corrective action is overdue", "corrective actions are overdue",
             "Their owners and security officers are reminded.", "overdue"),
        )
        if count
    ]  # fmt: skip
