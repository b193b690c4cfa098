"""Items of a review in a colleague's hands, and what people write about an item to each other."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Membership, Person, ReviewAnswer, ReviewComment, SecurityReview
from portal.refusals import bad_input, not_found
from portal.services import holders
from portal.services.review_content import answer_of
from portal.services.security.reviews import attesting
from portal.services.security.reviews.reviews import hold, may_answer, refuse_settled, rules
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Role

COMMENT = 2000


def colleagues(session: Session, review: SecurityReview, *, now: datetime, policy: Policy) -> list[Person]:
    """Who belongs to the place that is reviewed and has not left it, by name: to whom items may be handed."""
    query = select(Person).join(Membership, Membership.person_id == Person.id)
    query = query.where(Membership.agency_id == review.agency_id, ~holders.left(local_day(now, policy.zone)))
    return list(session.scalars(query.order_by(Person.last_name, Person.first_name, Person.id)))


def hand_over(
    session: Session,
    review: SecurityReview,
    *,
    items: Sequence[str],
    to: int,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Person:
    """Hands items to a colleague, who is mailed, sees just these and answers them; the officer can still answer too."""
    permissions.check(session, actor, Action.REVIEW_SEND, review)
    hold(session, review)
    refuse_settled(review)
    if not rules(policy).hand_over:
        raise bad_input("The policy pack in force lets only the security officer answer.", "to")
    if not items:
        raise bad_input("Choose at least one item.", "items")
    colleague = next((each for each in colleagues(session, review, now=now, policy=policy) if each.id == to), None)
    if colleague is None or colleague.id == actor.person_id:
        raise bad_input("Choose a colleague of the same Agency.", "to")
    for item in items:
        row = answer_of(session, review, item, hold=True)
        row.handed_to, row.handed_by, row.handed_at = colleague.id, actor.person_id, now
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="security review.hand_over", thing=review, after={"items": list(items), "to": colleague.id},
        said=f"Handed to {colleague.name}: {', '.join(items)}.",
    )  # fmt: skip
    attesting.tell(session, "review_handed", review, {colleague.id}, now=now, about=now.isoformat())
    return colleague


def give_back(session: Session, review: SecurityReview, *, item: str, actor: Actor, now: datetime) -> None:
    """Gives an item back to the officer, or takes it back: whoever had it sees it no longer."""
    permissions.check(session, actor, Action.REVIEW_ANSWER, review)
    hold(session, review)
    row = answer_of(session, review, item, hold=True)
    if not may_answer(session, actor, review, row):
        raise not_found()
    if row.handed_to is None:
        raise bad_input("This item is in nobody's hands but the officer's.")
    row.handed_to = row.handed_by = row.handed_at = None
    session.flush()
    audit.record(
        session,
        actor=actor,
        now=now,
        act="security review.give_back",
        thing=review,
        after={"item": item},
        said=f"Given back: {item}.",
    )


def comment(
    session: Session, review: SecurityReview, *, item: str, text: str, actor: Actor, now: datetime
) -> ReviewComment:
    """Writes a word about an item; it stays as it was written, and both sides read it."""
    permissions.check(session, actor, Action.REVIEW_COMMENT, review)
    row = answer_of(session, review, item)
    if not sees(actor, review, row):
        raise not_found()
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise bad_input("Write something.", "text")
    if len(words) > COMMENT:
        raise bad_input(f"At most {COMMENT:,} characters; this has {len(words):,}. Shorten it.", "text")
    if actor.person_id is None:
        raise bad_input("A comment is written by a person.")
    said = ReviewComment(review_id=review.id, item=item, text=words, written_by=actor.person_id, written_at=now)
    session.add(said)
    session.flush()
    audit.record(
        session,
        actor=actor,
        now=now,
        act="security review.comment",
        thing=review,
        after={"item": item},
        said=f"Commented on {item}.",
    )
    return said


def comments(session: Session, review: SecurityReview, item: str = "") -> list[ReviewComment]:
    """What was written about a review, or about one item of it, oldest first."""
    query = select(ReviewComment).options(joinedload(ReviewComment.writer)).where(ReviewComment.review_id == review.id)
    if item:
        query = query.where(ReviewComment.item == item)
    return list(session.scalars(query.order_by(ReviewComment.id)))


def sees_all(actor: Actor, review: SecurityReview) -> bool:
    """Whether somebody reads the whole review, and not just what was handed to them."""
    offices = (Role.SECURITY_OFFICER, Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN, Role.BOARD_MEMBER)
    return bool(actor.lead_roles) or any(review.agency_id in actor.at(role) for role in offices)


def sees(actor: Actor, review: SecurityReview, row: ReviewAnswer) -> bool:
    """Whether somebody may read this item of a review that they may see."""
    return sees_all(actor, review) or row.handed_to == actor.person_id
