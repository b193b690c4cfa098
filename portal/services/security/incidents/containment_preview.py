"""What can be closed at once for an incident, and what will happen to whom, by name, before anybody closes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from portal.models import Device, Evidence, Grant, Incident, IncidentPerson, Membership, Person, WebSession
from portal.services.security.incidents.containment import Target
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be closed, in words, with what it means."""

    target: Target
    label: str
    hint: str


def choices(session: Session, incident: Incident, *, on: date) -> list[Choice]:
    """Everything that may be closed: of each person involved the access everywhere or at one Agency, and devices in use."""
    rows = session.scalars(
        select(Membership)
        .join(IncidentPerson, IncidentPerson.person_id == Membership.person_id)
        .where(IncidentPerson.incident_id == incident.id)
        .order_by(IncidentPerson.id, Membership.id)
        .options(joinedload(Membership.agency), joinedload(Membership.person))
    ).all()
    found: dict[Target, Choice] = {}
    for member in rows:
        whole = Target(About.PERSON, member.person_id)
        found.setdefault(whole, Choice(whole, f"All access of {member.person.name}", "At every Agency, and to this portal's sessions"))  # fmt: skip
        if member.agency_id != LEAD:
            one = Target(About.MEMBERSHIP, member.id)
            found[one] = Choice(
                one, f"The access of {member.person.name} at {member.agency.name}", "Elsewhere it goes on"
            )
    for device, users in _devices(session, [member.id for member in rows], on).items():
        one = Target(About.DEVICE, device.id)
        found[one] = Choice(one, f"The device {device.label}", f"Used by {', '.join(users)}")
    return list(found.values())


def foreseen(session: Session, targets: Sequence[Target], *, now: datetime, policy: Policy) -> list[str]:
    """What will happen to whom, a sentence each: access and accounts that close, sessions that end, devices and their users."""
    on = local_day(now, policy.zone)
    until = us_date(on + timedelta(policy.incidents.suspension_days - 1))
    said: list[str] = []
    signed_out: dict[int, str] = {}
    for target in targets:
        if target.about == About.DEVICE:
            said += _device(session, target.id, on)
            continue
        person = _person(session, target)
        if person is None:
            continue
        signed_out[person.id] = person.name
        said += _access(session, target, person, until)
    for person_id, name in signed_out.items():
        live = session.scalar(select(func.count()).where(WebSession.person_id == person_id, WebSession.ended_at.is_(None))) or 0  # fmt: skip
        said.append(f"{name} is signed out of this portal" + (f" in {live} {'browser' if live == 1 else 'browsers'}." if live else " wherever signed in."))  # fmt: skip
    if signed_out:
        said.append(f"It opens again by itself after {until}, unless a second person extends it once or a sanction is decided.")  # fmt: skip
    return said


def _person(session: Session, target: Target) -> Person | None:
    if target.about == About.PERSON:
        return session.get(Person, target.id)
    member = session.get(Membership, target.id)
    return member.person if member else None


def _access(session: Session, target: Target, person: Person, until: str) -> list[str]:
    query = select(Grant).where(Grant.person_id == person.id, Grant.status == "live").order_by(Grant.id)
    if target.about == About.MEMBERSHIP:
        query = query.where(Grant.membership_id == target.id)
    loaded = joinedload(Grant.membership).joinedload(Membership.agency), joinedload(Grant.account)
    grants = session.scalars(query.options(*loaded)).all()
    if not grants:
        return [f"{person.name} has no access that is open now; none can be given until {until}."]
    return [
        f"The access of {person.name} at {grant.membership.agency.name} closes (user ID {grant.account.user_id}); the license stays."
        for grant in grants
    ]


def _device(session: Session, device_id: int, on: date) -> list[str]:
    device = session.get(Device, device_id)
    if device is None:
        return []
    users = session.scalars(_using(on, Person).where(Evidence.value == device_id)).all()
    who = ", ".join(dict.fromkeys(person.name for person in users))
    return [
        f"The device {device.label} is out of use until it is released here."
        + (f" Whoever uses no other device loses access: {who}." if who else "")
    ]


def _using(on: date, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Evidence)
        .join(Membership, Membership.id == Evidence.subject_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Evidence.about == About.MEMBERSHIP, Evidence.kind == Kind.DEVICE_IN_USE, *Evidence.in_force(on))
        .order_by(Person.last_key, Person.first_key, Person.id)
    )


def _devices(session: Session, memberships: Sequence[int], on: date) -> dict[Device, list[str]]:
    """The authorized devices that these memberships use, with everybody who uses them."""
    theirs = select(Evidence.value).where(
        Evidence.about == About.MEMBERSHIP, Evidence.kind == Kind.DEVICE_IN_USE, Evidence.subject_id.in_(memberships), *Evidence.in_force(on),
    )  # fmt: skip
    allowed = select(Evidence.subject_id).where(
        Evidence.about == About.DEVICE, Evidence.kind == Kind.DEVICE_AUTHORISED, *Evidence.in_force(on)
    )
    devices = {
        device.id: device
        for device in session.scalars(select(Device).where(Device.id.in_(theirs), Device.id.in_(allowed)).order_by(Device.id))
    }  # fmt: skip
    found: dict[Device, list[str]] = {device: [] for device in devices.values()}
    for device_id, person in session.execute(_using(on, Evidence.value, Person).where(Evidence.value.in_(devices))):
        found[devices[device_id]].append(person.name)
    return found
