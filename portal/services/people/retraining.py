"""A course that a sanction has asked for once more: what settles it, and what asks for it again."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import jobs
from portal.actors import Actor
from portal.models import Evidence, Sanction, TrainingResult
from portal.services import evidence
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import About, Effect, Kind


def is_settled(session: Session, sanction: Sanction) -> bool:
    """Whether another result that counts was taken after the sanction that asks for the course."""
    later = select(Evidence.id).where(
        Evidence.about == About.PERSON,
        Evidence.subject_id == sanction.person_id,
        Evidence.kind == Kind.TRAINING,
        Evidence.detail == sanction.course,
        Evidence.withdrawn_at == datetime.max,
        Evidence.rests_on == TrainingResult.__tablename__,
        Evidence.rests_on_id.in_(select(TrainingResult.id).where(TrainingResult.taken_at > sanction.decided_at)),
    )
    return session.scalars(later.limit(1)).first() is not None


def end(session: Session, row: TrainingResult, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Ends what a passed result settles."""
    if row.person_id is None:
        return
    taken_on = local_day(row.taken_at, policy.zone)
    # Retraining asks for the course to be taken again after the day it was ordered; passing it is what ends it.
    for order in evidence.in_force(
        session, About.PERSON, row.person_id, Kind.RETRAINING, on=local_day(now, policy.zone), detail=row.course
    ):
        if order.valid_from <= taken_on and _is_new(session, order, row):
            evidence.end(
                session,
                order,
                actor=actor,
                now=now,
                last_day=taken_on - timedelta(1),
                reason=f"The course was passed again on {us_date(taken_on)}.",
            )
            if order.rests_on == Sanction.__tablename__:
                jobs.enqueue(session, Effect.EXPIRE, key=f"{order.rests_on}:{order.rests_on_id}", now=now)


def _is_new(session: Session, order: Evidence, row: TrainingResult) -> bool:
    """Whether the quiz was taken after the sanction that asks for it: one of the same morning was not taken again."""
    if order.rests_on != Sanction.__tablename__:
        return True
    decided_at = session.get_one(Sanction, order.rests_on_id).decided_at
    return decided_at is None or row.taken_at > decided_at
