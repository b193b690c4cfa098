"""Outages on screen: what everybody sees without a cookie, what the staff do."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from portal.models import Outage
from portal.services.helpdesk.outages import moves
from portal.web.app import build
from tests.helpdesk.outaging import HOUR, SAID, Outaging
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


@pytest.fixture
def desk(here: Outaging, app: Flask) -> ClientRequest:
    return browser_of(here.world, here.world.desk, app)


def sent(browser: ClientRequest, path: str, expect: int = 302, **values: object) -> Page:
    page = browser.get(path)
    answer = browser.submit(page, expect, **values)
    return browser.follow(answer) if expect == 302 else answer


def newest(here: Outaging) -> Outage:
    with here.world.look() as session:
        return session.scalars(select(Outage).order_by(Outage.id.desc()).limit(1)).one()


# --- what everybody sees


def test_nothing_is_out_and_the_weekly_hour_stands_there(anybody: ClientRequest) -> None:
    page = anybody.get("/outages")
    assert "No outage is known." in page.text
    assert "Every Wednesday from 10:00 p.m. to 11:00 p.m. Eastern" in page.text
    assert "November 25, 2026, 10:00 p.m. to 11:00 p.m. Eastern" in page.text


def test_an_outage_is_seen_by_everybody_and_nobody_is_named(here: Outaging, anybody: ClientRequest) -> None:
    outage = here.report()
    here.do(moves.update, outage, text="A cable is broken.")
    here.do(moves.update, outage, text="The vendor was called names.", public=False)
    page = anybody.get("/outages")
    assert "Nobody can sign in" in page.text and "Going on" in page.text and "nobody knows yet until when" in page.text
    one = anybody.get(f"/outages/{outage.id}")
    assert SAID in one.text and "A cable is broken." in one.text
    assert "called names" not in one.text and here.world.desk.name not in one.text
    here.end(outage, text="It works again.")
    over = anybody.get(f"/outages/{outage.id}")
    assert "It works again." in over.text and "1 hour" in over.text
    assert "No outage is known." in anybody.get("/outages").text
    anybody.get("/outages/999", 404)


def test_what_takes_longer_than_expected_says_so(here: Outaging, anybody: ClientRequest) -> None:
    outage = here.announce()
    here.later(75 * HOUR)
    assert "Nobody has confirmed that it is." in anybody.get("/outages").text
    assert "Nobody has confirmed that it is." in anybody.get(f"/outages/{outage.id}").text


def test_an_evening_that_is_called_off_is_shown_as_such_and_not_as_usual(
    here: Outaging, anybody: ClientRequest
) -> None:
    here.evening(moves.call_off_evening, WEDNESDAY)
    page = anybody.get("/outages")
    assert "Called off" in page.text
    assert page.document.xpath("string(//main//details//li)") == "December 2, 2026"


def test_no_page_of_outages_sets_a_cookie_and_each_may_be_kept_and_is_asked_for(here: Outaging, app: Flask) -> None:
    outage = here.report()
    client = app.test_client()
    for path in (
        "/outages",
        "/outages/history",
        f"/outages/{outage.id}",
        "/outages/feed.xml",
        "/outages/calendar.ics",
        "/outages/history?format=csv",
    ):
        answer = client.get(path)
        assert answer.status_code == 200 and "Set-Cookie" not in answer.headers, path
        assert answer.headers["Cache-Control"] == "public, no-cache" and answer.headers["ETag"], path
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304 and again.get_data() == b"", path
    assert not client.get_cookie("session")


def test_whoever_has_signed_in_gets_a_page_that_nobody_keeps(here: Outaging, desk: ClientRequest) -> None:
    answer = desk.get("/outages").response
    assert answer.headers["Cache-Control"] == "no-store" and "Manage outages" in answer.get_data(as_text=True)


def test_the_history_is_filtered_paged_and_exported(here: Outaging, anybody: ClientRequest) -> None:
    for number in range(55):
        outage = here.report(title=f"=Outage {number}", starts_at=here.world.now - timedelta(days=number, hours=2))
        here.end(outage, at=outage.starts_at + HOUR)
    of_last_year = here.report(title="Of last year", starts_at=here.world.now - timedelta(days=330))
    here.end(of_last_year, at=of_last_year.starts_at + HOUR)
    planned = here.announce()
    here.do(moves.call_off, planned)
    here.later(timedelta(days=4))
    page = anybody.get("/outages/history")
    assert "more follow" in page.text and "Servers are moved" in page.text and "Did not happen" in page.text
    [following] = [href for href in page.document.xpath("//main//a/@href") if "after=" in href][:1]
    assert "=Outage 54" in anybody.get(following).text
    assert "Servers are moved" not in anybody.get("/outages/history?kind=unplanned").text
    found = anybody.get("/outages/history?q=OUTAGE+7").text
    assert "=Outage 7" in found and "=Outage 8" not in found
    of_2025 = anybody.get("/outages/history?year=2025").text
    assert "Of last year" in of_2025 and "=Outage" not in of_2025
    for odd in ("?kind=strange&year=nineteen&after=x~y", "?year=2026&q=%25", "?after=2026-01-01T00:00:00~99999999999"):
        anybody.get(f"/outages/history{odd}")
    rows = list(
        csv.DictReader(io.StringIO(anybody.get("/outages/history?format=csv").response.get_data().decode("utf-8-sig")))
    )
    assert len(rows) == 57 and rows[1]["What"] == "'=Outage 0"
    assert (rows[1]["Minutes"], rows[1]["Systems"], rows[1]["Began (Eastern)"]) == (
        "60",
        "The HMIS (ServicePoint)",
        "2026-11-23 08:00:00",
    )


def test_the_availability_is_drawn_with_its_figures(here: Outaging, anybody: ClientRequest) -> None:
    assert "nothing is reckoned yet" in anybody.get("/outages/history").text
    outage = here.report(starts_at=here.world.now - 3 * HOUR)
    here.end(outage, at=here.world.now)
    page = anybody.get("/outages/history")
    table = page.document.xpath("//table[caption[contains(text(), 'The same in figures')]]")[0]
    cells = [" ".join(cell.text_content().split()) for cell in table.xpath(".//tbody/tr/*")]
    # From November 1 until Monday the 23rd at ten: 22 days and 11 hours with the hour that came twice; three evenings of maintenance.
    whole = 22 * 1440 + 10 * 60 + 60
    promised = whole - 3 * 60
    up = 10_000 * (promised - 180) // promised
    assert cells == ["November 2026", f"{up // 100}.{up % 100:02} %", "1", "3 hours", "3 hours"]
    assert page.document.xpath("//figure//svg")


# --- the staff


def test_an_outage_is_reported_in_two_clicks(here: Outaging, desk: ClientRequest, anybody: ClientRequest) -> None:
    page = desk.get("/outages/manage")
    form = desk.get(page.document.xpath("//main//a[normalize-space()='Report an outage']/@href")[0])
    assert (
        "Agency Administrators: 2 people" in form.text and "Agency Administrators and all users: 2 people" in form.text
    )
    done = desk.follow(desk.submit(form))
    assert "2 people get an e-mail." in done.text
    outage = newest(here)
    assert (outage.status, outage.kind, outage.starts_at, outage.systems) == (
        "going_on",
        "unplanned",
        here.world.now,
        ["core_hmis"],
    )
    assert here.said(outage)[0].tells == "admins"
    assert "The HMIS cannot be reached" in anybody.get("/outages").text


def test_a_planned_one_goes_through_the_pages(here: Outaging, desk: ClientRequest, anybody: ClientRequest) -> None:
    values = {
        "title": "New servers", "starts_on": "2026-12-05", "starts_at": "10 p.m.", "ends_at": "11:30 pm", "text": "Save your work.",
        "impact": "trouble", "vendor_case": "W-77",
    }  # fmt: skip
    wrong = sent(desk, "/outages/manage/announce", 400, **values | {"starts_at": "ten"})
    assert "Enter a time such as 10:30 p.m. or 22:30." in wrong.text and "Save your work." in wrong.text
    early = sent(desk, "/outages/manage/announce", 400, **values | {"ends_at": "9 pm"})
    assert "It ends before it begins." in early.text
    skipped = sent(
        desk, "/outages/manage/announce", 400, **values | {"starts_on": "2027-03-14", "starts_at": "2:30 am"}
    )
    assert "the clocks go forward that night" in skipped.text
    assert desk.get("/outages/manage/announce").text.count("2 people") == 2
    done = sent(desk, "/outages/manage/announce", **values)
    outage = newest(here)
    assert "2 people get an e-mail." in done.text and "W-77" in done.text
    assert (str(outage.starts_at), str(outage.ends_expected_at), outage.impact) == (
        "2026-12-06 03:00:00",
        "2026-12-06 04:30:00",
        "trouble",
    )
    path = f"/outages/manage/{outage.id}"
    assert "W-77" not in anybody.get(f"/outages/{outage.id}").text
    corrected = sent(
        desk, f"{path}/correct", ends_at="1 a.m.", ends_on="2026-12-06", text="It takes longer.", tells="nobody"
    )
    assert "Nobody gets an e-mail." in corrected.text
    assert str(newest(here).ends_expected_at) == "2026-12-06 06:00:00"
    same = sent(desk, f"{path}/correct", 400, text="Again.")
    assert "These are the times that stand there." in same.text
    desk.submit(desk.get(f"{path}/say"), text="For us.", note="y", tells="nobody")
    refused = sent(desk, f"{path}/say", 400, text="For us.", note="y", tells="admins")
    assert "A note for the staff is not mailed." in refused.text
    off = sent(desk, f"{path}/call-off", text="The vendor cannot come.")
    assert "Called off" in off.text and "For us." in off.text
    here.drain()
    assert len(here.mails()) == 4


def test_it_is_ended_with_a_time_in_minutes(here: Outaging, desk: ClientRequest) -> None:
    here.world.now += timedelta(seconds=42)
    sent(desk, "/outages/manage/report")
    outage = newest(here)
    over = sent(desk, f"/outages/manage/{outage.id}/end")
    assert "It is over." in over.text and newest(here).ended_at == outage.starts_at
    assert "Load the page again" in sent(desk, f"/outages/manage/{outage.id}/end", 400).text


def test_one_s_times_are_corrected_without_its_seconds_getting_lost(here: Outaging, desk: ClientRequest) -> None:
    here.world.now += timedelta(seconds=42)
    sent(desk, "/outages/manage/report")
    outage = newest(here)
    sent(desk, f"/outages/manage/{outage.id}/correct", ends_on="2026-11-23", ends_at="5 pm", text="Known by now.")
    assert newest(here).starts_at == outage.starts_at and str(newest(here).ends_expected_at) == "2026-11-23 22:00:00"
    missing = sent(
        desk, f"/outages/manage/{outage.id}/correct", 400, ends_at=None, ends_on="2026-11-24", text="Known by now."
    )
    assert "Enter the time too." in missing.text


def test_an_evening_is_called_off_or_gets_another_end_on_the_pages(here: Outaging, desk: ClientRequest) -> None:
    page = desk.get("/outages/manage")
    off, longer = (
        page.document.xpath(f"(//main//a[starts-with(normalize-space(), '{words}')])[{place}]/@href")[0]
        for words, place in (("call it off", 1), ("Another end", 2))
    )
    assert "Called off" in sent(desk, off, text="The vendor skips it.").text
    assert newest(here).occurrence_on == WEDNESDAY
    done = sent(desk, longer, ends_on="2026-12-03", ends_at="2 am", text="A larger update.", tells="admins")
    assert "2 people get an e-mail." in done.text and str(newest(here).ends_expected_at) == "2026-12-03 07:00:00"
    for odd in ("", "?on=2026-11-24", "?on=tomorrow", "?on=2026-11-18"):
        desk.get(f"/outages/manage/weekly/call-off{odd}", 404)


@pytest.mark.parametrize("who", ["admin", "newcomer", "auditor"])
def test_nobody_else_gets_to_the_staff_s_pages(here: Outaging, app: Flask, who: str) -> None:
    outage = here.report()
    browser = browser_of(here.world, getattr(here, who), app)
    for path in (
        "",
        "/announce",
        "/report",
        f"/{outage.id}",
        *(f"/{outage.id}/{act}" for act in ("say", "correct", "end", "call-off", "tickets", "answer")),
    ):
        browser.get(f"/outages/manage{path}", 403)
    assert "Manage" not in browser.get("/outages").text
    assert "Manage" not in browser.get(f"/outages/{outage.id}").text


def test_lists_cost_the_same_with_five_and_with_sixty(here: Outaging, app: Flask, desk: ClientRequest) -> None:
    def fill(count: int) -> None:
        for number in range(count):
            outage = here.report(title=f"Outage {number}", starts_at=here.world.now - timedelta(days=number, hours=2))
            if number % 2:
                here.end(outage, at=outage.starts_at + HOUR)

    fill(5)
    outage = newest(here)
    anybody = ClientRequest(app.test_client())
    paths = [
        (anybody, "/outages"),
        (anybody, "/outages/history"),
        (anybody, "/outages/feed.xml"),
        (anybody, "/outages/calendar.ics"),
        (desk, "/outages/manage"),
        (desk, f"/outages/manage/{outage.id}"),
        (desk, "/"),
    ]
    few = [counted(here, browser, path) for browser, path in paths]
    fill(55)
    for number in range(55):
        here.do(moves.update, outage, text=f"Step {number} is done.")
    assert [counted(here, browser, path) for browser, path in paths] == few


def counted(here: Outaging, browser: ClientRequest, path: str) -> int:
    with statements(here.world.engine) as said:
        browser.get(path)
    return len(said)
