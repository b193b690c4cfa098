"""What the pages of incidents and complaints share: finding one, its words, a step that only needs its reason."""

from collections.abc import Callable
from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from forms.security.incidents import Why
from portal import permissions
from portal.db import reading
from portal.models import Incident
from portal.refusals import not_found
from portal.web.kernel import acted, actor, policy, sessions, status_of
from workflows.actions import Action
from workflows.vocabulary import LEAD

STATES = {
    "reported": ("new", "To triage"), "triaged": ("waiting", "Triaged"), "investigating": ("in_progress", "Being investigated"),
    "concluded": ("concluded", "Concluded"), "closed": ("closed", "Closed"), "set_aside": ("set_aside", "Set aside"),
    "reviewing": ("in_progress", "Being reviewed"), "answered": ("done", "Answered"),
}  # fmt: skip
SEVERITY = {"minor": ("minor", "Minor"), "major": ("warning", "Major"), "severe": ("error", "Severe")}


def state(row: Incident) -> tuple[str, str]:
    """The status to show, with its words; of a complaint nobody has looked at, that it is new."""
    if row.nature == "complaint" and row.status == "reported":
        return ("new", "New")
    return STATES[row.status]


def kind_title(row: Incident) -> str:
    kind = policy().incidents.kind(row.kind)
    return kind.title if kind else "Not triaged yet"


def agency_name(row: Incident) -> str:
    if row.agency is None:
        return row.place or "Not known"
    return "The HMIS Lead itself" if row.agency_id == LEAD else row.agency.name


def titled(row: Incident) -> str:
    """What its page is called: the title it was given, else what it is."""
    return row.title or ("Complaint" if row.nature == "complaint" else "New report")


def one_url(row: Incident) -> str:
    return url_for("security.complaint" if row.nature == "complaint" else "security.incident", incident_id=row.id)


def found(session: Session, action: Action, incident_id: int, nature: str = "incident") -> Incident:
    """The incident of that id to which whoever asks may do this; what is a complaint has its own pages."""
    row = permissions.find(session, actor(), action, Incident, incident_id)
    if row.nature != nature:
        raise not_found()
    return row


def with_reason(
    incident_id: int, action: Action, act: Callable[[Session, Incident, str], Any], *, title: str, button: str, what: list[str],
    done: str, danger: bool = False, nature: str = "incident",
) -> Any:  # fmt: skip
    """A page that says what will happen, asks why, and does it."""
    form = Why()

    def do(session: Session) -> str:
        row = found(session, action, incident_id, nature)
        act(session, row, form.reason.data or "")
        return one_url(row)

    if answer := acted(form, do, done, str):
        return answer
    with reading(sessions()) as session:
        row = found(session, action, incident_id, nature)
        return render_template(
            "pages/security/incidents/why.html", form=form, incident=row, heading_=title, button=button, what=what, danger=danger, back=one_url(row),
            called=titled(row),
        ), status_of(form)  # fmt: skip


def options() -> dict[str, str]:
    """The pack's kinds of incident, by id."""
    return {kind.id: kind.title for kind in policy().incidents.kinds}
