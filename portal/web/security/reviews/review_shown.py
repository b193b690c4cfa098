"""What the pages about security reviews share: the review if one may see it, words for where it stands, its items in groups."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from portal import permissions
from portal.models import ReviewAnswer, SecurityReview
from portal.refusals import not_found
from portal.services.review_content import items_of
from portal.services.security.reviews import helping
from portal.services.security.reviews.facts import Fact
from portal.web.kernel import actor, policy
from workflows.actions import Action
from workflows.review_pack import ANSWERS, Item
from workflows.vocabulary import LEAD, Role

STATES = {
    "not_started": ("not_started", "Not started"), "answering": ("in_progress", "In progress"), "sent": ("awaiting_signature", "Waits for the director"),
    "attested": ("submitted", "Attested, to sign off"), "returned": ("returned", "Changes requested"), "signed_off": ("signed", "Signed off"),
    "called_off": ("ended", "Called off"),
}  # fmt: skip
TAGS = {"": "not_started", "yes": "met", "partial": "warning", "no": "unmet", "not_applicable": "not_applicable"}
OPEN = ("not_started", "answering", "sent", "attested", "returned")


def found(session: Session, review_id: int, action: Action = Action.REVIEW_SEE) -> SecurityReview:
    return permissions.find(session, actor(), action, SecurityReview, review_id)


def state(review: SecurityReview, on: date) -> tuple[str, str]:
    """The status to show with its words: what is past its day says so."""
    if review.status in ("not_started", "answering", "returned", "sent") and review.due < on:
        return "overdue", f"Overdue: {STATES[review.status][1][:1].lower()}{STATES[review.status][1][1:]}"
    return STATES[review.status]


def name_of(review: SecurityReview) -> str:
    return f"{review.agency.name} (the HMIS Lead)" if review.agency_id == LEAD else review.agency.name


def title_of(review: SecurityReview) -> str:
    return review.campaign.name if review.campaign else f"Security review of {review.opened_at.year}"


def trail(review: SecurityReview, *further: str) -> list[dict[str, str]]:
    """The way here: Security, the reviews, this one, and what is below it."""
    items = [
        {"label": "Security", "href": url_for("security.index")},
        {"label": "Reviews", "href": url_for("security.reviews")},
        {"label": name_of(review), "href": url_for("security.review", review_id=review.id)},
    ]
    return [*items, *({"label": label, "href": ""} for label in further)]


def mine(review: SecurityReview, rows: Sequence[ReviewAnswer]) -> list[ReviewAnswer]:
    """The rows that whoever looks may read: all, or those in their hands."""
    return [row for row in rows if helping.sees(actor(), review, row)]


def seen_row(review: SecurityReview, row: ReviewAnswer) -> ReviewAnswer:
    """This row, if whoever looks may read it; NOT_FOUND otherwise."""
    if not helping.sees(actor(), review, row):
        raise not_found()
    return row


def groups(review: SecurityReview, rows: Sequence[ReviewAnswer]) -> list[dict[str, Any]]:
    """The items by category, each with its row, as the pages list them."""
    rules = policy().review
    titles = {category.id: category.title for category in rules.categories} if rules else {}
    by_item = {row.item: row for row in rows}
    made: dict[str, list[dict[str, Any]]] = {}
    for item in items_of(review):
        if item.id in by_item:
            made.setdefault(item.category, []).append(_entry(review, item, by_item[item.id]))
    return [{"title": titles.get(category, category), "items": items} for category, items in made.items()]


def _entry(review: SecurityReview, item: Item, row: ReviewAnswer) -> dict[str, Any]:
    hints = [
        f"In the hands of {row.helper.name}." if row.helper else "",
        f"The Lead asks: {row.wanted}" if row.wanted else "",
    ]
    return {
        "item": item,
        "row": row,
        "title": f"{item.id}: {item.asks}",
        "status": "returned" if row.wanted else TAGS[row.answer],
        "tag": "Change requested" if row.wanted else ANSWERS.get(row.answer, "No answer yet"),
        "href": url_for("security.review_item", review_id=review.id, item=item.id),
        "hint": " ".join(hint for hint in hints if hint),
    }


def names_may_be_read(review: SecurityReview) -> bool:
    """Names of those who lack something are for whoever reads the whole review, not for the Board and not for helpers."""
    offices = (Role.SECURITY_OFFICER, Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN)
    return bool(actor().lead_roles) or any(review.agency_id in actor().at(role) for role in offices)


def fact_shown(fact: Fact | None, *, names: bool) -> Mapping[str, Any] | None:
    """A fact as the page shows it, with the names only for those who may read them."""
    if fact is None:
        return None
    return {
        "said": fact.said,
        "holds": fact.holds,
        "names": fact.names[:25] if names else (),
        "more": max(0, len(fact.names) - 25) if names else 0,
    }
