"""What can be recorded by hand: which kinds, about whom, with which details and versions, and how it was seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from forms import documents
from portal.models import Agency, Device, Membership, Person
from portal.refusals import bad_input
from portal.services.desk.publishing import YEARS
from workflows.policy import Policy
from workflows.vocabulary import KINDS, About, Kind, in_words

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


def versions_of(kind: Kind) -> tuple[str, ...]:
    """The versions evidence of this kind must name, since the gate compares them; empty where it names none."""
    if kind in (Kind.HOUSING_INVENTORY, Kind.HOUSING_INVENTORY_SENT):
        return tuple(str(year) for year in YEARS)
    of = {Kind.PARTICIPATION_AGREEMENT_SIGNED: "participation_agreement", Kind.PRIVACY_PLEDGE: "privacy_notice"}.get(
        kind, kind.value
    )
    return documents.versions(of) if of in documents.kinds() else ()


def recordable() -> Sequence[Kind]:
    """The kinds the page offers, by title."""
    kinds = [kind for kind in Kind if kind not in ELSEWHERE]
    return sorted(kinds, key=lambda kind: KINDS[kind].title)
