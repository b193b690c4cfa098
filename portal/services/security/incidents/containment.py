"""Containment: access, sessions and devices closed at once by one person while an incident is looked into, for a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import Containment, Device, Evidence, Incident, IncidentPerson, Membership
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.account import sessions
from portal.services.locks import lock
from portal.services.security.incidents.incident_timeline import lasting, record, say
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import About, Kind, Reason

TABLE = "containment"
HOW = "emergency measure"
OVER = ("closed", "set_aside")
WHY = "Say why it cannot wait: those whom it concerns read it."


@dataclass(frozen=True, slots=True)
class Target:
    """What can be closed: a person's access everywhere, one membership's, or a device; written 'person:7' in forms."""

    about: str
    id: int

    @property
    def key(self) -> str:
        return f"{self.about}:{self.id}"

    @classmethod
    def read(cls, key: str) -> "Target":
        """The target that a form's value names; BAD_INPUT for anything else."""
        about, _, number = key.partition(":")
        if about not in (About.PERSON, About.MEMBERSHIP, About.DEVICE) or not number.isdecimal():
            raise bad_input("Choose from the list.", "what")
        return cls(about, int(number))


def contain(
    session: Session, incident: Incident, *, targets: Iterable[Target], reason: str, actor: Actor, now: datetime, policy: Policy
) -> list[Containment]:  # fmt: skip
    """Closes what is chosen, now, each by evidence that the gate reads; whoever it concerns is signed out of the portal.

    For the pack's days, unless a second person extends it. SAME_PERSON about oneself; ALREADY_DONE for what is closed.
    """
    permissions.check(session, actor, Action.INCIDENT_CONTAIN, incident)
    if incident.status in OVER or actor.person_id is None:
        raise Refused(Reason.ILLEGAL_MOVE, "This incident is over. Take it up or open it again first.")
    why = lasting(reason, WHY)
    chosen = sorted(set(targets), key=lambda each: each.key)
    if not chosen:
        raise bad_input("Choose at least one person or device.", "what")
    people, members, devices = _read(session, incident, chosen)
    if actor.person_id in {*people, *(member.person_id for member in members)}:
        raise Refused(Reason.SAME_PERSON, "Nobody closes or opens their own access. Ask a colleague.", "what")
    everyone = {*people, *(member.person_id for member in members)}
    agencies = {*(member.agency_id for member in members), *(device.agency_id for device in devices)}
    lock(session, agencies=agencies, people=everyone)
    until = local_day(now, policy.zone) + timedelta(policy.incidents.suspension_days - 1)
    made = [_close_person(session, incident, person_id, None, why, until, actor=actor, now=now, policy=policy) for person_id in people]  # fmt: skip
    made += [_close_person(session, incident, m.person_id, m, why, until, actor=actor, now=now, policy=policy) for m in members]  # fmt: skip
    made += [_close_device(session, incident, device, why, actor=actor, now=now, policy=policy) for device in devices]
    for person_id in sorted(everyone):
        sessions.end_sessions(session, person_id=person_id, now=now)
    return made


def extend(session: Session, row: Containment, *, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Lets it hold for as many days again: by a second person, and once. Longer than that takes a sanction."""
    permissions.check(session, actor, Action.INCIDENT_CONTAIN, row)
    _hold(session, row)
    if row.until is None or row.person_id is None:
        raise Refused(Reason.CONFLICT, "A device stays out of use until it is released.")
    if actor.person_id in (row.began_by, row.person_id):
        raise Refused(
            Reason.SAME_PERSON, "A second person extends it: not the one who began it, nor the one it closes."
        )
    if row.extended_by is not None:
        raise Refused(Reason.ALREADY_DONE, "It was extended once. Decide a sanction, or release it.")
    today = local_day(now, policy.zone)
    if row.until < today:
        raise Refused(
            Reason.ILLEGAL_MOVE, f"It ended by itself on {us_date(row.until)}. Close the access anew if it has to be."
        )
    why = lasting(reason, WHY)
    about, subject = _subject(row)
    first, last = row.until + timedelta(1), row.until + timedelta(policy.incidents.suspension_days)
    held = evidence.record(
        session, actor=actor, now=now, kind=Kind.SANCTION, about=about, subject_id=subject, detail="suspension", valid_from=first,
        valid_until=last, rests_on=TABLE, rests_on_id=row.id, verified_how=HOW, note=why,
    )  # fmt: skip
    row.extended_by, row.extended_evidence_id, row.until = actor.person_id, held.id, last
    session.flush()
    _note(session, row, f"Extended until {us_date(last)}", why, actor=actor, now=now)


def release(session: Session, row: Containment, *, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Ends it from today on. The whole gate is asked again: nobody comes back who lacks something else by now."""
    permissions.check(session, actor, Action.INCIDENT_CONTAIN, row)
    _hold(session, row)
    if actor.person_id == row.person_id:
        raise Refused(Reason.SAME_PERSON, "Nobody closes or opens their own access. Ask a colleague.")
    why = lasting(reason, "Say why it is opened again.")
    today = local_day(now, policy.zone)
    for evidence_id in filter(None, (row.evidence_id, row.extended_evidence_id)):
        held = session.get_one(Evidence, evidence_id)
        if row.device_id is not None:
            evidence.put_back(session, held, actor=actor, now=now, on=max(today, held.valid_from))
        elif held.withdrawn_at == datetime.max and held.valid_until >= today:
            evidence.end(session, held, actor=actor, now=now, last_day=today - timedelta(1), reason=why)
    row.ended_by, row.ended_at, row.ended_reason = actor.person_id, now, why
    session.flush()
    _note(session, row, "Opened again", why, actor=actor, now=now)


def refuse_contained(session: Session, device: Device) -> None:
    """CONFLICT for a device that an incident keeps out of use: nobody authorizes it meanwhile."""
    held = select(Containment.id).where(Containment.device_id == device.id, Containment.ended_at.is_(None))
    if session.scalar(held) is not None:
        raise Refused(
            Reason.CONFLICT,
            "The HMIS Lead keeps this device out of use while an incident is looked into. Ask the Lead.",
        )


def of(session: Session, incident: Incident) -> Sequence[Containment]:
    """What was closed for this incident, in order; one statement."""
    query = select(Containment).where(Containment.incident_id == incident.id).order_by(Containment.id)
    return session.scalars(
        query.options(
            joinedload(Containment.person), joinedload(Containment.membership).joinedload(Membership.agency),
            joinedload(Containment.device), joinedload(Containment.beginner), joinedload(Containment.extender),
        )
    ).all()  # fmt: skip


def named(row: Containment) -> str:
    """What it closes, in words."""
    if row.device is not None:
        return f"the device {row.device.label}"
    who = row.person.name if row.person else ""
    return f"{who}'s access at {row.membership.agency.name}" if row.membership else f"all access of {who}"


def _read(session: Session, incident: Incident, chosen: Sequence[Target]) -> tuple[list[int], list[Membership], list[Device]]:  # fmt: skip
    """The chosen ones, each of somebody involved (or used there): nobody else's access is closed by this."""
    involved = set(session.scalars(select(IncidentPerson.person_id).where(IncidentPerson.incident_id == incident.id)))
    wanted = {about: [each.id for each in chosen if each.about == about] for about in About}
    members = list(session.scalars(select(Membership).where(Membership.id.in_(wanted[About.MEMBERSHIP])).order_by(Membership.id)))  # fmt: skip
    devices = list(session.scalars(select(Device).where(Device.id.in_(wanted[About.DEVICE])).order_by(Device.id)))
    places = set(session.scalars(select(Membership.agency_id).where(Membership.person_id.in_(involved))))
    fits = (
        set(wanted[About.PERSON]) <= involved
        and {member.person_id for member in members} <= involved
        and {device.agency_id for device in devices} <= places
        and len(members) + len(devices) + len(wanted[About.PERSON]) == len(chosen)
    )
    if not fits:
        raise bad_input("Choose from the list: people who are named as involved, and devices of their Agency.", "what")
    return wanted[About.PERSON], members, devices


def _close_person(
    session: Session, incident: Incident, person_id: int, member: Membership | None, why: str, until: date, *, actor: Actor,
    now: datetime, policy: Policy,
) -> Containment:  # fmt: skip
    _refuse_closed(session, incident, person_id, member, on=local_day(now, policy.zone), actor=actor, now=now)
    row = Containment(
        incident_id=incident.id, person_id=person_id, membership_id=member.id if member else None, reason=why, began_by=actor.person_id,
        began_at=now, until=until,
    )  # fmt: skip
    session.add(row)
    session.flush()
    about, subject = _subject(row)
    held = evidence.record(
        session, actor=actor, now=now, kind=Kind.SANCTION, about=about, subject_id=subject, detail="suspension",
        valid_from=local_day(now, policy.zone), valid_until=until, rests_on=TABLE, rests_on_id=row.id, verified_how=HOW, note=why,
    )  # fmt: skip
    row.evidence_id = held.id
    session.flush()
    _note(session, row, f"Closed at once until {us_date(until)}", why, actor=actor, now=now)
    return row


def _close_device(
    session: Session, incident: Incident, device: Device, why: str, *, actor: Actor, now: datetime, policy: Policy
) -> Containment:
    refuse_contained(session, device)
    today = local_day(now, policy.zone)
    held = evidence.in_force(session, About.DEVICE, device.id, Kind.DEVICE_AUTHORISED, on=today)
    if not held:
        raise Refused(
            Reason.ALREADY_DONE, f"The device {device.label} is not authorized, so nobody may use it.", "what"
        )
    for each in held:
        evidence.end(session, each, actor=actor, now=now, last_day=today - timedelta(1), reason=why)
    row = Containment(
        incident_id=incident.id, device_id=device.id, reason=why, began_by=actor.person_id, began_at=now, evidence_id=held[-1].id
    )  # fmt: skip
    session.add(row)
    session.flush()
    _note(session, row, "Taken out of use", why, actor=actor, now=now)
    return row


def _refuse_closed(
    session: Session, incident: Incident, person_id: int, member: Membership | None, *, on: date, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """ALREADY_DONE for what is closed; one whose last day is past is put down as over instead."""
    same = select(Containment).where(
        Containment.incident_id == incident.id, Containment.person_id == person_id, Containment.ended_at.is_(None),
        Containment.membership_id.is_(None) if member is None else Containment.membership_id == member.id,
    )  # fmt: skip
    row = session.scalars(same).first()
    if row is None:
        return
    if row.until is None or row.until >= on:
        raise Refused(Reason.ALREADY_DONE, f"Closed already: {named(row)}. Extend it, or release it.", "what")
    row.ended_by, row.ended_at, row.ended_reason = actor.person_id, now, f"Its last day was {us_date(row.until)}."
    session.flush()


def _subject(row: Containment) -> tuple[About, int]:
    if row.membership_id is not None:
        return About.MEMBERSHIP, row.membership_id
    return About.PERSON, row.person_id or 0


def _hold(session: Session, row: Containment) -> None:
    """Locks whom it concerns, then the row; ALREADY_DONE where it is opened again by now."""
    agencies = [row.membership.agency_id] if row.membership else [row.device.agency_id] if row.device else []
    lock(session, agencies=agencies, people=[] if row.person_id is None else [row.person_id])
    session.refresh(row, with_for_update=True)
    if row.ended_at is not None:
        raise Refused(Reason.ALREADY_DONE, "This was opened again before. Load the page again.")


def _note(session: Session, row: Containment, what: str, why: str, *, actor: Actor, now: datetime) -> None:
    incident = session.get_one(Incident, row.incident_id)
    say(session, incident, f"{what}: {named(row)}. {why}", actor=actor, now=now)
    record(session, incident, "contain", f"{what[0].lower()}{what[1:]}: {named(row)}.", actor=actor, now=now)
