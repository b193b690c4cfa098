"""Who holds an office of the Lead on a day: whom the portal mails when somebody there has to decide."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Evidence, Membership
from workflows.vocabulary import LEAD, About, Kind, Role


def holding(session: Session, *roles: Role, on: date) -> list[int]:
    """The ids of the people who hold one of these offices of the Lead, in order."""
    held_role = (
        select(Membership.person_id)
        .join(Evidence, (Evidence.subject_id == Membership.id) & (Evidence.about == About.MEMBERSHIP))
        .where(
            Membership.agency_id == LEAD,
            Evidence.kind == Kind.ROLE,
            Evidence.detail.in_(roles),
            Evidence.valid_from <= on,
            Evidence.valid_until >= on,
            Evidence.withdrawn_at == datetime.max,
        )
    )
    return sorted(set(session.scalars(held_role)))
