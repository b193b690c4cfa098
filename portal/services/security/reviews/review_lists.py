"""The board of reviews: where each stands, as far as somebody may see them, the most urgent first."""

from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, ReviewAnswer, ReviewCampaign, SecurityReview
from portal.services.paging import PAGE, Order, Page, like
from portal.services.security.reviews.campaigns import OPEN
from workflows.actions import Action

IN_ORDER = Order(((SecurityReview.due, date.fromisoformat), (SecurityReview.id, int)))


def page(
    session: Session,
    actor: Actor,
    *,
    on: date,
    show: str = "",
    campaign_id: int | None = None,
    agency: str = "",
    agency_id: int | None = None,
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """(review, answered, items) with the Agency, by due day; a fixed number of statements."""
    answered = select(func.count()).where(ReviewAnswer.review_id == SecurityReview.id, ReviewAnswer.answer != "")
    items = select(func.count()).where(ReviewAnswer.review_id == SecurityReview.id)
    query = select(
        SecurityReview,
        answered.correlate(SecurityReview).scalar_subquery(),
        items.correlate(SecurityReview).scalar_subquery(),
    )
    query = query.where(permissions.visible(actor, Action.REVIEW_SEE, SecurityReview)).join(SecurityReview.agency)
    query = query.options(contains_eager(SecurityReview.agency), joinedload(SecurityReview.campaign))
    query = query.where(*_shown(show, on))
    if campaign_id is not None:
        query = query.where(SecurityReview.campaign_id == campaign_id)
    if agency_id is not None:
        query = query.where(SecurityReview.agency_id == agency_id)
    if agency:
        query = query.where(Agency.name_key.like(like(agency), escape="/"))
    return IN_ORDER.page(session, query, after, lambda row: (row[0].due.isoformat(), row[0].id), limit=limit)


def _shown(show: str, on: date) -> tuple[ColumnElement[bool], ...]:
    match show:
        case "all":
            return ()
        case "overdue":
            return SecurityReview.status.in_(OPEN), SecurityReview.due < on
        case "in_progress":
            return (SecurityReview.status.in_(("answering", "sent")),)
        case "not_started" | "attested" | "returned" | "signed_off":
            return (SecurityReview.status == show,)
        case "visit":
            return SecurityReview.visit.is_(True), SecurityReview.status.in_(OPEN)
    return (SecurityReview.status.in_(OPEN),)


def campaigns(session: Session, *, limit: int = 20) -> list[ReviewCampaign]:
    """The last campaigns, the newest first."""
    query = select(ReviewCampaign).options(joinedload(ReviewCampaign.opener))
    return list(session.scalars(query.order_by(ReviewCampaign.id.desc()).limit(limit)))
