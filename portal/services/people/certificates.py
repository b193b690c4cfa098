"""Certificates: handed in by the person or the Agency Administrator, confirmed or refused by the help desk."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Person, TrainingResult
from portal.refusals import Refused, bad_input
from portal.services.locks import lock
from portal.services.paperwork import Scan
from portal.services.people import attempts
from portal.services.people.training import give
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Reason


def claim(
    session: Session,
    *,
    person: Person,
    course: str,
    score: int,
    taken_on: date,
    file: Scan,
    actor: Actor,
    now: datetime,
    policy: Policy,
    score_as_written: str = "",
) -> TrainingResult:
    """Hands in a certificate, as the person or her Agency Admin; it counts once the help desk has confirmed it.

    `score` is in hundredths of a percent; `file` was inspected and lies in the storage. Refuses ALREADY_DONE where the
    same certificate waits or this result is on record.
    """
    permissions.check(session, actor, Action.TRAINING_CLAIM, person)
    taken_at = attempts.noon(taken_on, policy.zone)
    attempts.refuse_nonsense(
        course,
        score,
        min(taken_at, now) if taken_on == local_day(now, policy.zone) else taken_at,
        now=now,
        policy=policy,
    )
    lock(session, people=[person.id])
    for row in session.scalars(
        select(TrainingResult).where(TrainingResult.person_id == person.id, TrainingResult.course == course)
    ):
        if (
            local_day(row.taken_at, policy.zone) == taken_on
            and row.score == score
            and row.status in ("recorded", "claimed")
        ):
            waits = "waits for the help desk" if row.status == "claimed" else "is on record"
            raise Refused(Reason.ALREADY_DONE, f"This result {waits} already; there is nothing left to hand in.")
    stored = attempts.keep_file(session, file, person=person, actor=actor, now=now)
    result = TrainingResult(
        person_id=person.id,
        course=course,
        course_as_written=attempts.course_title(policy, course),
        score=score,
        score_as_written=(score_as_written or f"{score / 100:g} %")[:40],
        taken_at=taken_at,
        attempt=attempts.next_attempt(session, person.id, course),
        source="certificate",
        learner=person.name,
        learner_email=person.email,
        file_id=stored.id,
        entered_by=actor.person_id,
        entered_at=now,
        fingerprint=attempts.fingerprint(session, "certificate", person.id, course, score, taken_at, None),
    )
    session.add(result)
    session.flush()
    transition(session, result, "claim", actor=actor, now=now)
    return result


def confirm(session: Session, *, result: TrainingResult, actor: Actor, now: datetime, policy: Policy) -> None:
    """The help desk has read the certificate: the result counts from now on. Not by whose it is or who handed it in."""
    lock(session, people=[result.person_id] if result.person_id else [])
    if result.entered_by is not None and result.entered_by == actor.person_id:
        raise Refused(
            Reason.SAME_PERSON,
            "You handed this certificate in yourself, so somebody else of the Lead has to confirm it.",
        )
    transition(session, result, "confirm", actor=actor, now=now)
    give(session, result, actor=actor, now=now, policy=policy, how="certificate confirmed")


def refuse(session: Session, *, result: TrainingResult, reason: str, actor: Actor, now: datetime) -> None:
    """Refuses a certificate, or a result that belongs to nobody here, with the reason that its person will read."""
    if not reason.strip():
        raise bad_input("Say why it is refused, so that the person knows what to do.", "reason")
    transition(session, result, "refuse", actor=actor, now=now, why=reason.strip())
    result.note = reason.strip()[:1000]
