"""What the pages about people share: their blueprint, finding a membership, and the words for where somebody stands."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, current_app, request, url_for
from sqlalchemy.orm import Session

from portal import permissions
from portal.models import Agency, Membership
from portal.services.people.standing_view import TITLES, View
from portal.web.kernel import actor, may_open
from workflows.actions import Action
from workflows.findings import Finding
from workflows.vocabulary import LEAD

blueprint = Blueprint("people", __name__, url_prefix="/people")

STANDING = {
    "access": ("permitted", "Has access"),
    "waiting": ("waiting", "Waits for access"),
    "suspended": ("suspended", "Suspended"),
    "none": ("not_started", "Not asked for"),
    "left": ("ended", "Left"),
}


def find(session: Session, action: Action, membership_id: int) -> Membership:
    """The membership, where the actor may do this to it; 404 otherwise."""
    return permissions.find(session, actor(), action, Membership, membership_id)


def may(session: Session, action: Action, thing: Any) -> bool:
    return permissions.allows(session, actor(), action, thing)


def typed(*without: str) -> list[tuple[str, str]]:
    """What was sent, for the hidden fields of the page that asks to check it."""
    left_out = {"csrf_token", "step", *without}
    return [(name, value) for name, values in request.form.lists() if name not in left_out for value in values]


def step() -> str:
    """Which button was pressed: check, change or send."""
    return request.form.get("step", "check")


def there(endpoint: str, **values: Any) -> str | None:
    """The address of a page of another room, where that room has it."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


def _at_agency(endpoint: str, agency_id: int, **values: Any) -> str | None:
    """A page about an Agency; the Lead's own organization has none."""
    return there(endpoint, agency_id=agency_id, **values) if agency_id != LEAD and may_open(endpoint) else None


def action_for(finding: Finding, membership: Membership) -> tuple[str | None, str | None]:
    """Where the viewer takes the next step of a finding, and what the button says."""
    agency = membership.agency_id
    pages: Mapping[str, tuple[str | None, str]] = {
        "user-agreement": (url_for("home.me"), "Sign"),
        "privacy-notice-acknowledged": (url_for("home.me"), "Sign"),
        "own-admin-agreement": (url_for("home.me"), "Sign"),
        "laptop-statement": (url_for("home.me"), "Sign"),
        "courses-passed": (url_for("home.me") if finding.waiting_on == "person" else there("desk.enrolments"), ""),
        "security-training": (url_for("home.me"), ""),
        "agency-admin-training": (url_for("home.me"), ""),
        "request-authorised": (url_for("people.ask_again", membership_id=membership.id), "Ask for access"),
        "not-departed": (url_for("people.ask_again", membership_id=membership.id), "Ask for access again"),
        "access-level": (url_for("people.ask_again", membership_id=membership.id), "Ask for access"),
        "background-check": (url_for("people.background", membership_id=membership.id), "Enter the check"),
        "second-person-of-the-lead": (url_for("people.one", membership_id=membership.id), "See the request"),
        "device": (url_for("people.device", membership_id=membership.id), "See the device"),
        "information-form": (_at_agency("agency.form", agency, which="information"), ""),
        "housing-inventory": (_at_agency("agency.form", agency, which="inventory"), ""),
        "security-protocols": (_at_agency("agency.protocols", agency), ""),
        "privacy-notice-posted": (_at_agency("agency.posted", agency), ""),
        "security-review": (_at_agency("security.review_of", agency), ""),
        "an-agency-admin": (_at_agency("agency.officers", agency), ""),
        "a-security-officer": (_at_agency("agency.officers", agency), ""),
        "home-office": (_at_agency("agency.devices", agency), "See the devices"),
        "licence-seat": (there("agency.licences", agency_id=agency), "See the licenses"),
    }
    href, label = pages.get(finding.id, (None, ""))
    if href is None and finding.waiting_on in {
        "agency_admin",
        "executive_director",
        "security_officer",
        "help_desk",
        "lead",
    }:
        href = _at_agency("agency.show", agency)
    return href, (label or finding.do)


def arranged(view: View, membership: Membership) -> dict[str, Any]:
    """The arguments of the macro why_not_yet."""
    mine = []
    for finding in view.mine:
        href, label = action_for(finding, membership)
        mine.append({"finding": finding, "href": href, "action": label})
    others = [{"who": _who(held.holder), "names": held.names, "findings": held.findings} for held in view.others]
    return {"mine": mine, "others": others, "met": view.settled}


def named(agency: Agency) -> str:
    """The Agency's name in a list; the Lead's own organization is told apart."""
    return f"{agency.name} (the HMIS Lead)" if agency.id == LEAD else agency.name


def _who(holder: str) -> str:
    return TITLES[holder]


def said_waits(holders: Iterable[str], name: str) -> str:
    """'Jamie Sample, HMIS help desk': who holds the next steps, in a list."""
    return ", ".join(name if holder == "person" else TITLES[holder] for holder in holders)
