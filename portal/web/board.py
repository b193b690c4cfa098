"""The overview in numbers, for the Continuum's Board and data committee: counts, and nobody's name."""

from typing import Any

from flask import Blueprint, render_template, request

from portal.db import reading
from portal.services.home import aggregates
from portal.web.desk.room import as_csv
from portal.web.kernel import actor, now, permission, policy, sessions
from workflows.actions import Action

blueprint = Blueprint("board", __name__, url_prefix="/overview")


@blueprint.get("", endpoint="index")
@permission(Action.AGGREGATES_SEE)
def index() -> Any:
    with reading(sessions()) as session:
        found = aggregates.overview(session, actor=actor(), now=now(), policy=policy())
    if request.args.get("format") == "csv":
        return as_csv(
            "overview", ["Group", "Figure", "Number"], [[each.group, each.label, each.shown] for each in found]
        )
    groups: dict[str, list[aggregates.Figure]] = {}
    for each in found:
        groups.setdefault(each.group, []).append(each)
    return render_template("pages/public/overview.html", groups=groups, fewest=aggregates.FEWEST)
