"""What of the security reviews waits for whoever looks, on the first page."""

from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, contains_eager

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, ReviewAnswer, SecurityReview
from portal.services.home.tasks import Task
from portal.services.security.reviews.review_duties import ANSWERING
from workflows.actions import Action
from workflows.vocabulary import LEAD, Role

BOARD = "/security/reviews"


def tasks(session: Session, *, actor: Actor, on: date) -> list[Task]:
    """Reviews to answer, and those to sign off; two statements at most."""
    officer = actor.at(Role.SECURITY_OFFICER) | ({LEAD} if Role.LEAD_SECURITY in actor.lead_roles else frozenset())
    found = _to_answer(session, actor, officer, on)
    if actor.lead_roles & {Role.LEAD_SECURITY, Role.AUDITOR} or LEAD in actor.at(Role.BOARD_MEMBER):
        found += _to_sign_off(session, actor)
    return found


def _to_answer(session: Session, actor: Actor, officer: frozenset[int], on: date) -> list[Task]:
    handed = select(ReviewAnswer.review_id).where(ReviewAnswer.handed_to == actor.person_id, ReviewAnswer.answer == "")
    left = select(func.count()).where(ReviewAnswer.review_id == SecurityReview.id, ReviewAnswer.answer == "")
    rows = session.execute(
        select(SecurityReview, left.correlate(SecurityReview).scalar_subquery())
        .join(SecurityReview.agency)
        .options(contains_eager(SecurityReview.agency))
        .where(SecurityReview.status.in_(ANSWERING), Agency.status != "ended")
        .where(or_(SecurityReview.agency_id.in_(officer), SecurityReview.id.in_(handed)))
        .order_by(SecurityReview.due, SecurityReview.id)
    )
    found = []
    for review, count in rows:
        mine = review.agency_id in officer
        title = "Answer the security checklist" if mine else "Answer your items of the security checklist"
        if mine and review.status == "returned":
            title = "Make the changes to the security review"
        hint = f"{review.agency.name}." + (f" {count} items without an answer." if mine and count else "")
        late = "overdue" if review.due < on else "to_do"
        found.append(
            Task(f"at:{BOARD}/{review.id}", title, hint=hint, since=review.opened_at, due=review.due, status=late)
        )
    return found


def _to_sign_off(session: Session, actor: Actor) -> list[Task]:
    query = select(func.count(), func.min(SecurityReview.attested_at), func.min(SecurityReview.id)).where(
        SecurityReview.status == "attested",
        permissions.visible(actor, Action.REVIEW_SIGN_OFF, SecurityReview),
    )  # fmt: skip
    count, since, first = session.execute(query).one()
    if not count:
        return []
    title = f"{count} security {'review' if count == 1 else 'reviews'} to sign off"
    where = f"{BOARD}/{first}" if count == 1 else f"{BOARD}?show=attested"
    return [Task(f"at:{where}", title, since=since)]
