"""Who may do what: one page for everybody who has signed in, drawn from the permission table."""

from typing import Any

from flask import Blueprint, render_template, request

from portal.services import roles
from portal.web.desk.room import as_csv
from portal.web.kernel import permission
from workflows.actions import Action

blueprint = Blueprint("roles", __name__, url_prefix="/roles")


@blueprint.get("", endpoint="index")
@permission(Action.ROLES_SEE)
def index() -> Any:
    found = roles.lines()
    if request.args.get("format") == "csv":
        headers = ["Group", "Action", *roles.COLUMNS.values()]
        return as_csv("roles", headers, [[line.group, line.words, *line.cells.values()] for line in found])
    groups: dict[str, list[roles.Line]] = {}
    for line in found:
        if not line.by_the_portal_alone:
            groups.setdefault(line.group, []).append(line)
    return render_template(
        "pages/public/roles.html", groups=groups, alone=[line for line in found if line.by_the_portal_alone]
    )  # fmt: skip
