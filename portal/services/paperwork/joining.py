"""What the portal itself records when an Agency joins: its first year is covered without a security review ('Annual security review')."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actors import PORTAL
from portal.models import Agency, Evidence
from portal.services import evidence
from workflows.vocabulary import About, Kind

JOINED = "joined"


def joined(
    session: Session, agency: Agency, *, on: date, now: datetime, rests_on: str = "", rests_on_id: int = 0
) -> Evidence | None:
    """Records the evidence of the first year, from the day the participation agreement was executed; once for each joining.

    None where the Agency has a review, or joined before and signs a later version only: that year is not given twice.
    """
    there = select(Evidence.id).where(
        Evidence.about == About.AGENCY, Evidence.subject_id == agency.id, Evidence.kind == Kind.SECURITY_REVIEW,
        Evidence.withdrawn_at == datetime.max, Evidence.valid_until == date.max,
    )  # fmt: skip
    if session.scalar(there.limit(1)) is not None:
        return None
    return evidence.record(
        session, actor=PORTAL, now=now, kind=Kind.SECURITY_REVIEW, about=About.AGENCY, subject_id=agency.id, detail=JOINED, valid_from=on,
        rests_on=rests_on, rests_on_id=rests_on_id, note="Joined the HMIS",
    )  # fmt: skip
