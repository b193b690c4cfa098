"""What a review found: the findings one by one, and how each becomes a corrective action ('Annual security review')."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms.security.actions import OpenAction
from portal import permissions
from portal.db import reading
from portal.models import SecurityReview
from portal.refusals import Refused, not_found
from portal.services.review_content import answers
from portal.services.security.actions import action_lists, actions, review_findings
from portal.services.security.actions.actions import Source
from portal.services.security.actions.review_findings import Finding
from portal.web.kernel import acted, actor, may, now, permission, policy, pressed, sessions, status_of, today
from portal.web.security.actions.actions import category
from portal.web.security.actions.actions import state as action_state
from portal.web.security.reviews.review_shown import name_of, state, title_of, trail
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.review_pack import ANSWERS
from workflows.vocabulary import Reason

READ = ("attested", "signed_off")
"""A review that was attested is read; before that its answers may still change, and nothing is opened for them."""


def _found(session: Session, review_id: int, action: Action = Action.RESULTS_SEE) -> SecurityReview:
    return permissions.find(session, actor(), action, SecurityReview, review_id)


@blueprint.get("/reviews/<int:review_id>/findings", endpoint="review_findings")
@permission(Action.RESULTS_SEE)
def index(review_id: int) -> Any:
    with reading(sessions()) as session:
        review = _found(session, review_id)
        rows = review_findings.of(session, review, now=now(), policy=policy())
        opens = review.status in READ and may(Action.CORRECTIVE_OPEN, review)
        return render_template(
            "pages/security/actions/findings.html",
            review=review,
            name=name_of(review),
            title=title_of(review),
            state=state(review, today()),
            rows=[_row(review, row, opens=opens) for row in rows],
            left=[row for row in rows if row.action is None],
            opens=opens,
            counted=len(answers(session, review)),
            trail=trail(review, "Findings"),
        )


def _row(review: SecurityReview, row: Finding, *, opens: bool) -> dict[str, Any]:
    action = row.action
    return {
        "finding": row,
        "answer": ANSWERS.get(row.answer.answer, ""),
        "category": category(row.item.category),
        "state": action_state(action) if action else ("unmet", "Nothing is done yet"),
        "href": url_for("security.action", action_id=action.id) if action else "",
        "carried": action is not None and action.review_id != review.id,
        "opens": url_for("security.review_finding", review_id=review.id, item=row.item.id) if opens and not action else "",
    }  # fmt: skip


@blueprint.route("/reviews/<int:review_id>/findings/<item>", methods=["GET", "POST"], endpoint="review_finding")
@permission(Action.CORRECTIVE_OPEN)
def open_one(review_id: int, item: str) -> Any:
    """Opens a corrective action for one finding."""
    with reading(sessions()) as session:
        review = _found(session, review_id, Action.CORRECTIVE_OPEN)
        row = _finding(session, review, item)
        if row.action is not None and request.method == "GET":
            flash(f"There is a corrective action for {item} already: {row.action.number}.", "info")
            return redirect(url_for("security.action", action_id=row.action.id))
        people = action_lists.people_of(session, review.agency_id, on=today())
        form = OpenAction(people=people)
        if not form.is_submitted():
            form.wrong.data, form.due.data = row.wrong[:2000], row.due
        page = {
            "review": review,
            "name": name_of(review),
            "finding": row,
            "trail": trail(review, "Findings", row.item.id),
        }
        session.expunge_all()

    def act(session: Session) -> None:
        held = _found(session, review_id, Action.CORRECTIVE_OPEN)
        if (there := _finding(session, held, item).action) is not None:  # somebody else was quicker
            raise Refused(Reason.ALREADY_DONE, f"There is a corrective action for {item} already: {there.number}.")
        _open(
            session, held, _finding(session, held, item), wrong=form.wrong.data or "", doing=form.doing.data or "",
            owner_id=form.owner.data or None, due=form.due.data,
        )  # fmt: skip

    said = f"A corrective action is open for {item}. Its owner and the security officer get a message."
    if done := acted(form, act, said, url_for("security.review_findings", review_id=review_id)):
        return done
    return render_template("pages/security/actions/open.html", form=form, **page), status_of(form)


@blueprint.post("/reviews/<int:review_id>/findings", endpoint="review_findings_open")
@permission(Action.CORRECTIVE_OPEN)
def open_all(review_id: int) -> Any:
    """Opens an action for every finding that has none, in the proposed words and days; the officer plans them."""

    def act(session: Session) -> int:
        review = _found(session, review_id, Action.CORRECTIVE_OPEN)
        if review.status not in READ:
            raise Refused(Reason.ILLEGAL_MOVE, "Corrective actions are opened once the review is attested.")
        left = review_findings.unanswered(session, review, now=now(), policy=policy())
        for row in left:
            _open(session, review, row, wrong=row.wrong[:2000], doing="", owner_id=None, due=row.due)
        return len(left)

    return pressed(act, _opened, url_for("security.review_findings", review_id=review_id))


def _opened(count: int) -> str:
    if not count:
        return "Every finding has a corrective action already."
    opened = f"{count} corrective {'action is' if count == 1 else 'actions are'} open."
    return f"{opened} The security officer gets a message for each."


def _finding(session: Session, review: SecurityReview, item: str) -> Finding:
    """A finding of a review that was attested; NOT_FOUND for anything else."""
    rows = review_findings.of(session, review, now=now(), policy=policy()) if review.status in READ else []
    found = next((row for row in rows if row.item.id == item), None)
    if found is None:
        raise not_found()
    return found


def _open(session: Session, review: SecurityReview, row: Finding, **given: Any) -> None:
    actions.open_action(
        session, agency_id=review.agency_id, source=Source(review=review, item=row.item.id), category=row.item.category, actor=actor(),
        now=now(), policy=policy(), **given,
    )  # fmt: skip
