"""Penalties that are due: for the person, or for the director of the Agency, who is reminded of them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager

from portal.models import Membership, Sanction
from portal.services import holders
from portal.services.security.duty import Duty, Looker
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Role

HOLDS = ("in_force", "appealed", "upheld")


def due(session: Session, on: date, policy: Policy, looker: Looker | None) -> list[Duty]:
    """What is to be paid within the time of warning, or should have been; two statements."""
    until = on + timedelta(policy.warnings.days[0])
    query = select(Sanction).join(Sanction.agency).options(contains_eager(Sanction.agency))
    query = query.where(
        Sanction.measure == "penalty", Sanction.paid_on.is_(None), Sanction.due_on <= until, Sanction.status.in_(HOLDS)
    )
    if looker is not None:
        directed = {agency for agency, role in looker.roles if role == Role.EXECUTIVE_DIRECTOR and agency != LEAD}
        query = query.where(or_(Sanction.person_id == looker.person_id, Sanction.agency_id.in_(directed)))
    rows = session.scalars(query.order_by(Sanction.due_on, Sanction.id)).all()
    if not rows:
        return []
    directors = _directors(session, {row.agency_id for row in rows}, on)
    return [_duty(row, directors[row.agency_id]) for row in rows]


def _directors(session: Session, agencies: Iterable[int], on: date) -> dict[int, frozenset[int]]:
    held = holders.held(on, Role.EXECUTIVE_DIRECTOR).where(Membership.agency_id.in_(list(agencies)))
    found: dict[int, set[int]] = defaultdict(set)
    for agency_id, _, person_id, _ in session.execute(held):
        found[agency_id].add(person_id)
    return defaultdict(frozenset, {agency_id: frozenset(people) for agency_id, people in found.items()})


def _duty(row: Sanction, directors: frozenset[int]) -> Duty:
    people = directors if row.person_id is None else frozenset({row.person_id})
    title = f"Pay the penalty of ${(row.amount_cents or 0) / 100:,.2f}"
    return Duty(
        f"penalty:{row.id}", title, row.due_on or date.max, people, f"/security/sanctions/{row.id}", row.agency.name
    )
