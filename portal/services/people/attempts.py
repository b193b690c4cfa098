"""An attempt at a quiz: what makes two of them the same one, its number, what cannot be one, the file that shows it."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import Person, StoredFile, TrainingResult
from portal.refusals import bad_input
from portal.services.paperwork import Scan
from workflows.business_time import local_day
from workflows.policy import Policy

EARLIEST = date(1990, 1, 1)


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


def fingerprint(
    session: Session, source: str, person_id: int, course: str, score: int, taken_at: datetime, attempt: int | None
) -> str:
    """Of an entry made here: new each time, since what was entered and corrected may have to be entered once more."""
    count = session.scalar(
        select(func.count()).where(TrainingResult.person_id == person_id, TrainingResult.course == course)
    )
    parts: Iterable[object] = (source, person_id, course, score, taken_at.isoformat(), attempt or "", count)
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
