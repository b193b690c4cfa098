"""A planned interruption from its announcement to its place in the history, as everybody sees it: on any page, by mail, once."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.models import Outage, Person
from tests.factories import Town
from tests.helpdesk.front_world import a_survey, an_article
from tests.journeys.conftest import MovableClock, Visit
from tests.journeys.test_review import signed_in
from tests.support import databases
from tests.support.browser import NARROW, Visitor
from tests.support.living import Living

TITLE = "The servers move"
OPEN = (
    "/welcome", "/join", "/trainings", "/knowledge", "/knowledge/{article}", "/knowledge/{article}/helped?said=no", "/knowledge?q=nothing",
    "/feedback", "/feedback/open/{survey}", "/feedback/thanks", "/library", "/outages", "/verify", "/report",
)  # fmt: skip
"""What whoever has never been here may open; the pages of one outage and the history come with the journey."""

SMALLEST = 320
"""What a window of 1280 pixels is at 400 percent."""


@pytest.fixture
def town(clean_url: Callable[[str], str], wall_clock: MovableClock) -> Town:
    with databases.engine_on(clean_url("sqlite")) as engine:
        return Town(engine, now=wall_clock()).build()


@pytest.fixture
def paths(town: Town) -> list[str]:
    article, survey = an_article(town, "Run the monthly report", summary="Choose the project."), a_survey(town)
    return [path.format(article=article.id, survey=survey.id) for path in OPEN]


@pytest.fixture
def database(town: Town) -> str:
    return town.engine.url.render_as_string(hide_password=False)


def banner(visitor: Visitor) -> str:
    """What stands above the page about outages; '' where nothing does."""
    found = visitor.page.locator("aside[aria-label='Outages']")
    return " ".join(found.inner_text().split()) if found.count() else ""


def fits(visitor: Visitor) -> None:
    """Nothing stands beside the window at 400 percent."""
    page = visitor.page
    page.set_viewport_size({"width": SMALLEST, "height": 900})
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{visitor.path} is {wide} px wider than a window of {SMALLEST} px"
    page.set_viewport_size({"width": NARROW, "height": 900})


def test_a_planned_outage_is_told_begins_ends_and_stays_in_the_history(
    living: Living, town: Town, paths: list[str], visitor: Visit, wall_clock: MovableClock
) -> None:
    admin_id = town.harbor.members["admin"].person_id
    with town.look() as session:
        admin_mail = session.get_one(Person, admin_id).email
    anybody, admin, desk = visitor("Anybody", width=NARROW), visitor("Admin"), visitor("Desk")
    signed_in(desk, town, town.desk.person_id)
    signed_in(admin, town, admin_id)
    assert TITLE not in banner(anybody.go("/welcome"))

    desk.go("/outages/manage").follow("Announce a planned one")
    desk.fill("What is out, in a few words", TITLE).fill("First day", f"{wall_clock():%Y-%m-%d}")
    desk.fill("Begins at", "1 p.m.").fill("Over at", "3 p.m.").fill(
        "What people should know", "Save your work before one."
    )
    desk.press("Announce it").sees("get an e-mail", "Announced")

    for path in paths:
        anybody.go(path)
        fits(anybody)
        said = f"{banner(anybody)} {anybody.text}" if path == "/outages" else banner(anybody)
        assert TITLE in said and "1:00 p.m." in said, path
    letter = living.mail.fetch(admin_mail, about=TITLE)
    assert "Save your work before one." in letter.text
    admin.go("/").press(re.compile(f"Put this notice away.*{TITLE}"), within="aside")
    assert TITLE not in banner(admin) and TITLE in banner(anybody.go("/welcome"))

    wall_clock.advance(hours=3, minutes=1)
    town.now = wall_clock()
    for who, person in ((desk, town.desk.person_id), (admin, admin_id)):
        signed_in(who, town, person)  # three hours without a word: signed out meanwhile
    assert "Going on now" in banner(anybody.go("/welcome"))
    anybody.go("/outages").sees(TITLE, "Going on").follow(TITLE).sees("Save your work before one.")
    fits(anybody)
    with town.look() as session:
        number = session.scalars(select(Outage.id).where(Outage.title == TITLE)).one()
    desk.go(f"/outages/manage/{number}").follow("Say how it goes")
    desk.fill("What is new", "Half of it is done.").tick(re.compile("^Nobody")).press("Say so")
    anybody.page.reload()
    anybody.sees("Half of it is done.")
    assert TITLE in banner(admin.go("/")), "put away, and back since something is new"

    desk.go(f"/outages/manage/{number}").follow("It is over").press("It is over")
    assert not any(TITLE in banner(each) for each in (anybody.go("/welcome"), admin.go("/")))
    anybody.go("/outages/history").sees(TITLE, "Over")
    fits(anybody)
    living.settled()
    told = [letter for letter in living.mail.letters(admin_mail) if TITLE in f"{letter.subject}{letter.text}"]
    assert len(told) == len({letter.subject for letter in told}) == 2, [letter.subject for letter in told]
