"""The yearly round of security reviews: who is due when, and who is visited, by lots that anybody can draw again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Agency, Evidence, ReviewCampaign, SecurityReview
from portal.refusals import Refused, bad_input
from portal.services import holders
from portal.services.locks import lock
from portal.services.security.reviews import attesting
from portal.services.security.reviews.reviews import put_up, rules
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.draw import drawn, due_days
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Reason, Role

NAME, SEED = 100, 100
SPREADS = ("at_once", "over_the_year")
OPEN = ("not_started", "answering", "sent", "attested", "returned")


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign before it is opened: each Agency's due day, who is visited, and who has a review open already."""

    due: dict[int, date]
    visited: tuple[int, ...]
    listed: tuple[int, ...]
    busy: int


def plan(
    session: Session,
    *,
    spread: str,
    due: date | None,
    share: int,
    seed: str,
    only: Collection[int] | None = None,
    now: datetime,
    policy: Policy,
) -> Plan:
    """Who would be due when and who would be visited: the Lead and every Agency that takes part, or those of `only`.

    At once: all by `due`. Over the year: see workflows/draw.py. `share` is hundredths of a percent; the Lead is never visited.
    """
    today, review = local_day(now, policy.zone), rules(policy)
    if spread not in SPREADS:
        raise bad_input("Choose how the reviews are spread.", "spread")
    if spread == "at_once" and (due is None or due <= today):
        raise bad_input(f"Enter the day by which all have to be done, after {us_date(today)}.", "due")
    if spread == "at_once" and due is not None and due > review.period.after(today):
        raise bad_input(f"All have to be done within a year: by {us_date(review.period.after(today))}.", "due")
    if not 0 <= share <= 10_000:
        raise bad_input("Enter a percentage from 0 to 100.", "share")
    if share and not seed.strip():
        raise bad_input("Enter what the lots are drawn from, such as the numbers of a public lottery.", "seed")
    if len(seed) > SEED:
        raise bad_input(f"At most {SEED} characters; this has {len(seed)}.", "seed")
    query = select(Agency.id).where(Agency.status != "ended").order_by(Agency.id)
    everybody = [each for each in session.scalars(query) if only is None or each in only]
    busy = set(session.scalars(select(SecurityReview.agency_id).where(SecurityReview.status.in_(OPEN))))
    asked = [each for each in everybody if each not in busy]
    candidates = [each for each in asked if each != LEAD]
    if due is not None and spread == "at_once":
        days = dict.fromkeys(asked, due)
    else:
        held = covered(session, policy=policy)
        days = due_days(
            today, {each: held.get(each) for each in asked}, within=review.answer_within, period=review.period
        )
    return Plan(days, drawn(seed.strip(), candidates, share), tuple(candidates), len(everybody) - len(asked))


def open_(
    session: Session,
    *,
    name: str,
    spread: str,
    due: date | None,
    share: int = 0,
    seed: str = "",
    only: Collection[int] | None = None,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> ReviewCampaign:
    """Opens a campaign and its reviews; every officer is mailed once. ALREADY_DONE for a name that was used before."""
    permissions.check(session, actor, Action.REVIEW_OPEN)
    lock(session, lead=True)
    called = " ".join(name.split())
    if not 3 <= len(called) <= NAME:
        raise bad_input(f"Enter a name of 3 to {NAME} characters, such as 'Security review 2027'.", "name")
    if session.scalar(select(ReviewCampaign.id).where(ReviewCampaign.name == called)) is not None:
        raise Refused(Reason.ALREADY_DONE, "There is a campaign of this name already. Choose another name.", "name")
    made = plan(session, spread=spread, due=due, share=share, seed=seed, only=only, now=now, policy=policy)
    if not made.due:
        raise Refused(Reason.CONFLICT, "Every Agency has a review open already, so there is nobody to ask.")
    if actor.person_id is None:
        raise bad_input("A campaign is opened by a person.")
    lock(session, agencies=list(made.due), lead=True)
    campaign = ReviewCampaign(
        name=called, spread=spread, due=max(made.due.values()), share=share, seed=seed.strip() if share else "",
        listed=list(made.listed) if share else [], opened_by=actor.person_id, opened_at=now,
    )  # fmt: skip
    session.add(campaign)
    session.flush()
    reviews = put_up(
        session, made.due, campaign_id=campaign.id, visited=made.visited, actor=actor, now=now, policy=policy
    )
    audit.record(
        session, actor=actor, now=now, act="security review.campaign", thing=campaign,
        after={"reviews": len(reviews), "visited": list(made.visited), "seed": campaign.seed, "share": share},
        said=f"Opened the campaign {called}: {len(reviews)} reviews, {len(made.visited)} of them visited"
        + (f", drawn from '{campaign.seed}'." if share else "."),
    )  # fmt: skip
    _tell_all(session, reviews, now=now, policy=policy)
    return campaign


def covered(session: Session, *, policy: Policy) -> dict[int, date]:
    """Until when each Agency counts as reviewed, by the evidence of its last sign-off or of its joining."""
    rows = session.execute(
        select(Evidence.subject_id, func.max(Evidence.valid_from))
        .where(
            Evidence.about == About.AGENCY, Evidence.kind == Kind.SECURITY_REVIEW, Evidence.withdrawn_at == datetime.max
        )
        .group_by(Evidence.subject_id)
    )
    period = rules(policy).period
    return {agency_id: period.after(day) for agency_id, day in rows}


def counted(session: Session, campaign_id: int | None, *, on: date) -> dict[str, int]:
    """How many reviews stand where, of one campaign or of all that are open; 'overdue' besides. One statement."""
    query = select(
        SecurityReview.status,
        func.count(),
        func.count().filter((SecurityReview.due < on) & SecurityReview.status.in_(OPEN)),
    ).group_by(SecurityReview.status)
    query = (
        query.where(SecurityReview.campaign_id == campaign_id)
        if campaign_id
        else query.where(SecurityReview.status.in_(OPEN))
    )
    counts = dict.fromkeys((*OPEN, "signed_off", "called_off", "overdue"), 0)
    for status, count, late in session.execute(query):
        counts[status] = count
        counts["overdue"] += late
    return counts


def _tell_all(session: Session, reviews: list[SecurityReview], *, now: datetime, policy: Policy) -> None:
    """One message to each officer, however many Agencies they look after; one statement for who they are."""
    on, by_agency = local_day(now, policy.zone), {review.agency_id: review for review in reviews}
    told: set[int] = set()
    for agency_id, _, person_id, role in session.execute(holders.held(on, Role.SECURITY_OFFICER, Role.LEAD_SECURITY)):
        review = by_agency.get(agency_id)
        if review is not None and person_id not in told and (role == Role.LEAD_SECURITY) == (agency_id == LEAD):
            told.add(person_id)
            attesting.tell(session, "review_opened", review, {person_id}, now=now)
