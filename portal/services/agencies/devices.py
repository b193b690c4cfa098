"""Workstations from which the core HMIS may be reached: entered, authorised by two, withdrawn ('Agency Workstation Access Control')."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Agency, Device, Document, Evidence, Membership, Person
from portal.refusals import Refused, bad_input
from portal.services import evidence, paperwork
from portal.services.locks import lock
from portal.services.people import particulars
from portal.services.security.incidents import containment
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import About, Kind, Reason, Role, Scope

SAFEGUARDS: Mapping[str, str] = {
    "firewall": "A firewall is on, or the network has one",
    "antivirus": "Anti-virus and anti-spyware software runs and updates itself",
    "updates": "The operating system and the browser update themselves",
    "password": "A password of its own is needed to use it",
    "screen_lock": "The screen locks itself when nobody is at it",
    "physical": "Only people who may use it can reach it and see its screen",
    "wifi": "It is on a cable, or on a Wi-Fi network that is secured and not public",
}
"""What the manual asks of every workstation; one that lacks any of them cannot be authorized."""

STATEMENT, HOME_PAPER = "laptop_statement", "home_office_authorisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a device stands: its traits, what is signed for it, who uses it, and what it still lacks, in sentences."""

    authorised_since: date | None
    traits: frozenset[str]
    signed: frozenset[str]
    users: tuple[str, ...]
    lacks: tuple[str, ...]

    @property
    def usable(self) -> bool:
        return not self.lacks


def enter(
    session: Session, *, agency: Agency, label: str, description: str = "", kind: str, safeguards: Collection[str], actor: Actor, now: datetime,
    policy: Policy,
) -> Device:  # fmt: skip
    """Enters a device of one of the pack's kinds with its safeguards; who holds both offices authorises it by entering it.

    Refuses a label that another device of the Agency has (BAD_INPUT).
    """
    actor = permissions.acting(session, actor, Action.DEVICE_ENTER, agency)
    lock(session, agencies=[agency.id])
    traits = _traits(kind, policy)
    name = particulars.short(label, 100, "label")
    if len(name) < 2:
        raise bad_input("Give the device a name by which people there know it, such as: Front desk.", "label")
    taken = session.scalars(select(Device).where(Device.agency_id == agency.id)).all()
    if any(device.label.casefold() == name.casefold() for device in taken):
        raise bad_input(f"{agency.name} has a device named {name} already. Choose another name.", "label")
    device = Device(
        agency_id=agency.id, label=name, description=particulars.short(description, 300, "description"), entered_at=now, entered_by=actor.person_id,
        safeguards=_ticked(safeguards),
    )  # fmt: skip
    session.add(device)
    session.flush()
    today = local_day(now, policy.zone)
    for trait in traits:
        evidence.record(
            session,
            actor=actor,
            now=now,
            kind=Kind.TRAIT,
            about=About.DEVICE,
            subject_id=device.id,
            detail=trait,
            valid_from=today,
        )
    audit.record(
        session, actor=actor, now=now, act="device.enter", thing=device, after={"kind": kind, "safeguards": device.safeguards},
        said=f"Entered the device {name} of {agency.name}.",
    )  # fmt: skip
    if not missing_safeguards(device) and permissions.allows(session, actor, Action.DEVICE_AUTHORISE, agency):
        authorise(session, device=device, actor=actor, now=now, policy=policy)
    return device


def change(
    session: Session,
    *,
    device: Device,
    description: str,
    safeguards: Collection[str],
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """Corrects a device that is not authorised; one that is has to be withdrawn first, since its authorisation rests on this."""
    actor = permissions.acting(session, actor, Action.DEVICE_ENTER, device)
    lock(session, agencies=[device.agency_id])
    session.refresh(device, with_for_update=True)
    if authorisation(session, device, on=local_day(now, policy.zone)):
        raise Refused(
            Reason.CONFLICT,
            "This device is authorized as it is described. Withdraw the authorization first, then change it.",
        )
    before = {"description": device.description, "safeguards": device.safeguards}
    device.description, device.safeguards = particulars.short(description, 300, "description"), _ticked(safeguards)
    device.director_id = device.director_at = device.admin_id = device.admin_at = None
    audit.record(
        session, actor=actor, now=now, act="device.change", thing=device, before=before,
        after={"description": device.description, "safeguards": device.safeguards}, said=f"Changed the device {device.label}.",
    )  # fmt: skip
    if not missing_safeguards(device) and permissions.allows(session, actor, Action.DEVICE_AUTHORISE, device):
        authorise(session, device=device, actor=actor, now=now, policy=policy)


def authorise(session: Session, *, device: Device, actor: Actor, now: datetime, policy: Policy) -> bool:
    """The actor's authorisation, as director or designee, as Agency Administrator, or as both. True: the device is authorised.

    Both have to authorise. Where one person holds both offices at the Agency, that one's word is both, and the record says
    so. Refuses a device that lacks a safeguard (GATE_CLOSED) and a second authorisation by the same office (ALREADY_DONE).
    """
    actor = permissions.acting(session, actor, Action.DEVICE_AUTHORISE, device)
    lock(session, agencies=[device.agency_id])
    session.refresh(device, with_for_update=True)
    today = local_day(now, policy.zone)
    if authorisation(session, device, on=today):
        raise Refused(Reason.ALREADY_DONE, "This device is authorized already.")
    containment.refuse_contained(session, device)
    if lacking := missing_safeguards(device):
        said = "; ".join(SAFEGUARDS[each][0].lower() + SAFEGUARDS[each][1:] for each in lacking)
        raise Refused(Reason.GATE_CLOSED, f"This device cannot be authorized. Still to be confirmed: {said}.")
    new = False
    if directs(device, actor) and device.director_id is None:
        device.director_id, device.director_at, new = actor.person_id, now, True
    if device.agency_id in actor.at(Role.AGENCY_ADMIN) and device.admin_id is None:
        device.admin_id, device.admin_at, new = actor.person_id, now, True
    if not new:
        raise Refused(Reason.ALREADY_DONE, f"You have authorized this device. It waits for the {_other(device)}.")
    both = device.director_id == device.admin_id
    said = f"Authorized the device {device.label}" + (
        " as executive director and Agency Administrator in one person." if both else "."
    )
    audit.record(session, actor=actor, now=now, act="device.authorise", thing=device, said=said)
    if device.director_id is None or device.admin_id is None:
        return False
    evidence.record(
        session, actor=actor, now=now, kind=Kind.DEVICE_AUTHORISED, about=About.DEVICE, subject_id=device.id, valid_from=today, rests_on="device",
        rests_on_id=device.id, note="One person holds both offices." if both else "By the executive director and the Agency Administrator.",
    )  # fmt: skip
    return True


def directs(device: Device, actor: Actor) -> bool:
    """Whether the actor authorises as director, or as the designee; who does so as Agency Admin is no second person."""
    there = device.agency_id
    designee = there in actor.let(Scope.AUTHORISE_DEVICES) and there not in actor.at(Role.AGENCY_ADMIN)
    return designee or there in actor.at(Role.EXECUTIVE_DIRECTOR)


def withdraw(session: Session, *, device: Device, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Takes the authorisation back as of today; whoever uses only this device is held. ALREADY_DONE where there is none."""
    actor = permissions.acting(session, actor, Action.DEVICE_AUTHORISE, device)
    why = particulars.short(reason, 1000, "reason")
    if len(why) < 3:
        raise bad_input("Say why, in a few words: it stays on record.", "reason")
    lock(session, agencies=[device.agency_id])
    session.refresh(device, with_for_update=True)
    today = local_day(now, policy.zone)
    row = authorisation(session, device, on=today)
    if row is None and device.director_id is None and device.admin_id is None:
        raise Refused(Reason.ALREADY_DONE, "This device is not authorized.")
    device.director_id = device.director_at = device.admin_id = device.admin_at = None
    if row is not None:
        evidence.end(session, row, actor=actor, now=now, last_day=today - timedelta(1), reason=why)
    audit.record(
        session,
        actor=actor,
        now=now,
        act="device.withdraw",
        thing=device,
        said=f"Withdrew the authorization of {device.label}. Reason: {why}",
    )


def send_statement(
    session: Session, *, device: Device, membership: Membership, kind: str, answers: Mapping[str, str] | None = None, actor: Actor, now: datetime,
    policy: Policy,
) -> Document:  # fmt: skip
    """Prepares the laptop statement or the work-at-home authorisation for whoever uses the device, and mails its link."""
    if kind not in (STATEMENT, HOME_PAPER):
        raise bad_input("Choose the laptop statement or the work-at-home authorization.", "kind")
    agency = session.get_one(Agency, device.agency_id)
    document = paperwork.prepare(
        session, kind=kind, agency=agency, membership=membership, device=device, answers=answers, actor=actor, now=now
    )
    person = session.get_one(Person, membership.person_id)
    paperwork.send_to_sign(session, document=document, person=person, actor=actor, now=now, policy=policy)
    return document


def policy_on_file(
    session: Session, *, device: Device, on: date, how: str, actor: Actor, now: datetime, policy: Policy
) -> Evidence:
    """The Lead has the Agency's home-office policy on file ('Access … from an authorized Home Office'). `how`: paperwork.HOW."""
    permissions.check(session, actor, Action.EVIDENCE_RECORD, device)
    if how not in paperwork.HOW:
        raise bad_input(f"Say how you saw it: {' or '.join(paperwork.HOW)}.", "how")
    today = local_day(now, policy.zone)
    if on > today:
        raise bad_input(f"Enter a day that is not after today, {us_date(today)}.", "on")
    if evidence.in_force(session, About.DEVICE, device.id, Kind.HOME_OFFICE, on=today, detail="policy"):
        raise Refused(Reason.ALREADY_DONE, "The policy for this home office is on file already.")
    return evidence.record(
        session, actor=actor, now=now, kind=Kind.HOME_OFFICE, about=About.DEVICE, subject_id=device.id, detail="policy", valid_from=on,
        verified_how=how,
    )  # fmt: skip


def missing_safeguards(device: Device) -> list[str]:
    return [each for each in SAFEGUARDS if each not in device.safeguards]


def authorisation(session: Session, device: Device, *, on: date) -> Evidence | None:
    rows = evidence.in_force(session, About.DEVICE, device.id, Kind.DEVICE_AUTHORISED, on=on)
    return rows[-1] if rows else None


def standings(session: Session, devices: Sequence[Device], *, on: date) -> dict[int, Standing]:
    """How each of these devices stands on a day, in two statements."""
    ids = [device.id for device in devices]
    live = Evidence.in_force(on)
    rows = session.scalars(
        select(Evidence)
        .where(Evidence.about == About.DEVICE, Evidence.subject_id.in_(ids), *live)
        .order_by(Evidence.id)
    ).all()
    using = session.execute(
        select(Evidence.value, Person)
        .join(Membership, Membership.id == Evidence.subject_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Evidence.about == About.MEMBERSHIP, Evidence.kind == Kind.DEVICE_IN_USE, Evidence.value.in_(ids), *live)
        .order_by(Person.last_name, Person.first_name)
    ).all()
    found = {}
    for device in devices:
        mine = [row for row in rows if row.subject_id == device.id]
        users = tuple(dict.fromkeys(person.name for number, person in using if number == device.id))
        found[device.id] = _standing(device, mine, users)
    return found


def _standing(device: Device, rows: Sequence[Evidence], users: tuple[str, ...]) -> Standing:
    traits = frozenset(row.detail for row in rows if row.kind == Kind.TRAIT)
    signed = frozenset(
        f"{row.kind}={row.detail}".rstrip("=") for row in rows if row.kind in (Kind.LAPTOP_STATEMENT, Kind.HOME_OFFICE)
    )
    since = next((row.valid_from for row in rows if row.kind == Kind.DEVICE_AUTHORISED), None)
    lacks = []
    if missing := missing_safeguards(device):
        lacks.append(f"{len(missing)} of {len(SAFEGUARDS)} safeguards are not confirmed.")
    elif since is None:
        lacks.append(f"Waits for the authorization of the {_other(device)}.")
    if "laptop" in traits and Kind.LAPTOP_STATEMENT.value not in signed:
        lacks.append("The laptop statement is not signed.")
    if "home_office" in traits and f"{Kind.HOME_OFFICE.value}=authorisation" not in signed:
        lacks.append("The work-at-home authorization is not signed.")
    if "home_office" in traits and f"{Kind.HOME_OFFICE.value}=policy" not in signed:
        lacks.append("The home-office policy is not on file with the Lead.")
    return Standing(authorised_since=since, traits=traits, signed=signed, users=users, lacks=tuple(lacks))


def _other(device: Device) -> str:
    waits = [
        office
        for office, given in (("executive director", device.director_id), ("Agency Administrator", device.admin_id))
        if given is None
    ]
    return " and the ".join(waits)


def _traits(kind: str, policy: Policy) -> tuple[str, ...]:
    known = {each.id: each.traits for each in policy.device_kinds}
    if kind not in known:
        raise bad_input("Choose what kind of device it is.", "kind")
    return tuple(known[kind])


def _ticked(safeguards: Collection[str]) -> list[str]:
    if unknown := sorted(set(safeguards) - set(SAFEGUARDS)):
        raise bad_input(f"{unknown[0][:40]!r} is no safeguard of the list.", "safeguards")
    return [each for each in SAFEGUARDS if each in safeguards]
