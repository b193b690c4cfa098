"""Answering the checklist: one item at a time or all on one page, each saved by itself, by form or by the page's script."""

from typing import Any

from flask import Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms.security.reviews import AnswerForm, Comment
from forms.sign_in import Nothing
from portal import permissions
from portal.db import reading, transaction
from portal.models import ReviewAnswer, SecurityReview
from portal.refusals import Refused
from portal.services.review_content import answer_of, answers, files, item_of, items_of, present_files, previous_answers
from portal.services.security.actions import review_findings
from portal.services.security.reviews import facts, helping, review_files, reviews
from portal.services.security.reviews.reviews import Given, Overtaken
from portal.web.kernel import APART, actor, now, permission, policy, saved, sessions, tell, today
from portal.web.security.reviews.review_shown import (
    TAGS,
    fact_shown,
    found,
    groups,
    mine,
    name_of,
    names_may_be_read,
    seen_row,
    title_of,
    trail,
)
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.review_pack import ANSWERS, Item
from workflows.vocabulary import Reason

BY_SCRIPT = "application/json"


@blueprint.route("/reviews/<int:review_id>/items/<item>", methods=["GET", "POST"], endpoint="review_item")
@permission(Action.REVIEW_SEE)
def one(review_id: int, item: str) -> Any:
    """One item: the question, what the records say, last year's answer, the empty field, files and comments."""
    with reading(sessions()) as session:
        review = found(session, review_id)
        asked, row = item_of(review, item), seen_row(review, answer_of(session, review, item))
        form = AnswerForm.of(asked, data=_kept(row))
        form_sent = request.method == "POST"
    if form_sent:
        said = _save(review_id, asked, form)
        if request.accept_mimetypes.best == BY_SCRIPT:
            return _told(review_id, asked, said)
        if said is None:
            flash(f"{item} is saved.", "success")
            return redirect(_onwards(review_id, item))
    return _page(review_id, asked, form, 400 if form.errors or form.form_errors else 200)


def _save(review_id: int, asked: Item, form: AnswerForm) -> Refused | None:
    """None where it was saved; a refusal goes to its field, and everything typed stays."""
    if not form.validate_on_submit():
        return Refused(Reason.BAD_INPUT, _first(form))
    given = Given(form.answer.data, form.note.data or "", form.owner.data or "", form.due.data)
    try:
        with transaction(sessions()) as session:
            review = found(session, review_id, Action.REVIEW_ANSWER)
            reviews.save(
                session, review, item=asked.id, given=given, seen=form.seen.data or 0, actor=actor(), now=now(), policy=policy()
            )  # fmt: skip
    except Overtaken as theirs:
        # As it is sent next time: whoever presses again has read what stands there.
        form.seen.data, form.seen.raw_data = theirs.revision, None
        form.refuse(theirs.sentence)
        return theirs
    except Refused as no:
        if no.reason in (Reason.NOT_ALLOWED, Reason.NOT_FOUND):
            raise
        form.refuse(no.sentence, no.field)
        return no
    return None


def _first(form: AnswerForm) -> str:
    said = [message for field in form for message in field.errors]
    return str(said[0]) if said else "Choose an answer."


def _told(review_id: int, asked: Item, no: Refused | None) -> tuple[Response, int]:
    """The same answer for the page's script: saved when, or why not, and which revision it should name next."""
    with reading(sessions()) as session:
        review = found(session, review_id)
        rows = mine(review, answers(session, review))
        revision = next(row.revision for row in rows if row.item == asked.id)
        left = sum(1 for row in rows if not row.answer)
    if no is None:
        said = current_app.jinja_env.filters["us_time"](now()).partition(" at ")[2]
        return jsonify(saved=f"Saved at {said}", revision=revision, left=left, next=_onwards(review_id, asked.id)), 200
    conflict = isinstance(no, Overtaken)
    return jsonify(refused=no.sentence, overtaken=conflict, revision=revision, left=left), 409 if conflict else 400


def _onwards(review_id: int, item: str) -> str:
    """The next item without an answer after this one, else the review."""
    if request.args.get("on") == "all":
        return url_for("security.review_all", review_id=review_id, _anchor=f"item-{item}")
    with reading(sessions()) as session:
        review = found(session, review_id)
        rows = [
            (row.place, row.item, not row.answer or bool(row.wanted)) for row in mine(review, answers(session, review))
        ]
    here = next((place for place, called, _ in rows if called == item), -1)
    left = [(place, called) for place, called, is_open in rows if is_open and called != item]
    after = next((called for place, called in left if place > here), left[0][1] if left else None)
    if after is None:
        return url_for("security.review", review_id=review_id)
    return url_for("security.review_item", review_id=review_id, item=after)


def _page(review_id: int, asked: Item, form: AnswerForm, status: int, comment: Comment | None = None) -> Any:
    with reading(sessions()) as session:
        review = found(session, review_id)
        row = seen_row(review, answer_of(session, review, asked.id))
        rows = mine(review, answers(session, review))
        place = [each.item for each in rows].index(asked.id)
        every = files(session, review, asked.id)
        present = {each.id for each in present_files(session, review, asked.id)}
        records = facts.records_of(session, review, on=today(), policy=policy())
        editable = review.status in reviews.EDITABLE and reviews.may_answer(session, actor(), review, row)
        around = [rows[place - 1].item if place else "", rows[place + 1].item if place + 1 < len(rows) else ""]
        return render_template(
            "pages/security/reviews/item.html",
            review=review, item=asked, row=row, form=form, name=name_of(review), title=title_of(review), way=trail(review, asked.id),
            fact=fact_shown(facts.of(records, asked.id), names=names_may_be_read(review)), before=previous_answers(session, review).get(asked.id),
            editable=editable, answered=ANSWERS.get(row.answer, "No answer yet"), state_tag=TAGS[row.answer], words=ANSWERS,
            files=[{"file": each, "present": each.id in present} for each in reversed(every)],
            offered=_offered(session, review, asked.id, present) if editable else [], comments=helping.comments(session, review, asked.id),
            comment=comment or Comment(formdata=None), nothing=Nothing(formdata=None), place=place + 1, total=len(rows),
            around=[url_for("security.review_item", review_id=review.id, item=each) if each else "" for each in around],
            me=actor().person_id, gives_back=editable and row.handed_to is not None,
            going=review_findings.going_on(session, review, on=today()).get(asked.id),
        ), status  # fmt: skip


def _offered(session: Session, review: SecurityReview, item: str, present: set[int]) -> list[Any]:
    """Last year's files that were not taken over yet."""
    taken = {each.taken_over_id for each in files(session, review, item) if each.id in present}
    return [each for each in review_files.last_years(session, review, item) if each.id not in taken]


@blueprint.get("/reviews/<int:review_id>/all", endpoint="review_all")
@permission(Action.REVIEW_SEE)
def all_on_one_page(review_id: int) -> Any:
    """Every item with its own small form; a fixed number of statements however many there are."""
    with reading(sessions()) as session:
        review = found(session, review_id)
        rows = mine(review, answers(session, review))
        said, before = facts.of_all(session, review, on=today(), policy=policy()), previous_answers(session, review)
        sends = permissions.allows(session, actor(), Action.REVIEW_SEND, review)
        items = {item.id: item for item in items_of(review)}
        going = review_findings.going_on(session, review, on=today())
        editable = review.status in reviews.EDITABLE
        names = names_may_be_read(review)
        parts = groups(review, rows)
        for part in parts:
            for entry in part["items"]:
                row = entry["row"]
                entry |= {
                    "form": AnswerForm.of(items[row.item], formdata=None, data=_kept(row)), "fact": fact_shown(said.get(row.item), names=names),
                    "before": before.get(row.item), "going": going.get(row.item), "editable": editable and (sends or row.handed_to == actor().person_id),
                }  # fmt: skip
        return render_template(
            "pages/security/reviews/all.html", review=review, name=name_of(review), title=title_of(review), way=trail(review, "All on one page"),
            groups=parts, me=actor().person_id, words=ANSWERS,
        )  # fmt: skip


def _kept(row: ReviewAnswer) -> dict[str, Any]:
    """The fields of an item as they are kept, empty until it was answered: last year's answer stands beside it."""
    return {"answer": row.answer or None, "note": row.note, "owner": row.owner, "due": row.due, "seen": row.revision}


@blueprint.post("/reviews/<int:review_id>/items/<item>/comment", endpoint="review_comment")
@permission(Action.REVIEW_COMMENT)
def comment(review_id: int, item: str) -> Any:
    form = Comment()

    def write(session: Session) -> None:
        review = found(session, review_id, Action.REVIEW_COMMENT)
        helping.comment(session, review, item=item, text=form.text.data or "", actor=actor(), now=now())

    if form.validate_on_submit() and saved(form, write, raised=APART):
        return redirect(url_for("security.review_item", review_id=review_id, item=item, _anchor="comments"))
    with reading(sessions()) as session:
        review = found(session, review_id)
        asked, row = item_of(review, item), seen_row(review, answer_of(session, review, item))
        answer = AnswerForm.of(asked, formdata=None, data=_kept(row))
    return _page(review_id, asked, answer, 400, comment=form)


@blueprint.post("/reviews/<int:review_id>/items/<item>/give-back", endpoint="review_give_back")
@permission(Action.REVIEW_ANSWER)
def give_back(review_id: int, item: str) -> Any:
    try:
        with transaction(sessions()) as session:
            review = found(session, review_id, Action.REVIEW_ANSWER)
            helping.give_back(session, review, item=item, actor=actor(), now=now())
    except Refused as no:
        tell(no)
    else:
        flash(f"{item} is in the security officer's hands again.", "success")
    with reading(sessions()) as session:
        still = any(
            each.handed_to == actor().person_id for each in answers(session, session.get_one(SecurityReview, review_id))
        )
        whole = helping.sees_all(actor(), session.get_one(SecurityReview, review_id))
    return redirect(url_for("security.review", review_id=review_id) if still or whole else url_for("home.index"))
