"""Enrolment in courses: only for whoever has signed ('New End User Training Requirements'; U2 before U3)."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import jobs, permissions
from portal.actors import Actor
from portal.models import Evidence, Membership
from portal.refusals import Refused, bad_input
from portal.services import decisions, evidence
from portal.services.locks import lock
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.findings import Status
from workflows.pack import Course
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Effect, Kind, Reason

FIRST = (Kind.USER_AGREEMENT, Kind.PRIVACY_PLEDGE)
"""What is signed before anybody is trained ('Agency Admins & End User Requirements')."""


def enrol(
    session: Session, *, membership: Membership, courses: Collection[str], actor: Actor, now: datetime, policy: Policy
) -> list[Evidence]:
    """Assigns courses and acknowledges the receipt of the agreement by mail; what is assigned already stays as it is.

    Refuses GATE_CLOSED while the agreement in force is not signed, BAD_INPUT for no course or one the pack lacks,
    ALREADY_DONE where everything is assigned.
    """
    permissions.check(session, actor, Action.PERSON_ENROL, membership)
    lock(session, agencies=[membership.agency_id], people=[membership.person_id], lead=membership.agency_id == LEAD)
    known = {course.id: course for course in policy.courses}
    if not courses:
        raise bad_input("Choose at least one course. Nobody is let in who has none assigned.", "courses")
    if unknown := sorted(set(courses) - set(known)):
        raise bad_input(f"The pack has no course {unknown[0][:60]!r}. It has: {', '.join(known)}.", "courses")
    if lacking := unsigned(session, membership, now=now, policy=policy):
        raise Refused(
            Reason.GATE_CLOSED,
            f"{membership.person.name} cannot be enrolled yet: {' '.join(lacking)} Training comes after signing.",
            "courses",
        )
    today = local_day(now, policy.zone)
    if evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.DEPARTURE, on=today):
        raise Refused(
            Reason.CONFLICT,
            f"{membership.person.name} has left {membership.agency.name}. Access has to be requested again first.",
        )
    there = assigned(session, membership.id, on=today)
    rows = [
        evidence.record(
            session,
            actor=actor,
            now=now,
            kind=Kind.COURSE_ASSIGNED,
            about=About.MEMBERSHIP,
            subject_id=membership.id,
            detail=course,
            valid_from=today,
        )
        for course in known
        if course in set(courses) - there
    ]
    if not rows:
        raise Refused(Reason.ALREADY_DONE, "All of these courses are assigned already.")
    jobs.enqueue(
        session,
        Effect.MAIL,
        key=f"enrolled:{membership.id}:{rows[-1].id}",
        now=now,
        payload={"mail": "enrolled", "person_id": membership.person_id, "membership_id": membership.id},
    )
    return rows


def unassign(
    session: Session, *, membership: Membership, course: str, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Takes back a course that was assigned by mistake."""
    permissions.check(session, actor, Action.PERSON_ENROL, membership)
    rows = evidence.in_force(
        session, About.MEMBERSHIP, membership.id, Kind.COURSE_ASSIGNED, on=local_day(now, policy.zone), detail=course
    )
    if not rows:
        raise Refused(Reason.ALREADY_DONE, "This course is not assigned.")
    for row in rows:
        evidence.withdraw(session, row, actor=actor, now=now, reason=reason)


def propose(session: Session, membership: Membership, *, on: date, policy: Policy) -> tuple[Course, ...]:
    """The courses that the person's roles and access level call for at this Agency."""
    return _proposals(session, [membership.id], on=on, policy=policy)[membership.id]


def assigned(session: Session, membership_id: int, *, on: date) -> set[str]:
    return {
        row.detail for row in evidence.in_force(session, About.MEMBERSHIP, membership_id, Kind.COURSE_ASSIGNED, on=on)
    }


def unsigned(session: Session, membership: Membership, *, now: datetime, policy: Policy) -> list[str]:
    """What has to be signed before the training, a sentence each, as the gate says it; empty where all is signed."""
    asked = {p.id for p in policy.prerequisites if p.evidence in FIRST and p.about == About.MEMBERSHIP}
    said = decisions.ask(session, membership, now=now, policy=policy)
    return [finding.sentence for finding in said.findings if finding.id in asked and finding.status is Status.UNMET]


def lacking(session: Session, memberships: Sequence[int], *, on: date, policy: Policy) -> dict[int, tuple[Course, ...]]:
    """The proposed courses that are not assigned yet, by membership, in two statements."""
    there = _assigned(session, memberships, on=on)
    return {
        membership: tuple(course for course in proposed if course.id not in there.get(membership, ()))
        for membership, proposed in _proposals(session, memberships, on=on, policy=policy).items()
    }


def _proposals(
    session: Session, memberships: Sequence[int], *, on: date, policy: Policy
) -> dict[int, tuple[Course, ...]]:
    held: dict[int, dict[str, set[str]]] = {
        membership: {Kind.ROLE: set(), Kind.ACCESS_LEVEL: set()} for membership in memberships
    }
    for subject, kind, detail in _details(session, memberships, (Kind.ROLE, Kind.ACCESS_LEVEL), on=on):
        held[subject][kind].add(detail)
    proposals = {}
    for membership, of in held.items():
        wanted = {
            course.id for level in of[Kind.ACCESS_LEVEL] or {""} for course in policy.courses_for(of[Kind.ROLE], level)
        }
        proposals[membership] = tuple(course for course in policy.courses if course.id in wanted)
    return proposals


def _assigned(session: Session, memberships: Sequence[int], *, on: date) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for subject, _, detail in _details(session, memberships, (Kind.COURSE_ASSIGNED,), on=on):
        found.setdefault(subject, set()).add(detail)
    return found


def _details(session: Session, memberships: Sequence[int], kinds: Sequence[Kind], *, on: date):
    if not memberships:
        return []
    return session.execute(
        select(Evidence.subject_id, Evidence.kind, Evidence.detail).where(
            Evidence.about == About.MEMBERSHIP,
            Evidence.subject_id.in_(memberships),
            Evidence.kind.in_([kind.value for kind in kinds]),
            *Evidence.in_force(on),
        )
    )
