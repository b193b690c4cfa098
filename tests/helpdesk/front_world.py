"""Helpers of the tests about the front door: articles, service requests and surveys made through their services."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.actors import Actor
from portal.models import Article, ServiceRequest, Survey
from portal.refusals import Refused
from portal.services.helpdesk.feedback import surveys
from portal.services.helpdesk.feedback.surveys import Drafted
from portal.services.helpdesk.knowledge import articles
from portal.services.helpdesk.knowledge.articles import Written
from portal.services.helpdesk.requests import service_requests
from portal.web.app import build
from tests.services.world import World
from tests.support.pages import ClientRequest
from workflows.survey_questions import Question
from workflows.vocabulary import LEAD, Reason

NOBODY = Actor(person_id=None, name="Nobody signed in", via="nobody")
SCALE = Question("q1", "scale", "How well does the HMIS work for you?")
CHOICE = Question("q2", "choice", "Where do you use it?", ("At a shelter", "On the street"))
WORDS = Question("q3", "words", "What should be better?")


def written(title: str, **more: Any) -> Written:
    values = {"body": "Press the button, then wait.", "topic": "getting_in", "audience": "public", "summary": ""}
    return Written(title=title, **values | more)


def an_article(world: World, title: str = "My password does not work", *, publish: bool = True, **more: Any) -> Article:
    with world.change() as session:
        version = articles.write(
            session, None, written=written(title, **more), actor=world.desk, now=world.now, policy=world.policy
        )
        row = session.get_one(Article, version.article_id)
        if publish:
            articles.publish(session, row, number=1, actor=world.desk, now=world.now, policy=world.policy)
    return row


def a_request(
    world: World, title: str = "A button for shelters", *, agency_id: int = LEAD, **more: Any
) -> ServiceRequest:
    values = {
        "description": "Today three steps are needed, and one would do.",
        "sent_to": "vendor",
        "actor": world.desk,
    }
    with world.change() as session:
        return service_requests.ask(session, title=title, agency_id=agency_id, now=world.now, **values | more)


def a_survey(world: World, asked: str = "lived_experience", *, open_: bool = True, **more: Any) -> Survey:
    values: dict[str, Any] = {"questions": (SCALE, CHOICE, WORDS), "closes_on": world.today + timedelta(20)} | more
    drafted = Drafted(title="How is it for you?", asked=asked, opens_on=world.today, **values)
    with world.change() as session:
        row = surveys.draft(session, None, drafted=drafted, actor=world.admin, now=world.now, policy=world.policy)
        if open_:
            surveys.open_survey(session, row, actor=world.admin, now=world.now, policy=world.policy)
    return row


def refused(act: Any, *args: Any, **more: Any) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.field


def stranger(world: World) -> ClientRequest:
    return ClientRequest(visitor(world))


def visitor(world: World) -> FlaskClient:
    """A browser that has never been here."""
    return build(context=world.context).test_client()


def day(world: World, days: int) -> date:
    return world.today + timedelta(days)
