"""Whom an incident's chain of communication names, and complaints to answer, as duties of the Lead's and the Agencies' officers."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from portal.models import Incident, IncidentPerson, IncidentStep, Membership
from portal.services import holders
from portal.services.security.duty import Duty, Looker
from portal.services.security.incidents.incident_chain import open_steps
from workflows.business_time import end_of_day, local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Role

GUARDS = (Role.LEAD_SECURITY, Role.LEAD_ADMIN)
OFFICERS = (Role.SECURITY_OFFICER, Role.EXECUTIVE_DIRECTOR)


def due(session: Session, on: date, policy: Policy, looker: Looker | None) -> list[Duty]:
    """Steps of the chain and answers that fall due within the time of warning, or have; at most four statements.

    The Lead's security officers do the first (its administrators where there is none), never one who is involved; the
    second whoever received the complaint.
    """
    found: list[Duty] = []
    until = on + timedelta(policy.warnings.days[0])
    if looker is None or looker.lead_roles & set(GUARDS):
        found += _steps(session, on, until, policy)
    if looker is None or looker.holds(*OFFICERS, *GUARDS):
        found += _complaints(session, on, until, looker)
    return found


def _steps(session: Session, on: date, until: date, policy: Policy) -> list[Duty]:
    query = select(IncidentStep).join(IncidentStep.incident).options(contains_eager(IncidentStep.incident))
    query = query.where(open_steps(), IncidentStep.due_at <= end_of_day(until, policy.zone))
    rows = session.scalars(query.order_by(IncidentStep.due_at, IncidentStep.id)).all()
    if not rows:
        return []
    guards = holders.of_the_lead(session, Role.LEAD_SECURITY, on=on) or holders.of_the_lead(
        session, Role.LEAD_ADMIN, on=on
    )
    involved = _involved(session, {row.incident_id for row in rows})
    return [
        Duty(
            f"chain:{row.id}", row.title, local_day(row.due_at, policy.zone), frozenset(guards) - involved[row.incident_id],
            f"/security/incidents/{row.incident_id}#chain",
            f"{row.incident.reference}, {row.incident.severity}" + (". Mandatory report" if row.mandatory else ""),
        )
        for row in rows
    ]  # fmt: skip


def _complaints(session: Session, on: date, until: date, looker: Looker | None) -> list[Duty]:
    query = select(Incident).where(
        Incident.nature == "complaint", Incident.status.in_(("reported", "reviewing")), Incident.answer_due <= until
    )
    if looker is not None:
        at = {agency for agency, role in looker.roles if role in OFFICERS and agency != LEAD}
        at |= {LEAD} if looker.lead_roles & set(GUARDS) else set()
        query = query.where(Incident.agency_id.in_(at))
    rows = session.scalars(query.order_by(Incident.answer_due, Incident.id)).all()
    if not rows:
        return []
    officers: dict[int, set[int]] = defaultdict(set)
    held = holders.held(on, *OFFICERS, *GUARDS).where(Membership.agency_id.in_({row.agency_id for row in rows}))
    for agency_id, _, person_id, _ in session.execute(held):
        officers[agency_id].add(person_id)
    involved = _involved(session, {row.id for row in rows})
    return [
        Duty(
            f"complaint:{row.id}", "Answer a complaint", row.answer_due, frozenset(officers[row.agency_id]) - involved[row.id],
            f"/security/complaints/{row.id}", f"{row.reference}: {row.title}",
        )
        for row in rows if row.answer_due is not None and row.agency_id is not None
    ]  # fmt: skip


def _involved(session: Session, incidents: Iterable[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    query = select(IncidentPerson.incident_id, IncidentPerson.person_id)
    for incident_id, person_id in session.execute(query.where(IncidentPerson.incident_id.in_(list(incidents)))):
        found[incident_id].add(person_id)
    return found
