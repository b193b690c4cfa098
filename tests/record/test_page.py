"""The record's page: filtered by thing and refusals, its state of health on top, taken away as CSV, Excel and PDF."""

import io
from typing import Any

import openpyxl
import pypdf
import pytest
from sqlalchemy import Engine, select

from portal import audit
from portal.models import AuditEntry, RecordCheck
from portal.web.desk import audit as page_of_the_record
from tests.services.world import World
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of, statements
from workflows.vocabulary import Role


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def lead(world: World) -> ClientRequest:
    return browser_of(world, world.admin)


def put(world: World, said: str, **more: Any) -> None:
    with world.change() as session:
        audit.record(session, actor=world.desk, now=world.now, act="test.act", said=said, **more)


def taken(lead: ClientRequest, query: str) -> bytes:
    return lead.get(f"/desk/audit?{query}").response.get_data()


def test_one_thing_and_refusals_alone(world: World, lead: ClientRequest) -> None:
    harbor, other = world.agency("Harbor House"), world.agency("Other Place")
    put(world, "Looked at it.", thing=harbor)
    put(world, "Was refused there.", thing=other, refused="not_allowed")
    about = lead.get(f"/desk/audit?thing=agency&thing_id={harbor.id}")
    assert "Looked at it." in about.text and "Was refused there." not in about.text
    only = lead.get("/desk/audit?refused=only")
    assert (
        "Was refused there." in only.text and "refused: not allowed" in only.text and "Looked at it." not in only.text
    )
    assert "Say what kind of thing" in lead.get("/desk/audit?thing_id=3", 400).text
    assert "Enter a number" in lead.get("/desk/audit?thing=agency&thing_id=-1", 400).text


def test_the_state_of_the_record_stands_on_top(world: World, lead: ClientRequest) -> None:
    assert "Verified" not in lead.get("/desk/audit").text
    with world.change() as session:
        session.add(RecordCheck(checked_at=world.now, entries=1234, anchors=7, last_seq=1234))
    assert "1,234 entries, each as it was written; 7 anchors agree" in lead.get("/desk/audit").text
    with world.change() as session:
        session.add(RecordCheck(checked_at=world.now, entries=9, anchors=7, last_seq=9, broken="Entry 10 is missing."))
    page = lead.get("/desk/audit")
    assert "The record is broken" in page.text and "Entry 10 is missing." in page.text
    home = lead.get("/")
    assert "The record is broken" in home.text and "/desk/audit" in {a.get("href") for a in home.document.xpath("//a")}


def test_excel_holds_what_is_shown_and_runs_nothing(world: World, lead: ClientRequest) -> None:
    put(world, "=1+1", after={"street": "1 Hidden Way", "more": "+2"})
    sheet = openpyxl.load_workbook(io.BytesIO(taken(lead, "act=test.act&format=xlsx"))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 2 and rows[0][0] == "Number"
    assert "=1+1" in rows[1] and "more: +2" in rows[1]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_the_pdf_says_what_was_asked_and_where_the_record_ended(world: World, lead: ClientRequest) -> None:
    for number in range(40):
        put(
            world,
            f"<b>Entry</b> {number} & more.",
            before={"street": "1 Hidden Way"},
            refused="not_allowed" if number == 3 else "",
        )
    put(world, "A long one. " * 400)
    with world.look() as session:
        before = audit.head(session)
    pdf = pypdf.PdfReader(
        io.BytesIO(taken(lead, "act=test.act&since-month=11&since-day=23&since-year=2026&format=pdf"))
    )
    text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    assert (
        "Of the act test.act, from November 23, 2026" in text
        and "Entries 41" in text
        and "the whole entry stands in the CSV file" in text
    )
    assert "<b>Entry</b> 39 & more." in text and "Refused: not allowed" in text and "Hidden Way" not in text
    with world.look() as session:
        head = audit.head(session)
    assert before and head and head.seq == before.seq + 1, "the download itself"
    assert f"Entry {head.seq}, sealed" in text and head.mac in text.replace(" ", "")


@pytest.mark.parametrize("how", ["csv", "xlsx", "pdf"])
def test_every_download_is_on_record_and_a_refused_one_not(
    world: World, lead: ClientRequest, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world, "One.")
    put(world, "Two.")
    taken(lead, f"act=test.act&format={how}")
    with world.look() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.act == "audit.export")).all()
    assert (
        entry.said == f"Downloaded the record as {how.upper()}: of the act test.act."
        and entry.actor_id == world.admin.person_id
    )
    monkeypatch.setitem(page_of_the_record.MOST, how, 1)
    assert "more than 1 entries" in lead.get(f"/desk/audit?act=test.act&format={how}", 400).text
    assert world.count(AuditEntry, AuditEntry.act == "audit.export") == 1


def test_the_page_costs_the_same_for_many_entries(world: World, lead: ClientRequest) -> None:
    lead.get("/desk/audit")
    with statements(world.engine) as few:
        lead.get("/desk/audit")
    for number in range(60):
        put(world, f"{number}", thing=world.agency() if number % 20 == 0 else None)
    with statements(world.engine) as many:
        assert "more follow" in lead.get("/desk/audit").text
    assert len(many) == len(few)


def test_it_is_for_the_leads_administrator_and_security_officer(world: World) -> None:
    assert browser_of(world, world.staff(Role.LEAD_SECURITY)).get("/desk/audit")
    for actor in (world.desk, world.actor(world.member(world.agency()))):
        browser_of(world, actor).get("/desk/audit?format=pdf", 403)
    assert world.count(AuditEntry, AuditEntry.act == "audit.export") == 0
