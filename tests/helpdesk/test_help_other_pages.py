"""Saying by a mail's link whether it was solved well, and the days on which the desk is closed, on screen."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from portal.models import Closure
from portal.services.helpdesk.tickets import rating
from portal.web.app import build
from tests.helpdesk.test_help_pages import press
from tests.helpdesk.ticketing import Ticketing
from tests.services.world import World
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of
from tests.web.desk_world import stored


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Ticketing:
    return Ticketing(stored(World(engine), tmp_path))


def test_by_the_mails_link_without_signing_in_opening_it_says_nothing(desk: Ticketing, client_of) -> None:
    ticket = desk.open()
    desk.solve(ticket)
    path = rating.PATH + rating.envelope(desk.read(ticket), keys=desk.world.keys)
    browser = client_of()
    page = browser.get(f"{path}?said=bad")
    assert f"HD-{ticket.id}" in page.text and "Report stays empty" not in page.text
    assert desk.read(ticket).rating == ""
    assert page.document.xpath("//input[@name='rating'][@checked]/@value") == ["bad"]
    assert "Choose one" in browser.submit(browser.get(path), expect=400).text
    done = browser.follow(browser.submit(page, rating="bad", said="It took long."))
    assert "Thank you" in done.text and "answer the message" in done.text
    assert (desk.read(ticket).rating, desk.read(ticket).rating_said) == ("bad", "It took long.")
    browser.get(path[:-3] + "abc", expect=410)


@pytest.fixture
def client_of(desk: Ticketing):
    app = build(context=desk.world.context)
    return lambda: ClientRequest(app.test_client())


def test_the_desk_enters_a_day_and_takes_it_back(desk: Ticketing) -> None:
    desk.open()
    lead = browser_of(desk.world, desk.world.desk)
    page = lead.get("/tickets/closures")
    assert "Thanksgiving Day" in page.text and "November 26, 2026" in page.text
    wrong = lead.submit(page, having="day", day="11/28/2026", name="Snow", expect=400)
    assert "is a weekend" in wrong.text and wrong.document.xpath("//input[@name='name']/@value") == ["Snow"]
    done = lead.follow(lead.submit(wrong, having="day", day="2026-11-24", name="Closed for snow"))
    assert "The desk is closed on November 24, 2026. 1 open ticket is due at another time now." in done.text
    assert "Closed for snow" in done.text
    back = lead.follow(press(lead, done, "/remove"))
    assert "is as the policy pack has it again" in back.text
    with desk.world.look() as session:
        assert session.scalar(select(func.count()).select_from(Closure)) == 0
