"""A person leaves an Agency: access, roles, seat and links end at once, and the Lead is told ('User Accounts')."""

from datetime import date, datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import PORTAL, Actor
from portal.models import AccessRequest, Document, Evidence, Link, Membership, Person
from portal.refusals import Refused, a_reason, bad_input
from portal.services import evidence
from portal.services.account import sign_in
from portal.services.locks import lock
from portal.services.people import grants, licences
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, start_of_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Effect, Kind, Reason, Role

ENDS = (
    Kind.ROLE,
    Kind.REQUEST,
    Kind.LEAD_APPROVAL,
    Kind.ACCESS_LEVEL,
    Kind.WORKER,
    Kind.PROJECT,
    Kind.DEVICE_IN_USE,
    Kind.COURSE_ASSIGNED,
    Kind.INHERITED,
)
"""What a membership does not keep: whoever returns is asked for anew. Agreements hold as long as their version does."""

FURTHEST = timedelta(days=366)


def deactivate(
    session: Session,
    *,
    membership: Membership,
    reason: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
    last_day: date | None = None,
) -> bool:
    """Ends everything the person has at this Agency: at once, or at the end of a `last_day` to come. True: at once.

    Refuses an empty reason, a day more than a year away, and whoever has left before (ALREADY_DONE).
    """
    actor = permissions.acting(session, actor, Action.PERSON_DEACTIVATE, membership)
    if membership.agency_id == LEAD:
        permissions.check(session, actor, Action.USER_INVITE, membership)
    today = local_day(now, policy.zone)
    why = a_reason(reason)
    leaves_on = _first_day_without(last_day, today)
    lock(session, agencies=[membership.agency_id], people=[membership.person_id])
    for planned in departures_of(session, membership.id):
        if planned.valid_from <= today:
            raise Refused(
                Reason.ALREADY_DONE,
                f"{_name(session, membership)} left on {us_date(planned.valid_from)}; nothing is active any more.",
            )
        evidence.withdraw(session, planned, actor=actor, now=now, reason="Another day was entered.")
    row = evidence.record(
        session,
        actor=actor,
        now=now,
        kind=Kind.DEPARTURE,
        about=About.MEMBERSHIP,
        subject_id=membership.id,
        valid_from=leaves_on,
        note=why,
    )
    if leaves_on > today:
        jobs.enqueue(
            session,
            Effect.EXPIRE,
            key=f"departure:{membership.id}",
            now=now,
            run_at=start_of_day(leaves_on, policy.zone),
            coalesce=False,
        )
        audit.record(
            session,
            actor=actor,
            now=now,
            act="person.deactivate",
            thing=membership,
            after={"from": leaves_on.isoformat()},
            said=f"{_name(session, membership)} will be deactivated on {us_date(leaves_on)}. Reason: {why}",
        )
        return False
    _carry_out(session, membership, row, actor=actor, now=now, policy=policy)
    return True


def call_off(
    session: Session, *, membership: Membership, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Takes back a departure that was announced for a day to come. NOT_FOUND where none was."""
    actor = permissions.acting(session, actor, Action.PERSON_DEACTIVATE, membership)
    why = a_reason(reason)
    lock(session, agencies=[membership.agency_id], people=[membership.person_id])
    planned = [row for row in departures_of(session, membership.id) if row.valid_from > local_day(now, policy.zone)]
    if not planned:
        raise Refused(
            Reason.NOT_FOUND, "No departure is planned for this person. Whoever has left already needs a new request."
        )
    for row in planned:
        evidence.withdraw(session, row, actor=actor, now=now, reason=why)


def fall_due(session: Session, *, membership_id: int, now: datetime, policy: Policy) -> None:
    """Carries out a departure whose day has come; nothing where it was called off or has been carried out."""
    membership = session.get(Membership, membership_id)
    if membership is None:
        return
    lock(session, agencies=[membership.agency_id], people=[membership.person_id])
    due = [row for row in departures_of(session, membership_id) if row.valid_from <= local_day(now, policy.zone)]
    if due and _is_active(session, membership_id, now=now, policy=policy):
        _carry_out(session, membership, due[-1], actor=PORTAL, now=now, policy=policy)


def departures_of(session: Session, membership_id: int) -> list[Evidence]:
    """The departures on record that were neither taken back nor ended by a return, oldest first."""
    query = select(Evidence).where(
        Evidence.about == About.MEMBERSHIP,
        Evidence.subject_id == membership_id,
        Evidence.kind == Kind.DEPARTURE,
        Evidence.withdrawn_at == datetime.max,
        Evidence.valid_until == date.max,
    )
    return list(session.scalars(query.order_by(Evidence.id)))


def consequences(session: Session, membership: Membership, *, on: date) -> list[str]:
    """What deactivating will do, to whom, in sentences: for the page that asks for confirmation."""
    person = session.get_one(Person, membership.person_id)
    grant, said = grants.live_grant(session, membership.id), []
    if grant is not None:
        others = len([g for g in grant.account.grants if g.status != "ended" and g.membership_id != membership.id])
        said.append(
            f"{person.name} can no longer reach this Agency's clients in the core HMIS; access through "
            f"{others} other membership{'s' * (others > 1)} goes on."
            if others
            else f"The account {grant.account.user_id} in the core HMIS is ordered to be removed."
        )
    if licences.seat_of(session, membership.id):
        said.append("The license goes back to the Agency and may be given to whoever waits for one.")
    if grants.open_request(session, membership.id):
        said.append("The open request for access ends.")
    held = {row.detail for row in evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.ROLE, on=on)}
    if held - {Role.END_USER}:
        said.append(
            "These roles end: " + ", ".join(sorted(role.replace("_", " ") for role in held - {Role.END_USER})) + "."
        )
    if held & {Role.AGENCY_ADMIN, Role.SECURITY_OFFICER}:
        said.append(
            "Unless somebody else holds them, no new access is issued at this Agency until the director "
            "names another person."
        )
    said.append("Links that were sent stop working, and documents that wait for this signature are set aside.")
    if not _elsewhere(session, membership):
        said.append(f"{person.first_name} is signed out of this portal everywhere.")
    said.append("The HMIS Lead is told at once. What is on record stays on record.")
    return said


def _carry_out(
    session: Session, membership: Membership, row: Evidence, *, actor: Actor, now: datetime, policy: Policy
) -> None:
    why, last_day = row.note or "Left the Agency.", row.valid_from - timedelta(1)
    grant = grants.live_grant(session, membership.id)
    if grant is not None:
        grants.end(session, grant, actor=actor, now=now, reason=why, policy=policy)
    seat = licences.seat_of(session, membership.id)
    if seat is not None:
        licences.give_back(session, seat, now=now, policy=policy, reason=why)
    for request in session.scalars(
        select(AccessRequest).where(
            AccessRequest.membership_id == membership.id, AccessRequest.status.in_(("open", "issued"))
        )
    ):
        request.closed_at, request.closed_reason = request.closed_at or now, request.closed_reason or why
        transition(session, request, "leave", actor=actor, now=now, why=why)
    for held in _not_over(session, membership.id, on=local_day(now, policy.zone)):
        evidence.end(session, held, actor=actor, now=now, last_day=last_day, reason=why)
    _close_paperwork(session, membership, now=now)
    if not _elsewhere(session, membership):
        sign_in.end_sessions(session, person_id=membership.person_id, now=now)
        session.execute(
            update(Link)
            .where(Link.person_id == membership.person_id, Link.used_at.is_(None), Link.revoked_at.is_(None))
            .values(revoked_at=now)
        )
    audit.record(
        session,
        actor=actor,
        now=now,
        act="person.deactivate",
        thing=membership,
        after={"from": row.valid_from.isoformat()},
        said=f"{_name(session, membership)} was deactivated: access, roles and seat ended. Reason: {why}",
    )
    jobs.enqueue(
        session,
        Effect.MAIL,
        key=f"departed:{membership.id}:{row.id}",
        now=now,
        payload={"mail": "departed", "membership_id": membership.id, "agency_id": membership.agency_id},
    )


def _not_over(session: Session, membership_id: int, *, on: date) -> list[Evidence]:
    """What ends with a departure: what holds, and what was to begin on a later day and would bring an office back."""
    query = select(Evidence).where(
        Evidence.about == About.MEMBERSHIP,
        Evidence.subject_id == membership_id,
        Evidence.kind.in_(ENDS),
        Evidence.withdrawn_at == datetime.max,
        Evidence.valid_until >= on,
    )
    return list(session.scalars(query.order_by(Evidence.id)))


def _close_paperwork(session: Session, membership: Membership, *, now: datetime) -> None:
    documents = list(
        session.scalars(
            select(Document).where(
                Document.membership_id == membership.id, Document.status.in_(("prepared", "rejected", "scanned"))
            )
        )
    )
    for document in documents:
        transition(session, document, "void", actor=PORTAL, now=now, why="The person left the Agency.")
    if documents:
        ids = [document.id for document in documents]
        session.execute(
            update(Link)
            .where(Link.document_id.in_(ids), Link.used_at.is_(None), Link.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def _elsewhere(session: Session, membership: Membership) -> bool:
    """Whether the person still belongs to another Agency."""
    gone = exists(
        select(1).where(
            Evidence.about == About.MEMBERSHIP,
            Evidence.subject_id == Membership.id,
            Evidence.kind == Kind.DEPARTURE,
            Evidence.withdrawn_at == datetime.max,
            Evidence.valid_until == date.max,
        )
    )
    query = select(Membership.id).where(
        Membership.person_id == membership.person_id, Membership.id != membership.id, ~gone
    )
    return session.scalar(query.limit(1)) is not None


def _is_active(session: Session, membership_id: int, *, now: datetime, policy: Policy) -> bool:
    if grants.live_grant(session, membership_id) or grants.open_request(session, membership_id):
        return True
    today = local_day(now, policy.zone)
    return any(evidence.in_force(session, About.MEMBERSHIP, membership_id, kind, on=today) for kind in ENDS)


def _first_day_without(last_day: date | None, today: date) -> date:
    if last_day is None or last_day == today:
        return today
    if abs(last_day - today) > FURTHEST:
        raise bad_input(f"{us_date(last_day)} is more than a year away. Check the year.", "last_day")
    return last_day + timedelta(1)


def _name(session: Session, membership: Membership) -> str:
    return session.get_one(Person, membership.person_id).name
