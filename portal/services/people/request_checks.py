"""What a request may ask for: checked against the pack, the Agency's projects and devices, and its own state."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Agency, Device, Membership, Project
from portal.refusals import bad_input
from portal.services import evidence
from portal.services.people import offices
from workflows.business_time import us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Role

WORKERS = ("staff", "volunteer", "contractor")
SSN = re.compile(r"(?<!\d)\d{3}[- ]?\d{2}[- ]?\d{4}(?!\d)")
SOONEST, LATEST = timedelta(days=366), timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What somebody is to do in the core HMIS, and from when."""

    purpose: str
    access_level: str
    start_on: date
    worker: str = "staff"
    project_ids: Sequence[int] = ()
    device: Device | None = None
    supervisor: str = ""


def refuse_shut_agency(session: Session, agency: Agency, *, on: date) -> None:
    if agency.status == "ended":
        raise bad_input(f"{agency.name} no longer participates in the HMIS, so nobody there can have access.")
    if evidence.in_force(session, About.AGENCY, agency.id, Kind.EXCLUDED_PROVIDER, on=on):
        raise bad_input(
            f"{agency.name} is a victim service or legal service provider. It keeps a comparable database, "
            "and nobody there has access to "
            "the HMIS (Standards for a Comparable Database)."
        )


def checked(
    session: Session, agency: Agency, membership: Membership, work: Work, *, on: date, policy: Policy
) -> list[Project]:
    purpose = work.purpose.strip()
    if len(purpose) < 10:
        raise bad_input("Say in a sentence what this person needs the HMIS for.", "purpose")
    if len(purpose) > 1000:
        raise bad_input(f"The purpose may have 1,000 characters; this has {len(purpose):,}.", "purpose")
    if SSN.search(purpose):
        raise bad_input(
            "The purpose holds what looks like a Social Security number. Take it out: no client data belongs here.",
            "purpose",
        )
    if work.worker not in WORKERS:
        raise bad_input("Choose staff, volunteer or contractor.", "worker")
    if not on - SOONEST <= work.start_on <= on + LATEST:
        raise bad_input(
            f"{us_date(work.start_on)} is more than a year away. Check the year of the first day.", "start_on"
        )
    if work.device is not None and work.device.agency_id != agency.id:
        raise bad_input("Choose a device of this Agency.", "device")
    _check_level(session, agency, membership, work.access_level, on=on, policy=policy)
    return _projects(session, agency, work.project_ids, on=on)


def _check_level(
    session: Session, agency: Agency, membership: Membership, level: str, *, on: date, policy: Policy
) -> None:
    known = {each.id: each for each in policy.access_levels}
    if level not in known:
        raise bad_input("Choose an access level from the list.", "access_level")
    if agency.id == LEAD:
        return
    if known[level].lead_only:
        raise bad_input(
            f"The level {known[level].title} is for the Lead's own staff. Choose another one.", "access_level"
        )
    if known[level].administers and not offices.roles(session, membership.id, on=on, role=Role.AGENCY_ADMIN):
        raise bad_input(
            f"The level {known[level].title} is for whom the executive director has designated Agency "
            "Administrator. Choose another one, or "
            "ask the director for the designation.",
            "access_level",
        )


def _projects(session: Session, agency: Agency, wanted: Iterable[int], *, on: date) -> list[Project]:
    theirs = {p.id: p for p in session.scalars(select(Project).where(Project.agency_id == agency.id))}
    chosen = list(dict.fromkeys(wanted))
    if unknown := [each for each in chosen if each not in theirs]:
        raise bad_input(f"Project {unknown[0]} does not belong to this Agency. Choose from the list.", "project_ids")
    running = {key for key, p in theirs.items() if p.ends_on is None or p.ends_on >= on}
    if running and not chosen and agency.id != LEAD:
        raise bad_input("Choose at least one project for which this person will work.", "project_ids")
    return [theirs[each] for each in sorted(chosen)]
