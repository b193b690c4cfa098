"""What stands in a security review: its items, answers and files, and the fingerprint of it all that is attested."""

import hashlib
import json
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models import ReviewAnswer, ReviewFile, SecurityReview
from portal.refusals import Refused
from workflows.review_pack import ANSWERS, FINDINGS, Item, from_data
from workflows.vocabulary import LEAD, Reason


def items_of(review: SecurityReview) -> tuple[Item, ...]:
    """The items this review was opened with, in their order, whatever the pack says by now."""
    lead = review.agency_id == LEAD
    return tuple(item for item in map(from_data, review.checklist.items) if item.concerns(lead=lead))


def item_of(review: SecurityReview, item: str) -> Item:
    """One item of the review; NOT_FOUND for any other."""
    found = next((each for each in items_of(review) if each.id == item), None)
    if found is None:
        raise Refused(Reason.NOT_FOUND, "This checklist has no such item.")
    return found


def answers(session: Session, review: SecurityReview) -> Sequence[ReviewAnswer]:
    """Every item's row, in the checklist's order, with whoever has it in hand."""
    query = select(ReviewAnswer).options(joinedload(ReviewAnswer.helper)).where(ReviewAnswer.review_id == review.id)
    query = query.order_by(ReviewAnswer.place)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def answer_of(session: Session, review: SecurityReview, item: str, *, hold: bool = False) -> ReviewAnswer:
    """The row of one item; NOT_FOUND for an item that this review does not have."""
    query = select(ReviewAnswer).where(ReviewAnswer.review_id == review.id, ReviewAnswer.item == item)
    row = session.scalars(query.with_for_update() if hold else query).one_or_none()
    if row is None:
        raise Refused(Reason.NOT_FOUND, "This checklist has no such item.")
    if hold:
        session.refresh(row)
    return row


def files(session: Session, review: SecurityReview, item: str = "") -> list[ReviewFile]:
    """Every file with whoever added it, also those that were replaced, oldest first."""
    query = select(ReviewFile).options(joinedload(ReviewFile.file), joinedload(ReviewFile.adder))
    query = query.where(ReviewFile.review_id == review.id)
    if item:
        query = query.where(ReviewFile.item == item)
    return list(session.scalars(query.order_by(ReviewFile.id)))


def present_files(session: Session, review: SecurityReview, item: str = "") -> list[ReviewFile]:
    """The files that count: those that no newer one replaces."""
    rows = files(session, review, item)
    replaced = {each.replaces_id for each in rows}
    return [each for each in rows if each.id not in replaced]


def fingerprint(session: Session, review: SecurityReview) -> str:
    """SHA-256 over every answer and the fingerprints of the files that show them: what is attested, and nothing else is."""
    files: dict[str, list[str]] = {}
    for each in present_files(session, review):
        files.setdefault(each.item, []).append(each.file.sha256)
    whole = [
        [
            row.item,
            row.answer,
            row.note,
            row.owner,
            row.due.isoformat() if row.due else "",
            sorted(files.get(row.item, [])),
        ]
        for row in answers(session, review)
    ]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def open_items(rows: Iterable[ReviewAnswer]) -> list[str]:
    """The items that have no answer yet, or of which the Lead wants a change that was not made."""
    return [row.item for row in rows if not row.answer or row.wanted]


def findings(rows: Iterable[ReviewAnswer]) -> list[ReviewAnswer]:
    return [row for row in rows if row.answer in FINDINGS]


def summary(rows: Iterable[ReviewAnswer]) -> dict[str, int]:
    """How many items have which answer, and how many are left."""
    counts = dict.fromkeys(("", *ANSWERS), 0)
    for row in rows:
        counts[row.answer] += 1
    return counts


def previous_answers(session: Session, review: SecurityReview) -> dict[str, ReviewAnswer]:
    """What was answered in the last review that was signed off, by item."""
    if review.previous_id is None:
        return {}
    query = select(ReviewAnswer).where(ReviewAnswer.review_id == review.previous_id)
    return {row.item: row for row in session.scalars(query)}
