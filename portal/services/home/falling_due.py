"""Duties that fall due on a day, as lines of the first page."""

from datetime import date

from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.services.home import duties
from portal.services.home.tasks import Task
from workflows.policy import Policy


def tasks(session: Session, *, actor: Actor, on: date, policy: Policy) -> list[Task]:
    """What is overdue or due soon for this person; a fixed number of statements."""
    found = duties.for_person(session, person_id=actor.person_id, roles=actor.roles, on=on, policy=policy)
    return [
        Task(f"at:{each.path}", each.title, hint=each.hint, due=each.due, status="overdue" if each.due < on else "due_soon")
        for each in found
    ]  # fmt: skip
