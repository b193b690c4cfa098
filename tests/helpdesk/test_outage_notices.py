"""The notice above every page: what is on or near, put away by whoever has read it, and back when there is news."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from portal.services.helpdesk.outages import moves
from portal.web.app import build
from tests.helpdesk.outaging import Outaging
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored

WEDNESDAY = date(2026, 11, 25)


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Outaging:
    return Outaging(stored(World(engine), tmp_path))


@pytest.fixture
def app(here: Outaging) -> Flask:
    return build(context=here.world.context)


@pytest.fixture
def anybody(app: Flask) -> ClientRequest:
    return ClientRequest(app.test_client())


def notices(page: Page) -> str:
    return " ".join(page.document.xpath("string(//aside[@aria-label='Outages'])").split())


def put_away(browser: ClientRequest, page: Page) -> Page:
    form = page.document.xpath("//aside//form")[0]
    return browser.post(form.get("action"), dict(form.form_values()))


def test_it_stands_above_every_page_also_without_signing_in(here: Outaging, app: Flask, anybody: ClientRequest) -> None:
    here.report()
    user = browser_of(here.world, here.newcomer, app)
    for browser, path in ((user, "/"), (user, "/me"), (anybody, "/library"), (anybody, "/sign-in")):
        assert "Nobody can sign in." in notices(browser.get(path)), path
    assert not anybody.get("/library").document.xpath("//aside//form"), "who is not signed in cannot put it away"
    assert "Set-Cookie" not in app.test_client().get("/library").headers


def test_nothing_stands_there_when_nothing_is_on(here: Outaging, app: Flask, anybody: ClientRequest) -> None:
    far = here.announce(
        starts_at=here.world.now + timedelta(days=9), ends_expected_at=here.world.now + timedelta(days=9, hours=1)
    )
    over = here.report()
    here.end(over)
    assert not anybody.get("/library").document.xpath("//aside")
    here.world.now = far.starts_at - timedelta(hours=24)
    assert "Servers are moved." in notices(anybody.get("/library"))


def test_the_weekly_maintenance_is_said_a_day_ahead_and_put_away_for_its_evening(
    here: Outaging, app: Flask, anybody: ClientRequest
) -> None:
    begins = here.world.now.replace(day=26, hour=3)
    here.world.now = begins - timedelta(hours=24, seconds=1)
    assert not anybody.get("/library").document.xpath("//aside")
    here.world.now += timedelta(seconds=1)
    assert "November 25, 2026, 10:00 p.m. to 11:00 p.m. Eastern" in notices(anybody.get("/library"))
    user = browser_of(here.world, here.newcomer, app)
    page = user.get("/me")
    assert put_away(user, page).location == "/me"
    assert notices(user.get("/me")) == "" and notices(browser_of(here.world, here.admin, app).get("/")) != ""
    here.world.now = begins + timedelta(minutes=30)
    user = browser_of(here.world, here.newcomer, app)
    assert notices(user.get("/me")) == "" and "Going on now" in notices(anybody.get("/library"))
    here.world.now = begins + timedelta(minutes=60)
    assert notices(anybody.get("/library")) == ""
    here.world.now = begins + timedelta(days=6, minutes=1)
    user = browser_of(here.world, here.newcomer, app)
    assert "December 2, 2026" in notices(user.get("/me")), "the next evening is another one"


def test_an_evening_that_is_called_off_has_no_notice(here: Outaging, anybody: ClientRequest) -> None:
    here.evening(moves.call_off_evening, WEDNESDAY)
    here.world.now = here.world.now.replace(day=25, hour=20)
    assert notices(anybody.get("/library")) == ""


def test_what_is_put_away_comes_back_with_news(here: Outaging, app: Flask) -> None:
    outage = here.report()
    user = browser_of(here.world, here.newcomer, app)
    put_away(user, user.get("/me"))
    assert notices(user.get("/me")) == ""
    here.do(moves.update, outage, public=False)
    assert notices(user.get("/me")) == ""
    here.do(moves.update, outage)
    assert "Nobody can sign in." in notices(user.get("/me"))
    put_away(user, user.get("/me"))
    assert notices(user.get("/me")) == ""


def test_many_are_not_all_shown_and_the_page_costs_the_same(here: Outaging, app: Flask) -> None:
    user = browser_of(here.world, here.newcomer, app)
    for number in range(5):
        here.report(title=f"Outage {number}")
    with statements(here.world.engine) as few:
        page = user.get("/me")
    assert "2 more notices" in notices(page) and notices(page).count("See where it stands") == 3
    for number in range(55):
        here.report(title=f"Outage {number}")
    with statements(here.world.engine) as many:
        user.get("/me")
    asked = [each for each in many if "FROM outage" in each or "JOIN outage" in each]
    assert len(many) == len(few) and len(asked) == 1


def test_put_away_leads_nowhere_else_and_refuses_what_is_not_there(here: Outaging, app: Flask) -> None:
    here.report()
    user = browser_of(here.world, here.newcomer, app)
    form = user.get("/me").document.xpath("//aside//form")[0]
    values = dict(form.form_values())
    assert user.post(form.get("action"), values | {"back": "//evil.example.org"}).location == "/"
    for odd in ({"on": "2026-11-24"}, {"outage": "999"}, {"outage": "9" * 20}, {"outage": "x"}, {}):
        there = {name: value for name, value in values.items() if name != "outage"} | odd
        page = user.follow(user.post(form.get("action"), there))
        assert "about nothing that is on or near" in page.text, odd
