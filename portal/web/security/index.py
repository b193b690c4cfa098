"""Security's first page: the rooms that whoever asks may open."""

from typing import Any

from flask import render_template, url_for

from portal.web.kernel import may_open, permission
from portal.web.security.room import blueprint
from workflows.vocabulary import Action

ROOMS: tuple[tuple[str, str, str], ...] = ()
"""Title, endpoint and one sentence on what is found there."""


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
