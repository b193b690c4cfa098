"""What is done with a whole review: handed over in part, sent, opened again, visited, sent back, signed off, called off."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from forms.security.reviews import HandOver, SignOff, Why, changes_form, to_mapping, visit_form
from forms.sign_in import Nothing
from portal.db import reading
from portal.models import SecurityReview
from portal.services.review_content import answers, findings, items_of, open_items, summary
from portal.services.security.actions import review_findings
from portal.services.security.reviews import attesting, helping, signing_off
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of
from portal.web.security.reviews.review_shown import found, name_of, title_of, trail
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.review_pack import ANSWERS
from workflows.vocabulary import LEAD


def _back(review_id: int) -> str:
    return url_for("security.review", review_id=review_id)


def _shown(template: str, review: SecurityReview, form: Any, here: str, **values: Any) -> Any:
    return render_template(
        f"pages/security/reviews/{template}.html", review=review, form=form, name=name_of(review), title=title_of(review), way=trail(review, here),
        words=ANSWERS, href=url_for("security.review", review_id=review.id), **values,
    ), status_of(form)  # fmt: skip


@blueprint.route("/reviews/<int:review_id>/send", methods=["GET", "POST"], endpoint="review_send")
@permission(Action.REVIEW_SEND)
def send(review_id: int) -> Any:
    """Check answers, then send them: to the director, or the Lead's own to whoever signs it off."""
    form = Nothing()

    def carry_out(session: Session) -> str:
        review = found(session, review_id, Action.REVIEW_SEND)
        return attesting.send(session, review, actor=actor(), now=now(), policy=policy())

    if done := acted(form, carry_out, lambda who: f"The answers are with {who}.", _back(review_id)):
        return done
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_SEND)
        rows = answers(session, review)
        asks = {item.id: item.asks for item in items_of(review)}
        return _shown(
            "send", review, form, "Check and send", rows=rows, asks=asks, counts=summary(rows), left=open_items(rows), findings=findings(rows),
            of_lead=review.agency_id == LEAD,
        )  # fmt: skip


@blueprint.route("/reviews/<int:review_id>/reopen", methods=["GET", "POST"], endpoint="review_reopen")
@permission(Action.REVIEW_SEND)
def reopen(review_id: int) -> Any:
    form = Why()

    def carry_out(session: Session) -> None:
        review = found(session, review_id, Action.REVIEW_SEND)
        attesting.reopen(session, review, reason=form.reason.data or "", actor=actor(), now=now())

    said = "The answers can be changed again. Send them once more when they are right."
    if done := acted(form, carry_out, said, _back(review_id)):
        return done
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_SEND)
        signed = review.attested_at is not None
        what = [
            "The executive director's attestation counts no longer, and the director has to sign again."
            if signed
            else "The link that the director was sent works no longer.",
            "The Lead cannot sign the review off until then.",
            "Your name and your reason go on record.",
        ]
        return _shown(
            "why", review, form, "Open again", what=what, question="Open the answers again?", label="Open again"
        )


@blueprint.route("/reviews/<int:review_id>/call-off", methods=["GET", "POST"], endpoint="review_call_off")
@permission(Action.REVIEW_OPEN)
def call_off(review_id: int) -> Any:
    form = Why()

    def carry_out(session: Session) -> None:
        review = found(session, review_id, Action.REVIEW_OPEN)
        attesting.call_off(session, review, reason=form.reason.data or "", actor=actor(), now=now())

    said = "The review is called off. Another one can be begun."
    if done := acted(form, carry_out, said, _back(review_id)):
        return done
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_OPEN)
        what = [
            f"This review of {name_of(review)} ends without a result; its answers stay readable.",
            "Once the last review there is a year old, no new access is issued until another one is signed off.",
        ]
        return _shown("why", review, form, "Call off", what=what, question="Call this review off?", label="Call it off")


@blueprint.route("/reviews/<int:review_id>/hand-over", methods=["GET", "POST"], endpoint="review_hand_over")
@permission(Action.REVIEW_SEND)
def hand_over(review_id: int) -> Any:
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_SEND)
        people = helping.colleagues(session, review, now=now(), policy=policy())
        offered = [(str(each.id), each.name) for each in people if each.id != actor().person_id]
        items = [(item.id, f"{item.id}: {item.asks}") for item in items_of(review)]
    form = HandOver().offering(offered, items)

    def carry_out(session: Session) -> str:
        review = found(session, review_id, Action.REVIEW_SEND)
        to, chosen = int(form.to.data), form.items.data or []
        return helping.hand_over(session, review, items=chosen, to=to, actor=actor(), now=now(), policy=policy()).name

    if done := acted(
        form,
        carry_out,
        lambda who: f"{who} has them now and gets a message. You see the answers here.",
        _back(review_id),
    ):
        return done
    with reading(sessions()) as session:
        return _shown("hand_over", found(session, review_id, Action.REVIEW_SEND), form, "Hand to a colleague")


@blueprint.route("/reviews/<int:review_id>/changes", methods=["GET", "POST"], endpoint="review_changes")
@permission(Action.REVIEW_SIGN_OFF)
def changes(review_id: int) -> Any:
    """The Lead says at which items what has to change; the review goes back and is attested again."""
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_SIGN_OFF)
        form = changes_form(items_of(review))()

    def carry_out(session: Session) -> None:
        review = found(session, review_id, Action.REVIEW_SIGN_OFF)
        wanted = to_mapping(form, "wanted-")
        signing_off.ask_for_changes(
            session, review, wanted=wanted, reason=form.reason.data, actor=actor(), now=now(), policy=policy()
        )

    said = "The review is back with the security officer, who gets a message."
    if done := acted(form, carry_out, said, _back(review_id)):
        return done
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_SIGN_OFF)
        rows = {row.item: row for row in answers(session, review)}
        return _shown("changes", review, form, "Ask for changes", rows=rows, items=items_of(review))


@blueprint.route("/reviews/<int:review_id>/sign-off", methods=["GET", "POST"], endpoint="review_sign_off")
@permission(Action.REVIEW_SIGN_OFF)
def sign_off(review_id: int) -> Any:
    form = SignOff()

    def carry_out(session: Session) -> None:
        review = found(session, review_id, Action.REVIEW_SIGN_OFF)
        signing_off.sign_off(session, review, note=form.note.data or "", actor=actor(), now=now(), policy=policy())

    said = "The review is signed off. Everybody who waited for it is put before the gate again."
    if done := acted(form, carry_out, said, _back(review_id)):
        return done
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_SIGN_OFF)
        rows = answers(session, review)
        left = review_findings.unanswered(session, review, now=now(), policy=policy())
        return _shown(
            "sign_off", review, form, "Sign off", counts=summary(rows), findings=findings(rows), left=left, rows=rows
        )


@blueprint.route("/reviews/<int:review_id>/visit", methods=["GET", "POST"], endpoint="review_visit")
@permission(Action.REVIEW_VISIT)
def visit(review_id: int) -> Any:
    """What a visit showed, item by item."""
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_VISIT)
        items = items_of(review)
        kept: dict[str, Any] = {"on": review.visited_on, "notes": review.visit_notes}
        for row in answers(session, review):
            kept |= {f"seen-{row.item}": row.observed, f"word-{row.item}": row.observed_note}
        form = visit_form(items)(data=kept)

    def carry_out(session: Session) -> None:
        review = found(session, review_id, Action.REVIEW_VISIT)
        seen, words = to_mapping(form, "seen-"), to_mapping(form, "word-")
        observed = {item: (seen[item], words.get(item, "")) for item in seen}
        signing_off.visit(
            session, review, on=form.on.data, notes=form.notes.data or "", observed=observed, actor=actor(), now=now(), policy=policy()
        )  # fmt: skip

    said = "The visit is on record."
    if done := acted(form, carry_out, said, _back(review_id)):
        return done
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_VISIT)
        rows = {row.item: row for row in answers(session, review)}
        return _shown("visit", review, form, "Visit", rows=rows, items=items_of(review))
