"""Security's first page: the rooms that whoever asks may open."""

from typing import Any

from flask import render_template, url_for

from portal.web.kernel import look_up, may_open, permission
from portal.web.security.room import blueprint
from workflows.actions import Action

ROOMS: tuple[tuple[str, str, str], ...] = (
    ("Reviews", "security.reviews", "The yearly security checklist: answering it, attesting it, signing it off."),
    ("Incidents", "security.incidents", "Reports of possible violations: graded, looked into, concluded."),
    ("Complaints", "security.complaints", "What clients, neighbors and others complained of, and how it was answered."),
    ("Corrective actions", "security.actions", "What reviews and incidents found, and how far it is put right."),
    ("Results", "security.results", "How reviews turned out by category, over the years."),
    ("Sanctions", "security.sanctions", "What was decided after a violation, appeals, and the letters about them."),
    ("Plans and policies", "security.plans", "The versions in force, their reviews, and what is out for feedback."),
    ("Records on file", "security.records", "What the Board and the HMIS Lead have to be able to show."),
    ("Data releases", "security.releases", "Which figures left the HMIS, for whom and what for."),
    ("Organization chart", "security.offices", "Who holds which office, and what each answers for."),
)
"""Title, endpoint and one sentence on what is found there."""


def any_room() -> bool:
    """Whether one of them opens: what the menu asks on every page."""
    look_up(endpoint for _, endpoint, _ in ROOMS)
    return any(may_open(endpoint) for _, endpoint, _ in ROOMS)


def open_rooms() -> list[dict[str, str]]:
    """The rooms that whoever asks may open, in the order of the table."""
    return [
        {"title": title, "href": url_for(endpoint), "hint": hint}
        for title, endpoint, hint in ROOMS
        if may_open(endpoint)
    ]


@blueprint.get("", endpoint="index")
@permission(Action.HOME_SEE)
def index() -> Any:
    return render_template("pages/security/index.html", rooms=open_rooms())
