"""How the Continuum stands, in numbers alone: for the Board and the data committee, who see nobody's name ('Data Committee')."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import (
    AccessRequest,
    Agency,
    CorrectiveAction,
    Grant,
    Incident,
    Lapse,
    SecurityReview,
    TrainingResult,
)
from portal.services.security.actions import results
from portal.services.security.actions.action_lists import overdue
from portal.services.security.actions.actions import LIVING
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.enforcement_pack import Category, Severity
from workflows.policy import Policy
from workflows.vocabulary import LEAD

FEWEST = 5
"""Of fewer people than this no number is shown: whoever knows the field would recognise them."""

FEW, NONE = f"Fewer than {FEWEST}", "Too few to say"
HELD_BACK = "Not told, or a smaller number could be worked out"
PASSED_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number as it is shown, under its heading."""

    group: str
    label: str
    shown: str
    hint: str = ""


def overview(session: Session, *, actor: Actor, now: datetime, policy: Policy) -> list[Figure]:
    """Every figure of the page. Counts of people below five are not told, nor rates and medians of so few. A fixed number of statements."""
    permissions.check(session, actor, Action.AGGREGATES_SEE)
    today = local_day(now, policy.zone)
    return [
        *_agencies(session), *_access(session), *_waiting(session, now), *_lapses(session, today),
        *_training(session, now, policy), *_incidents(session, now), *_reviews(session, now, policy),
    ]  # fmt: skip


def counted(people: int) -> str:
    """A number of people as it may be told."""
    return f"{people:,}" if people == 0 or people >= FEWEST else FEW


def _agencies(session: Session) -> list[Figure]:
    query = select(Agency.status, func.count()).where(Agency.id != LEAD).group_by(Agency.status)
    found = {status: count for status, count in session.execute(query)}  # noqa: C416
    words = {"participating": "Participating", "joining": "Joining", "ended": "Ended their participation"}
    return [Figure("Agencies", label, f"{found.get(status, 0):,}") for status, label in words.items()]


def _access(session: Session) -> list[Figure]:
    people = func.count(func.distinct(Grant.person_id))
    query = select(Grant.status, people).where(Grant.status != "ended").group_by(Grant.status)
    found = {status: count for status, count in session.execute(query)}  # noqa: C416
    return [
        Figure("People", "With access to the HMIS", counted(found.get("live", 0))),
        Figure("People", "Whose access is suspended", counted(found.get("suspended", 0)), "Until what is missing is there"),
    ]  # fmt: skip


def _waiting(session: Session, now: datetime) -> list[Figure]:
    asked = session.scalars(select(AccessRequest.requested_at).where(AccessRequest.status == "open")).all()
    days = [(now - moment).days for moment in asked]
    wait = f"{median(days):g} days" if len(days) >= FEWEST else NONE
    return [
        Figure("Requests", "Waiting for access", counted(len(days))),
        Figure("Requests", "Median time they have waited", wait, "Half of them wait longer"),
    ]


def _lapses(session: Session, today: date) -> list[Figure]:
    open_ = Lapse.settled_at.is_(None)
    due, coming = session.execute(
        select(
            func.count(case((Lapse.due <= today, 1))),
            func.count(case((Lapse.due > today, 1))),
        ).where(open_)
    ).one()
    return [
        Figure("Lapses", "Prerequisites that have lapsed", counted(due), "Of people and of Agencies"),
        Figure("Lapses", "Prerequisites about to lapse", counted(coming)),
    ]  # fmt: skip


def _training(session: Session, now: datetime, policy: Policy) -> list[Figure]:
    passed = or_(
        *(
            (TrainingResult.course == course.id) & (TrainingResult.score >= policy.mark_for(course.id))
            for course in policy.courses
        )
    )
    since = TrainingResult.taken_at >= now - PASSED_FOR, TrainingResult.status == "recorded"
    all_, good = session.execute(select(func.count(), func.count(case((passed, 1)))).where(*since)).one()
    return [
        Figure("Training", "Quizzes taken in the last year", counted(all_)),
        Figure("Training", "Passed", f"{100 * good / all_:.0f} %" if all_ >= FEWEST else NONE),
    ]


def _incidents(session: Session, now: datetime) -> list[Figure]:
    """How many were reported within a year, by what they are about and how severe; of few, no number."""
    query = select(Incident.category, Incident.severity, func.count()).where(
        Incident.nature == "incident", Incident.reported_at >= now - PASSED_FOR, Incident.status != "set_aside"
    )
    rows = session.execute(query.group_by(Incident.category, Incident.severity)).all()
    all_ = sum(count for _, _, count in rows)
    about = {word: sum(count for category, _, count in rows if category == word) for word in Category}
    grave = {word: sum(count for _, severity, count in rows if severity == word) for word in Severity}
    titles = {word: f"About {word}" if word != Category.OTHER else "About something else" for word in about}
    return [
        Figure("Incidents", "Reported in the last year", counted(all_)),
        *(Figure("Incidents", titles[word], shown) for word, shown in _parts(about).items()),
        *(Figure("Incidents", f"Graded {word}", shown) for word, shown in _parts(grave).items()),
    ]


def _reviews(session: Session, now: datetime, policy: Policy) -> list[Figure]:
    """How many Agencies were reviewed within a year, how they stand by the median, and what is still to be put right."""
    today = local_day(now, policy.zone)
    row = CorrectiveAction
    reviewed = select(func.count(func.distinct(SecurityReview.agency_id))).where(
        SecurityReview.status == "signed_off", SecurityReview.agency_id != LEAD, SecurityReview.signed_off_at >= now - PASSED_FOR
    )  # fmt: skip
    living, late, excepted = session.execute(
        select(
            func.count().filter(row.status.in_(LIVING)),
            func.count().filter(overdue(today)),
            func.count().filter(row.status == "accepted"),
        )
    ).one()
    middle = results.median_of_all(session, policy=policy)
    group = "Security reviews"
    return [
        Figure(group, "Agencies reviewed in the last year", f"{session.scalar(reviewed) or 0:,}"),
        Figure(group, "Standards in place, median", NONE if middle is None else f"{middle / 100:.0f} %", "Half of the Agencies have more"),
        Figure(group, "Corrective actions not closed", counted(living)),
        Figure(group, "Corrective actions overdue", counted(late)),
        Figure(group, "Exceptions in force", counted(excepted), "Standards that cannot be met for now"),
    ]  # fmt: skip


def _parts(counts: dict[Any, int]) -> dict[Any, str]:
    """The parts of a sum that is told: where one of them is too few, so is another, or it could be worked out."""
    few = {word for word, count in counts.items() if 0 < count < FEWEST}
    others = sorted((count, word) for word, count in counts.items() if count >= FEWEST)
    held_back = {others[0][1]} if len(few) == 1 and others else set()
    return {word: HELD_BACK if word in held_back else counted(count) for word, count in counts.items()}
