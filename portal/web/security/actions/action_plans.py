"""What the owner of a corrective action writes: the plan with its steps, that it is done, that a standard cannot be met."""

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from forms.access_request import listed
from forms.security.actions import MOST_ROWS, AskException, Complete, Plan, stepped
from portal import permissions
from portal.db import reading
from portal.models import CorrectiveAction
from portal.services.security.actions import action_lists, action_work, actions, exceptions
from portal.services.security.actions.actions import Step
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of, today
from portal.web.security.actions.actions import state
from portal.web.security.room import blueprint
from workflows.actions import Action

FEWEST_ROWS = 3


def _rows() -> int:
    """How many steps the page shows: one more where somebody asked for it."""
    typed = request.form.get("rows", "")
    rows = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else FEWEST_ROWS
    return min(rows + (1 if "more" in request.form else 0), MOST_ROWS)


def _loaded(action_id: int, action: Action = Action.CORRECTIVE_PLAN) -> tuple[CorrectiveAction, list[tuple[int, str]]]:
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), action, CorrectiveAction, action_id)
        people = action_lists.people_of(session, row.agency_id, on=today())
        session.refresh(row, ["agency", "steps"])
        session.expunge_all()
    return row, people


def _put(form: Any, row: CorrectiveAction) -> None:
    """The steps that are still to be done, into a form that nobody has typed in."""
    undone = [step for step in row.steps if step.done_at is None]
    for (text, day), step in zip(form.pairs, undone, strict=False):
        text.data, day.data = step.text, step.due


def _steps(form: Any) -> list[Step]:
    return [Step(text, day) for text, day in form.steps() if day is not None]


@blueprint.route("/actions/<int:action_id>/plan", methods=["GET", "POST"], endpoint="action_plan")
@permission(Action.CORRECTIVE_PLAN)
def plan(action_id: int) -> Any:
    row, people = _loaded(action_id)
    rows = _rows() if request.method == "POST" else max(FEWEST_ROWS, len(row.steps) + 1)
    form = stepped(Plan, rows)
    form.owner.choices = listed([(0, "Choose"), *people])
    if request.method == "GET":
        form.doing.data, form.due.data = row.doing, row.due
        form.owner.data = row.owner_id or 0
        _put(form, row)

    def act(session: Session) -> None:
        found = permissions.find(session, actor(), Action.CORRECTIVE_PLAN, CorrectiveAction, action_id)
        actions.plan(
            session, found, doing=form.doing.data or "", owner_id=form.owner.data or 0, due=form.due.data or found.due, steps=_steps(form),
            actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip

    said = "The plan is kept. Mark each step as done on this page as you go."
    if "more" not in request.form and (done := acted(form, act, said, url_for("security.action", action_id=action_id))):
        return done
    return _shown("plan", row, form, rows)


@blueprint.route("/actions/<int:action_id>/exception", methods=["GET", "POST"], endpoint="action_exception")
@permission(Action.CORRECTIVE_PLAN)
def exception(action_id: int) -> Any:
    row, _ = _loaded(action_id)
    rows = _rows() if request.method == "POST" else max(FEWEST_ROWS, len(row.steps) + 1)
    form = stepped(AskException, rows)
    if request.method == "GET":
        form.justification.data, form.mitigation.data, form.until.data = row.justification, row.mitigation, None
        _put(form, row)

    def act(session: Session) -> None:
        found = permissions.find(session, actor(), Action.CORRECTIVE_PLAN, CorrectiveAction, action_id)
        exceptions.ask(
            session, found, justification=form.justification.data or "", mitigation=form.mitigation.data or "",
            until=form.until.data or today(), steps=_steps(form), actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip

    said = "The Lead has been asked. You get a message when it is decided."
    if "more" not in request.form and (done := acted(form, act, said, url_for("security.action", action_id=action_id))):
        return done
    last = policy().corrective.exception.after(today())
    return _shown("exception", row, form, rows, last=last)


@blueprint.route("/actions/<int:action_id>/complete", methods=["GET", "POST"], endpoint="action_complete")
@permission(Action.CORRECTIVE_WORK)
def complete(action_id: int) -> Any:
    row, _ = _loaded(action_id, Action.CORRECTIVE_WORK)
    form = Complete()

    def act(session: Session) -> None:
        found = permissions.find(session, actor(), Action.CORRECTIVE_WORK, CorrectiveAction, action_id)
        action_work.complete(session, found, statement=form.statement.data or "", actor=actor(), now=now())

    said = "Sent to the Lead. Somebody else looks at it and closes it, or sends it back to you."
    back = url_for("security.action", action_id=action_id)
    return acted(form, act, said, back) or _shown("complete", row, form, 0)


def _shown(which: str, row: CorrectiveAction, form: Any, rows: int, **more: Any) -> Any:
    done = [step for step in row.steps if step.done_at is not None]
    page = render_template(
        f"pages/security/actions/{which}.html", form=form, action=row, state=state(row), rows=rows, done=done, most=MOST_ROWS, **more
    )  # fmt: skip
    return page, status_of(form)
