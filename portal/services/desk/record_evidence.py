"""Evidence recorded by hand: the producer of every kind whose own screen comes later, by permission and audited."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import Agency, Evidence, Membership, Person, TrainingResult
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.desk.evidence_by_hand import Entry, Subject, subject_of
from portal.services.desk.evidence_refusals import check, refuse_untouchable
from portal.services.locks import lock_concerned
from portal.services.paperwork import Scan
from portal.services.people import attempts, training
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import About, Reason


def record(
    session: Session, *, entry: Entry, actor: Actor, now: datetime, policy: Policy, file: Scan | None = None
) -> Evidence:
    """Records what the Lead has seen, with who verified it and how; `file` is the document, inspected and stored.

    Never about oneself. Refuses BAD_INPUT with the field, NOT_ALLOWED for what is for others to decide, CONFLICT for
    a kind that its own page records, ALREADY_DONE where exactly this holds.
    """
    check(session, entry=entry, actor=actor, now=now, policy=policy, has_file=file is not None)
    lock_concerned(session, entry.about, entry.subject_id)
    today = local_day(now, policy.zone)
    for row in evidence.in_force(
        session, entry.about, entry.subject_id, entry.kind, on=max(entry.valid_from, today), detail=entry.detail
    ):
        same = (row.version, row.value, row.valid_from, row.valid_until)
        if same == (entry.version, entry.device_id, entry.valid_from, entry.valid_until or date.max):
            raise Refused(Reason.ALREADY_DONE, f"This is on record already: {evidence.describe(row)}.")
    stored = (
        attempts.keep_file(session, file, person=_person_of(session, entry), actor=actor, now=now) if file else None
    )
    if stored is not None and entry.about in (About.AGENCY, About.DEVICE, About.MEMBERSHIP):
        stored.agency_id = _agency_id(session, entry)
    return evidence.record(
        session,
        actor=actor,
        now=now,
        kind=entry.kind,
        about=entry.about,
        subject_id=entry.subject_id,
        detail=entry.detail,
        value=entry.device_id,
        version=entry.version,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until or date.max,
        rests_on="stored_file" if stored else "",
        rests_on_id=stored.id if stored else 0,
        verified_how=entry.verified_how[:40],
        note=_note(entry),
    )


def withdraw(session: Session, *, row: Evidence, reason: str, actor: Actor, now: datetime) -> None:
    """Takes a row back as never having been right; a quiz result is set aside with it."""
    refuse_untouchable(session, row, actor)
    if len(reason) > 1000:
        raise bad_input(f"At most 1,000 characters; this has {len(reason):,}.", "reason")
    if row.rests_on == training.TABLE and reason.strip():
        result = session.get_one(TrainingResult, row.rests_on_id)
        if result.status == "recorded":
            training.set_aside(session, result, actor=actor, now=now, reason=reason)
            return
    evidence.withdraw(session, row, actor=actor, now=now, reason=reason)


def end(
    session: Session, *, row: Evidence, last_day: date, reason: str, actor: Actor, now: datetime
) -> Evidence | None:
    """Lets a row hold until a day and no longer: a sanction that is lifted, a role that was given up."""
    refuse_untouchable(session, row, actor)
    if last_day < row.valid_from - timedelta(1) or last_day > row.valid_until:
        raise bad_input("The last day lies between the day before it began and the day it ends anyway.", "last_day")
    return evidence.end(session, row, actor=actor, now=now, last_day=last_day, reason=reason)


def on_record(session: Session, about: About, subject_id: int) -> list[tuple[Evidence, str, str]]:
    """Every row about a subject, the newest first and withdrawn ones too, with who recorded and who withdrew it."""
    rows = session.scalars(
        select(Evidence)
        .where(Evidence.about == about, Evidence.subject_id == subject_id)
        .order_by(Evidence.recorded_at.desc(), Evidence.id.desc())
    ).all()
    ids = {person for row in rows for person in (row.recorded_by, row.withdrawn_by) if person is not None}
    names = (
        {person.id: person.name for person in session.scalars(select(Person).where(Person.id.in_(ids)))} if ids else {}
    )
    return [
        (row, names.get(row.recorded_by or 0, "The portal"), names.get(row.withdrawn_by or 0, "The portal"))
        for row in rows
    ]


def _note(entry: Entry) -> str:
    return " ".join(part for part in (entry.note.strip(), f"Verified by {entry.verified_by.strip()}.") if part)[:1000]


def _person_of(session: Session, entry: Entry) -> Person | None:
    subject = subject_of(session, entry.about, entry.subject_id)
    if isinstance(subject, Membership):
        return subject.person
    return subject if isinstance(subject, Person) else None


def _agency_id(session: Session, entry: Entry) -> int | None:
    subject: Subject = subject_of(session, entry.about, entry.subject_id)
    return None if isinstance(subject, Person) else subject.id if isinstance(subject, Agency) else subject.agency_id
