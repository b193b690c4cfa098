"""What a mail about a survey is about: an open survey and somebody's invitation to it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import Survey, SurveyInvite
from portal.services.transition import transition
from workflows.business_time import local_day
from workflows.vocabulary import LEAD, Role


def about_survey(
    session: Session, name: str, *, person_id: int, now: datetime, title: str = "How is it for you?"
) -> dict[str, Any]:
    """The ids that the payload of such a mail carries; nothing for all others."""
    if name != "survey":
        return {}
    day = local_day(now, "America/New_York")
    question = {"id": "q1", "kind": "scale", "text": "How well does it work?", "choices": []}
    survey = Survey(
        title=title, asked="users", questions=[question], opens_on=day, closes_on=day + timedelta(9), created_at=now
    )
    session.add(survey)
    session.flush()
    opened(session, survey, now)
    invite = SurveyInvite(survey_id=survey.id, person_id=person_id)
    session.add(invite)
    session.flush()
    return {"invite_id": invite.id}


def opened(session: Session, survey: Survey, now: datetime) -> None:
    """Opens it as a Lead administrator would."""
    lead = Actor(person_id=None, name="A Lead administrator", roles=frozenset({(LEAD, Role.LEAD_ADMIN)}))
    survey.opened_at = now
    transition(session, survey, "open", actor=lead, now=now)
