"""What corrective actions leave for the first page: one's own to plan and finish; the Lead's to verify and decide about."""

from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager

from portal.actors import Actor
from portal.models import CorrectiveAction
from portal.services.home.tasks import Task
from portal.services.security.actions import action_lists
from workflows.vocabulary import LEAD, Role

MOST = 30


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


def own(session: Session, *, actor: Actor, on: date) -> list[Task]:
    """What one has to plan or finish as an owner, or as the security officer of the place; one statement, the nearest first."""
    at = actor.at(Role.SECURITY_OFFICER) - {LEAD}
    at |= {LEAD} if Role.LEAD_SECURITY in actor.lead_roles else set()
    query = (
        select(CorrectiveAction)
        .join(CorrectiveAction.agency)
        .where(CorrectiveAction.status.in_(("open", "planned")))
        .where(or_(CorrectiveAction.owner_id == actor.person_id, CorrectiveAction.agency_id.in_(at)))
        .options(contains_eager(CorrectiveAction.agency))
        .order_by(CorrectiveAction.due, CorrectiveAction.id)
        .limit(MOST)
    )
    return [
        Task(
            f"at:/security/actions/{row.id}", f"{'Plan' if row.status == 'open' else 'Finish'} corrective action {row.number}",
            hint=f"{row.agency.name}. {row.wrong[:150]}", since=row.opened_at, due=row.due,
            status="overdue" if row.due < on else "to_do" if row.status == "open" else "in_progress",
        )
        for row in session.scalars(query)
    ]  # fmt: skip
