"""Quiz results: every attempt kept, each evidence of its raw score ('New End User Training Requirements')."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Evidence, Person, StoredFile, TrainingResult
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.locks import lock
from portal.services.people import attempts, retraining
from portal.services.security.sanctions import sanction_training
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import About, Kind, Reason

TABLE = TrainingResult.__tablename__

BY_HAND = ("hand", "session")


def record_result(
    session: Session,
    *,
    person: Person,
    course: str,
    score: int,
    score_as_written: str,
    taken_at: datetime,
    attempt: int | None,
    source: str,
    proof: StoredFile | None,
    actor: Actor,
    now: datetime,
    policy: Policy,
    note: str = "",
) -> TrainingResult:
    """Enters one attempt by hand, with its proof, and the evidence that follows.

    `score` is in hundredths of a percent, `taken_at` naive UTC, `source` 'hand' (a screenshot or letter) or 'session'
    (a training with a sign-in sheet), `attempt` None for the next one. Another score for the same attempt corrects it.
    Refuses NOT_ALLOWED for oneself, BAD_INPUT, and ALREADY_DONE where exactly this is on record.
    """
    permissions.check(session, actor, Action.TRAINING_ENTER, person)
    _refuse_unproven(source, proof)
    attempts.refuse_nonsense(course, score, taken_at, now=now, policy=policy)
    lock(session, people=[person.id])
    earlier = attempts.same_attempt(session, person.id, course, taken_at, attempt, policy)
    if earlier is not None and earlier.score == score:
        raise Refused(
            Reason.ALREADY_DONE,
            f"{attempts.course_title(policy, course)} of {us_date(local_day(taken_at, policy.zone))} is on record already.",
        )
    row = TrainingResult(
        person_id=person.id,
        course=course,
        course_as_written=attempts.course_title(policy, course),
        score=score,
        score_as_written=score_as_written[:40],
        taken_at=taken_at,
        attempt=attempt or (earlier.attempt if earlier else attempts.next_attempt(session, person.id, course)),
        source=source,
        learner=person.name,
        learner_email=person.email,
        fingerprint=attempts.fingerprint(session, source, person.id, course, score, taken_at, attempt),
        file_id=proof.id if proof else None,
        note=note[:1000],
        entered_by=actor.person_id,
        entered_at=now,
    )
    if earlier is not None:
        set_aside(session, earlier, actor=actor, now=now, reason=f"Corrected to {score / 100:g} %.")
    keep(
        session,
        row,
        actor=actor,
        now=now,
        policy=policy,
        how="sign-in sheet" if source == "session" else "proof on file",
    )
    return row


def set_aside(session: Session, result: TrainingResult, *, actor: Actor, now: datetime, reason: str) -> None:
    """Takes a recorded result and its evidence back, because a later entry says otherwise."""
    transition(session, result, "correct", actor=actor, now=now, why=reason)
    resting = select(Evidence).where(
        Evidence.rests_on == TABLE, Evidence.rests_on_id == result.id, Evidence.withdrawn_at == datetime.max
    )
    for row in session.scalars(resting):
        evidence.withdraw(session, row, actor=actor, now=now, reason=reason)
    session.flush()
    for sanction in sanction_training.asking_for(session, result):
        if not retraining.is_settled(session, sanction):
            sanction_training.ask_again(session, sanction, actor=actor, now=now, reason=reason)


def keep(session: Session, row: TrainingResult, *, actor: Actor, now: datetime, policy: Policy, how: str) -> None:
    """Adds a result that counts, says so in the record, and gives its evidence."""
    session.add(row)
    session.flush()
    audit.record_all(session, [kept_entry(row, actor=actor, now=now)])
    give(session, row, actor=actor, now=now, policy=policy, how=how)


def kept_entry(row: TrainingResult, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """What the record says of a result that counts."""
    return audit.entry(
        actor=actor,
        now=now,
        act="training.record",
        thing=row,
        after={"course": row.course, "score": row.score, "attempt": row.attempt},
        said=f"Recorded: {row.learner}, {row.course}, {row.score / 100:g} %, attempt {row.attempt} ({row.source}).",
    )


def _refuse_unproven(source: str, proof: StoredFile | None) -> None:
    if source not in BY_HAND:
        raise bad_input("Say whether it was a quiz or a training session.", "source")
    if proof is None:
        raise bad_input("Add the proof: the sign-in sheet or a screenshot, as PDF, PNG or JPEG.", "proof")


def give(session: Session, row: TrainingResult, *, actor: Actor, now: datetime, policy: Policy, how: str) -> None:
    if row.person_id is None:
        raise ValueError("a result gives evidence once it is known whose it is")
    evidence.record(session, actor=actor, now=now, about=About.PERSON, **given(row, policy, how))
    if row.score >= policy.mark_for(row.course):
        retraining.end(session, row, actor=actor, now=now, policy=policy)


def given(row: TrainingResult, policy: Policy, how: str) -> dict[str, Any]:
    """What a result is evidence of, in the words of evidence.record()."""
    return {
        "kind": Kind.TRAINING,
        "subject_id": row.person_id,
        "detail": row.course,
        "value": row.score,
        "valid_from": local_day(row.taken_at, policy.zone),
        "rests_on": TABLE,
        "rests_on_id": row.id,
        "verified_how": how,
    }
