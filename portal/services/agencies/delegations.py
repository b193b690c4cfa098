"""What an executive director lets somebody else of the Agency do in the director's place, until a day ('authorized designee')."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import Agency, Delegation, Membership
from portal.refusals import Refused, a_reason, bad_input
from portal.services.agencies import agencies
from portal.services.agencies.directors import active_members, holders
from portal.services.locks import lock
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import Effect, Reason, Role, Scope

SCOPES: Mapping[Scope, tuple[str, str]] = {
    Scope.REQUEST_ACCESS: (
        "Ask for people's access and report departures",
        "Ask for access, say which device a person uses, send reminders, and report who leaves",
    ),
    Scope.NAME_OFFICERS: (
        "Name the officers",
        "Name an Agency Administrator or a security officer, and end the office; never themselves",
    ),
    Scope.ATTEST_FORMS: (
        "Fill in and attest the Agency's forms",
        "The information form and the housing inventory; agreements stay with the director",
    ),
    Scope.AUTHORISE_DEVICES: (
        "Authorize devices",
        "As the director's designee, beside the Agency Administrator",
    ),
}  # fmt: skip
"""What may be let to somebody else, in words. To sign for the Agency, and to pass this on, stay with the director."""

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Row:
    """One delegation as a list shows it; `state` is one of: coming, in force, over, revoked, left."""

    delegation: Delegation
    state: str

    @property
    def open(self) -> bool:
        return self.state in ("coming", "in force")


def give(
    session: Session, *, agency: Agency, to: Membership, scopes: Collection[str], starts_on: date, ends_on: date, reason: str, actor: Actor,
    now: datetime, policy: Policy,
) -> list[Delegation]:  # fmt: skip
    """Lets `to` do these things for the director from day to day, a year at most; the delegate and the Agency Admins are told.

    Refuses (SAME_PERSON) oneself, and an Agency Admin as the designee for devices, since both have to authorize; what
    this person may do already on one of these days (ALREADY_DONE); and a period that has gone by or is too long (BAD_INPUT).
    """
    permissions.check(session, actor, Action.DELEGATION_GIVE, agency)
    today = local_day(now, policy.zone)
    agencies.refuse_shut(session, agency, on=today)
    wanted = [scope for scope in Scope if scope.value in scopes]
    if not wanted or set(scopes) - set(Scope):
        raise bad_input("Choose at least one thing from the list.", "scopes")
    if actor.person_id is None or to.person_id == actor.person_id:
        raise Refused(Reason.SAME_PERSON, "Choose somebody else: you may do all of this yourself.", "who")
    if to.agency_id != agency.id or str(to.id) not in dict(active_members(session, agency.id, on=today)):
        raise bad_input("Choose somebody who holds a role at this Agency.", "who")
    _refuse_period(starts_on, ends_on, today)
    why = a_reason(reason)
    lock(session, agencies=[agency.id], people=[to.person_id])
    admins = holders(session, agency.id, Role.AGENCY_ADMIN, on=today)
    if Scope.AUTHORISE_DEVICES in wanted and to.id in {admin.id for admin in admins}:
        raise Refused(
            Reason.SAME_PERSON,
            "An Agency Administrator authorizes devices in that office, and the second word has to be somebody else's.",
            "scopes",
        )
    _refuse_twice(session, agency, to, wanted, starts_on, ends_on)
    given = [
        Delegation(
            agency_id=agency.id, from_id=actor.person_id, to_id=to.person_id, scope=scope.value, reason=why, starts_on=starts_on, ends_on=ends_on,
            given_at=now,
        )
        for scope in wanted
    ]  # fmt: skip
    session.add_all(given)
    session.flush()
    said = "; ".join(SCOPES[scope][0].lower() for scope in wanted)
    audit.record(
        session, actor=actor, now=now, act="delegation.give", thing=to, after={"scopes": [s.value for s in wanted], "until": ends_on.isoformat()},
        said=f"Lets {to.person.name} act for the executive director of {agency.name}: {said}. From {us_date(starts_on)} to {us_date(ends_on)}. Reason: {why}",
    )  # fmt: skip
    _tell(session, "delegated", agency, to, given, [admin.person_id for admin in admins], now=now)
    return given


def revoke(
    session: Session, *, delegation: Delegation, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Ends one delegation at once; the delegate and the Agency Admins are told. ALREADY_DONE where it was revoked before."""
    permissions.check(session, actor, Action.DELEGATION_REVOKE, delegation)
    why = a_reason(reason)
    lock(session, agencies=[delegation.agency_id], people=[delegation.to_id])
    session.refresh(delegation, with_for_update=True)
    today = local_day(now, policy.zone)
    if delegation.revoked_at is not None or delegation.ends_on < today:
        raise Refused(Reason.ALREADY_DONE, "This is over already.")
    if actor.person_id is None:
        raise Refused(Reason.NOT_ALLOWED, "Somebody who has signed in revokes this.")
    delegation.revoked_at, delegation.revoked_by, delegation.revoked_reason = now, actor.person_id, why
    session.flush()
    agency = session.get_one(Agency, delegation.agency_id)
    query = select(Membership).where(Membership.agency_id == agency.id, Membership.person_id == delegation.to_id)
    to = session.scalars(query).one()
    audit.record(
        session, actor=actor, now=now, act="delegation.revoke", thing=to, before={"scope": delegation.scope},
        said=f"{to.person.name} no longer acts for the executive director: {SCOPES[Scope(delegation.scope)][0].lower()}. Reason: {why}",
    )  # fmt: skip
    admins = [admin.person_id for admin in holders(session, agency.id, Role.AGENCY_ADMIN, on=today)]
    _tell(session, "delegation_revoked", agency, to, [delegation], admins, now=now)


def listed(session: Session, agency: Agency, *, on: date) -> list[Row]:
    """Every delegation of an Agency, the latest first. Three statements at most, whatever their number."""
    people = (joinedload(Delegation.director), joinedload(Delegation.delegate))
    query = select(Delegation).options(*people).where(Delegation.agency_id == agency.id)
    found = session.scalars(query.order_by(Delegation.id.desc())).all()
    directors = {member.person_id for member in holders(session, agency.id, Role.EXECUTIVE_DIRECTOR, on=on)}
    there = {int(number) for number, _ in active_members(session, agency.id, on=on)} if found else set()
    of = Membership.agency_id == agency.id, Membership.id.in_(there)
    still = set(session.scalars(select(Membership.person_id).where(*of))) if found else set()
    return [Row(each, _state(each, directors, still, on)) for each in found]


def _state(delegation: Delegation, directors: set[int], still: set[int], on: date) -> str:
    if delegation.revoked_at is not None:
        return "revoked"
    if delegation.ends_on < on:
        return "over"
    if delegation.from_id not in directors or delegation.to_id not in still:
        return "left"
    return "coming" if delegation.starts_on > on else "in force"


def _refuse_period(starts_on: date, ends_on: date, today: date) -> None:
    if starts_on < today:
        raise bad_input(f"The first day is today, {us_date(today)}, or later.", "starts_on")
    if ends_on < starts_on:
        raise bad_input("The last day is before the first day.", "ends_on")
    if ends_on - starts_on > LONGEST:
        raise bad_input(f"A year at most: until {us_date(starts_on + LONGEST)}. It can be given again then.", "ends_on")


def _refuse_twice(
    session: Session, agency: Agency, to: Membership, wanted: Sequence[Scope], starts_on: date, ends_on: date
) -> None:
    query = select(Delegation.scope).where(
        Delegation.agency_id == agency.id, Delegation.to_id == to.person_id, Delegation.scope.in_(wanted), Delegation.revoked_at.is_(None),
        Delegation.starts_on <= ends_on, Delegation.ends_on >= starts_on,
    )  # fmt: skip
    twice = session.scalars(query.order_by(Delegation.id)).first()
    if twice is not None:
        raise Refused(
            Reason.ALREADY_DONE,
            f"{to.person.name} may do this on some of these days already: {SCOPES[Scope(twice)][0].lower()}. Revoke that first, or leave it out.",
            "scopes",
        )


def _tell(
    session: Session, mail: str, agency: Agency, to: Membership, about: Sequence[Delegation], admins: Sequence[int], *, now: datetime
) -> None:  # fmt: skip
    for person_id in sorted({to.person_id, *admins}):
        payload = {
            "mail": mail, "person_id": person_id, "membership_id": to.id, "agency_id": agency.id, "delegation_ids": [each.id for each in about],
        }  # fmt: skip
        jobs.enqueue(session, Effect.MAIL, key=f"{mail}:{about[0].id}:{person_id}", now=now, payload=payload)
