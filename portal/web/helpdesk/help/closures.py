"""The days on which the desk is closed beside the pack's holidays, and the holidays on which it works."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from forms.helpdesk.help import CloseDay
from portal.db import reading
from portal.services.helpdesk.tickets import closures
from portal.web.helpdesk.help.room import blueprint, open_now
from portal.web.kernel import acted, actor, now, permission, policy, pressed, sessions, status_of, today
from workflows.actions import Action
from workflows.business_time import us_date


@blueprint.route("/tickets/closures", methods=["GET", "POST"], endpoint="closures")
@permission(Action.CLOSURE_EDIT)
def index() -> Any:
    form = CloseDay()

    def add(session: Session) -> Any:
        day = form.day.data
        return closures.add(session, day=day, name=form.name.data or "", actor=actor(), now=now(), policy=policy())

    def said(made: Any) -> str:
        row, moved = made
        what = "The desk works" if row.worked else "The desk is closed"
        return f"{what} on {us_date(row.day)}. {_moved(moved)}"

    if done := acted(form, add, said, url_for("help.closures")):
        return done
    with reading(sessions()) as session:
        return render_template(
            "pages/helpdesk/help/closures.html",
            form=form,
            rows=closures.listed(session, on=today()),
            holidays=closures.holidays(on=today(), policy=policy()),
            opening=open_now(session, now()),
        ), status_of(form)


@blueprint.post("/tickets/closures/<int:closure_id>/remove", endpoint="remove_closure")
@permission(Action.CLOSURE_EDIT)
def remove(closure_id: int) -> Any:
    def take_back(session: Session) -> Any:
        return closures.remove(session, closure_id, actor=actor(), now=now(), policy=policy())

    def said(made: Any) -> str:
        day, moved = made
        return f"{us_date(day)} is as the policy pack has it again. {_moved(moved)}"

    return pressed(take_back, said, url_for("help.closures"))


def _moved(many: int) -> str:
    return f"{many:,} open {'ticket is' if many == 1 else 'tickets are'} due at another time now."
