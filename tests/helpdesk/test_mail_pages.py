"""The staff see how the mailbox stands and what became no ticket; they make a ticket of it, or put it away."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.effects import fetch_mail
from portal.models import AuditEntry, MailArrival
from portal.services.helpdesk.mail import mailbox
from tests.helpdesk.mailing import Mailing
from tests.helpdesk.mails.sample import mail
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import Role


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Mailing:
    return Mailing(stored(World(engine), tmp_path), tmp_path / "inbox")


@pytest.fixture
def browser(desk: Mailing) -> ClientRequest:
    return browser_of(desk.world, desk.world.desk)


def looked(desk: Mailing, trouble: str = "") -> None:
    with desk.world.change() as session:
        mailbox.looked(session, desk.inbox.name, trouble=trouble, now=desk.world.now)


def pressed(browser: ClientRequest, page: Page, address: str) -> Page:
    [token] = page.document.xpath(f"//form[@action='{address}']//input[@name='csrf_token']/@value")
    return browser.follow(browser.post(address, {"csrf_token": token}))


def test_the_page_says_when_mail_was_last_fetched_and_what_is_wrong(desk: Mailing, browser: ClientRequest) -> None:
    assert "not looked into lately" in browser.get("/tickets/mail").text
    looked(desk)
    assert "Last fetched" in browser.get("/tickets/mail").text
    desk.world.now += timedelta(minutes=16)
    assert "not looked into lately" in browser.get("/tickets/mail").text
    looked(desk, "The mail server mail.example.org does not let desk in.")
    page = browser.get("/tickets/mail").text
    assert "could not be read since" in page and "does not let desk in" in page
    with desk.world.look() as session:
        assert session.scalars(select(AuditEntry.act).where(AuditEntry.act == "mail.trouble")).all()


def test_the_first_page_says_what_was_held_and_that_mail_cannot_be_fetched(
    desk: Mailing, browser: ClientRequest
) -> None:
    assert "held for a look" not in browser.get("/").text
    desk.arrive(mail(drop=("From",)))
    looked(desk, "The mail server broke off.")
    page = browser.get("/")
    assert "1 message was held for a look" in page.text and "mail cannot be fetched" in page.text
    assert page.document.xpath("//a[@href='/tickets/mail']")
    looked(desk)
    assert "mail cannot be fetched" not in browser.get("/").text


def test_without_a_mailbox_the_page_says_so(engine: Engine) -> None:
    world = World(engine)
    assert "No mailbox is fetched" in browser_of(world, world.desk).get("/tickets/mail").text


def test_what_was_held_becomes_a_ticket_by_somebodys_word_and_nobody_is_mailed(
    desk: Mailing, browser: ClientRequest
) -> None:
    desk.arrive(desk.from_asker("Fine news.", Precedence="bulk", Subject="Bulk"))
    page = browser.get("/tickets/mail?show=list")
    assert "Bulk" in page.text
    row = desk.arrivals()[-1]
    after = pressed(browser, page, f"/tickets/mail/{row.id}/ticket")
    assert "is part of HD-" in after.text
    row = desk.arrivals()[-1]
    ticket = desk.ticket_of(row)
    assert (row.outcome, ticket.requester_id, row.subject) == ("entry", desk.asker.person_id, "")
    assert desk.entries(ticket)[0].body == "Fine news." and desk.send() == []
    answer = browser.post(f"/tickets/mail/{row.id}/ticket", {"csrf_token": _token(page)})
    assert "already" in browser.follow(answer).text


def _token(page: Page) -> str:
    return str(page.document.xpath("//input[@name='csrf_token']/@value")[0])


def test_what_was_held_is_put_away_once(desk: Mailing, browser: ClientRequest) -> None:
    row = desk.arrive(mail(drop=("From",)))
    page = browser.get("/tickets/mail")
    assert "does not say whom it is from" in page.text
    assert "put away" in pressed(browser, page, f"/tickets/mail/{row.id}/put-away").text
    assert "Nothing waits for a look" in browser.get("/tickets/mail").text
    again = browser.post(f"/tickets/mail/{row.id}/put-away", {"csrf_token": _token(page)})
    assert "looked at this message already" in browser.follow(again).text


def test_the_original_comes_as_a_download_and_that_is_on_record(desk: Mailing, browser: ClientRequest) -> None:
    raw = desk.from_asker("<script>alert(1)</script>", Precedence="bulk", Content_Type="text/html")
    row = desk.arrive(raw)
    response = browser.get(f"/tickets/mail/{row.id}/original").response
    assert response.data == raw and response.mimetype == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")
    with desk.world.look() as session:
        assert session.scalars(select(AuditEntry.act).where(AuditEntry.act == "mail.download")).all()


def test_a_message_too_large_to_be_fetched_says_where_it_lies(
    desk: Mailing, browser: ClientRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_mail, "MAX_BYTES", 2_000)
    row = desk.arrive(desk.from_asker("x" * 3_000))
    assert (row.outcome, row.raw_file_id, row.from_email) == ("refused", None, desk.email)
    page = browser.get("/tickets/mail").text
    assert "among those taken over" in page and f"/tickets/mail/{row.id}/ticket" not in page


def test_answers_that_did_not_arrive_stand_with_their_tickets(desk: Mailing, browser: ClientRequest) -> None:
    ticket = desk.open()
    entry = desk.answer(ticket)
    with desk.world.change() as session:
        session.get_one(type(entry), entry.id).delivery = "uncertain"
    page = browser.get("/tickets/mail").text
    assert "Nobody knows whether it arrived" in page and ticket.reference in page


def test_the_list_is_filtered_and_taken_away(desk: Mailing, browser: ClientRequest) -> None:
    desk.put(desk.from_asker("a", Precedence="bulk"), desk.from_stranger("b", Precedence="bulk", Subject="=cmd()"))
    desk.fetch()
    page = browser.get("/tickets/mail?show=list&sender=Stranger@")
    assert "stranger@elsewhere.example" in page.text and desk.email not in page.text
    assert browser_of(desk.world, desk.world.staff(Role.TRAINER)).get("/tickets/mail/list.csv", expect=403)
    taken = browser.get("/tickets/mail/list.csv?show=list").response.get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(taken.removeprefix("\ufeff"))))
    assert len(rows) == 3 and rows[1][3] == "'=cmd()"


def test_it_asks_the_database_the_same_number_of_questions_for_5_and_for_60(
    desk: Mailing, browser: ClientRequest
) -> None:
    def many(number: int) -> int:
        with desk.world.change() as session:
            first = desk.counted()[0] + number * 1000
            session.add_all(
                MailArrival(
                    mailbox="m", uidvalidity=1, uid=first + n, sha256=f"{first + n:064}", size=10, arrived_at=desk.world.now,
                    outcome="refused", said="Held.",
                )
                for n in range(number)
            )  # fmt: skip
        with statements(desk.world.engine) as asked:
            browser.get("/tickets/mail")
        return len(asked)

    assert many(5) == many(55)


def test_nobody_but_the_staff_sees_it(desk: Mailing) -> None:
    row = desk.arrive(mail(drop=("From",)))
    for actor in (desk.actor(desk.asker), desk.world.staff(Role.AUDITOR)):
        browser = browser_of(desk.world, actor)
        for address in ("/tickets/mail", f"/tickets/mail/{row.id}/original"):
            assert browser.get(address, expect=403)
