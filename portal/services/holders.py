"""Who holds which role, where, on a day: asked by mails, signatures, queues and lists alike."""

from datetime import date

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from portal.models import Evidence, Membership
from workflows.vocabulary import LEAD, About, Kind


def held(on: date, *roles: str) -> Select[int, int, int, str]:
    """(agency, membership, person, role) of everybody who holds one of these roles, of any role where none is named."""
    query = select(Membership.agency_id, Membership.id, Membership.person_id, Evidence.detail)
    return query.join(Evidence, Evidence.subject_id == Membership.id).where(*_is_role(on, *roles))


def holds(on: date, *roles: str) -> ColumnElement[bool]:
    """Whether a membership of the query around it holds one of these roles, any where none is named.

    Asked of each by itself: a list of all holders is as long as the roster.
    """
    return exists(select(1).where(Evidence.subject_id == Membership.id, *_is_role(on, *roles)).correlate(Membership))


def left(on: date) -> ColumnElement[bool]:
    """Whether a membership of the query around it has left by this day."""
    gone = select(1).where(
        Evidence.about == About.MEMBERSHIP, Evidence.subject_id == Membership.id, Evidence.kind == Kind.DEPARTURE, *Evidence.in_force(on)
    )  # fmt: skip
    return exists(gone.correlate(Membership))


def of_the_lead(session: Session, *roles: str, on: date) -> list[int]:
    """The ids of the people who hold one of these offices of the Lead, in order."""
    people = held(on, *roles).with_only_columns(Membership.person_id).where(Membership.agency_id == LEAD)
    return sorted(set(session.scalars(people)))


def at_agency(session: Session, agency_id: int, *roles: str, on: date) -> set[int]:
    """The ids of the people who hold one of these roles at an Agency."""
    people = held(on, *roles).with_only_columns(Membership.person_id).where(Membership.agency_id == agency_id)
    return set(session.scalars(people))


def _is_role(on: date, *roles: str) -> tuple[ColumnElement[bool], ...]:
    named = (Evidence.detail.in_(roles),) if roles else ()
    return Evidence.about == About.MEMBERSHIP, Evidence.kind == Kind.ROLE, *named, *Evidence.in_force(on)
