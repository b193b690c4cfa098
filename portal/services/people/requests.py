"""Asking for access for a person: who, why, at which level, for which projects, on which device (U1, U8)."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import AccessRequest, Agency, Device, Membership, Person, Project
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.locks import lock
from portal.services.people import asked_for, departures, grants, licences, onboarding, particulars, people
from portal.services.people.bases import Basis, basis_of
from portal.services.people.particulars import PersonFields
from portal.services.people.request_checks import Work, checked, refuse_shut_agency
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import Effect, Reason

ACTS = ("add", "modify", "replace")


def submit(
    session: Session,
    *,
    agency: Agency,
    work: Work,
    actor: Actor,
    now: datetime,
    policy: Policy,
    person: PersonFields | None = None,
    membership: Membership | None = None,
    act: str = "add",
    replaces: Membership | None = None,
    replaced_last_day: date | None = None,
    instruction: str = "",
) -> AccessRequest:
    """Asks for access for a `person` named here or a `membership` that exists; `replaces` leaves at the same time.

    Nobody asks for themselves (SAME_PERSON). The Lead asks for an Agency's person on its director's signed
    `instruction` only. One open request a membership (ALREADY_DONE). Sources: 'Eligible Users', 'Setting up a New
    HMIS End User'.
    """
    actor = permissions.acting(session, actor, Action.ACCESS_REQUEST, agency)
    basis = basis_of(actor, agency, instruction)
    today = local_day(now, policy.zone)
    refuse_shut_agency(session, agency, on=today)
    if act not in ACTS or (act == "replace") != (replaces is not None):
        raise bad_input(
            "Choose whether this is a new person, a change, or a replacement, and say who is replaced.", "act"
        )
    if replaces is not None:
        if replaces.agency_id != agency.id or (membership is not None and membership.id == replaces.id):
            raise bad_input("Choose somebody of this Agency who leaves.", "replaces")
        departures.deactivate(
            session,
            membership=replaces,
            reason="Replaced by another person.",
            last_day=replaced_last_day,
            actor=actor,
            now=now,
            policy=policy,
        )
    membership = _membership(session, agency, person, membership, actor=actor, now=now)
    if membership.person_id == actor.person_id:
        raise Refused(
            Reason.SAME_PERSON,
            "Nobody asks for their own access. Your director's designation is the request for an Agency Administrator.",
        )
    return _enter(session, agency, membership, work, act=act, basis=basis, actor=actor, now=now, policy=policy)


def from_designation(
    session: Session,
    *,
    membership: Membership,
    access_level: str,
    purpose: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
    start_on: date | None = None,
    device: Device | None = None,
    supervisor: str = "",
    worker: str = "staff",
) -> AccessRequest:
    """The director's signed designation is the request for an Agency Admin's own access, for all its projects.

    A director who names himself needs the Lead as the second person: approve() records the authorisation then (U18).
    """
    actor = permissions.acting(session, actor, Action.OFFICER_NAME, membership)
    agency = session.get_one(Agency, membership.agency_id)
    today = local_day(now, policy.zone)
    refuse_shut_agency(session, agency, on=today)
    every = tuple(session.scalars(select(Project.id).where(Project.agency_id == agency.id).order_by(Project.id)))
    work = Work(
        purpose=purpose,
        access_level=access_level,
        start_on=start_on or today,
        worker=worker,
        project_ids=every,
        device=device,
        supervisor=supervisor,
    )
    basis = Basis(called="designation", needs_second_person=membership.person_id == actor.person_id)
    return _enter(session, agency, membership, work, act="add", basis=basis, actor=actor, now=now, policy=policy)


def choose_device(
    session: Session, *, membership: Membership, device: Device, actor: Actor, now: datetime, policy: Policy
) -> None:
    """The device the person uses from today, instead of the one before; a laptop's statement goes out to be signed.

    For whoever could ask for access, and not for oneself. ALREADY_DONE where nothing changes or nothing was asked for.
    """
    actor = permissions.acting(session, actor, Action.ACCESS_REQUEST, membership)
    if membership.person_id == actor.person_id:
        raise Refused(Reason.SAME_PERSON, "Somebody else at your Agency has to say which device you use.")
    if device.agency_id != membership.agency_id:
        raise bad_input("Choose a device of this Agency.", "device_id")
    lock(session, agencies=[membership.agency_id], people=[membership.person_id])
    grant, request = grants.live_grant(session, membership.id), grants.open_request(session, membership.id)
    basis = request or (session.get(AccessRequest, grant.request_id) if grant and grant.request_id else None)
    if basis is None:
        raise Refused(Reason.ALREADY_DONE, "Access has not been asked for. Ask for access and choose the device there.")
    if not asked_for.use_device(session, membership, device, basis, actor=actor, now=now, policy=policy):
        raise Refused(Reason.ALREADY_DONE, f"{device.label} is the device on record already.")
    basis.device_id = device.id
    onboarding.laptop_statement(session, membership=membership, device=device, actor=actor, now=now, policy=policy)


def cancel(
    session: Session, *, request: AccessRequest, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Takes a request back: the reservation returns, what was asked for counts no more; live access stays as it was."""
    permissions.check(session, actor, Action.ACCESS_CANCEL, request)
    if not reason.strip():
        raise bad_input("Say why the request is canceled.", "reason")
    membership = session.get_one(Membership, request.membership_id)
    lock(session, agencies=[request.agency_id], people=[membership.person_id])
    transition(session, request, "cancel", actor=actor, now=now, why=reason.strip())
    request.closed_at, request.closed_reason = now, reason.strip()[:1000]
    grant = grants.live_grant(session, membership.id)
    if grant is None:
        seat = licences.seat_of(session, membership.id)
        if seat is not None:
            licences.give_back(session, seat, now=now, policy=policy, reason="The request was canceled.")
        asked_for.end(session, membership, actor=actor, now=now, policy=policy, reason="The request was canceled.")
    else:
        before = session.get(AccessRequest, grant.request_id) if grant.request_id else None
        asked_for.put_back(session, membership, request, before, grant, actor=actor, now=now, policy=policy)


def open_requests(session: Session, agency_id: int) -> list[AccessRequest]:
    query = select(AccessRequest).where(AccessRequest.agency_id == agency_id, AccessRequest.status == "open")
    return list(session.scalars(query.order_by(AccessRequest.requested_at, AccessRequest.id)))


def _enter(
    session: Session,
    agency: Agency,
    membership: Membership,
    work: Work,
    *,
    act: str,
    basis: Basis,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> AccessRequest:
    lock(session, agencies=[agency.id], people=[membership.person_id])
    today = local_day(now, policy.zone)
    projects = checked(session, agency, membership, work, on=today, policy=policy)
    _refuse_second_request(session, membership, act)
    _come_back(session, membership, actor=actor, now=now, today=today)
    request = AccessRequest(
        membership_id=membership.id,
        agency_id=agency.id,
        act=act,
        purpose=work.purpose.strip(),
        access_level=work.access_level,
        worker=work.worker,
        project_ids=[p.id for p in projects],
        device_id=work.device.id if work.device else None,
        supervisor=particulars.short(work.supervisor, 200, "supervisor"),
        start_on=work.start_on,
        requested_by=actor.person_id,
        basis=basis.called,
        requested_at=now,
    )
    session.add(request)
    session.flush()
    person = session.get_one(Person, membership.person_id)
    audit.record(
        session,
        actor=actor,
        now=now,
        act="access.request",
        thing=request,
        after={"level": work.access_level, "act": act, "basis": basis.called},
        said=f"Asked for access for {person.name} at {agency.name}."
        + (f" Instruction: {basis.note}" if basis.note else ""),
    )
    asked_for.record(session, membership, request, basis, actor=actor, now=now, policy=policy)
    if grants.live_grant(session, membership.id) is None:
        _reserve_or_queue(session, request, membership, now=now, policy=policy)
    onboarding.start(
        session, request=request, agency=agency, person=person, projects=projects, actor=actor, now=now, policy=policy
    )
    _acknowledge(session, request, actor=actor, now=now)
    return request


def _reserve_or_queue(
    session: Session, request: AccessRequest, membership: Membership, *, now: datetime, policy: Policy
) -> None:
    """A seat for the pack's time; where none is free the person queues, by readiness, and the Lead learns of it."""
    if (
        licences.reserve(session, membership, now=now, policy=policy) is None
        and licences.seat_of(session, membership.id) is None
    ):
        jobs.enqueue(
            session,
            Effect.MAIL,
            key=f"seat_waiting:{request.id}",
            now=now,
            payload={"mail": "seat_waiting", "membership_id": membership.id, "agency_id": membership.agency_id},
        )


def _acknowledge(session: Session, request: AccessRequest, *, actor: Actor, now: datetime) -> None:
    if actor.person_id is not None:
        jobs.enqueue(
            session,
            Effect.MAIL,
            key=f"request_received:{request.id}",
            now=now,
            payload={
                "mail": "request_received",
                "person_id": actor.person_id,
                "request_id": request.id,
                "membership_id": request.membership_id,
                "agency_id": request.agency_id,
            },
        )


def _membership(
    session: Session,
    agency: Agency,
    person: PersonFields | None,
    membership: Membership | None,
    *,
    actor: Actor,
    now: datetime,
) -> Membership:
    if membership is not None:
        if membership.agency_id != agency.id:
            raise bad_input("This person belongs to another Agency.", "email")
        return membership
    if person is None:
        raise bad_input("Say who needs access.", "email")
    named = people.name_person(
        session,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        phone=person.phone,
        title=person.title,
        free_mail_ok=person.free_mail_ok,
        actor=actor,
        now=now,
    )
    return people.member(session, agency=agency, person=named, actor=actor, now=now)


def _refuse_second_request(session: Session, membership: Membership, act: str) -> None:
    waiting = grants.open_request(session, membership.id)
    if waiting is not None:
        raise Refused(
            Reason.ALREADY_DONE,
            f"Access was asked for on {us_date(waiting.requested_at.date())} and the request is still open. "
            "Cancel it first to change it.",
        )
    grant = grants.live_grant(session, membership.id)
    if act == "modify" and grant is None:
        raise bad_input("This person has no access that could be changed. Ask for access instead.", "act")
    if act != "modify" and grant is not None:
        raise Refused(
            Reason.ALREADY_DONE,
            "This person has access already. To change the level or the projects, choose 'Change access'.",
        )


def _come_back(session: Session, membership: Membership, *, actor: Actor, now: datetime, today: date) -> None:
    """A rehire: the departure ends on the day before; everything else that had ended with it is asked for anew.

    A departure that is still to come stays: a change of projects on Monday must not keep somebody who leaves on Friday.
    """
    for row in departures.departures_of(session, membership.id):
        if row.valid_from <= today:
            evidence.end(
                session, row, actor=actor, now=now, last_day=today - timedelta(1), reason="Access was asked for again."
            )


__all__ = ["ACTS", "PersonFields", "Work", "cancel", "choose_device", "from_designation", "open_requests", "submit"]
