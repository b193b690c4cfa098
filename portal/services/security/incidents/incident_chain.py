"""The chain of communication of an incident: who is to be told until when, and who did it with what words."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import Incident, IncidentStep
from portal.refusals import Refused, bad_input
from portal.services.security.incidents.incident_timeline import lasting, record, say
from workflows import incident_rules
from workflows.actions import Action
from workflows.policy import Policy
from workflows.vocabulary import Reason

OVER = ("closed", "set_aside")


def begin(session: Session, incident: Incident, *, now: datetime, policy: Policy) -> list[IncidentStep]:
    """Writes down the steps that the pack calls for and that are not there yet, due from this moment on; the new ones."""
    there = set(session.scalars(select(IncidentStep.step).where(IncidentStep.incident_id == incident.id)))
    due = incident_rules.chain(
        policy.incidents.chain, category=incident.category, severity=incident.severity, affected=incident.affected, since=now,
        hours=policy.hours, closed=policy.holidays,
    )  # fmt: skip
    new = [
        IncidentStep(
            incident_id=incident.id, step=each.step.id, title=each.step.title, who=each.step.who, mandatory=each.step.mandatory,
            cite=each.step.cite, basis=each.step.basis.value, due_at=each.at,
        )
        for each in due if each.step.id not in there
    ]  # fmt: skip
    session.add_all(new)
    session.flush()
    return new


def done(session: Session, step: IncidentStep, *, told: str, words: str, actor: Actor, now: datetime) -> None:
    """Somebody was told: who by name or office, and with what words. ALREADY_DONE the second time."""
    permissions.check(session, actor, Action.INCIDENT_WORK, step)
    session.refresh(step, with_for_update=True)
    if step.done_at is not None:
        raise Refused(Reason.ALREADY_DONE, "This step was marked done before. Load the page again.")
    whom = lasting(told, "Say who was told: the name, or the office.", "told")
    if len(whom) > 200:
        raise bad_input("At most 200 characters. Put the rest into what was said.", "told")
    step.words = lasting(words, "Say in a few words what was said, and how.", "words")
    step.told, step.done_at, step.done_by = whom, now, actor.person_id
    session.flush()
    late = " (late)" if now > step.due_at else ""
    incident = step.incident
    say(session, incident, f"{step.title}: {whom} was told{late}. {step.words}", actor=actor, now=now)
    record(session, incident, "tell", f"{step.title}: done{late}.", actor=actor, now=now)


def steps(session: Session, incident: Incident) -> Sequence[IncidentStep]:
    """Every step of an incident, the first due first."""
    query = select(IncidentStep).where(IncidentStep.incident_id == incident.id)
    return session.scalars(query.order_by(IncidentStep.due_at, IncidentStep.id).options(joinedload(IncidentStep.doer))).all()  # fmt: skip


def open_steps() -> ColumnElement[bool]:
    """The condition for steps that are still to be done, of incidents that are not over."""
    return IncidentStep.done_at.is_(None) & Incident.status.not_in(OVER)


def waiting(session: Session, *, until: datetime) -> tuple[int, datetime | None]:
    """How many steps of all incidents are due by a moment and not done, and since when the oldest is; one statement."""
    query = select(func.count(), func.min(IncidentStep.due_at)).join(Incident, Incident.id == IncidentStep.incident_id)
    count, oldest = session.execute(query.where(open_steps(), IncidentStep.due_at <= until)).one()
    return int(count), oldest


def undone(session: Session, incident: Incident) -> list[str]:
    """What is still to be told of this incident, by title."""
    return [step.title for step in steps(session, incident) if step.done_at is None]
