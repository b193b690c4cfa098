"""Files of quiz results: matched by e-mail or remembered id, never by name; the same import twice doubles nothing."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.adapters.lms import TrainingFile, TrainingRow, read_training
from portal.adapters.tables import Problem
from portal.models import Person, StoredFile, TrainingResult
from portal.services.desk.import_report import Report
from portal.services.locks import lock
from portal.services.people import attempts, training, training_bulk
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Planned:
    """What one row will do: whose it is (None: the tray), which recorded result it corrects, what to check."""

    row: TrainingRow
    course: str
    person: Person | None
    corrects: TrainingResult | None
    flags: tuple[str, ...]


@dataclass(slots=True)
class _Plan:
    """The rows that will be written, and why others will not."""

    writes: list[Planned] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    known: int = 0
    own: int = 0

    def say(self, severity, file: str, row: TrainingRow, column: str, value: str, sentence: str, rule: str) -> None:
        self.problems.append(Problem(severity, file, row.line, column, value, sentence, rule))


def import_file(
    session: Session,
    data: bytes,
    filename: str,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
    dry_run: bool = False,
    skip_bad: bool = False,
    stored: StoredFile | None = None,
) -> Report:
    """Reads the bytes of a training file and imports what they hold; see import_rows."""
    file = read_training(data, filename, now=now, zone=policy.zone)
    return import_rows(
        session, file, filename, actor=actor, now=now, policy=policy, dry_run=dry_run, skip_bad=skip_bad, stored=stored
    )


def import_rows(
    session: Session,
    file: TrainingFile,
    filename: str,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
    dry_run: bool = False,
    skip_bad: bool = False,
    stored: StoredFile | None = None,
) -> Report:
    """Writes the rows of a file that was read: all of them or, where one has an error, none unless `skip_bad`.

    A learner is found by e-mail address, then by the learning system's id where somebody matched it once; whoever is
    not found waits in the tray. Another score for an attempt on record corrects it. The importer's own are left out.
    """
    permissions.check(session, actor, Action.TRAINING_IMPORT)
    report = Report(filename, dry_run=dry_run)
    plan = _plan(session, file, filename, actor, policy)
    report.problems = tuple(sorted((*file.problems, *plan.problems), key=lambda problem: problem.line))
    report.count("rows in the file", file.found)
    report.refused = bool(report.errors) and not skip_bad
    if report.refused:
        report.count("rows with an error", len({problem.line for problem in report.errors}))
        return report
    _count(report, plan)
    if dry_run or not report.changes:
        return report
    lock(session, people={planned.person.id for planned in plan.writes if planned.person})
    _write_all(session, plan.writes, actor=actor, now=now, policy=policy, stored=stored)
    audit.record(
        session,
        actor=actor,
        now=now,
        act="training.import",
        thing=stored,
        after=dict(report.counts),
        said=f"Imported quiz results from {filename}: {report.counted()}.",
    )
    return report


def _plan(session: Session, file: TrainingFile, filename: str, actor: Actor, policy: Policy) -> _Plan:
    plan, courses = _Plan(), _courses(policy)
    known = _known_fingerprints(session, file.rows)
    by_email, by_uid = _people(session)
    earlier = _Earlier(session, policy)
    taken: dict[tuple[object, ...], int] = {}
    for row in file.rows:
        course = courses.get(_key(row.course))
        if course is None:
            has = ", ".join(f"{one.title} ({one.id})" for one in policy.courses)
            sentence = f"The portal knows no course of this name. Leave the row out, or write one of: {has}."
            plan.say("error", filename, row, "course", row.course, sentence, "course-unknown")
            continue
        if row.fingerprint in known:
            plan.known += 1
            continue
        person, flag = _whose(row, by_email, by_uid)
        if person is not None and person.id == actor.person_id:
            plan.own += 1
            sentence = "This is your own result, so it was left out. Somebody else of the Lead has to import it."
            plan.say("warning", filename, row, "", row.email or row.uid, sentence, "own-result")
            continue
        who = person.id if person else row.uid or row.email
        attempt = (who, course, row.taken_at, row.attempt)
        if attempt in taken:
            sentence = (
                f"Line {taken[attempt]} gives another score for the same attempt. Leave the right one in the file."
            )
            plan.say("error", filename, row, "score", row.score_as_written, sentence, "contradiction")
            continue
        taken[attempt] = row.line
        before = earlier.of(person, course, row) if person else None
        if before is not None and before.score == row.score:
            plan.known += 1
            continue
        if person is None:
            sentence = f"Nobody here has this {'e-mail address' if row.email else 'id'}. It waits to be matched."
            plan.say("warning", filename, row, "", row.email or row.uid, sentence, "unmatched")
        plan.writes.append(Planned(row, course, person, before, (*row.flags, flag) if flag else row.flags))
    return plan


def _write_all(
    session: Session,
    writes: Sequence[Planned],
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
    stored: StoredFile | None,
) -> None:
    """In the order of the file; plain rows that follow each other are written together."""
    together: list[TrainingResult] = []

    def kept() -> None:
        training_bulk.keep_all(session, together, actor=actor, now=now, policy=policy, how="learning system")
        together.clear()

    for planned in writes:
        if planned.person is not None and planned.corrects is None and planned.row.attempt:
            together.append(_result(session, planned, actor=actor, now=now, stored=stored))
            if len(together) == AT_ONCE:
                kept()
        else:
            kept()
            _write(session, planned, actor=actor, now=now, policy=policy, stored=stored)
    kept()


def _result(
    session: Session, planned: Planned, *, actor: Actor, now: datetime, stored: StoredFile | None
) -> TrainingResult:
    row, person = planned.row, planned.person
    attempt = row.attempt or (planned.corrects.attempt if planned.corrects else 0)
    if not attempt:
        attempt = attempts.next_attempt(session, person.id, planned.course) if person else 1
    return TrainingResult(
        person_id=person.id if person else None,
        course=planned.course,
        course_as_written=row.course[:200],
        score=row.score,
        score_as_written=" / ".join(part for part in (row.score_as_written, row.max_score) if part)[:40],
        taken_at=row.taken_at,
        attempt=attempt,
        source="import",
        learner=(row.learner_name or (person.name if person else row.email))[:320],
        learner_email=row.email,
        learner_uid=attempts.uid_key(row.uid or row.email),
        fingerprint=row.fingerprint,
        file_id=stored.id if stored else None,
        flag=" ".join(planned.flags)[:300],
        entered_by=actor.person_id,
        entered_at=now,
    )


def _write(
    session: Session, planned: Planned, *, actor: Actor, now: datetime, policy: Policy, stored: StoredFile | None
) -> None:
    row, person = planned.row, planned.person
    result = _result(session, planned, actor=actor, now=now, stored=stored)
    if planned.corrects is not None:
        training.set_aside(
            session,
            planned.corrects,
            actor=actor,
            now=now,
            reason=f"Corrected to {row.score / 100:g} % by a later import.",
        )
    if person is not None:
        training.keep(session, result, actor=actor, now=now, policy=policy, how="learning system")
        return
    session.add(result)
    session.flush()
    transition(session, result, "unmatch", actor=actor, now=now)


def _count(report: Report, plan: _Plan) -> None:
    matched = [planned for planned in plan.writes if planned.person is not None]
    report.count("recorded", sum(1 for planned in matched if planned.corrects is None))
    report.count("corrected", sum(1 for planned in matched if planned.corrects is not None))
    report.count("waiting to be matched", len(plan.writes) - len(matched))
    report.count("already on record", plan.known)
    report.count(
        "left out", plan.own + len({problem.line for problem in report.problems if problem.severity == "error"})
    )
    if not plan.writes and plan.known:
        report.said.append("Everything in this file is on record already, so nothing was changed.")


def _courses(policy: Policy) -> Mapping[str, str]:
    """The pack's courses by id and by title, however they are spelt."""
    return {_key(name): course.id for course in policy.courses for name in (course.title, course.id)}


def _key(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").replace("_", " ").split())


def _whose(row: TrainingRow, by_email: Mapping[str, Person], by_uid: Mapping[str, Person]) -> tuple[Person | None, str]:
    """Whose a row is, and a sentence where e-mail address and id point to two people: then a person decides."""
    of_email, of_uid = by_email.get(row.email), by_uid.get(attempts.uid_key(row.uid or row.email))
    if of_email is not None and of_uid is not None and of_email.id != of_uid.id:
        return None, f"The e-mail address is {of_email.name}'s, the id is {of_uid.name}'s."
    return of_email or of_uid, ""


def _people(session: Session) -> tuple[dict[str, Person], dict[str, Person]]:
    people = session.scalars(select(Person)).all()
    return {person.email_key: person for person in people}, {
        person.lms_uid: person for person in people if person.lms_uid
    }


def _known_fingerprints(session: Session, rows: Sequence[TrainingRow]) -> set[str]:
    known: set[str] = set()
    for part in _parts([row.fingerprint for row in rows]):
        known.update(session.scalars(select(TrainingResult.fingerprint).where(TrainingResult.fingerprint.in_(part))))
    return known


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]


class _Earlier:
    """What is on record by person and course, read once: which of it is the same attempt as a row."""

    def __init__(self, session: Session, policy: Policy):
        self._zone = policy.zone
        self._by: dict[tuple[int | None, str], list[TrainingResult]] = defaultdict(list)
        for result in session.scalars(
            select(TrainingResult).where(TrainingResult.status == "recorded").order_by(TrainingResult.id.desc())
        ):
            self._by[result.person_id, result.course].append(result)

    def of(self, person: Person, course: str, row: TrainingRow) -> TrainingResult | None:
        for result in self._by[person.id, course]:
            same_day = local_day(result.taken_at, self._zone) == row.taken_on
            if result.taken_at == row.taken_at and row.attempt in (None, result.attempt):
                return result
            if same_day and row.attempt == result.attempt:
                return result
            if same_day and result.source != "import" and result.score == row.score:
                return result
        return None
