"""Many quiz results at once: the same rows, evidence and entries of the record as one by one, in a few statements."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.actors import Actor
from portal.models import Evidence, TrainingResult
from portal.services import evidence
from portal.services.people import retraining, training
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import About, Kind


def keep_all(
    session: Session, rows: Sequence[TrainingResult], *, actor: Actor, now: datetime, policy: Policy, how: str
) -> None:
    """What training.keep() does with each of the rows, whose people are known and locked by the caller."""
    if not rows:
        return
    session.add_all(rows)
    session.flush()
    audit.record_all(session, [training.kept_entry(row, actor=actor, now=now) for row in rows])
    new = [training.given(row, policy, how) for row in rows]
    evidence.record_about_people(session, new, actor=actor, now=now)
    passed = [row for row in rows if row.score >= policy.mark_for(row.course)]
    again = _in_retraining(session, passed, now=now, policy=policy)
    for row in passed:
        if row.person_id in again:
            retraining.end(session, row, actor=actor, now=now, policy=policy)


def _in_retraining(
    session: Session, rows: Sequence[TrainingResult], *, now: datetime, policy: Policy
) -> frozenset[int]:
    """Those of the people who have to take a course again: nearly nobody, so they are asked for all together."""
    on = local_day(now, policy.zone)
    query = select(Evidence.subject_id).where(
        Evidence.about == About.PERSON,
        Evidence.subject_id.in_({row.person_id for row in rows}),
        Evidence.kind == Kind.RETRAINING,
        *Evidence.in_force(on),
    )
    return frozenset(session.scalars(query))
