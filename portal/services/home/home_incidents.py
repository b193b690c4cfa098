"""Incidents on the first page: reports to triage, what looks like a client's, and what somebody involved is asked."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Incident, IncidentPerson
from portal.services.home.tasks import Task
from workflows.actions import Action
from workflows.vocabulary import Role


def queues(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """What waits for the Lead's security officers and administrators, involved in none of it; one statement."""
    if not actor.lead_roles & {Role.LEAD_ADMIN, Role.LEAD_SECURITY}:
        return []
    new = (Incident.status == "reported") & (Incident.nature == "incident")
    mine = (Incident.investigator_id == actor.person_id) & (Incident.status == "investigating")
    reports, oldest, investigating, since, doubtful = session.execute(
        select(
            func.count().filter(new),
            func.min(Incident.reported_at).filter(new),
            func.count().filter(mine),
            func.min(Incident.triaged_at).filter(mine),
            func.count().filter(Incident.to_redact),
        ).where(
            permissions.visible(actor, Action.INCIDENT_WORK, Incident),
            Incident.status.in_(("reported", "investigating")) | Incident.to_redact,
        )
    ).one()
    at = "at:/security/incidents"
    said = [
        (reports, "report of an incident to triage", "reports of incidents to triage", f"{at}?show=new", oldest),
        (investigating, "incident that you investigate", "incidents that you investigate", f"{at}?show=open", since),
        (doubtful, "report that looks like a client's data", "reports that look like a client's data", f"{at}?show=redact", None),
    ]  # fmt: skip
    return [
        {"kind": kind, "title": f"{count:,} {one if count == 1 else many}", "since": moment}
        for count, one, many, kind, moment in said
        if count
    ]


def asked(session: Session, actor: Actor) -> list[Task]:
    """What somebody involved is asked and has not answered; one statement."""
    mine = permissions.visible(actor, Action.INCIDENT_ANSWER, IncidentPerson)
    query = select(IncidentPerson).where(mine, IncidentPerson.answered_at.is_(None)).order_by(IncidentPerson.id)
    return [
        Task(f"at:/security/asked/{row.id}", "Answer what you are asked about an incident", since=row.opened_at)
        for row in session.scalars(query.limit(20))
    ]
