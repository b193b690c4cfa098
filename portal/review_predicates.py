"""The sentences of the permission table that speak of security reviews."""

from typing import Any

from sqlalchemy import ColumnElement, exists, false, select, true
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import Agency, ReviewAnswer, ReviewRevision, SecurityReview
from portal.predicates import ANYBODY, Predicate
from workflows.vocabulary import LEAD


def _at_the_lead(_actor: Actor, model: Any) -> ColumnElement[bool]:
    return (model.id if model is Agency else model.agency_id) == LEAD


def _of_the_lead(thing: Any) -> bool:
    return getattr(thing, "agency_id", None) == LEAD


def _helps(session: Session, actor: Actor, thing: Any) -> bool:
    """Some item of this review is handed to the actor; of any review, where no thing is at hand."""
    if actor.person_id is None:
        return False
    if thing is not None and not isinstance(thing, SecurityReview) and not _oneself(actor, thing):
        return False
    query = select(ReviewAnswer.id).where(ReviewAnswer.handed_to == actor.person_id)
    if isinstance(thing, SecurityReview):
        query = query.where(ReviewAnswer.review_id == thing.id)
    return session.scalar(query.limit(1)) is not None


def _oneself(actor: Actor, thing: Any) -> bool:
    """What stands in for a thing where somebody asks whether they could do this to anything at all: asked of once."""
    return not hasattr(thing, "id") and getattr(thing, "person_id", None) == actor.person_id


def _helped(actor: Actor, model: Any) -> ColumnElement[bool]:
    if actor.person_id is None or model is not SecurityReview:
        return false()
    return exists().where(ReviewAnswer.review_id == SecurityReview.id, ReviewAnswer.handed_to == actor.person_id)


def _filled_in(session: Session, actor: Actor, thing: Any) -> bool:
    if not isinstance(thing, SecurityReview) or actor.person_id is None:
        return False
    if thing.sent_by == actor.person_id:
        return True
    saved = select(ReviewRevision.id).join(ReviewAnswer, ReviewAnswer.id == ReviewRevision.answer_id)
    saved = saved.where(ReviewAnswer.review_id == thing.id, ReviewRevision.saved_by == actor.person_id)
    return session.scalar(saved.limit(1)) is not None


def _did_not(actor: Actor, model: Any) -> ColumnElement[bool]:
    if model is not SecurityReview or actor.person_id is None:
        return true()
    saved = (
        select(1)
        .select_from(ReviewRevision)
        .join(ReviewAnswer, ReviewAnswer.id == ReviewRevision.answer_id)
        .where(ReviewAnswer.review_id == SecurityReview.id, ReviewRevision.saved_by == actor.person_id)
        .correlate(SecurityReview)
    )
    return SecurityReview.sent_by.is_distinct_from(actor.person_id) & ~exists(saved)


OF_THE_LEAD = Predicate("about the Lead itself", lambda _s, _actor, thing: _of_the_lead(thing), _at_the_lead)
OF_AN_AGENCY = Predicate(
    "about an Agency",
    lambda _s, _actor, thing: not _of_the_lead(thing),
    lambda actor, model: ~_at_the_lead(actor, model),
)
HANDED_AN_ITEM = Predicate("whom an item of it was handed to", _helps, _helped, frozenset({ANYBODY}))
NOT_ITS_ANSWERER = Predicate(
    "who has filled in none of it", lambda session, actor, thing: not _filled_in(session, actor, thing), _did_not
)
