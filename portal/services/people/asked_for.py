"""What a request asks for, as evidence: role, authorisation, level, projects, device; and how it is taken back."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actors import PORTAL, Actor
from portal.models import AccessRequest, Device, Evidence, Grant, Membership
from portal.services import evidence
from portal.services.people import offices
from portal.services.people.bases import Basis
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import About, Kind, Role

ANEW, ELSE = "Access was asked for anew.", "Something else was asked for."
"""Why evidence ends when something is asked for; the words by which a request that is called off finds it again."""

ASKED = (Kind.REQUEST, Kind.LEAD_APPROVAL, Kind.ACCESS_LEVEL, Kind.WORKER, Kind.PROJECT, Kind.DEVICE_IN_USE)


def record(
    session: Session,
    membership: Membership,
    request: AccessRequest,
    basis: Basis,
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
    if not offices.roles(session, membership.id, on=today, role=Role.END_USER):
        _row(session, membership, Kind.ROLE, Role.END_USER.value, request, actor=actor, now=now, on=today)
    if not basis.needs_second_person:
        evidence.replace(
            session,
            actor=actor,
            now=now,
            on=today,
            reason=ANEW,
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
    for row in rows + offices.roles(session, membership.id, on=today, role=Role.END_USER):
        evidence.end(session, row, actor=actor, now=now, last_day=today - timedelta(1), reason=reason)


def put_back(
    session: Session,
    membership: Membership,
    called_off: AccessRequest,
    before: AccessRequest | None,
    grant: Grant,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """After a change was called off: level, worker, projects and device as the live access has them, and whose word counts.

    A change ends the request before it and, for the Lead's staff, may end the second person's approval (U18): both come
    back as they were, since what they were given for is what there is again.
    """
    today = local_day(now, policy.zone)
    for kind in (Kind.REQUEST, Kind.LEAD_APPROVAL):
        _word_put_back(session, called_off, kind, actor=actor, now=now, on=today)
    if before is None:
        _one(session, membership, Kind.ACCESS_LEVEL, grant.access_level, 0, None, actor=actor, now=now, on=today)
        return
    _one(session, membership, Kind.ACCESS_LEVEL, grant.access_level, 0, before, actor=actor, now=now, on=today)
    _one(session, membership, Kind.WORKER, before.worker, 0, before, actor=actor, now=now, on=today)
    if before.device_id:
        _one(session, membership, Kind.DEVICE_IN_USE, "", before.device_id, before, actor=actor, now=now, on=today)
    _projects(session, membership, before, actor=actor, now=now, on=today)


def _word_put_back(
    session: Session, called_off: AccessRequest, kind: Kind, *, actor: Actor, now: datetime, on: date
) -> None:
    """Ends the word that was given for the request called off, and lets the one hold again that it ended."""
    held = evidence.in_force(session, About.MEMBERSHIP, called_off.membership_id, kind, on=on)
    given_for_it = [r for r in held if (r.rests_on, r.rests_on_id) == ("access_request", called_off.id)]
    for row in given_for_it:
        evidence.end(
            session, row, actor=actor, now=now, last_day=on - timedelta(1), reason="The change was called off."
        )
    if len(held) > len(given_for_it):
        return
    ended_by_it = session.scalars(
        select(Evidence)
        .where(
            Evidence.about == About.MEMBERSHIP,
            Evidence.subject_id == called_off.membership_id,
            Evidence.kind == kind,
            Evidence.withdrawn_at == called_off.requested_at,
            Evidence.withdrawn_reason.in_((ANEW, ELSE)),
        )
        .order_by(Evidence.id.desc())
        .limit(1)
    ).first()
    if ended_by_it is not None:
        evidence.put_back(session, ended_by_it, actor=actor, now=now, on=on)


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
            evidence.end(session, row, actor=actor, now=now, last_day=on - timedelta(1), reason=ELSE)


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
        reason=ELSE,
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
