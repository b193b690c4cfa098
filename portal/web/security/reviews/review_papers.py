"""Photos and documents of a review: handed in, replaced, taken over from last year, fetched."""

from typing import Any

from flask import Response, render_template, url_for
from sqlalchemy.orm import Session

from forms.security.reviews import FileForm
from portal import audit
from portal.db import reading, transaction
from portal.refusals import not_found
from portal.services.paperwork import Scan
from portal.services.review_content import answer_of, item_of, present_files
from portal.services.security.reviews import review_files
from portal.web.kernel import actor, now, permission, policy, pressed, sessions, status_of, today
from portal.web.security.acting import acted_with_file
from portal.web.security.reviews.review_shown import found, name_of, seen_row, title_of, trail
from portal.web.security.room import blueprint
from portal.web.uploads import download, fetched
from workflows.actions import Action


@blueprint.route("/reviews/<int:review_id>/items/<item>/files", methods=["GET", "POST"], endpoint="review_file_new")
@permission(Action.REVIEW_ANSWER)
def new(review_id: int, item: str) -> Any:
    """Hands in a file for an item, or a newer one in place of another (`replaces`)."""
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_ANSWER)
        seen_row(review, answer_of(session, review, item))
        form = FileForm().offering([(str(each.id), each.title) for each in present_files(session, review, item)])

    def keep(session: Session, file: Scan | None) -> None:
        review = found(session, review_id, Action.REVIEW_ANSWER)
        if file is None:
            raise not_found()
        replaces = int(form.replaces.data) if (form.replaces.data or "").isdecimal() else None
        review_files.add(
            session, review, item=item, scan=file, title=form.title.data or "", effective_on=form.effective_on.data or today(),
            expires_on=form.expires_on.data, replaces=replaces, actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip

    back = url_for("security.review_item", review_id=review_id, item=item, _anchor="files")
    if (answer := acted_with_file(form, "file", keep, "The file is kept.", back)) is not None:
        return answer
    with reading(sessions()) as session:
        review = found(session, review_id, Action.REVIEW_ANSWER)
        asked = item_of(review, item)
        if not form.is_submitted():
            form.effective_on.data = today()
        return render_template(
            "pages/security/reviews/file.html", review=review, item=asked, form=form, name=name_of(review), title=title_of(review), back=back,
            way=trail(review, asked.id), present=present_files(session, review, item),
        ), status_of(form)  # fmt: skip


@blueprint.post("/reviews/<int:review_id>/items/<item>/files/<int:number>/take-over", endpoint="review_file_again")
@permission(Action.REVIEW_ANSWER)
def again(review_id: int, item: str, number: int) -> Any:
    def take_over(session: Session) -> None:
        review = found(session, review_id, Action.REVIEW_ANSWER)
        review_files.take_over(session, review, item=item, file=number, actor=actor(), now=now())

    back = url_for("security.review_item", review_id=review_id, item=item, _anchor="files")
    return pressed(take_over, "Last year's file is shown again, with its days.", back)


@blueprint.get("/reviews/<int:review_id>/files/<int:number>", endpoint="review_file")
@permission(Action.REVIEW_SEE)
def fetch(review_id: int, number: int) -> Response:
    """One file to be kept; who fetches it is on record."""
    with transaction(sessions()) as session:
        review = found(session, review_id)
        row = review_files.find(session, review, number)
        seen_row(review, answer_of(session, review, row.item))
        content = fetched(row.file.sha256)
        audit.record(
            session, actor=actor(), now=now(), act="security review.download", thing=review, after={"file": row.id},
            said=f"Downloaded {row.title} of {row.item}."[:1000],
        )  # fmt: skip
        return download(content, row.file.media_type, row.file.name)
