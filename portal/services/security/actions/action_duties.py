"""Corrective actions that fall due, and exceptions that run out: for their owners and the security officers."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, contains_eager

from portal.models import CorrectiveAction, Membership
from portal.services import holders
from portal.services.security.duty import Duty, Looker
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Role


def due(session: Session, on: date, policy: Policy, looker: Looker | None) -> list[Duty]:
    """What is to be finished, and which exceptions end, within the time of warning or in the past; two statements.

    The Lead's staff see what is overdue at Agencies as one line of their first page (see action_queues).
    """
    until = on + timedelta(policy.warnings.days[0])
    working = CorrectiveAction.status.in_(("open", "planned")) & (CorrectiveAction.due <= until)
    excepted = (CorrectiveAction.status == "accepted") & (CorrectiveAction.until <= until)
    query = select(CorrectiveAction).join(CorrectiveAction.agency).options(contains_eager(CorrectiveAction.agency))
    query = query.where(or_(working, excepted)).order_by(CorrectiveAction.due, CorrectiveAction.id)
    if looker is not None:
        query = query.where(_theirs(looker))
    rows = session.scalars(query).all()
    if not rows:
        return []
    officers = _officers(session, {row.agency_id for row in rows}, on)
    return [_duty(row, officers[row.agency_id]) for row in rows]


def _theirs(looker: Looker) -> ColumnElement[bool]:
    at = {agency for agency, role in looker.roles if role == Role.SECURITY_OFFICER and agency != LEAD}
    at |= {LEAD} if Role.LEAD_SECURITY in looker.lead_roles else set()
    return or_(CorrectiveAction.owner_id == looker.person_id, CorrectiveAction.agency_id.in_(at))


def _officers(session: Session, agencies: Iterable[int], on: date) -> dict[int, frozenset[int]]:
    """The security officers of these Agencies, and of the Lead where it is among them."""
    held = holders.held(on, Role.SECURITY_OFFICER, Role.LEAD_SECURITY).where(Membership.agency_id.in_(list(agencies)))
    found: dict[int, set[int]] = defaultdict(set)
    for agency_id, _, person_id, role in session.execute(held):
        if (role == Role.LEAD_SECURITY) == (agency_id == LEAD):
            found[agency_id].add(person_id)
    return defaultdict(frozenset, {agency_id: frozenset(people) for agency_id, people in found.items()})


def _duty(row: CorrectiveAction, people: frozenset[int]) -> Duty:
    people |= {row.owner_id} if row.owner_id is not None else set()
    path = f"/security/actions/{row.id}"
    where = f"{row.agency.name}. {row.wrong[:150]}"
    if row.status == "accepted":
        return Duty(
            f"exception:{row.id}", f"The exception for {row.number} ends", row.until or row.due, people, path, where
        )
    do = "Plan" if row.status == "open" else "Finish"
    return Duty(f"corrective:{row.id}", f"{do} corrective action {row.number}", row.due, people, path, where)
