"""Quiz results: every attempt kept, each evidence of its raw score ('New End User Training Requirements')."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import Evidence, Person, Sanction, StoredFile, TrainingResult
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.locks import lock
from portal.services.paperwork import Scan
from portal.services.security.sanctions import sanction_training
from portal.services.transition import transition
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import About, Action, Effect, Kind, Reason

TABLE = TrainingResult.__tablename__
BY_HAND = ("hand", "session")
EARLIEST = date(1990, 1, 1)


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
    refuse_nonsense(course, score, taken_at, now=now, policy=policy)
    lock(session, people=[person.id])
    earlier = same_attempt(session, person.id, course, taken_at, attempt, policy)
    if earlier is not None and earlier.score == score:
        raise Refused(
            Reason.ALREADY_DONE,
            f"{course_title(policy, course)} of {us_date(local_day(taken_at, policy.zone))} is on record already.",
        )
    row = TrainingResult(
        person_id=person.id,
        course=course,
        course_as_written=course_title(policy, course),
        score=score,
        score_as_written=score_as_written[:40],
        taken_at=taken_at,
        attempt=attempt or (earlier.attempt if earlier else next_attempt(session, person.id, course)),
        source=source,
        learner=person.name,
        learner_email=person.email,
        fingerprint=_fingerprint(session, source, person.id, course, score, taken_at, attempt),
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
    taken_at = noon(taken_on, policy.zone)
    refuse_nonsense(
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
    stored = keep_file(session, file, person=person, actor=actor, now=now)
    result = TrainingResult(
        person_id=person.id,
        course=course,
        course_as_written=course_title(policy, course),
        score=score,
        score_as_written=(score_as_written or f"{score / 100:g} %")[:40],
        taken_at=taken_at,
        attempt=next_attempt(session, person.id, course),
        source="certificate",
        learner=person.name,
        learner_email=person.email,
        file_id=stored.id,
        entered_by=actor.person_id,
        entered_at=now,
        fingerprint=_fingerprint(session, "certificate", person.id, course, score, taken_at, None),
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
        if not _settled(session, sanction):
            sanction_training.ask_again(session, sanction, actor=actor, now=now, reason=reason)


def _settled(session: Session, sanction: Sanction) -> bool:
    """Whether another result that counts was taken after the sanction that asks for the course."""
    later = select(Evidence.id).where(
        Evidence.about == About.PERSON,
        Evidence.subject_id == sanction.person_id,
        Evidence.kind == Kind.TRAINING,
        Evidence.detail == sanction.course,
        Evidence.withdrawn_at == datetime.max,
        Evidence.rests_on == TABLE,
        Evidence.rests_on_id.in_(select(TrainingResult.id).where(TrainingResult.taken_at > sanction.decided_at)),
    )
    return session.scalars(later.limit(1)).first() is not None


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


def same_attempt(
    session: Session,
    person_id: int,
    course: str,
    taken_at: datetime,
    attempt: int | None,
    policy: Policy,
    *,
    but: int = 0,
) -> TrainingResult | None:
    """The recorded result of the same attempt: at the same moment, or the attempt of that number on the same day."""
    query = select(TrainingResult).where(
        TrainingResult.person_id == person_id,
        TrainingResult.course == course,
        TrainingResult.status == "recorded",
        TrainingResult.id != but,
        TrainingResult.taken_at > taken_at - timedelta(days=2),
        TrainingResult.taken_at < taken_at + timedelta(days=2),
    )
    day = local_day(taken_at, policy.zone)
    for row in session.scalars(query.order_by(TrainingResult.id.desc())):
        at_once = row.taken_at == taken_at and attempt in (None, row.attempt)
        if at_once or (attempt == row.attempt and local_day(row.taken_at, policy.zone) == day):
            return row
    return None


def next_attempt(session: Session, person_id: int, course: str) -> int:
    last = session.scalar(
        select(func.max(TrainingResult.attempt)).where(
            TrainingResult.person_id == person_id, TrainingResult.course == course
        )
    )
    return (last or 0) + 1


def refuse_nonsense(course: str, score: int, taken_at: datetime, *, now: datetime, policy: Policy) -> None:
    """BAD_INPUT for a course the pack lacks, a score outside 0 to 100 percent, a day in the future or before 1990."""
    if course not in {known.id for known in policy.courses}:
        raise bad_input(
            f"The pack has no course {course[:60]!r}. It has: {', '.join(known.id for known in policy.courses)}.",
            "course",
        )
    if not 0 <= score <= 10_000:
        raise bad_input(f"A score lies between 0 and 100 percent; {score / 100:g} does not.", "score")
    if taken_at > now:
        raise bad_input("The quiz cannot have been taken in the future. Check the date.", "taken_on")
    if local_day(taken_at, policy.zone) < EARLIEST:
        raise bad_input("The day lies before 1990. Check the year.", "taken_on")


def keep_file(session: Session, file: Scan, *, person: Person | None, actor: Actor, now: datetime) -> StoredFile:
    """The row of a file that lies in the storage already: a certificate, a sign-in sheet."""
    stored = StoredFile(
        sha256=file.sha256,
        document_id=None,
        media_type=file.media_type,
        size=file.size,
        pages=file.pages,
        name=file.name[:200],
        agency_id=None,
        person_id=person.id if person else None,
        stored_by=actor.person_id,
        stored_at=now,
    )
    session.add(stored)
    session.flush()
    return stored


def course_title(policy: Policy, course: str) -> str:
    return next((known.title for known in policy.courses if known.id == course), course)


def noon(day: date, zone: str) -> datetime:
    """Noon of a day in the zone, as naive UTC: where only the day is known."""
    return datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


def uid_key(uid: str) -> str:
    """A learning system's id in the one form in which it is remembered and compared."""
    return " ".join(uid.split()).casefold()[:100]


def give(session: Session, row: TrainingResult, *, actor: Actor, now: datetime, policy: Policy, how: str) -> None:
    if row.person_id is None:
        raise ValueError("a result gives evidence once it is known whose it is")
    evidence.record(session, actor=actor, now=now, about=About.PERSON, **given(row, policy, how))
    if row.score >= policy.mark_for(row.course):
        end_retraining(session, row, actor=actor, now=now, policy=policy)


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


def end_retraining(session: Session, row: TrainingResult, *, actor: Actor, now: datetime, policy: Policy) -> None:
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


def _fingerprint(
    session: Session, source: str, person_id: int, course: str, score: int, taken_at: datetime, attempt: int | None
) -> str:
    """Of an entry made here: new each time, since what was entered and corrected may have to be entered once more."""
    count = session.scalar(
        select(func.count()).where(TrainingResult.person_id == person_id, TrainingResult.course == course)
    )
    parts: Iterable[object] = (source, person_id, course, score, taken_at.isoformat(), attempt or "", count)
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
