"""What may not be recorded by hand, taken back or ended, and why: by whom, by kind, by what the entry lacks."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Device, Evidence, Membership, SecurityReview
from portal.refusals import Refused, bad_input
from portal.services.desk.evidence_by_hand import (
    BY_HAND,
    DECIDED,
    ELSEWHERE,
    FOR_FEW,
    HOW,
    Entry,
    Subject,
    details_of,
    subject_of,
    versions_of,
)
from portal.services.people import background
from portal.services.people.offices import GIVING
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import AT_THE_LEAD, KINDS, LEAD, About, Kind, Reason, Role


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


def refuse_untouchable(session: Session, row: Evidence, actor: Actor) -> None:
    kind, about = Kind(row.kind), About(row.about)
    if kind == Kind.PUBLISHED:
        permissions.check(session, actor, Action.EVIDENCE_DECIDE, session.get_one(Agency, LEAD))
        return
    from_before = kind in (Kind.SANCTION, Kind.RETRAINING) and row.rests_on in BY_HAND
    if kind in ELSEWHERE and kind != Kind.TRAINING and not from_before:
        raise Refused(Reason.CONFLICT, ELSEWHERE[kind])
    refuse_unless_entitled(session, actor, kind, subject_of(session, about, row.subject_id), row.detail)
