"""Evidence recorded by hand: the producer of every kind whose own screen comes later, by permission and audited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms import documents
from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Device, Evidence, Membership, Person, SecurityReview, TrainingResult
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.desk.publishing import YEARS
from portal.services.locks import lock_concerned
from portal.services.paperwork import Scan
from portal.services.people import background, training
from portal.services.people.offices import GIVING
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import AT_THE_LEAD, KINDS, LEAD, About, Action, Kind, Reason, Role, in_words

Subject = Agency | Person | Membership | Device
MODELS: Mapping[About, Any] = {
    About.AGENCY: Agency,
    About.PERSON: Person,
    About.MEMBERSHIP: Membership,
    About.DEVICE: Device,
}

ELSEWHERE: Mapping[Kind, str] = {
    Kind.SEAT: "Seats are reserved, taken and returned by the portal itself. Grant licenses on the Agency's page.",
    Kind.SEAT_FREE: "Whether a license is free is kept by the portal itself. Grant licenses on the Agency's page.",
    Kind.REQUEST: "Access is requested on the request page, which also reserves the seat. Enter the request there.",
    Kind.LEAD_APPROVAL: "A second person of the Lead approves on the person's own page.",
    Kind.DEPARTURE: "Deactivate the person on her own page: that also ends the access and returns the license.",
    Kind.TRAINING: "Quiz results are entered with their proof on the training page, so that every attempt is kept.",
    Kind.WAIVER: "A waiver is asked for by one person and given by another, on the page of waivers.",
    Kind.SANCTION: "A sanction is drafted by one person and decided by another, on the pages of sanctions.",
    Kind.RETRAINING: "A course is required again by a sanction, on the pages of sanctions.",
    Kind.SECURITY_REVIEW_SENT: "The executive director attests a security review by link and code, on the pages of reviews.",
    Kind.PUBLISHED: "Versions are published on the page of documents in force.",
}
"""Kinds of which the portal itself keeps more than the evidence: each is recorded where the rest is written too."""

DECIDED = frozenset({Kind.EXCLUDED_PROVIDER, Kind.SANCTION, Kind.RETRAINING, Kind.INHERITED})
"""What is decided about somebody, rather than seen on paper: for the Lead's administrators and its security officer."""

FOR_FEW = DECIDED | {Kind.SECURITY_REVIEW}
"""What the help desk neither records nor takes back."""

BY_HAND = ("", "stored_file")
"""What evidence rests on that was recorded here: sanctions from before they had pages of their own can be ended here."""

HOW = ("submitted", "viewed on site", "original seen", "confirmed by phone", "known to the Lead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is typed to record evidence; `version` is a document's or a year, `device_id` for a device in use."""

    kind: Kind
    about: About
    subject_id: int
    valid_from: date
    valid_until: date | None = None
    detail: str = ""
    version: str = ""
    device_id: int = 0
    verified_by: str = ""
    verified_how: str = ""
    note: str = ""


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
        training.keep_file(session, file, person=_person_of(session, entry), actor=actor, now=now) if file else None
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


def check(
    session: Session, *, entry: Entry, actor: Actor, now: datetime, policy: Policy, has_file: bool = False
) -> None:
    """Refuses what record() would refuse, before anything is written: what the check-answers page asks."""
    info = KINDS[entry.kind]
    if entry.kind in ELSEWHERE:
        raise Refused(Reason.CONFLICT, ELSEWHERE[entry.kind], "kind")
    if entry.about not in info.about:
        raise bad_input(f"{info.title} is about {' or '.join(info.about)}. Choose such a subject.", "about")
    subject = subject_of(session, entry.about, entry.subject_id)
    refuse_unless_entitled(session, actor, entry.kind, subject, entry.detail)
    today = local_day(now, policy.zone)
    details = details_of(entry.kind, policy)
    if details and entry.detail not in details:
        raise bad_input(
            f"{info.title}: say which one. It is one of: {', '.join(filter(None, details.values()))}.", "detail"
        )
    if not details and entry.detail and entry.kind != Kind.PROJECT:
        raise bad_input(f"{info.title} takes no detail. Leave it empty.", "detail")
    if entry.valid_from > today and entry.kind not in DECIDED | {Kind.ROLE, Kind.ACCESS_LEVEL}:
        raise bad_input(f"What was seen cannot begin after today, {us_date(today)}.", "valid_from")
    if not entry.verified_by.strip() or entry.verified_how not in HOW:
        field = "verified_by" if not entry.verified_by.strip() else "verified_how"
        raise bad_input(
            "Say who verified this, and how." if field == "verified_by" else f"Say how: {', '.join(HOW)}.", field
        )
    for name, text, most in (
        ("verified_by", entry.verified_by, 100),
        ("note", entry.note, 700),
        ("version", entry.version, 20),
    ):
        if len(text) > most:
            raise bad_input(f"At most {most} characters; this has {len(text)}.", name)
    _refuse_by_kind(session, entry, subject, policy, has_file)


def withdraw(session: Session, *, row: Evidence, reason: str, actor: Actor, now: datetime) -> None:
    """Takes a row back as never having been right; a quiz result is set aside with it."""
    _refuse_untouchable(session, row, actor)
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
    _refuse_untouchable(session, row, actor)
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


def subject_of(session: Session, about: About, subject_id: int) -> Subject:
    """The agency, person, membership or device; BAD_INPUT where there is none of this id."""
    found: Subject | None = session.get(MODELS[about], subject_id) if about in MODELS else None
    if found is None:
        raise bad_input("Choose whom or what this is about.", "subject_id")
    return found


def named(subject: Subject) -> str:
    """The subject in words: 'Jamie Sample at Sample Shelter'."""
    if isinstance(subject, Membership):
        return f"{subject.person.name} at {subject.agency.name}"
    return subject.label if isinstance(subject, Device) else subject.name


def details_of(kind: Kind, policy: Policy) -> dict[str, str]:
    """The details a kind takes, with their titles; empty where it takes none (or any: a project's id)."""
    listed: dict[Kind, dict[str, str]] = {
        Kind.TRAINING: {course.id: course.title for course in policy.courses},
        Kind.COURSE_ASSIGNED: {course.id: course.title for course in policy.courses},
        Kind.RETRAINING: {course.id: course.title for course in policy.courses},
        Kind.ACCESS_LEVEL: {level.id: level.title for level in policy.access_levels},
        Kind.PROTOCOL: {topic.id: topic.title for topic in policy.protocols},
    }
    closed = KINDS[kind].details
    if kind in listed:
        return listed[kind]
    return {detail: in_words(detail).capitalize() for detail in closed} if closed else {}


def refuse_unless_entitled(session: Session, actor: Actor, kind: Kind, subject: Subject, detail: str) -> None:
    """NOT_ALLOWED unless this actor may record or end this kind about this subject; roles by whoever may give them."""
    permissions.check(session, actor, Action.EVIDENCE_DECIDE if kind in FOR_FEW else Action.EVIDENCE_RECORD, subject)
    _refuse_own_place(session, actor, subject)
    if kind == Kind.ROLE and detail in set(Role):
        permissions.check(session, actor, GIVING[Role(detail)], subject)


def _refuse_own_place(session: Session, actor: Actor, subject: Subject) -> None:
    """What opens the gate for one's own Agency or device is for somebody else to see and to record."""
    where = subject.id if isinstance(subject, Agency) else getattr(subject, "agency_id", None)
    if where is not None and where != LEAD and any(agency == where for agency, _ in actor.roles):
        raise Refused(
            Reason.SAME_PERSON,
            "You belong to this organization yourself, so somebody else of the Lead has to record this.",
        )
    if isinstance(subject, Device) and session.scalar(
        select(Evidence.id)
        .join(Membership, Membership.id == Evidence.subject_id)
        .where(
            Evidence.about == About.MEMBERSHIP, Evidence.kind == Kind.DEVICE_IN_USE, Evidence.value == subject.id,
            Evidence.withdrawn_at == datetime.max, Membership.person_id == actor.person_id,
        )
        .limit(1)
    ):  # fmt: skip
        raise Refused(
            Reason.SAME_PERSON, "You use this device yourself, so somebody else of the Lead has to record this."
        )


def _refuse_by_kind(session: Session, entry: Entry, subject: Subject, policy: Policy, has_file: bool) -> None:
    if entry.kind in DECIDED and not entry.note.strip():
        raise bad_input("Say why, so that everybody who reads this later understands it.", "note")
    versions = versions_of(entry.kind)
    if versions and entry.version not in versions:
        raise bad_input(f"Say which version was signed: {', '.join(versions[-6:])}.", "version")
    if entry.kind == Kind.BACKGROUND_CHECK:
        _refuse_report(entry, has_file)
    elif entry.kind in (Kind.ROLE, Kind.ACCESS_LEVEL):
        _refuse_misplaced(entry, subject, policy)
    elif entry.kind == Kind.SECURITY_REVIEW:
        _refuse_since_the_first_review(session, entry, policy)
    _refuse_device(session, entry, subject)


def _refuse_since_the_first_review(session: Session, entry: Entry, policy: Policy) -> None:
    """On paper count reviews from before the portal's first: since then nobody goes round its questions and its second person."""
    opened = session.scalar(select(func.min(SecurityReview.opened_at)))
    first = local_day(opened, policy.zone) if opened else None
    if first is not None and entry.valid_from >= first:
        raise Refused(
            Reason.CONFLICT,
            f"Since {us_date(first)} security reviews are answered, attested and signed off on the pages of reviews. "
            "Only a review on paper from before that day is recorded here.",
            "valid_from",
        )


def _refuse_report(entry: Entry, has_file: bool) -> None:
    if has_file:
        raise bad_input(
            "The report of a background check stays with the Agency; nothing of it is uploaded here.", "file"
        )
    background.refuse_findings(entry.note, "note")


def _refuse_misplaced(entry: Entry, subject: Subject, policy: Policy) -> None:
    """Roles and access levels of the Lead exist at the Lead, and the Agencies' at Agencies."""
    at_lead = isinstance(subject, Membership) and subject.agency_id == LEAD
    if entry.kind == Kind.ROLE and entry.detail != Role.END_USER and (entry.detail in AT_THE_LEAD) != at_lead:
        raise bad_input("This role does not exist at this organization.", "detail")
    of_lead = {level.id for level in policy.access_levels if level.lead_only}
    if entry.kind == Kind.ACCESS_LEVEL and entry.detail in of_lead and not at_lead:
        raise bad_input("This access level is for the Lead's own staff.", "detail")


def _refuse_device(session: Session, entry: Entry, subject: Subject) -> None:
    if entry.kind != Kind.DEVICE_IN_USE:
        if entry.device_id:
            raise bad_input("Only a device in use names a device.", "device_id")
        return
    device = session.get(Device, entry.device_id)
    if device is None or not isinstance(subject, Membership) or device.agency_id != subject.agency_id:
        raise bad_input("Choose a device of the same Agency.", "device_id")


def versions_of(kind: Kind) -> tuple[str, ...]:
    """The versions evidence of this kind must name, since the gate compares them; empty where it names none."""
    if kind in (Kind.HOUSING_INVENTORY, Kind.HOUSING_INVENTORY_SENT):
        return tuple(str(year) for year in YEARS)
    of = {Kind.PARTICIPATION_AGREEMENT_SIGNED: "participation_agreement", Kind.PRIVACY_PLEDGE: "privacy_notice"}.get(
        kind, kind.value
    )
    return documents.versions(of) if of in documents.kinds() else ()


def _refuse_untouchable(session: Session, row: Evidence, actor: Actor) -> None:
    kind, about = Kind(row.kind), About(row.about)
    if kind == Kind.PUBLISHED:
        permissions.check(session, actor, Action.EVIDENCE_DECIDE, session.get_one(Agency, LEAD))
        return
    from_before = kind in (Kind.SANCTION, Kind.RETRAINING) and row.rests_on in BY_HAND
    if kind in ELSEWHERE and kind != Kind.TRAINING and not from_before:
        raise Refused(Reason.CONFLICT, ELSEWHERE[kind])
    refuse_unless_entitled(session, actor, kind, subject_of(session, about, row.subject_id), row.detail)


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


def recordable() -> Sequence[Kind]:
    """The kinds the page offers, by title."""
    kinds = [kind for kind in Kind if kind not in ELSEWHERE]
    return sorted(kinds, key=lambda kind: KINDS[kind].title)
