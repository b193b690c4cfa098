"""What a review found, and which findings have no corrective action and no exception yet ('Annual security review')."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.models import CorrectiveAction, ReviewAnswer, SecurityReview
from portal.services import review_content
from portal.services.security.actions.actions import LIVING
from workflows import review_findings
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.review_findings import Answered
from workflows.review_pack import Item


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of a review with its item and answer; `action` is what answers it, `due` the proposed day."""

    item: Item
    answer: ReviewAnswer
    kind: str
    title: str
    due: date
    action: CorrectiveAction | None

    @property
    def wrong(self) -> str:
        """What is wrong, as an action would begin to say it: whose words they are stands before them."""
        said = self.answer.observed_note if self.kind == "observed" else _fact_said(self.answer.fact)
        if self.kind in ("no", "partial") or not said:
            said = self.answer.note
        return f"{self.item.asks} {self.title}." + (f" {said}" if said else "")


def of(session: Session, review: SecurityReview, *, now: datetime, policy: Policy) -> list[Finding]:
    """Every finding of the review as it is answered now, in the checklist's order; five statements at most."""
    items = {item.id: item for item in review_content.items_of(review)}
    rows = {row.item: row for row in review_content.answers(session, review)}
    found = review_findings.findings(answered(items.values(), rows.values()))
    today, made = local_day(now, policy.zone), []
    actions = _answering(session, review, on=today)
    for each in found:
        rule = policy.corrective.rule(each.kind)
        days, title = (rule.days, rule.title) if rule else (30, each.kind)
        item, row = items[each.item], rows[each.item]
        named = row.due is not None and row.due >= today  # whoever answered may have named a day
        due = row.due if named and row.due else today + timedelta(days)
        made.append(Finding(item, row, each.kind, title, due, actions.get(each.item)))
    return made


def unanswered(session: Session, review: SecurityReview, *, now: datetime, policy: Policy) -> list[Finding]:
    """The findings that keep a review from being signed off: those without an action and without an exception."""
    return [finding for finding in of(session, review, now=now, policy=policy) if finding.action is None]


def going_on(session: Session, review: SecurityReview, *, on: date) -> dict[str, CorrectiveAction]:
    """What goes on from earlier reviews, by item: actions that are not closed, and exceptions that hold. One statement."""
    return {item: row for item, row in _answering(session, review, on=on).items() if row.review_id != review.id}


def answered(items: Iterable[Item], rows: Iterable[ReviewAnswer]) -> list[Answered]:
    """The answers as the rules read them, each with its item's category."""
    categories = {item.id: item.category for item in items}
    return [
        Answered(row.item, categories[row.item], row.answer, _bears_out(row.fact), row.observed)
        for row in rows
        if row.item in categories
    ]


def _answering(session: Session, review: SecurityReview, *, on: date) -> dict[str, CorrectiveAction]:
    """By item: this review's own action before one that goes on from an earlier review, or an exception that still holds."""
    query = (
        select(CorrectiveAction)
        .where(CorrectiveAction.agency_id == review.agency_id, CorrectiveAction.review_id <= review.id, CorrectiveAction.status != "withdrawn")
        .options(joinedload(CorrectiveAction.owner), selectinload(CorrectiveAction.steps))
        .order_by(CorrectiveAction.id)
    )  # fmt: skip
    found: dict[str, CorrectiveAction] = {}
    for row in session.scalars(query):
        excepted = row.status == "accepted" and row.until is not None and row.until >= on
        own = row.review_id == review.id
        if own or ((row.status in LIVING or excepted) and row.item not in found):
            found[row.item] = row
    return found


def _bears_out(fact: dict[str, Any]) -> bool | None:
    holds = fact.get("holds")
    return holds if isinstance(holds, bool) else None


def _fact_said(fact: dict[str, Any]) -> str:
    return str(fact.get("said", ""))
