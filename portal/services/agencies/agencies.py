"""Agencies: entered and changed by the Lead, and marked as victim service or legal service providers ('Mandated Participation')."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Agency, Evidence
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.locks import lock
from portal.services.people import particulars
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Reason

EXCLUDED = {"victim_service": "Victim service provider", "legal_service": "Legal service provider"}
LONGEST = {"name": 200, "common_name": 200, "phone": 30, "street": 200, "city": 80}
COMPARABLE = "It keeps a comparable database of its own, and nobody there ever gets an account in the core HMIS (Standards for a Comparable Database)."


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyFields:
    """What is known of an Agency besides its name; `mandated_by` are ids of the pack's funders, empty for a voluntary one."""

    common_name: str = ""
    phone: str = ""
    email: str = ""
    street: str = ""
    city: str = ""
    state: str = "ME"
    zip: str = ""
    mandated_by: tuple[str, ...] = ()


def enter(
    session: Session,
    *,
    name: str,
    about: AgencyFields | None = None,
    kind: str = "",
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Agency:
    """Enters an Agency that is to join; `kind` is one of EXCLUDED for a provider that keeps a comparable database instead.

    Refuses (BAD_INPUT) a name that another Agency has, whatever its letters' case, and names that one.
    """
    permissions.check(session, actor, Action.AGENCY_ENTER)
    called = _name(name)
    _refuse_known(session, called)
    agency = Agency(
        name=called, name_key=called.casefold(), cells={}, entered_at=now, **_checked(about or AgencyFields(), policy)
    )
    session.add(agency)
    session.flush()
    audit.record(
        session,
        actor=actor,
        now=now,
        act="agency.enter",
        thing=agency,
        said=f"Entered {called}.",
        after={"name": called},
    )
    if kind:
        _record_exclusion(session, agency, kind, "Entered as such.", actor=actor, now=now, policy=policy)
    return agency


def change(
    session: Session, *, agency: Agency, name: str, about: AgencyFields, actor: Actor, now: datetime, policy: Policy
) -> list[str]:
    """Changes what is known of an Agency and returns the fields that differ. The name is the Lead's to change.

    Refuses BAD_INPUT where nothing differs, or the new name is another Agency's.
    """
    permissions.check(session, actor, Action.AGENCY_CHANGE, agency)
    lock(session, agencies=[agency.id], lead=agency.id == LEAD)
    called = _name(name)
    wanted = {"name": called, **_checked(about, policy)}
    before = {field: getattr(agency, field) for field in wanted}
    changed = {field: value for field, value in wanted.items() if value != before[field]}
    if not changed:
        raise bad_input("Nothing is different from what is on record. Change a field, or go back.")
    if "name" in changed:
        permissions.check(session, actor, Action.AGENCY_ENTER)
        _refuse_known(session, called, but=agency.id)
        agency.name_key = called.casefold()
    for field, value in changed.items():
        setattr(agency, field, value)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="agency.change", thing=agency, before={f: before[f] for f in changed}, after=changed,
        said=f"Changed of {agency.name}: {', '.join(field.replace('_', ' ') for field in changed)}.",
    )  # fmt: skip
    return sorted(changed)


def exclude(
    session: Session, *, agency: Agency, kind: str, reason: str, actor: Actor, now: datetime, policy: Policy
) -> Evidence:
    """The Agency is, or has turned out to be, a victim service or legal service provider: the gate shuts at once, for good.

    `kind` is one of EXCLUDED. ALREADY_DONE where it is on record as such.
    """
    permissions.check(session, actor, Action.EVIDENCE_RECORD, agency)
    return _record_exclusion(session, agency, kind, reason, actor=actor, now=now, policy=policy)


def _record_exclusion(
    session: Session, agency: Agency, kind: str, reason: str, *, actor: Actor, now: datetime, policy: Policy
) -> Evidence:
    if agency.id == LEAD:
        raise bad_input("The Lead's own organization is no Participating Agency.", "kind")
    if kind not in EXCLUDED:
        raise bad_input("Choose victim service provider or legal service provider.", "kind")
    if not reason.strip():
        raise bad_input("Say on what this rests: it stays on record.", "reason")
    today = local_day(now, policy.zone)
    lock(session, agencies=[agency.id])
    if evidence.in_force(session, About.AGENCY, agency.id, Kind.EXCLUDED_PROVIDER, on=today, detail=kind):
        raise Refused(Reason.ALREADY_DONE, f"{agency.name} is on record as a {EXCLUDED[kind].lower()} already.")
    return evidence.record(
        session, actor=actor, now=now, kind=Kind.EXCLUDED_PROVIDER, about=About.AGENCY, subject_id=agency.id, detail=kind, valid_from=today,
        note=reason.strip()[:1000],
    )  # fmt: skip


def no_longer_excluded(
    session: Session, *, agency: Agency, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """The Agency is no longer such a provider, as of today. NOT_FOUND where it was not on record as one."""
    permissions.check(session, actor, Action.EVIDENCE_RECORD, agency)
    if len(reason.strip()) < 3:
        raise bad_input("Say why, in a few words: it stays on record.", "reason")
    today = local_day(now, policy.zone)
    rows = evidence.in_force(session, About.AGENCY, agency.id, Kind.EXCLUDED_PROVIDER, on=today)
    if not rows:
        raise Refused(
            Reason.NOT_FOUND, f"{agency.name} is not on record as a victim service or legal service provider."
        )
    for row in rows:
        evidence.end(session, row, actor=actor, now=now, last_day=today - timedelta(1), reason=reason.strip()[:1000])


def rejoin(session: Session, *, agency: Agency, actor: Actor, now: datetime) -> None:
    """An Agency that ended its participation begins to join again: with a new agreement, and everything that follows it."""
    permissions.check(session, actor, Action.AGENCY_ENTER)
    transition(session, agency, "rejoin", actor=actor, now=now)
    agency.ended_at, agency.ended_reason, agency.successor = None, "", ""


def excluded(session: Session, agency_ids: Collection[int], *, on: date) -> Mapping[int, str]:
    """Of these Agencies, those that are excluded providers on a day, with the kind in words. One statement."""
    rows = session.execute(
        select(Evidence.subject_id, Evidence.detail).where(
            Evidence.about == About.AGENCY, Evidence.kind == Kind.EXCLUDED_PROVIDER, Evidence.subject_id.in_(agency_ids),
            *Evidence.in_force(on),
        )
    )  # fmt: skip
    return {agency_id: EXCLUDED[detail] for agency_id, detail in rows}


def refuse_shut(session: Session, agency: Agency, *, on: date) -> None:
    """CONFLICT for whoever wants to go on joining with an Agency that has ended, or that keeps a comparable database."""
    if agency.status == "ended":
        raise Refused(Reason.CONFLICT, f"{agency.name} has ended its participation. Let it begin to join again first.")
    if kind := excluded(session, [agency.id], on=on).get(agency.id):
        raise Refused(Reason.CONFLICT, f"{agency.name} is on record as a {kind.lower()}. {COMPARABLE}")


def _name(name: str) -> str:
    called = particulars.short(name, LONGEST["name"], "name")
    if len(called) < 2:
        raise bad_input("Enter the Agency's legal name.", "name")
    return called


def _refuse_known(session: Session, name: str, but: int | None = None) -> None:
    there = session.scalars(
        select(Agency).where(Agency.name_key == name.casefold(), Agency.id != (-1 if but is None else but))
    ).first()
    if there is not None:
        raise bad_input(
            f"{there.name} is on record already ({there.status}). Open that Agency, or enter a name that tells the two apart.",
            "name",
        )


def _checked(about: AgencyFields, policy: Policy) -> dict[str, object]:
    given = {field.name: getattr(about, field.name) for field in fields(about)}
    checked: dict[str, object] = {
        field: particulars.short(given[field], LONGEST[field], field) for field in LONGEST if field != "name"
    }
    checked["email"] = particulars.an_address(about.email) if about.email.strip() else ""
    checked["state"] = about.state.strip().upper()
    if not re.fullmatch(r"[A-Z]{2}", str(checked["state"])):
        raise bad_input("Enter the state as two letters, such as ME.", "state")
    checked["zip"] = about.zip.strip()
    if checked["zip"] and not re.fullmatch(r"\d{5}(-\d{4})?", str(checked["zip"])):
        raise bad_input("Enter the ZIP code as 04330 or 04330-1234.", "zip")
    checked["mandated_by"] = _funders(about.mandated_by, policy)
    return checked


def _funders(chosen: Iterable[str], policy: Policy) -> list[str]:
    known = {funder.id for funder in policy.funders}
    wanted = list(dict.fromkeys(chosen))
    if unknown := [each for each in wanted if each not in known]:
        raise bad_input(
            f"{unknown[0][:40]!r} is none of the funders that make participation a duty. Choose from the list.",
            "mandated_by",
        )
    return sorted(wanted)
