"""The staff see whose mail is in doubt, say how they made sure, and settle an answer of which nobody knows whether it arrived."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from portal.models import Ticket, TicketEntry
from tests.helpdesk.mailing import Mailing
from tests.helpdesk.test_mail_senders import OURS, forged, standing
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of
from tests.web.desk_world import stored


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Mailing:
    made = Mailing(stored(World(engine), tmp_path), tmp_path / "inbox")
    made.trust(OURS)
    return made


@pytest.fixture
def browser(desk: Mailing) -> ClientRequest:
    return browser_of(desk.world, desk.world.desk)


def pressed(browser: ClientRequest, page: Page, address: str, **values: str) -> Page:
    """The form of this address, sent with what stands in it and `values`."""
    [form] = page.document.xpath(f"//form[@action='{address}']")
    filled = {str(each.get("name")): str(each.get("value") or "") for each in form.xpath(".//input[@name]")}
    return browser.follow(browser.post(address, filled | values))


def doubtful(desk: Mailing) -> Ticket:
    return desk.ticket_of(desk.arrive(desk.from_asker("I forgot my password.")))


def test_a_doubt_stands_on_the_ticket_until_somebody_says_how_they_made_sure(
    desk: Mailing, browser: ClientRequest
) -> None:
    ticket = doubtful(desk)
    vouch = f"/tickets/{ticket.id}/vouch"
    page = browser.get(f"/tickets/{ticket.id}")
    assert "could not confirm" in page.text and "Sender not confirmed" in page.text
    assert "Say how you made sure" in pressed(browser, page, vouch, how="  ").text
    after = pressed(browser, page, vouch, how="Called <b>207-555-0100</b>")
    assert "could not confirm" not in after.text and "Sender confirmed" in after.text
    assert "made sure: Called <b>207-555-0100</b>" in after.text
    again = browser.follow(browser.post(vouch, {"csrf_token": _token(page), "how": "Once more"}))
    assert "made sure already" in again.text


def test_a_forgery_is_said_plainly_and_shows_nothing_of_the_person(desk: Mailing, browser: ClientRequest) -> None:
    ticket = desk.ticket_of(desk.arrive(forged(desk)))
    page = browser.get(f"/tickets/{ticket.id}").text
    assert f"probably did not come from {desk.email}" in page and "Probably forged" in page
    assert "does not know this sender" in page and desk.agency.name not in page


def test_a_weighty_page_asks_how_and_keeps_what_was_typed(desk: Mailing, browser: ClientRequest) -> None:
    ticket = doubtful(desk)
    address = f"/tickets/{ticket.id}/start/reset"
    page = browser.get(address)
    assert "could not confirm" in page.text and page.document.xpath("//input[@name='how']")
    hidden = {str(each.get("name")): str(each.get("value")) for each in page.document.xpath("//form//input[@type='hidden']")}  # fmt: skip
    refused = browser.post(address, hidden | {"reason": "Forgot it on vacation."}, expect=400)
    assert "Say how you made sure" in refused.text and "Forgot it on vacation." in refused.text
    done = browser.post(address, hidden | {"reason": "Forgot it on vacation.", "how": "Called their number."})
    assert "on its way" in browser.follow(done).text and standing(desk, ticket) == ""
    assert "could not confirm" not in browser.get(address).text


def test_an_answer_in_doubt_is_marked_as_arrived_or_sent_again(desk: Mailing, browser: ClientRequest) -> None:
    ticket = desk.open()
    first, second = desk.answer(ticket, "One."), desk.answer(ticket, "Two.")
    desk.send()
    for entry in (first, second):
        with desk.world.change() as session:
            session.get_one(TicketEntry, entry.id).delivery = "uncertain"
    assert "2 answers that may not have arrived" in browser.get("/").text
    page = browser.get("/tickets?show=undelivered")
    assert f"/tickets/{ticket.id}" in str(page.document.xpath("//main//a/@href"))
    page = browser.get(f"/tickets/{ticket.id}")
    for entry, where, said in ((first, "arrived", "counts as sent"), (second, "send-again", "is sent once more")):
        address = f"/tickets/{ticket.id}/{where}"
        post = {"csrf_token": _token(page), "entry": str(entry.id)}
        assert said in browser.follow(browser.post(address, post)).text
        assert "no doubt" in browser.follow(browser.post(address, post)).text or where == "send-again"
    sent = desk.send()
    assert [each.text.count("Two.") for each in sent] == [1]
    assert {desk.entry(each).delivery for each in (first, second)} == {"sent"}
    assert "may not have arrived" not in browser.get("/").text
    another = desk.open(subject="Another")
    browser.post(f"/tickets/{another.id}/arrived", {"csrf_token": _token(page), "entry": str(first.id)}, expect=404)


def _token(page: Page) -> str:
    return str(page.document.xpath("//input[@name='csrf_token']/@value")[0])
