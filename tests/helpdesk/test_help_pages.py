"""Asking the help desk on screen: every step without a script, nothing typed or attached is lost, and each sees their own."""

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Engine, func, select

from portal.models import Membership, Person, Ticket
from portal.services.helpdesk.tickets import conversation, following, moves
from tests.helpdesk.front_world import an_article
from tests.helpdesk.ticketing import Ticketing
from tests.services.asking import admin_of
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import Role

EVENING = datetime(2026, 11, 24, 2, 0)  # Monday, 9:00 p.m. in Maine


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Ticketing:
    return Ticketing(stored(World(engine), tmp_path))


@pytest.fixture
def asker(desk: Ticketing) -> ClientRequest:
    return browser_of(desk.world, desk.actor(desk.asker))


@pytest.fixture
def admin(desk: Ticketing) -> ClientRequest:
    return browser_of(desk.world, admin_of(desk.world, desk.agency))


def picture(name: str = "screen.png"):
    kept = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(kept, "PNG")
    kept.seek(0)
    return kept, name


def fill_in(browser: ClientRequest, kind: str = "how_to", *, expect: int = 200, **more) -> Page:
    """The form of a kind, filled in and sent to be checked."""
    values = {"subject": "The monthly report", "text": "How do I run it?", "priority": "normal"} | more
    return browser.submit(browser.get(f"/help/ask/{kind}"), expect, having="subject", **values)


def press(browser: ClientRequest, page: Page, action: str, expect: int = 302, **values) -> Page:
    """Sends the form of the page that goes to this address."""
    [form] = page.document.xpath(
        f"//main//form[substring(@action, string-length(@action) - {len(action) - 1}) = '{action}']"
    )
    return browser.post(form.get("action"), dict(form.form_values()) | values, expect, content_type=form.get("enctype"))


def ask(browser: ClientRequest, kind: str = "how_to", **more) -> Page:
    return browser.follow(browser.submit(fill_in(browser, kind, **more), having="subject", step="send"))


def tickets(desk: Ticketing) -> list[Ticket]:
    with desk.world.look() as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.id)))


def test_a_question_goes_through_the_pages_to_the_agency_admin_and_back(desk: Ticketing, asker: ClientRequest, admin: ClientRequest) -> None:  # fmt: skip
    admin_name = admin_of(desk.world, desk.agency).name
    assert "How do I …?" in asker.get("/help/ask").text
    check = fill_in(asker, q_screen="The report screen")
    assert "Nothing has been sent yet" in check.text and admin_name in check.text and "The report screen" in check.text
    assert "November 24, 2026 at 10:00 a.m." in check.text  # 8 business hours from Monday, 10:00 a.m.
    assert tickets(desk) == []
    done = asker.follow(asker.submit(check, having="subject", step="send"))
    [ticket] = tickets(desk)
    assert f"Its number is HD-{ticket.id}" in done.text and admin_name in done.text
    assert "After 4 hours of business time without an answer" in done.text
    assert "The monthly report" in asker.get("/help").text

    listed = admin.get("/help?whose=agency")
    assert desk.actor(desk.asker).name in listed.text and "You, as Agency Administrator" in listed.text
    assert f"HD-{ticket.id}" in listed.text and f"HD-{ticket.id}" not in admin.get("/help").text
    one = admin.get(f"/help/{ticket.id}")
    assert (
        f"Asked by {desk.actor(desk.asker).name}" in one.text
        and "Or pass it on" in one.text
        and "Add something" not in one.text
    )
    wrong = admin.submit(one, having="after", text="Ask John Smith, SSN 123-45-6789.", after="solve", expect=400)
    assert "Reword it" in wrong.text and "123-45-6789" in wrong.text
    admin.follow(admin.submit(wrong, having="after", text="Choose the project first.", after="wait"))
    seen = asker.get(f"/help/{ticket.id}")
    assert "Choose the project first." in seen.text and "You are asked something" in seen.text
    asker.follow(press(asker, seen, "/add", text="I did, and it is empty."))
    admin.follow(press(admin, admin.get(f"/help/{ticket.id}"), "/pass-on", words="Tried it myself: empty."))
    admin.get(f"/help/{ticket.id}", expect=404)
    after = asker.get(f"/help/{ticket.id}")
    assert "The HMIS Team" in after.text and "Tried it myself" not in after.text
    assert "Thank you" in asker.follow(press(asker, after, "/solved")).text
    solved = asker.get(f"/help/{ticket.id}")
    assert "Taken as solved" in solved.text and "December 2, 2026" in solved.text
    rated = asker.submit(asker.get(f"/help/{ticket.id}/rate"), rating="good", said="Quick.")
    assert "Change what you said about it" in asker.follow(rated).text
    asker.follow(press(asker, asker.get(f"/help/{ticket.id}"), "/add", text="Now it is empty again."))
    assert desk.read(ticket).status == "open"


def test_the_first_page_says_what_one_is_asked_and_what_ones_people_ask(desk: Ticketing, asker: ClientRequest, admin: ClientRequest) -> None:  # fmt: skip
    for browser in (asker, admin):
        assert "question" not in browser.get("/").text
    ask(asker)
    [ticket] = tickets(desk)
    home = admin.get("/")
    assert "One question of your people to answer" in home.text
    assert "/help?whose=agency&show=living" in home.document.xpath("//a/@href")
    desk.answer(ticket, "Which dates?", actor=admin_of(desk.world, desk.agency), after="wait")
    home = asker.get("/")
    assert "The help desk asks you something" in home.text and f"/help/{ticket.id}" in home.document.xpath("//a/@href")
    assert "question of your people" not in admin.get("/").text
    assert "asks you something" not in admin.get("/").text


def test_the_asker_directs_it_to_the_team(desk: Ticketing, asker: ClientRequest) -> None:
    ask(asker)
    [ticket] = tickets(desk)
    assert "The HMIS Team has your question now" in asker.follow(press(asker, asker.get(f"/help/{ticket.id}"), "/team")).text  # fmt: skip
    assert desk.read(ticket).rung == "lead"
    assert "Ask the HMIS Team" not in asker.get(f"/help/{ticket.id}").text


def test_nothing_typed_or_attached_is_lost_on_the_way(desk: Ticketing, asker: ClientRequest) -> None:
    page = fill_in(asker, expect=400, subject="", files=picture("first.png"), q_tried="I chose the dates.")
    assert "Say in a few words" in page.text
    assert "first.png" in page.text and "I chose the dates." in page.text
    check = asker.submit(page, 200, having="subject", subject="Empty", files=picture("second.png"))
    assert "first.png" in check.text and "second.png" in check.text
    again = asker.submit(check, 200, having="subject", step="change")
    assert "second.png" in again.text and "I chose the dates." in again.text
    asker.submit(asker.submit(again, 200, having="subject"), having="subject", step="send")
    [ticket] = tickets(desk)
    [entry] = desk.entries(ticket)
    assert [each.name for each in entry.files] == ["first.png", "second.png"]
    shown = asker.get(f"/help/{ticket.id}")
    [href, _] = [each for each in shown.document.xpath("//a/@href") if "/files/" in each]
    answer = asker.client.get(href)
    assert answer.headers["Content-Disposition"].startswith("attachment") and answer.mimetype == "image/png"


def test_a_file_that_is_none_and_too_many_are_refused_with_what_to_do(asker: ClientRequest) -> None:
    page = fill_in(asker, expect=400, files=(io.BytesIO(b"MZ not a picture"), "tool.exe"))
    assert "PDF, PNG" in page.text
    page = asker.get("/help/ask/how_to")
    for n in range(5):
        page = asker.submit(
            page, having="subject", subject="", text="x", priority="low", files=picture(f"{n}.png"), expect=400
        )
    page = asker.submit(
        page, having="subject", subject="S", text="x", priority="low", files=picture("6.png"), expect=400
    )
    assert "At most 5 files" in page.text and "4.png" in page.text


def test_a_file_of_somebody_else_is_left_out(desk: Ticketing, asker: ClientRequest) -> None:
    check = fill_in(asker, files=picture("mine.png"))
    [sealed] = check.document.xpath("//input[@name='kept']/@value")
    other = browser_of(desk.world, desk.actor(desk.world.member(desk.agency, None, Role.END_USER)))
    form = other.get("/help/ask/how_to").form("subject")
    sent = dict(form.form_values()) | {"subject": "The report", "text": "How?", "priority": "normal", "kept": sealed}
    assert "mine.png" not in other.post("/help/ask/how_to", sent, 200).text
    assert "mine.png" in asker.submit(check, 200, having="subject", step="change").text


def test_what_looks_like_a_client_is_said_before_it_is_sent(asker: ClientRequest) -> None:
    page = fill_in(asker, text="The client's SSN is 123-45-6789 and it will not save.")
    assert "This looks like a client's data" in page.text and "Send it as it is" in page.text


def test_after_hours_the_second_order_is_shown_with_a_name_and_a_number(desk: Ticketing, asker: ClientRequest) -> None:
    with desk.world.change() as session:
        person_id = admin_of(desk.world, desk.agency).person_id
        session.get_one(Person, person_id).phone = "207-555-0100"
    open_now = fill_in(asker)
    assert "is not at work now" not in open_now.text
    desk.world.now = EVENING
    asker = browser_of(desk.world, desk.actor(desk.asker))
    check = fill_in(asker)
    assert "is not at work now" in check.text and "November 24, 2026 at 8:00 a.m." in check.text
    assert "If it can wait until the next business day" in check.text
    assert f"Yours is {admin_of(desk.world, desk.agency).name}, 207-555-0100." in check.text
    assert "207-555-0100" not in fill_in(asker, "incident", priority="urgent").text  # it may be about that person
    assert "207-555-0100" not in fill_in(asker, direct="y").text


def test_the_knowledge_base_is_asked_first_with_and_without_a_script(desk: Ticketing, asker: ClientRequest) -> None:
    an_article(desk.world, "Run the monthly report", summary="Choose the project, then the dates.")
    assert "Run the monthly report" in asker.get("/help/ask?q=monthly+report").text
    assert "Nothing in the knowledge base" in asker.get("/help/ask?q=zebra").text
    assert "Run the monthly report" in fill_in(asker).text
    found = asker.client.get("/help/suggest?q=monthly report").get_json()
    assert [each["title"] for each in found] == ["Run the monthly report"]
    assert asker.client.get("/help/suggest?q=").get_json() == []


@pytest.mark.parametrize("kind", ["coffee", "how-to", "Other"])
def test_a_kind_that_is_none_is_not_there(asker: ClientRequest, kind: str) -> None:
    asker.get(f"/help/ask/{kind}", expect=404)


def test_each_sees_their_own_and_the_admin_their_peoples(desk: Ticketing, asker: ClientRequest, admin: ClientRequest) -> None:  # fmt: skip
    ask(asker)
    ask(asker, "outage", priority="high")
    first, second = tickets(desk)
    stranger = browser_of(desk.world, desk.actor(desk.world.member(desk.agency, None, Role.END_USER)))
    other_admin = browser_of(desk.world, admin_of(desk.world, desk.world.agency()))
    for browser, ticket in ((stranger, first), (other_admin, first), (admin, second), (stranger, second)):
        browser.get(f"/help/{ticket.id}", expect=404)
        assert f"HD-{ticket.id}" not in browser.get("/help").text
        assert f"HD-{ticket.id}" not in browser.get("/help?whose=agency").text
    director = browser_of(desk.world, desk.actor(desk.world.member(desk.agency, None, Role.EXECUTIVE_DIRECTOR)))
    director.get(f"/help/{first.id}", expect=404)


def test_what_the_admin_follows_at_the_lead_is_not_theirs_to_answer(desk: Ticketing, admin: ClientRequest) -> None:
    ticket = desk.open()
    with desk.world.look() as session:
        email = session.get_one(Person, admin_of(desk.world, desk.agency).person_id).email
    desk.do(following.follow, ticket, email=email)
    assert "Report stays empty" in admin.get("/help").text
    assert "Report stays empty" not in admin.get("/help?whose=agency").text
    one = admin.get(f"/help/{ticket.id}")
    assert "Add something" in one.text and "Or pass it on" not in one.text


def test_notes_and_acts_are_not_the_askers_to_read(desk: Ticketing, asker: ClientRequest) -> None:
    ask(asker, direct="y")
    [ticket] = tickets(desk)
    desk.do(conversation.note, ticket, text="She asks this every month.")
    desk.do(moves.set_priority, ticket, priority="low")
    shown = asker.get(f"/help/{ticket.id}").text
    assert "every month" not in shown and "Its priority is low" not in shown


def test_two_windows_the_second_answer_is_told_of_the_first(desk: Ticketing, asker: ClientRequest, admin: ClientRequest) -> None:  # fmt: skip
    ask(asker)
    [ticket] = tickets(desk)
    first = admin.get(f"/help/{ticket.id}")
    press(asker, asker.get(f"/help/{ticket.id}"), "/add", text="I found it myself, it was the date.")
    told = admin.submit(first, having="after", text="Choose the project.", after="solve", expect=400)
    assert "Somebody wrote in this ticket while you did" in told.text and "Choose the project." in told.text
    assert "it was the date" in told.text
    admin.follow(admin.submit(told, having="after", text="Good.", after="solve"))
    assert desk.read(ticket).status == "solved"


def test_the_lists_are_filtered_searched_and_paged(desk: Ticketing, asker: ClientRequest) -> None:
    for n in range(60):
        desk.open(subject=f"Question number {n:02}", kind="other")
    page = asker.get("/help")
    assert page.text.count("Question number") == 50
    rest = asker.get(next(href for href in page.document.xpath("//a/@href") if "after=" in href))
    assert rest.text.count("Question number") == 10
    with desk.world.look() as session:
        newest = session.scalar(select(func.max(Ticket.id)))
    assert asker.get(f"/help?q=HD-{newest}").text.count("Question number") == 1
    assert asker.get("/help?q=NUMBER+07").text.count("Question number") == 1
    assert "Nothing found" in asker.get("/help?q=100%25").text
    assert "Nothing found" in asker.get("/help?show=solved").text
    asker.get("/help?after=x~y&show=zebra")


def test_the_list_is_taken_away_as_it_is_shown_and_no_formula_runs(desk: Ticketing, asker: ClientRequest, admin: ClientRequest) -> None:  # fmt: skip
    ask(asker, subject="=1+1")
    ask(asker, "outage", subject="Nothing opens", priority="high")
    rows = list(csv.reader(io.StringIO(asker.client.get("/help?format=csv").get_data().decode("utf-8-sig"))))
    assert [each[1] for each in rows] == ["Subject", "Nothing opens", "'=1+1"]
    theirs = admin.client.get("/help?whose=agency&format=csv").get_data(as_text=True)
    assert "1+1" in theirs and "Nothing opens" not in theirs
    assert "Nothing opens" not in admin.client.get("/help?format=csv").get_data(as_text=True)


@pytest.mark.parametrize("path", ["/help", "/help?whose=agency"])
def test_a_list_costs_the_same_for_many(desk: Ticketing, admin: ClientRequest, path: str) -> None:
    counts = []
    with desk.world.look() as session:
        mine = session.scalars(
            select(Membership).where(Membership.agency_id == desk.agency.id).order_by(Membership.id)
        ).first()
    for many in (5, 55):
        for _ in range(many):
            own = {"requester": mine and _person(desk, mine)} if "whose" not in path else {"rung": "agency_admin"}
            desk.open(kind="other", **own)
        with statements(desk.world.engine) as seen:
            assert "HD-" in admin.get(path).text
        counts.append(len(seen))
    assert counts[0] == counts[1]


def _person(desk: Ticketing, member: Membership):
    with desk.world.look() as session:
        return session.get_one(Person, member.person_id)


def test_the_help_page_says_when_the_desk_is_back(desk: Ticketing, asker: ClientRequest) -> None:
    assert "is at work now, until November 23, 2026 at 4:00 p.m." in asker.get("/help").text
    desk.world.now += timedelta(days=3)
    asker = browser_of(desk.world, desk.actor(desk.asker))
    assert "not at work now (Thanksgiving Day). It is back on November 30, 2026 at 8:00 a.m." in asker.get("/help").text
