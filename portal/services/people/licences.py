"""Licences and seats: granted, reserved for a request, taken by issuing, given back ('User Licenses')."""

from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import PORTAL, Actor
from portal.models import Agency, Licence, Membership, Seat
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.locks import lock
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, start_of_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Effect, Kind, Reason


def grant_licences(
    session: Session, agency: Agency, *, count: int, actor: Actor, now: datetime, policy: Policy, kind: str = "core"
) -> None:
    """Gives the Agency `count` more licences of a kind (1 to 500)."""
    permissions.check(session, actor, Action.LICENCE_GRANT, agency)
    if not 1 <= count <= 500:
        raise bad_input("Grant between 1 and 500 licenses at a time.", "count")
    lock(session, agencies=[agency.id], lead=agency.id == LEAD)
    session.add_all(
        Licence(agency_id=agency.id, kind=kind, granted_at=now, granted_by=actor.person_id) for _ in range(count)
    )
    audit.record(
        session,
        actor=actor,
        now=now,
        act="licence.grant",
        thing=agency,
        said=f"Granted {count} {kind} licenses to {agency.name}.",
    )
    _say_what_is_free(session, agency.id, kind, now=now, policy=policy)


def withdraw_licence(
    session: Session, agency: Agency, *, actor: Actor, now: datetime, policy: Policy, kind: str = "core"
) -> None:
    """Takes back one licence that nobody holds; refuses where all are in use."""
    permissions.check(session, actor, Action.LICENCE_GRANT, agency)
    lock(session, agencies=[agency.id], lead=agency.id == LEAD)
    licence = _free_licence(session, agency.id, kind)
    if licence is None:
        raise Refused(
            Reason.NO_SEAT, f"Every license of {agency.name} is in use or reserved. Deactivate somebody first."
        )
    licence.withdrawn_at = now
    audit.record(
        session,
        actor=actor,
        now=now,
        act="licence.withdraw",
        thing=agency,
        said=f"Took one {kind} license back from {agency.name}.",
    )
    _say_what_is_free(session, agency.id, kind, now=now, policy=policy)


def reserve(
    session: Session, membership: Membership, *, now: datetime, policy: Policy, kind: str = "core"
) -> Seat | None:
    """Reserves a free seat for the pack's time and says so as evidence; None where none is free: the person queues."""
    lock(session, agencies=[membership.agency_id])
    if seat_of(session, membership.id, kind):
        return None
    licence = _free_licence(session, membership.agency_id, kind)
    if licence is None:
        return None
    today = local_day(now, policy.zone)
    until = policy.seats.reservation.after(today)
    seat = Seat(
        licence_id=licence.id,
        agency_id=membership.agency_id,
        membership_id=membership.id,
        kind=kind,
        reserved_at=now,
        reserved_until=until,
    )
    session.add(seat)
    session.flush()
    evidence.record(
        session,
        actor=PORTAL,
        now=now,
        kind=Kind.SEAT,
        about=About.MEMBERSHIP,
        subject_id=membership.id,
        detail=kind,
        valid_from=today,
        valid_until=until,
        rests_on="seat",
        rests_on_id=seat.id,
        note="reserved",
    )
    jobs.enqueue(
        session, Effect.EXPIRE, key=f"seat:{seat.id}", now=now, run_at=start_of_day(until + timedelta(1), policy.zone)
    )
    _say_what_is_free(session, membership.agency_id, kind, now=now, policy=policy)
    return seat


def take(session: Session, membership: Membership, *, now: datetime, policy: Policy, kind: str = "core") -> Seat:
    """The seat of a membership that is being let in: its reservation, or a free one. NO_SEAT where there is neither."""
    seat = seat_of(session, membership.id, kind)
    if seat is None:
        return occupy(session, membership, now=now, policy=policy, kind=kind)
    if seat.status == "reserved":
        transition(session, seat, "take", actor=PORTAL, now=now)
        seat.reserved_until = None
        today = local_day(now, policy.zone)
        evidence.replace(
            session,
            actor=PORTAL,
            now=now,
            on=today,
            reason="The reserved seat was taken.",
            kind=Kind.SEAT,
            about=About.MEMBERSHIP,
            subject_id=membership.id,
            detail=kind,
            rests_on="seat",
            rests_on_id=seat.id,
            note="held",
            decided=True,
        )
    return seat


def occupy(session: Session, membership: Membership, *, now: datetime, policy: Policy, kind: str = "core") -> Seat:
    """A free seat, taken at once by somebody who is let in, or was before the portal; NO_SEAT where no licence is free."""
    lock(session, agencies=[membership.agency_id])
    licence = _free_licence(session, membership.agency_id, kind)
    if licence is None:
        raise Refused(Reason.NO_SEAT, "No license is free at this Agency any more.")
    seat = Seat(
        licence_id=licence.id, agency_id=membership.agency_id, membership_id=membership.id, kind=kind, reserved_at=now
    )  # fmt: skip
    session.add(seat)
    session.flush()
    transition(session, seat, "take", actor=PORTAL, now=now)
    evidence.record(
        session, actor=PORTAL, now=now, kind=Kind.SEAT, about=About.MEMBERSHIP, subject_id=membership.id, detail=kind,
        valid_from=local_day(now, policy.zone), rests_on="seat", rests_on_id=seat.id, note="held", decided=True,
    )  # fmt: skip
    _say_what_is_free(session, membership.agency_id, kind, now=now, policy=policy)
    return seat


def give_back(session: Session, seat: Seat, *, now: datetime, policy: Policy, reason: str) -> None:
    """Returns a seat to its Agency's pool; whoever waits for one is reconsidered."""
    today = local_day(now, policy.zone)
    transition(session, seat, "give_back", actor=PORTAL, now=now, why=reason)
    seat.returned_at = now
    for row in evidence.in_force(session, About.MEMBERSHIP, seat.membership_id, Kind.SEAT, on=today, detail=seat.kind):
        evidence.end(session, row, actor=PORTAL, now=now, last_day=today - timedelta(1), reason=reason)
    _say_what_is_free(session, seat.agency_id, seat.kind, now=now, policy=policy)


def expire(session: Session, seat_id: int, *, now: datetime, policy: Policy) -> None:
    """Gives a reservation back whose time is over; does nothing to a seat that was taken meanwhile."""
    seat = session.get(Seat, seat_id)
    if seat is None:
        return
    lock(session, agencies=[seat.agency_id])
    session.refresh(seat)
    if seat.status == "reserved" and seat.reserved_until and seat.reserved_until < local_day(now, policy.zone):
        give_back(session, seat, now=now, policy=policy, reason="The reservation ran out.")


def seat_of(session: Session, membership_id: int, kind: str = "core") -> Seat | None:
    return session.scalars(
        select(Seat).where(Seat.membership_id == membership_id, Seat.kind == kind, Seat.status != "returned")
    ).one_or_none()


def has_place(session: Session, membership: Membership, kind: str = "core") -> bool:
    """Whether take() would find a seat: a reserved one, or a license that is free."""
    return bool(seat_of(session, membership.id, kind) or _free_licence(session, membership.agency_id, kind))


def free_seats(session: Session, agency_id: int, kind: str = "core") -> int:
    return session.scalar(select(func.count()).where(*_free(agency_id, kind))) or 0


def usage(session: Session, agency_id: int, kind: str = "core") -> dict[str, int]:
    """Licences granted, and how many seats are held, reserved and free."""
    occupied = select(Seat.status, func.count()).where(
        Seat.agency_id == agency_id, Seat.kind == kind, Seat.status != "returned"
    )
    seats = {status: count for status, count in session.execute(occupied.group_by(Seat.status))}  # noqa: C416 (rows, not pairs)
    granted = session.scalar(
        select(func.count()).where(Licence.agency_id == agency_id, Licence.kind == kind, Licence.withdrawn_at.is_(None))
    )
    held, reserved = seats.get("held", 0), seats.get("reserved", 0)
    return {"granted": granted or 0, "held": held, "reserved": reserved, "free": (granted or 0) - held - reserved}


def _free(agency_id: int, kind: str) -> tuple:
    taken = exists(select(1).where(Seat.licence_id == Licence.id, Seat.status != "returned"))
    return Licence.agency_id == agency_id, Licence.kind == kind, Licence.withdrawn_at.is_(None), ~taken


def _free_licence(session: Session, agency_id: int, kind: str) -> Licence | None:
    return session.scalars(select(Licence).where(*_free(agency_id, kind)).order_by(Licence.id).limit(1)).one_or_none()


def _say_what_is_free(session: Session, agency_id: int, kind: str, *, now: datetime, policy: Policy) -> None:
    """Keeps the evidence 'a licence is free' true, so that the gate of any day knows without counting."""
    session.flush()
    today = local_day(now, policy.zone)
    said = evidence.in_force(session, About.AGENCY, agency_id, Kind.SEAT_FREE, on=today, detail=kind)
    free = free_seats(session, agency_id, kind)
    if free and not said:
        evidence.record(
            session,
            actor=PORTAL,
            now=now,
            kind=Kind.SEAT_FREE,
            about=About.AGENCY,
            subject_id=agency_id,
            detail=kind,
            valid_from=today,
        )
    for row in said if not free else ():
        evidence.end(session, row, actor=PORTAL, now=now, last_day=today - timedelta(1), reason="No license is free.")
