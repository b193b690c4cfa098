"""Records, data releases and the organization chart on screen: who sees whom, exports, and a constant number of statements."""

import csv
import hashlib
import io
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine

from portal.models import BoardRecord, DataRelease
from portal.services.security.plans import board_records
from tests.enforcement.plan_pages import a_pdf, counted, sent
from tests.enforcement.planning import Planning
from tests.services.world import World
from tests.web.browsing import browser_of
from tests.web.desk_world import stored
from workflows.vocabulary import Role

ENTERED = {
    "recipient": "Sample University", "purpose": "A study of shelter stays.", "what": "=Stays by county and month.", "period_from": "2026-01-01",
    "period_until": "2026-06-30", "smallest_cell": "11", "suppression": "Left out.", "asked_on": "2026-11-20", "aggregate": "y",
}  # fmt: skip


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Planning:
    return Planning(stored(World(engine), tmp_path))


def test_a_record_goes_on_file_and_is_set_aside(here: Planning) -> None:
    lead, board = browser_of(here.world, here.world.admin), browser_of(here.world, here.board)
    assert "11 records are not on file" in lead.get("/").text
    wrong = sent(lead, "/security/records/lead_monitoring/new", 400, held_on="2026-11-01", note="Kept word")
    assert "Upload it, or say where it is filed." in wrong.text and "Kept word" in wrong.text
    done = sent(lead, "/security/records/lead_monitoring/new", held_on="2026-11-01", file=a_pdf("Monitoring"))
    assert "November 1, 2027" in done.text
    assert "10 records are not on file" in lead.get("/").text
    with here.world.look() as session:
        row = session.query(BoardRecord).one()
    for browser in (lead, board):
        assert browser.get(f"/security/records/{row.id}/file").response.get_data().startswith(b"%PDF")
    assert here.world.admin.name not in board.get("/security/records").text
    board.get("/security/records/lead_monitoring/new", 403)
    board.get(f"/security/records/{row.id}/set-aside", 403)
    aside = sent(lead, f"/security/records/{row.id}/set-aside", reason="Of another Lead.")
    assert "Set aside: Of another Lead." in aside.text
    director = browser_of(here.world, here.director)
    for path in ("/security/records", f"/security/records/{row.id}/file"):
        director.get(path, 403)


def test_a_vendor_is_named_where_there_are_several(here: Planning) -> None:
    lead = browser_of(here.world, here.world.admin)
    page = sent(
        lead, "/security/records/vendor_contract/new", about="Sample Systems", held_on="2026-11-01", filed_at="Binder 3"
    )
    assert "Vendor contract with the standards clause: Sample Systems" in page.text
    rows = list(
        csv.DictReader(io.StringIO(lead.get("/security/records?format=csv").response.get_data().decode("utf-8-sig")))
    )
    assert len(rows) == 11
    [contract] = [row for row in rows if row["Which one"]]
    assert (contract["Which one"], contract["Status"], contract["Filed at"]) == (
        "Sample Systems",
        "On file",
        "Binder 3",
    )


def test_a_release_goes_through_the_pages_and_its_file_is_not_kept(here: Planning, tmp_path: Path) -> None:
    desk, lead, board = (browser_of(here.world, who) for who in (here.world.desk, here.world.admin, here.board))
    few = sent(desk, "/security/releases/new", 400, **ENTERED | {"smallest_cell": "5"})
    assert "No cell may count fewer than 11 people" in few.text and "A study of shelter stays." in few.text
    sent(desk, "/security/releases/new", 400, **ENTERED | {"aggregate": None})
    sent(desk, "/security/releases/new", **ENTERED)
    [row] = log(here)
    path = f"/security/releases/{row.id}"
    assert "1 data release to decide about" in lead.get("/").text
    assert "Your decision" not in desk.get(path).text
    decided = lead.follow(
        lead.submit(lead.get(path), having="decision", decision="approve", reason="No group is small.")
    )
    assert "Approved, not handed over" in decided.text
    content = b"county,month,people\nSample,January,112\n"
    over = sent(desk, f"{path}/hand-over", on="2026-11-23", how="By mail", file=(io.BytesIO(content), "table.csv"))
    assert hashlib.sha256(content).hexdigest() in over.text and "table.csv" in over.text
    kept = (
        [each for each in (tmp_path / "storage").rglob("*") if each.is_file()]
        if (tmp_path / "storage").exists()
        else []
    )
    assert kept == []
    seen = board.get(path).text
    assert "Sample University" in seen and not any(who.name in seen for who in (here.world.desk, here.world.admin))
    browser_of(here.world, here.director).get("/security/releases", 403)


def log(here: Planning) -> list[DataRelease]:
    with here.world.look() as session:
        return list(session.query(DataRelease).order_by(DataRelease.id))


def test_the_log_is_searched_paged_and_exported(here: Planning) -> None:
    lead = browser_of(here.world, here.world.admin)
    sent(lead, "/security/releases/new", **ENTERED)
    few = counted(here, lead, "/security/releases")
    for number in range(55):
        sent(lead, "/security/releases/new", **ENTERED | {"recipient": f"Example County {number}"})
    assert counted(here, lead, "/security/releases") == few
    page = lead.get("/security/releases")
    assert "more follow" in page.text and "Sample University" not in page.text
    [following] = [href for href in page.document.xpath("//main//a/@href") if "after=" in href][:1]
    assert "Sample University" in lead.get(following).text
    assert "Example County" not in lead.get("/security/releases?q=university").text
    assert "Sample University" not in lead.get("/security/releases?show=released").text
    rows = list(
        csv.DictReader(io.StringIO(lead.get("/security/releases?format=csv").response.get_data().decode("utf-8-sig")))
    )
    assert len(rows) == 56 and rows[0]["What"] == "'=Stays by county and month."
    book = openpyxl.load_workbook(
        io.BytesIO(lead.get("/security/releases?format=xlsx&q=university").response.get_data())
    )
    table = list(book.active.values)
    assert rows[0]["Entered by"] == here.world.admin.name
    for_board = browser_of(here.world, here.board).get("/security/releases?format=csv").response.get_data(as_text=True)
    assert "Example County 1" in for_board and here.world.admin.name not in for_board
    assert len(table) == 2 and table[1][4] == "=Stays by county and month." and book.active.cell(2, 5).data_type == "s"


def test_the_chart_names_to_each_whom_they_may_know(here: Planning) -> None:
    inland = here.world.agency("Sample Inland", licences_=0)
    other = here.world.actor(here.world.member(inland, None, Role.EXECUTIVE_DIRECTOR))
    lead, board, director = (browser_of(here.world, who) for who in (here.world.admin, here.board, here.director))
    whole = lead.get("/security/offices").text
    assert all(
        name in whole
        for name in (here.world.admin.name, here.board.name, here.director.name, other.name, "Sample Inland")
    )
    of_board = board.get("/security/offices").text
    assert here.officer.name in of_board and not any(
        name in of_board for name in (other.name, "Sample Inland", here.director.name)
    )
    own = director.get("/security/offices").text
    assert (
        here.director.name in own
        and here.officer.name in own
        and not any(name in own for name in (other.name, "Sample Inland"))
    )
    assert "Sample Harbor" not in lead.get("/security/offices?q=inland").text
    rows = list(
        csv.DictReader(
            io.StringIO(director.get("/security/offices?format=csv").response.get_data().decode("utf-8-sig"))
        )
    )
    assert {row["Organization"] for row in rows} == {here.world.policy.lead, "Sample Harbor"}
    browser_of(here.world, here.world.actor(here.world.member(here.harbor))).get("/security/offices", 403)


def test_the_chart_shows_who_answers_to_whom(here: Planning) -> None:
    """Boxes within boxes: the Board, below it the Lead, below the Lead its offices, and each with the names of who holds it."""
    lead, board = browser_of(here.world, here.world.admin), browser_of(here.world, here.board)
    for browser, link in ((lead, "#agencies"), (board, None)):
        document = browser.get("/security/offices").document
        [chart] = document.xpath("//main//ul[@class='org-chart']")
        [desk] = chart.xpath(".//li[div/p[text()='Help desk']]")
        above = [" ".join(one.xpath("string(div/p)").split()) for one in desk.xpath("ancestor::li")]
        assert above == ["Board of the Continuum of Care", f"{here.world.policy.lead}, the HMIS Lead"]
        assert here.world.desk.name in desk.text_content() and here.board.name not in desk.text_content()
        assert here.board.name in chart.xpath("string(li/div)")
        [agencies] = chart.xpath(".//li[div/p[normalize-space()='Agencies']]")
        assert agencies.xpath("string(.//a/@href)") == (link or "")
        assert link is None or document.xpath("//*[@id='agencies']")


def test_the_chart_and_the_records_cost_the_same_with_five_or_fifty(here: Planning) -> None:
    lead = browser_of(here.world, here.world.admin)
    paths = ("/security/offices", "/security/records")
    few = [counted(here, lead, path) for path in paths]
    for number in range(12):
        here.world.agency(licences_=0)
        with here.world.change() as session:
            board_records.keep(
                session, kind="vendor_contract", about=f"Vendor {number}", held_on=here.world.today - timedelta(number), due_again=None, file=None,
                filed_at="Binder 3", note="", actor=here.world.admin, now=here.world.now, policy=here.world.policy,
            )  # fmt: skip
    assert [counted(here, lead, path) for path in paths] == few


def test_another_s_entry_is_decided_and_one_s_own_is_not(here: Planning) -> None:
    lead, officer = browser_of(here.world, here.world.admin), browser_of(here.world, here.officer)
    sent(lead, "/security/releases/new", **ENTERED)
    [row] = log(here)
    own = lead.get(f"/security/releases/{row.id}")
    assert "who did not enter it decides" in own.text and "Your decision" not in own.text
    assert "data release to decide about" not in lead.get("/").text
    page = officer.get(f"/security/releases/{row.id}")
    forged = lead.get(f"/security/releases/{row.id}/withdraw").document.xpath(
        "//main//form//input[@name='csrf_token']/@value"
    )[0]
    lead.post(
        f"/security/releases/{row.id}", {"csrf_token": forged, "decision": "approve", "reason": "Mine."}, expect=404
    )
    assert log(here)[0].status == "asked"
    officer.submit(page, having="decision", decision="refuse", reason="Too small.")
    assert log(here)[0].status == "refused"


def test_what_looks_like_a_client_s_is_asked_about_before_it_is_kept(here: Planning) -> None:
    desk, director = browser_of(here.world, here.world.desk), browser_of(here.world, here.director)
    doubtful = {"what": "Stays by county. SSN 123-45-6789 was in the first draft."}
    asked = sent(desk, "/security/releases/new", 400, **ENTERED | doubtful)
    assert "looks like a Social Security number" in asked.text and "123-45-6789" in asked.text
    assert log(here) == []
    desk.submit(asked, anyway="y")
    assert len(log(here)) == 1
    row = here.draft()
    here.ask(row)
    path = f"/security/plans/versions/{row.id}/comment"
    warned = sent(director, path, 400, comment="Our client Jamie Sample was asked twice.")
    assert "a name beside a word such as" in warned.text and "Our client Jamie Sample" in warned.text
    sent(director, path, comment="Clients were asked twice.")
