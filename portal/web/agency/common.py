"""What every page about one Agency needs: the Agency if one may see it, its tabs, what one may do there."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from portal import permissions
from portal.models import Agency
from portal.refusals import not_found
from portal.web import kernel
from portal.web.kernel import actor, saved
from workflows.actions import Action
from workflows.vocabulary import LEAD

TABS = (
    ("Task list", "agency.show", Action.AGENCY_SEE), ("Officers", "agency.officers", Action.AGENCY_SEE),
    ("Delegation", "agency.delegations", Action.DELEGATION_SEE),
    ("Documents", "agency.documents", Action.DOCUMENT_SEE), ("Projects", "agency.projects", Action.AGENCY_SEE),
    ("Devices", "agency.devices", Action.AGENCY_SEE), ("Licenses", "agency.licences", Action.AGENCY_SEE),
)  # fmt: skip

__all__ = ["TABS", "found", "may", "page", "saved", "trail"]


def found(session: Session, agency_id: int, action: Action = Action.AGENCY_SEE, *, lead_too: bool = False) -> Agency:
    """The Agency, if this person may do that there; otherwise there is nothing.

    The Lead's own organization is no Agency; only where its staff need something (`lead_too`) is it found like one.
    """
    if agency_id == LEAD and not lead_too:
        raise not_found()
    return permissions.find(session, actor(), action, Agency, agency_id)


def may(session: Session, action: Action, thing: Any) -> bool:
    return permissions.allows(session, actor(), action, thing)


def page(template: str, agency: Agency | None, status: int = 200, *, here: str = "", **values: Any) -> Any:
    """A page of this room, with the Agency's tabs where it is about one; `here` is the tab that is open."""
    tabs = [] if agency is None or agency.id == LEAD else [
        {"label": label, "href": url_for(endpoint, agency_id=agency.id), "current": endpoint == here}
        for label, endpoint, action in TABS if kernel.may(action, agency)
    ]  # fmt: skip
    shown = render_template(f"pages/agency/{template}", agency=agency, agency_tabs=tabs, **values)
    return shown, status


def trail(agency: Agency | None, *further: tuple[str, str]) -> list[dict[str, str]]:
    """The way here: Agencies, the Agency, and what is below it; the last needs no address."""
    items = [{"label": "Agencies", "href": url_for("agency.index")}]
    if agency is not None and agency.id == LEAD:
        lists = {"label": "Licenses by Agency", "href": url_for("desk.licences")}
        return [lists, {"label": f"{agency.name}, the HMIS Lead", "href": ""}]
    if agency is not None:
        items.append({"label": agency.name, "href": url_for("agency.show", agency_id=agency.id)})
    return items + [{"label": label, "href": href} for label, href in further]
