"""How the Continuum stands, in numbers alone: for the Board and the data committee, who see nobody's name ('Data Committee')."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import AccessRequest, Agency, Grant, Lapse, TrainingResult
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Action

FEWEST = 5
"""Of fewer people than this no number is shown: whoever knows the field would recognise them."""

FEW, NONE = f"Fewer than {FEWEST}", "Too few to say"
PASSED_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number as it is shown, under its heading."""

    group: str
    label: str
    shown: str
    hint: str = ""


def overview(session: Session, *, actor: Actor, now: datetime, policy: Policy) -> list[Figure]:
    """Every figure of the page. Counts of people below five are not told, nor rates and medians of so few. Five statements."""
    permissions.check(session, actor, Action.AGGREGATES_SEE)
    today = local_day(now, policy.zone)
    return [*_agencies(session), *_access(session), *_waiting(session, now), *_lapses(session, today), *_training(session, now, policy)]  # fmt: skip


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
