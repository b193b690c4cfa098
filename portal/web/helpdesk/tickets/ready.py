"""Ready answers: their list, writing one with fields in braces, taking one out."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from forms.helpdesk.tickets import ReadyAnswer
from portal.db import reading
from portal.services.helpdesk.tickets import writing
from portal.web.helpdesk.tickets.room import blueprint, kinds
from portal.web.kernel import acted, actor, now, permission, policy, pressed, sessions, status_of
from workflows.actions import Action


@blueprint.get("/ready", endpoint="ready")
@permission(Action.CANNED_EDIT)
def ready() -> Any:
    with reading(sessions()) as session:
        return render_template("pages/helpdesk/tickets/ready.html", rows=writing.ready(session), titles=kinds())


@blueprint.route("/ready/new", methods=["GET", "POST"], endpoint="ready_new")
@permission(Action.CANNED_EDIT)
def ready_new() -> Any:
    return _form(None)


@blueprint.route("/ready/<int:canned_id>", methods=["GET", "POST"], endpoint="ready_one")
@permission(Action.CANNED_EDIT)
def ready_one(canned_id: int) -> Any:
    return _form(canned_id)


@blueprint.post("/ready/<int:canned_id>/retire", endpoint="retire")
@permission(Action.CANNED_EDIT)
def retire(canned_id: int) -> Any:
    return pressed(
        lambda session: writing.retire(session, writing.ready_one(session, canned_id), actor=actor(), now=now()),
        "It is out of the list. Answers written with it stay as they are.", url_for("tickets.ready"),
    )  # fmt: skip


def _form(canned_id: int | None) -> Any:
    form = ReadyAnswer(kinds=kinds())

    def put(session: Session) -> None:
        row = writing.ready_one(session, canned_id) if canned_id is not None else None
        writing.save_ready(
            session, row, title=form.title.data or "", body=form.body.data or "", kinds=form.kinds.data or (), actor=actor(), now=now(),
            policy=policy(),
        )  # fmt: skip

    if done := acted(form, put, "The ready answer is kept.", url_for("tickets.ready")):
        return done
    with reading(sessions()) as session:
        row = writing.ready_one(session, canned_id) if canned_id is not None else None
        if row is not None and not form.is_submitted():
            form.title.data, form.body.data, form.kinds.data = row.title, row.body, list(row.kinds)
        fields = [{"key": f"{{{name}}}", "value": says[:1].upper() + says[1:]} for name, says in writing.FIELDS.items()]
        page = render_template("pages/helpdesk/tickets/ready_one.html", form=form, row=row, field_rows=fields)
        return page, status_of(form)
