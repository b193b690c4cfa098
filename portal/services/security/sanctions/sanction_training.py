"""Required training that was taken for passed and was not: the result was set aside, so the course is asked for again."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actors import PORTAL, Actor
from portal.models import Evidence, Sanction, TrainingResult
from portal.services import evidence
from portal.services.security.sanctions.sanction_force import resting
from portal.services.transition import transition
from workflows.vocabulary import Kind

STANDS = ("in_force", "appealed", "upheld", "expired")


def asking_for(session: Session, result: TrainingResult) -> Sequence[Sanction]:
    """The sanctions that ask this person to take this course again, were decided before it was taken, and seem settled."""
    rows = session.scalars(
        select(Sanction).where(
            Sanction.person_id == result.person_id,
            Sanction.measure == "training",
            Sanction.course == result.course,
            Sanction.status.in_(STANDS),
            Sanction.appeal_holds.is_(False),
            Sanction.decided_at < result.taken_at,
        )
    ).all()
    return [row for row in rows if not _asks(session, row)]


def ask_again(session: Session, row: Sanction, *, actor: Actor, now: datetime, reason: str) -> None:
    """Lets the requirement hold again from the day on which it was thought settled; the sanction is in force once more."""
    first = select(Evidence).where(
        Evidence.rests_on == Sanction.__tablename__, Evidence.rests_on_id == row.id, Evidence.kind == Kind.RETRAINING
    )
    order = session.scalars(first.order_by(Evidence.id).limit(1)).one()
    evidence.put_back(session, order, actor=actor, now=now, on=order.valid_from)
    if row.status == "expired":
        transition(session, row, "resume", actor=PORTAL, now=now, why=reason)
        row.ended_at, row.ended_reason = None, ""
        session.flush()


def _asks(session: Session, row: Sanction) -> bool:
    return any(held.kind == Kind.RETRAINING and held.valid_until == date.max for held in resting(session, row))
