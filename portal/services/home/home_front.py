"""What of articles, service requests and surveys waits for the Lead on the first page."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import ProgramChange, ServiceRequest, SurveyAnswer
from portal.services.helpdesk.knowledge import article_lists
from portal.services.home.tasks import Task
from workflows.actions import Action
from workflows.policy import Policy
from workflows.vocabulary import Role

WRITERS = frozenset({Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.TRAINER})
ARTICLES, REQUESTS, SURVEYS = "/knowledge/manage", "/service-requests", "/feedback/surveys"


def tasks(session: Session, *, actor: Actor, on: date, policy: Policy) -> list[Task]:
    """One line for each kind of work; at most four statements, and none for whoever is not of the Lead's staff."""
    found: list[Task] = []
    if actor.lead_roles & WRITERS:
        found += _articles(session, actor, on, policy)
    if permissions.allows(session, actor, Action.SERVICE_WORK):
        found += _requests(session, on)
    if permissions.allows(session, actor, Action.SURVEY_ASK):
        found += _answers(session)
    return found


def _articles(session: Session, actor: Actor, on: date, policy: Policy) -> list[Task]:
    counts, found = article_lists.counted(session, actor, on=on, policy=policy), []
    if counts.stale:
        title = f"{_some(counts.stale, 'article')} to look at again"
        found.append(
            Task(f"at:{ARTICLES}?show=stale", title, hint="Read it, then say that it is still right, or mend it.")
        )
    if counts.waiting:
        title = f"{_some(counts.waiting, 'article')} with a newer version"
        found.append(Task(f"at:{ARTICLES}?show=waiting", title, hint="Readers see it once it is published."))
    return found


def _requests(session: Session, on: date) -> list[Task]:
    """What was asked for and nobody has answered, what is late, and programs that change; one statement."""
    row = ServiceRequest
    living = row.status.in_(("accepted", "in_progress"))
    wish, change = row.status == "asked", ProgramChange.id.is_not(None)
    set_up = change & row.status.in_(("asked", "accepted", "in_progress"))
    query = (
        select(
            func.count().filter(wish, ~change), func.min(row.asked_at).filter(wish, ~change),
            func.count().filter(living, row.due < on), func.min(row.due).filter(living),
            func.count().filter(set_up), func.min(row.due).filter(set_up),
        )
        .select_from(row)
        .outerjoin(ProgramChange, ProgramChange.request_id == row.id)
    )  # fmt: skip
    asked, since, late, due, changes, holds_from = session.execute(query).one()
    found = []
    if changes:
        title = f"{_some(changes, 'change')} of programs to set up in the HMIS"
        hint = "The day is the earliest from which one of them holds."
        status = "overdue" if holds_from and holds_from < on else "to_do"
        found.append(Task(f"at:{REQUESTS}?show=programs", title, hint=hint, due=holds_from, status=status))
    if asked:
        title = f"{_some(asked, 'service request')} to accept or decline"
        found.append(Task(f"at:{REQUESTS}?show=asked", title, hint="Whoever asked waits to hear.", since=since))
    if late:
        title = f"{_some(late, 'service request')} overdue"
        found.append(Task(f"at:{REQUESTS}?show=overdue", title, due=due, status="overdue"))
    return found


def _answers(session: Session) -> list[Task]:
    count = session.scalar(select(func.count()).where(SurveyAnswer.to_redact)) or 0
    if not count:
        return []
    title = f"{_some(count, 'answer')} to a survey may hold a client's data"
    return [Task(f"at:{SURVEYS}", title, hint="Black it out, for good.")]


def _some(count: int, what: str) -> str:
    return f"{count} {what if count == 1 else f'{what}s'}"
