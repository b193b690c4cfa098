"""A user's question goes to the Agency Administrator and on to the team; the help desk works its queue by keyboard alone."""

from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Person, Ticket
from portal.services.helpdesk.tickets import clock, ladder, rating
from tests.factories import Town
from tests.helpdesk.front_world import an_article
from tests.journeys.conftest import MovableClock, Visit
from tests.journeys.test_keyboard import FOCUSED
from tests.journeys.test_review import signed_in
from tests.support import databases
from tests.support.browser import NARROW
from tests.support.living import Living
from workflows.business_time import local_day, works

QUESTION = "The monthly report stays empty"


@pytest.fixture
def town(clean_url: Callable[[str], str], wall_clock: MovableClock) -> Town:
    """Two Agencies that take part, on a business day: before that the desk would be closed for the whole journey."""
    with databases.engine_on(clean_url("sqlite")) as engine:
        town = Town(engine, now=wall_clock())
        with town.look() as session:
            desk = clock.calendar(session, policy=town.policy)
        while not works(local_day(wall_clock(), town.policy.zone), desk):
            wall_clock.advance(days=1)
        town.now = wall_clock()
        town.build()
        an_article(town, "Run the monthly report", summary="Choose the project, then the dates.")
        return town


@pytest.fixture
def database(town: Town) -> str:
    return town.engine.url.render_as_string(hide_password=False)


def the_ticket(town: Town, subject: str = QUESTION) -> Ticket:
    with town.look() as session:
        return session.scalars(select(Ticket).where(Ticket.subject == subject)).one()


def test_a_question_climbs_from_the_user_to_the_team(living: Living, town: Town, visitor: Visit) -> None:
    side = town.harbor
    user, admin = visitor("User", width=NARROW), visitor("Admin")
    signed_in(user, town, side.members["user"].person_id)
    signed_in(admin, town, side.members["admin"].person_id)

    user.go("/help/ask").page.locator("#q").fill("monthly report")
    expect(user.page.locator("[data-suggest]")).to_contain_text("Run the monthly report")  # while it is typed
    user.follow("How do I …?").page.locator("#subject").fill(QUESTION)
    expect(user.page.locator("[data-suggest]")).to_contain_text("Run the monthly report")
    user.fill("Your question, or what went wrong", "I chose the project and the dates, and no row is shown.")
    user.press("Check what you wrote").sees(
        "Nothing has been sent yet", "Does one of these answer it?", "Who will have it"
    )
    user.press("Send the question").sees("Question sent", "What happens next")
    ticket = the_ticket(town)
    with town.look() as session:
        user_mail = ticket.requester_email
        names = [each.email for each in _admins(session, town)]

    letter = living.mail.fetch(names[0], about="a question for you")
    assert f"[HD-{ticket.id}]" in letter.subject and QUESTION not in letter.subject
    admin.go(letter.link(living.base_url).removeprefix(living.base_url)).sees(
        QUESTION, "no row is shown", "Or pass it on"
    )
    admin.fill("Your answer", "Which dates did you choose?").tick("I wait for their answer").press("Send the answer")
    admin.sees("Answered. They get a message.")
    assert "Which dates did you choose?" in living.mail.fetch(user_mail, about=f"HD-{ticket.id}").text
    user.go("/").sees("The help desk asks you something").follow("The help desk asks you something").sees(
        "You are asked something"
    )
    user.fill("What you want to add", "All of October.").press("Add it").sees("All of October.")
    admin.go(f"/help/{ticket.id}").fill("What you tried", "I tried the same dates: empty for me, too.").press(
        "Pass it on"
    )
    admin.sees("The HMIS Team has it now").go(f"/help/{ticket.id}", expect=404)
    assert "has your question now" in living.mail.fetch(user_mail, about="the HMIS Team has your question").subject

    desk = visitor("Desk")
    signed_in(desk, town, town.desk.person_id)
    desk.go(f"/tickets/{ticket.id}").sees("All of October.", "I tried the same dates: empty for me, too.")
    desk.fill("Your text", "The report is run by provider: choose your project above it.").choose(
        "After that", "It is solved"
    )
    desk.press("Send the answer")
    letter = living.mail.fetch(user_mail, about="run by provider")

    stranger = visitor("User on another device", script=False)
    stranger.go(letter.link(living.base_url).removeprefix(living.base_url)).sees(
        "Was it solved well?", f"HD-{ticket.id}"
    )
    assert the_ticket(town).rating == "" and QUESTION not in stranger.text
    stranger.tick("Yes, it was solved well").press("Send").sees("Thank you")
    assert the_ticket(town).rating == "good"
    user.go(f"/help/{ticket.id}").sees("Taken as solved").fill("What you want to add", "It is empty again.").press(
        "Open it again"
    )
    assert the_ticket(town).status == "open"
    stranger.go(rating.PATH + letter.link(living.base_url).rpartition("/")[2], expect=410)


def test_what_the_admin_leaves_moves_on_by_itself(
    living: Living, town: Town, visitor: Visit, wall_clock: MovableClock
) -> None:
    user = visitor("User", script=False)
    signed_in(user, town, town.harbor.members["user"].person_id)
    user.go("/help/ask/lock_out").fill("In a few words", "Locked out").fill(
        "Your question, or what went wrong", "Three times."
    )
    user.press("Check what you wrote").press("Send the question").sees(
        "After 1 hour of business time without an answer"
    )
    assert the_ticket(town, "Locked out").rung == "agency_admin"
    wall_clock.advance(minutes=61)
    living.mail.fetch(the_ticket(town, "Locked out").requester_email, about="the HMIS Team has your question")
    assert the_ticket(town, "Locked out").rung == "lead"
    town.now = wall_clock()
    signed_in(user, town, town.harbor.members["user"].person_id)  # an hour without a word: signed out meanwhile
    user.go(f"/help/{the_ticket(town, 'Locked out').id}").sees("The HMIS Team")


def test_the_desk_goes_through_its_queue_by_keyboard(living: Living, town: Town, visitor: Visit) -> None:
    user, desk = visitor("User", script=False), visitor("Desk")
    signed_in(user, town, town.harbor.members["user"].person_id)
    signed_in(desk, town, town.desk.person_id)
    for subject in ("First question", "Second question"):
        user.go("/help/ask/outage").fill("In a few words", subject).fill(
            "Your question, or what went wrong", "Nothing opens."
        )
        user.press("Check what you wrote").press("Send the question")
    keys = desk.go("/tickets?show=unassigned").page.keyboard
    keys.press("j")
    opened = desk.page.evaluate(FOCUSED)
    keys.press("j")
    assert desk.page.evaluate(FOCUSED) not in ("", opened)
    keys.press("k")
    assert desk.page.evaluate(FOCUSED) == opened
    desk._moving(lambda: keys.press("Enter"), 200)
    subject = desk.heading
    assert subject in ("First question", "Second question")
    keys.press("r")
    keys.type("It is back: the vendor mended it.")
    assert desk.page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    for _ in range(30):
        keys.press("Tab")
        if desk.page.evaluate(FOCUSED) == "Send the answer":
            break
    desk._moving(lambda: keys.press("Enter"), 200)
    assert the_ticket(town, subject).first_answered_at is not None
    living.mail.fetch(the_ticket(town, subject).requester_email, about="the vendor mended it")


def _admins(session: Session, town: Town) -> Sequence[Person]:
    return ladder.admins_of(session, town.harbor.agency_id, now=town.now, policy=town.policy)
