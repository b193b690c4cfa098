"""Plans on screen: from the draft into the public library, comments without a stranger's name, reminders and what waits."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from portal.models import PlanVersion
from portal.services.security.plans import plan_approval, plans
from portal.web.app import build
from tests.enforcement.plan_pages import a_pdf, counted, sent
from tests.enforcement.planning import SECURITY, Planning
from tests.services.world import World
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of
from tests.web.desk_world import stored
from workflows.vocabulary import Role


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Planning:
    return Planning(stored(World(engine), tmp_path))


def test_a_plan_goes_through_the_pages_into_the_library(here: Planning) -> None:
    lead, officer, director = (browser_of(here.world, who) for who in (here.world.admin, here.officer, here.director))
    assert "6 plans have no version yet" in lead.get("/").text
    made = sent(
        lead,
        f"/security/plans/{SECURITY}/draft",
        changes="The first version.",
        body="# Aim\n\nKeep it *safe*.\n\n- one\n- two",
        file=a_pdf(),
    )
    assert "Draft" in made.text and "Keep it *safe*." in made.text
    [row] = rows_of(here)
    page = f"/security/plans/versions/{row.id}"
    director.get(page, 404)
    sent(lead, f"{page}/feedback", until=(here.world.today + timedelta(14)).isoformat())
    assert "Comment on the plan: Security plan, version 1" in director.get("/").text
    said = sent(director, f"{page}/comment", place="Aim", comment="Safe from whom?")
    assert "Safe from whom?" in said.text and here.world.admin.name not in said.text
    assert "Answer 1 comment: Security plan, version 1" in lead.get("/").text
    assert "Comment on the plan" not in director.get("/").text
    here.later(15)
    lead, officer = browser_of(here.world, here.world.admin), browser_of(here.world, here.officer)
    shut = sent(lead, f"{page}/submit", 400)
    assert "1 comment is not answered yet" in shut.text
    [comment] = [href for href in lead.get(page).document.xpath("//main//a/@href") if "/comments/" in href]
    sent(lead, comment, taken_up="partly", answer="From everybody who has no business with it.")
    sent(lead, f"{page}/submit")
    assert "Record the Board's vote: Security plan, version 1" in officer.get("/").text
    assert "Record the Board's vote" not in lead.get("/").text
    lead.get(f"{page}/vote", 404)
    counts = {
        "decision": "approve",
        "votes_for": "7",
        "against": "1",
        "abstained": "0",
        "voted_on": here.world.today.isoformat(),
    }
    wrong = sent(officer, f"{page}/vote", 400, **counts | {"votes_for": "1"}, minutes=a_pdf("Minutes"))
    assert "approved by more votes for it than against it" in wrong.text
    voted = sent(officer, f"{page}/vote", **counts, minutes=a_pdf("Minutes"), note="Without changes.")
    assert "7 for, 1 against, 0 abstained" in voted.text
    task = sent(
        lead,
        f"{page}/tasks",
        what="Tell the Agencies.",
        owner_id=str(here.officer.person_id),
        due=here.world.today.isoformat(),
    )
    [done] = [href for href in task.document.xpath("//main//a/@href") if "/tasks/" in href and href.endswith("/done")]
    assert "Tell the Agencies." in officer.get("/").text
    sent(officer, done, note="By mail.")
    assert "Put in force: Security plan, version 1" in lead.get("/").text
    sent(lead, f"{page}/in-force", since=here.world.today.isoformat())
    read_by_everybody(here, page)


def read_by_everybody(here: Planning, page: str) -> None:
    """The plan stands in the library; the minutes are not for an Agency."""
    officer = browser_of(here.world, here.officer)
    stranger = ClientRequest(build(context=here.world.context).test_client())
    library = stranger.get("/library")
    assert "Security plan" in library.text and "Version 1" in library.text
    read = stranger.get(f"/library/{SECURITY}/1")
    assert "Keep it *safe*." in read.text and [one.text for one in read.document.xpath("//main//li")] == ["one", "two"]
    assert not any(name in read.text for name in (here.world.admin.name, here.officer.name, here.director.name))
    file = stranger.get(f"/library/{SECURITY}/1/file").response
    assert file.get_data().startswith(b"%PDF") and "attachment" in file.headers["Content-Disposition"]
    minutes = officer.get(f"{page}/minutes").response
    assert minutes.get_data().startswith(b"%PDF")
    director_again = browser_of(here.world, here.director)
    director_again.get(f"{page}/minutes", 403)
    assert director_again.get(f"{page}/file").response.get_data() == file.get_data()


def rows_of(here: Planning) -> list[PlanVersion]:
    with here.world.look() as session:
        return list(session.query(PlanVersion).order_by(PlanVersion.id))


def test_the_library_needs_no_cookie_and_caches_may_keep_it(here: Planning) -> None:
    here.in_force()
    client = build(context=here.world.context).test_client()
    for path in ("/library", f"/library/{SECURITY}/1"):
        answer = client.get(path)
        assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "public, no-cache" and "Cookie" in answer.headers["Vary"]
    for path in (
        "/library/security_plan/2",
        "/library/disaster_recovery_plan/1",
        "/library/none/1",
        f"/library/{SECURITY}/1/file",
    ):
        missing = client.get(path)
        assert missing.status_code == 404 and missing.headers["Cache-Control"] == "no-store", path
    signed_in = browser_of(here.world, here.world.admin)
    assert signed_in.get("/library").response.headers["Cache-Control"] == "no-store"


def test_an_unchanged_file_is_not_sent_twice(here: Planning) -> None:
    lead = browser_of(here.world, here.world.admin)
    sent(lead, f"/security/plans/{SECURITY}/draft", changes="The first version.", file=a_pdf())
    [row] = rows_of(here)
    here.ask(row)
    here.later(15)
    here.do(plans.submit, row)
    here.vote(row)
    here.do(plan_approval.enforce, row, since=here.world.today)
    client = build(context=here.world.context).test_client()
    first = client.get(f"/library/{SECURITY}/1/file")
    again = client.get(f"/library/{SECURITY}/1/file", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.get_data()) == (200, 304, b"")


def test_a_plan_may_be_long_and_is_no_picture(here: Planning) -> None:
    lead, path = browser_of(here.world, here.world.admin), f"/security/plans/{SECURITY}/draft"
    picture = (io.BytesIO(b"\x89PNG\r\n\x1a\n nothing"), "plan.png")
    assert "damaged" in sent(lead, path, 400, changes="First.", file=picture).text
    long = sent(lead, path, 400, changes="First.", file=a_pdf(pages=301))
    assert "has more than 300 pages" in long.text and "First." in long.text
    sent(lead, path, changes="First.", file=a_pdf(pages=61))
    assert len(rows_of(here)) == 1


def test_nothing_typed_is_lost(here: Planning) -> None:
    lead = browser_of(here.world, here.world.admin)
    page = sent(lead, f"/security/plans/{SECURITY}/draft", 400, changes="", body="A long text.")
    assert "Say in a sentence or two what is new" in page.text and "A long text." in page.text
    assert not rows_of(here)


def test_agencies_board_and_strangers_open_what_is_theirs(here: Planning) -> None:
    draft, held = here.draft("privacy_policy"), here.in_force()
    director, board = browser_of(here.world, here.director), browser_of(here.world, here.board)
    for browser in (director, board):
        assert "Privacy policy" in browser.get("/security/plans").text
        browser.get(f"/security/plans/versions/{held.id}")
        browser.get(f"/security/plans/versions/{draft.id}", 404)
        for path in ("feedback", "submit", "revise", "in-force", "withdraw", "tasks", "take-over", "extend"):
            browser.get(f"/security/plans/versions/{draft.id}/{path}", 403)
        browser.get(f"/security/plans/{SECURITY}/draft", 403)
        for name in (here.world.admin.name, here.officer.name):
            assert name not in browser.get(f"/security/plans/{SECURITY}").text
    user = browser_of(here.world, here.world.actor(here.world.member(here.harbor)))
    user.get("/security/plans", 403)
    here.ask(draft)
    director.get(f"/security/plans/versions/{draft.id}")


def test_a_page_of_plans_costs_the_same_however_much_is_said(here: Planning) -> None:
    row = here.draft()
    here.ask(row)
    here.say(row)
    lead = browser_of(here.world, here.world.admin)
    paths = ("/security/plans", f"/security/plans/versions/{row.id}", f"/security/plans/{SECURITY}", "/")
    few = [counted(here, lead, path) for path in paths]
    for kind in ("privacy_policy", "data_quality_plan"):
        here.ask(here.draft(kind))
    for _ in range(20):
        agency = here.world.agency(licences_=0)
        here.say(row, here.world.actor(here.world.member(agency, None, Role.AGENCY_ADMIN)))
    assert [counted(here, lead, path) for path in paths] == few


def test_the_list_goes_out_as_csv(here: Planning) -> None:
    here.in_force()
    lead = browser_of(here.world, here.world.admin)
    text = lead.get("/security/plans?format=csv").response.get_data(as_text=True).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 6
    assert (rows[0]["Plan"], rows[0]["Status"], rows[0]["Version in force"]) == ("Security plan", "In force", "1")
    assert rows[1]["Status"] == "Not in force"


def test_a_change_of_the_hmis_is_entered_and_shown_with_its_day(here: Planning) -> None:
    lead = browser_of(here.world, here.world.admin)
    page = sent(lead, "/security/plans/changes/new", what="A new version.", changed_on="2026-08-31", kinds=[SECURITY])
    assert "A new version." in page.text and "due February 28, 2027" in page.text
    assert "To the Board again by February 28, 2027" in lead.get("/security/plans").text
    wrong = sent(
        lead, "/security/plans/changes/new", 400, what="A new version.", changed_on="2027-08-31", kinds=[SECURITY]
    )
    assert "Enter the day of the change" in wrong.text
