"""The steps of day one, each with what has come in so far and what is left to do."""

from typing import Any

from flask import render_template

from portal.db import reading
from portal.services.day_one import counted, lacking
from portal.web.day_one.room import blueprint
from portal.web.kernel import actor, permission, policy, sessions, today
from workflows.actions import Action


@blueprint.get("/desk/day-one", endpoint="index")
@permission(Action.SCAN_SORT)
def index() -> Any:
    with reading(sessions()) as session:
        return render_template(
            "pages/day_one/index.html",
            so_far=counted.so_far(session),
            summary=lacking.summary(session, actor=actor(), on=today(), policy=policy()),
        )
