"""What a request asks for, as evidence: role, authorisation, level, projects, device; and how it is taken back."""

from datetime import date, datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from portal.actors import PORTAL, Actor
from portal.models import AccessRequest, Device, Grant, Membership
from portal.services import evidence
from portal.services.people import people
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import About, Kind, Role

ASKED = (Kind.REQUEST, Kind.LEAD_APPROVAL, Kind.ACCESS_LEVEL, Kind.WORKER, Kind.PROJECT, Kind.DEVICE_IN_USE)


class OnWhoseWord(Protocol):
    """What record() needs to know of a request's basis."""

    @property
    def called(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def needs_second_person(self) -> bool: ...


def record(
    session: Session,
    membership: Membership,
    request: AccessRequest,
    basis: OnWhoseWord,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """Writes everything that the request says as evidence from today, resting on the request.

    Where a second person has to approve, the authorisation itself is left to approve().
    """
    today = local_day(now, policy.zone)
    _approve_anew(session, membership, request, actor=actor, now=now, on=today)
    if not people.roles(session, membership.id, on=today, role=Role.END_USER):
        _row(session, membership, Kind.ROLE, Role.END_USER.value, request, actor=actor, now=now, on=today)
    if not basis.needs_second_person:
        evidence.replace(
            session,
            actor=actor,
            now=now,
            on=today,
            reason="Access was asked for anew.",
            kind=Kind.REQUEST,
            about=About.MEMBERSHIP,
            subject_id=membership.id,
            rests_on="access_request",
            rests_on_id=request.id,
            note=basis.note,
        )
    _one(session, membership, Kind.ACCESS_LEVEL, request.access_level, 0, request, actor=actor, now=now, on=today)
    _one(session, membership, Kind.WORKER, request.worker, 0, request, actor=actor, now=now, on=today)
    if request.device_id:
        _one(session, membership, Kind.DEVICE_IN_USE, "", request.device_id, request, actor=actor, now=now, on=today)
    _projects(session, membership, request, actor=actor, now=now, on=today)


def end(session: Session, membership: Membership, *, actor: Actor, now: datetime, policy: Policy, reason: str) -> None:
    """What was asked for no longer counts, as of yesterday; the role of an end user ends with it."""
    today = local_day(now, policy.zone)
    rows = [
        row for kind in ASKED for row in evidence.in_force(session, About.MEMBERSHIP, membership.id, kind, on=today)
    ]
    for row in rows + people.roles(session, membership.id, on=today, role=Role.END_USER):
        evidence.end(session, row, actor=actor, now=now, last_day=today - timedelta(1), reason=reason)


def put_back(
    session: Session,
    membership: Membership,
    before: AccessRequest | None,
    grant: Grant,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """After a change was called off: level, worker, projects and device as the live access has them."""
    today = local_day(now, policy.zone)
    if before is None:
        _one(session, membership, Kind.ACCESS_LEVEL, grant.access_level, 0, None, actor=actor, now=now, on=today)
        return
    _one(session, membership, Kind.ACCESS_LEVEL, grant.access_level, 0, before, actor=actor, now=now, on=today)
    _one(session, membership, Kind.WORKER, before.worker, 0, before, actor=actor, now=now, on=today)
    if before.device_id:
        _one(session, membership, Kind.DEVICE_IN_USE, "", before.device_id, before, actor=actor, now=now, on=today)
    _projects(session, membership, before, actor=actor, now=now, on=today)


def use_device(
    session: Session,
    membership: Membership,
    device: Device,
    request: AccessRequest,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> bool:
    """The device in use from today; False where it is on record already."""
    today = local_day(now, policy.zone)
    held = evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.DEVICE_IN_USE, on=today)
    if [row.value for row in held] == [device.id]:
        return False
    _one(session, membership, Kind.DEVICE_IN_USE, "", device.id, request, actor=actor, now=now, on=today)
    return True


def _approve_anew(
    session: Session, membership: Membership, request: AccessRequest, *, actor: Actor, now: datetime, on: date
) -> None:
    """A second person's word is about one level and against one requester: for another, another word is needed (U18)."""
    levels = evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.ACCESS_LEVEL, on=on)
    same = [row.detail for row in levels] == [request.access_level]
    for row in evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.LEAD_APPROVAL, on=on):
        if not same or row.recorded_by == actor.person_id:
            evidence.end(
                session, row, actor=actor, now=now, last_day=on - timedelta(1), reason="Something else was asked for."
            )


def _one(
    session: Session,
    membership: Membership,
    kind: Kind,
    detail: str,
    value: int,
    request: AccessRequest | None,
    *,
    actor: Actor,
    now: datetime,
    on: date,
) -> None:
    """Evidence of which there is one at a time; nothing is written where it stands already."""
    held = evidence.in_force(session, About.MEMBERSHIP, membership.id, kind, on=on)
    if [(row.detail, row.value) for row in held] == [(detail, value)]:
        return
    evidence.replace(
        session,
        actor=actor,
        now=now,
        on=on,
        reason="Something else was asked for.",
        kind=kind,
        about=About.MEMBERSHIP,
        subject_id=membership.id,
        detail=detail,
        value=value,
        rests_on="access_request" if request else "",
        rests_on_id=request.id if request else 0,
    )


def _projects(
    session: Session, membership: Membership, request: AccessRequest, *, actor: Actor, now: datetime, on: date
) -> None:
    wanted = {str(number) for number in request.project_ids}
    held = {row.detail: row for row in evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.PROJECT, on=on)}
    for detail in sorted(held.keys() - wanted):
        evidence.end(
            session,
            held[detail],
            actor=actor,
            now=now,
            last_day=on - timedelta(1),
            reason="No longer among the projects.",
        )
    for detail in sorted(wanted - held.keys(), key=int):
        _row(session, membership, Kind.PROJECT, detail, request, actor=actor, now=now, on=on)


def _row(
    session: Session,
    membership: Membership,
    kind: Kind,
    detail: str,
    request: AccessRequest,
    *,
    actor: Actor,
    now: datetime,
    on: date,
) -> None:
    evidence.record(
        session,
        actor=actor or PORTAL,
        now=now,
        kind=kind,
        about=About.MEMBERSHIP,
        subject_id=membership.id,
        detail=detail,
        valid_from=on,
        rests_on="access_request",
        rests_on_id=request.id,
    )
