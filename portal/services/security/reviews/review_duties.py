"""What of the security reviews falls due, and for whom: answering, attesting, helping, signing off."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager

from portal.models import Agency, Membership, ReviewAnswer, SecurityReview
from portal.services import holders
from portal.services.security.duty import Duty, Looker
from portal.services.security.reviews.campaigns import OPEN
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Role

ANSWERING = ("not_started", "answering", "returned")
AFTER = "After that day no new access is issued at {agency} once its last review is a year old."


def duties(session: Session, on: date, policy: Policy, looker: Looker | None) -> Iterator[Duty]:
    """Reviews that are due by the furthest day of warning: the officer's, then the director's too, then the Lead's.

    Whoever was handed items is told of them; the director of a review that is overdue. A fixed number of statements.
    """
    reach = on + timedelta(policy.warnings.days[0])
    query = select(SecurityReview).join(SecurityReview.agency).options(contains_eager(SecurityReview.agency))
    query = query.where(SecurityReview.status.in_(OPEN), SecurityReview.due <= reach, Agency.status != "ended")
    if looker is not None:
        mine = select(ReviewAnswer.review_id).where(ReviewAnswer.handed_to == looker.person_id)
        theirs = [SecurityReview.agency_id.in_({agency for agency, _ in looker.roles}), SecurityReview.id.in_(mine)]
        if looker.holds(Role.LEAD_SECURITY, Role.AUDITOR, Role.BOARD_MEMBER):
            theirs.append(SecurityReview.status.not_in((*ANSWERING, "sent")))
        query = query.where(or_(*theirs))
    reviews = session.scalars(query.order_by(SecurityReview.due, SecurityReview.id)).all()
    if not reviews:
        return
    offices = _offices(session, {review.agency_id for review in reviews}, on)
    helpers = _helpers(session, [review.id for review in reviews])
    for review in reviews:
        yield from _of(review, offices[review.agency_id], offices[LEAD], helpers[review.id], on)


def _of(
    review: SecurityReview, held: dict[str, set[int]], lead: dict[str, set[int]], helpers: set[int], on: date
) -> Iterator[Duty]:
    agency, path = review.agency, f"/security/reviews/{review.id}"
    whose = "the Lead" if review.agency_id == LEAD else agency.name
    key = f"review:{review.id}"
    if review.status in ANSWERING:
        officers = held[Role.LEAD_SECURITY if review.agency_id == LEAD else Role.SECURITY_OFFICER]
        late = held[Role.EXECUTIVE_DIRECTOR] if review.due < on else set()
        people = frozenset(officers | late)
        hint = "" if review.agency_id == LEAD else AFTER.format(agency=whose)
        title = (
            "Make the changes to the security review"
            if review.status == "returned"
            else "Answer the security checklist"
        )
        yield Duty(key, f"{whose}: {title[:1].lower()}{title[1:]}", review.due, people, path, hint)
        if helpers:
            yield Duty(
                f"{key}:helpers",
                f"{whose}: answer your items of the security checklist",
                review.due,
                frozenset(helpers),
                path,
            )
    elif review.status == "sent":
        people = frozenset(held[Role.EXECUTIVE_DIRECTOR] or held[Role.SECURITY_OFFICER])
        yield Duty(
            f"{key}:attest", f"{whose}: attest the security review", review.due, people, path, "By link and code."
        )
    else:
        signers = lead[Role.AUDITOR] | lead[Role.BOARD_MEMBER] if review.agency_id == LEAD else lead[Role.LEAD_SECURITY]
        yield Duty(f"{key}:sign_off", f"{whose}: sign the security review off", review.due, frozenset(signers), path)


def _offices(session: Session, agencies: set[int], on: date) -> dict[int, dict[str, set[int]]]:
    """Who holds which office at these Agencies and at the Lead."""
    roles = (Role.SECURITY_OFFICER, Role.EXECUTIVE_DIRECTOR, Role.LEAD_SECURITY, Role.AUDITOR, Role.BOARD_MEMBER)
    held: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for agency_id, _, person_id, role in session.execute(
        holders.held(on, *roles).where(Membership.agency_id.in_(agencies | {LEAD}))
    ):
        held[agency_id][role].add(person_id)
    return held


def _helpers(session: Session, reviews: list[int]) -> dict[int, set[int]]:
    """Who has an item in hand that has no answer yet."""
    found: dict[int, set[int]] = defaultdict(set)
    query = select(ReviewAnswer.review_id, ReviewAnswer.handed_to).where(
        ReviewAnswer.review_id.in_(reviews), ReviewAnswer.handed_to.is_not(None), ReviewAnswer.answer == ""
    )
    for review_id, person_id in session.execute(query):
        if person_id is not None:
            found[review_id].add(person_id)
    return found
