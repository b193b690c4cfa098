"""Lists of surveys: the staff's with how many answered, and what everybody may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Survey, SurveyAnswer, SurveyFollowUp, SurveyInvite
from portal.services.helpdesk.feedback.surveys import OPEN_TO_ALL
from portal.services.paging import PAGE, Order, Page
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy

IN_ORDER = Order(((Survey.id, int),), down=True)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many were asked by mail, and how many answered."""

    asked: int = 0
    answered: int = 0
    to_redact: int = 0


def page(session: Session, actor: Actor, *, after: str = "", limit: int = PAGE) -> tuple[Page, Mapping[int, Numbers]]:
    """Surveys, the latest first, with their numbers; four statements at most."""
    query = select(Survey).where(permissions.visible(actor, Action.SURVEY_SEE, Survey))
    if not permissions.may_anything(actor, Action.SURVEY_ASK, session):
        query = query.where(Survey.status.in_(("open", "closed")))
    found = IN_ORDER.page(session, query, after, lambda row: (row[0].id,), limit=limit)
    return found, numbers(session, [row.id for (row,) in found.rows])


def numbers(session: Session, surveys: Sequence[int]) -> dict[int, Numbers]:
    """Two statements for all of them."""

    def counted(model: type[SurveyInvite] | type[SurveyAnswer], *what: object) -> dict[int, tuple[int, ...]]:
        query = (
            select(model.survey_id, func.count(), *what).where(model.survey_id.in_(surveys)).group_by(model.survey_id)
        )
        return {row[0]: tuple(int(each) for each in row[1:]) for row in session.execute(query)}

    asked = counted(SurveyInvite)
    answered = counted(SurveyAnswer, func.count().filter(SurveyAnswer.to_redact))
    return {key: Numbers(asked.get(key, (0,))[0], *answered.get(key, (0, 0))) for key in surveys}


def for_everybody(session: Session, *, now: datetime, policy: Policy) -> tuple[list[Survey], list[Survey]]:
    """The surveys that everybody may answer now, and those of which is public what was done about them. Two statements."""
    today = local_day(now, policy.zone)
    open_ones = session.scalars(
        select(Survey)
        .where(
            Survey.status == "open", Survey.asked == OPEN_TO_ALL, Survey.opens_on <= today, Survey.closes_on >= today
        )
        .order_by(Survey.id)
    )
    told = exists(select(1).where(SurveyFollowUp.survey_id == Survey.id, SurveyFollowUp.public))
    done = session.scalars(select(Survey).where(told).order_by(Survey.id.desc()).limit(20))
    return list(open_ones), list(done)
