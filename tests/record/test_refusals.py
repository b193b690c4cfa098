"""What somebody tried and was not allowed to do is on record, wherever the page caught it; looking around is not."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from portal import refusals
from portal.models import AuditEntry
from portal.refusals import Refused
from portal.web import kernel
from portal.web.app import build
from tests.services.asking import admin_of
from tests.services.world import World
from tests.web.browsing import browser_of
from workflows.vocabulary import Reason, Role

SECRET = "envelope-with-a-secret"


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def app(world: World) -> Flask:
    """The portal with one more page, which catches its refusals and shows them beside a form."""
    made = build(world.context.settings, world.context)

    def page(number: int, words: str) -> str:
        for reason in (Reason.BAD_INPUT, Reason.NOT_ALLOWED, Reason.SAME_PERSON):
            try:
                raise Refused(reason, f"No, because of {reason.value}.")
            except Refused as no:
                kernel.tell(no)
        return words[:0] + str(number)

    page.__permission__ = "public: for the test"  # type: ignore[attr-defined]
    made.add_url_rule("/try/<int:number>/<words>", "tried", page, methods=["GET", "POST"])
    made.config["WTF_CSRF_ENABLED"] = False
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def refused(world: World) -> list[Any]:
    with world.look() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.act == "refused").order_by(AuditEntry.id)))


def test_a_refused_try_is_on_record_once_though_the_page_came(world: World, client: FlaskClient) -> None:
    assert client.get(f"/try/7/{SECRET}").status_code == 200
    assert refused(world) == [], "a page that only asks what to offer tries nothing"
    assert client.post(f"/try/7/{SECRET}").status_code == 200
    (entry,) = refused(world)
    assert (entry.refused, entry.said) == ("not_allowed", "No, because of not_allowed.")
    assert entry.after == {"page": "tried", "method": "POST", "number": 7}, (
        "the words of an address may be a link's secret"
    )
    assert entry.address == "127.0.0.1" and entry.seq


def test_a_page_that_says_no_is_on_record(world: World, app: Flask) -> None:
    someone = admin_of(world, world.agency())
    browser_of(world, someone).get("/desk/audit", expect=403)
    (entry,) = refused(world)
    assert entry.actor_id == someone.person_id and entry.after["page"] == "desk.audit" and entry.via == "password"
    assert Role.AGENCY_ADMIN in {role for _, role in someone.roles}


def test_refusals_of_one_request_are_not_anothers(world: World, client: FlaskClient) -> None:
    client.post("/try/7/x")
    client.get("/sign-in")
    client.post("/sign-in", data={"email": "nobody@example.org", "password": "x"})
    assert len(refused(world)) == 1


def test_outside_of_a_request_nothing_is_gathered() -> None:
    found = refusals.notice()
    one = Refused(Reason.NOT_ALLOWED, "No.")
    assert found == [one]
    assert refusals.notice() == []
