"""What differs in the core HMIS, on its page: the worst first, told again by a button, taken away as a list."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import CoreDifference, Job
from portal.services.desk import comparisons
from portal.services.desk.reconcile import Difference, Found, Report
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def look(world: World, *found: Difference) -> None:
    with world.change() as session:
        comparisons.keep(
            session, Report(found, there=len(found), here=7, under_way=1, learned=0), actor=world.desk, now=world.now
        )


def pressed(browser: ClientRequest, page: Page, address: str) -> Page:
    """What the button that leads there answers with."""
    [token] = page.document.xpath(f"//form[@action='{address}']//input[@name='csrf_token']/@value")
    return browser.follow(browser.post(address, {"csrf_token": token}))


def stranger(number: int = 0) -> Difference:
    return Difference(
        Found.UNKNOWN, f"vendor{number}", "=The vendor", f"vendor{number} is active, and nobody here has this account."
    )


def test_the_worst_comes_first_and_is_told_again(world: World) -> None:
    member = world.ready(world.agency(), world.person("Jamie", "Smith"))
    world.drain()
    account = world.account_of(member)
    open_there = Difference(Found.OPEN_THERE, account.user_id, "Jamie Smith", "It is still active there.", account.id)
    look(world, stranger(), open_there)
    browser = browser_of(world, world.desk)
    page = browser.get("/desk/core-hmis")
    assert page.text.index(account.user_id) < page.text.index("vendor0")
    assert "Put it right in the core HMIS" in page.text and "Nothing to compare with" in page.text
    assert "can sign in there and should not" in browser.get("/").text
    only = browser.get("/desk/core-hmis?found=unknown")
    assert "It is still active there." not in only.text and "vendor0 is active" in only.text
    with world.look() as session:
        [row] = session.scalars(select(CoreDifference).where(CoreDifference.found == Found.OPEN_THERE))
    told = pressed(browser, page, f"/desk/core-hmis/{row.id}/tell-again")
    assert f"is being told about {account.user_id} already" in told.text
    world.now += timedelta(minutes=10)
    look(world, stranger())
    page = browser.get("/desk/core-hmis?show=settled")
    assert account.user_id in page.text and "vendor0" not in page.text
    assert "Compare now" not in page.text  # a core HMIS that is told by hand has no list


def test_it_can_be_asked_by_day(world: World) -> None:
    settings = replace(world.context.settings, core_hmis="scim+https://core.example.org/scim")
    world.context = replace(world.context, settings=settings)
    browser = browser_of(world, world.desk)
    page = browser.get("/desk/core-hmis")
    asked = pressed(browser, page, "/desk/core-hmis/compare")
    assert "The core HMIS is asked for its list" in asked.text and "Not compared yet" in asked.text
    with world.look() as session:
        assert session.scalars(select(Job.state).where(Job.effect == "compare")).all() == ["waiting"]


def test_the_list_is_taken_away_safe_from_formulas(world: World) -> None:
    look(world, stranger(1), stranger(2))
    text = browser_of(world, world.desk).get("/desk/core-hmis?format=csv").response.get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row[1] for row in rows[1:]] == ["vendor1", "vendor2"] and rows[1][2].startswith("'=")


def test_the_statements_do_not_grow_with_the_differences(world: World) -> None:
    browser = browser_of(world, world.desk)
    look(world, *(stranger(number) for number in range(5)))
    with statements(world.engine) as few:
        browser.get("/desk/core-hmis")
    look(world, *(stranger(number) for number in range(60)))
    with statements(world.engine) as many:
        page = browser.get("/desk/core-hmis")
    assert len(many) <= len(few) and "more follow" in page.text


def test_nobody_of_an_agency_opens_it(world: World) -> None:
    member = world.member(world.agency())
    browser_of(world, world.actor(member)).get("/desk/core-hmis", expect=403)
    with world.look() as session:
        assert session.scalars(select(Job).where(Job.effect == "compare")).first() is None
