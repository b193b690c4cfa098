"""Corrective actions and results on screen: from a finding to a closed action, exceptions, lists, reports, who sees them."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from pypdf import PdfReader
from sqlalchemy import Engine, select

from portal.adapters.storage import Storage
from portal.models import AuditEntry, CorrectiveAction, SecurityReview
from portal.services.paperwork import Scan
from portal.services.security.actions import action_work, actions, exceptions
from tests.enforcement.acting import Acting
from tests.enforcement.reviewing import Reviewing
from tests.services.world import World
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import Role

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


@pytest.fixture
def here(world: World) -> Acting:
    return Acting(world, Reviewing(world, "Sample Harbor"))


@pytest.fixture
def officer(world: World, here: Acting) -> ClientRequest:
    return browser_of(world, here.officer)


@pytest.fixture
def lead(world: World, here: Acting) -> ClientRequest:
    return browser_of(world, here.lead)


def attested(here: Acting, **answers: str) -> SecurityReview:
    review = here.at.begun()
    here.at.fill(review, **answers)
    here.at.send(review)
    here.at.attest(review)
    return review


def html(page) -> str:
    """Everything, what stands in the inputs too."""
    return page.response.get_data(as_text=True)


def only(here: Acting) -> CorrectiveAction:
    with here.world.look() as session:
        return session.scalars(select(CorrectiveAction)).one()


def test_a_finding_becomes_an_action_and_is_closed_through_the_pages(
    here: Acting, officer: ClientRequest, lead: ClientRequest
) -> None:
    review, today = attested(here, PHY3="no"), here.world.today
    page = lead.get(f"/security/reviews/{review.id}/findings")
    assert "Not in place" in page.text and "Nothing yet" in page.text
    asked = lead.get(f"/security/reviews/{review.id}/findings/PHY3")
    bad = lead.submit(asked, having="wrong", wrong="Two screens never lock.", due="2020-01-01", expect=400)
    assert "This day is past" in bad.text and "Two screens never lock." in bad.text
    back = lead.follow(
        lead.submit(bad, having="wrong", due=(today + timedelta(30)).isoformat(), owner=str(here.owner_id))
    )
    row = only(here)
    assert "A corrective action is open for PHY3." in back.text and row.number in back.text
    there = lead.follow(lead.get(f"/security/reviews/{review.id}/findings/PHY3", expect=302))
    assert f"There is a corrective action for PHY3 already: {row.number}." in there.text
    late = lead.submit(
        asked, having="wrong", wrong="Three screens.", due=(today + timedelta(9)).isoformat(), owner="0", expect=400
    )
    assert f"already: {row.number}" in late.text and "Three screens." in html(late)

    assert row.number in officer.get("/security/actions").text
    plan = officer.get(f"/security/actions/{row.id}/plan")
    more = officer.submit(
        plan, having="doing", more="1", doing="Set a lock after five minutes.", step_1="Order it", expect=200
    )
    assert "step_4" in html(more) and "Order it" in html(more) and "Set a lock" in html(more)
    late = officer.submit(
        more, having="doing", owner=str(here.owner_id), due=(today + timedelta(40)).isoformat(), more=None, expect=400
    )  # fmt: skip
    assert "The Lead wants this done by" in late.text and "Order it" in html(late)
    one = officer.follow(
        officer.submit(late, having="doing", due=(today + timedelta(10)).isoformat(), due_1=(today + timedelta(5)).isoformat(), more=None)
    )  # fmt: skip
    assert "Being worked on" in one.text and "Order it" in one.text and "0 of 1" in one.text
    early = officer.submit(
        officer.get(f"/security/actions/{row.id}/complete"), statement="All screens lock.", expect=400
    )
    assert "Mark every step as done first" in early.text and "All screens lock." in early.text
    [step] = here.read(row).steps
    done = officer.follow(officer.post(f"/security/actions/{row.id}/steps/{step.id}", {"csrf_token": _token(one)}))
    assert "The step is marked as done" in done.text and "1 of 1" in done.text
    kept = officer.follow(
        officer.submit(done, having="file", file=(io.BytesIO(PNG), "screen.png"), note="The setting")
    )  # fmt: skip
    assert "The file is kept" in kept.text and "screen.png" in kept.text
    [file] = here.read(row).files
    got = officer.get(f"/security/actions/{row.id}/files/{file.id}")
    assert got.response.mimetype == "image/png" and "attachment" in got.response.headers["Content-Disposition"]
    officer.get(f"/security/actions/{row.id}/files/{file.id + 1}", expect=404)
    sent = officer.follow(
        officer.submit(officer.get(f"/security/actions/{row.id}/complete"), statement="All screens lock.")
    )
    assert "Waits to be verified" in sent.text
    verified_opened_again_and_withdrawn(lead, row, today)


def verified_opened_again_and_withdrawn(lead: ClientRequest, row: CorrectiveAction, today: date) -> None:
    assert "1 corrective action to verify" in lead.get("/").text
    verify = lead.get(f"/security/actions/{row.id}")
    closed = lead.follow(lead.submit(verify, having="decision", decision="verify", reason="Seen on the picture."))
    assert "Verified and closed" in closed.text and "Seen on the picture." in closed.text
    assert "to verify" not in lead.get("/").text
    again = lead.follow(
        lead.submit(lead.get(f"/security/actions/{row.id}/reopen"), reason="It unlocks.", due=(today + timedelta(9)).isoformat())
    )  # fmt: skip
    assert "To be planned" in again.text
    withdrawn = lead.follow(lead.submit(lead.get(f"/security/actions/{row.id}/withdraw"), reason="Opened twice."))
    assert "Withdrawn" in withdrawn.text


def _token(page) -> str:
    return page.document.xpath("//input[@name='csrf_token']/@value")[0]


def test_a_day_without_its_step_is_pointed_at(here: Acting, officer: ClientRequest) -> None:
    row, day = here.opened(here.at.begun()), (here.world.today + timedelta(3)).isoformat()
    plan = officer.get(f"/security/actions/{row.id}/plan")
    bad = officer.submit(
        plan, having="doing", doing="Set a lock.", owner=str(here.owner_id), step_1="Order it", due_2=day, more=None, expect=400
    )  # fmt: skip
    assert "Say what is done by this day, or clear the day." in bad.text and day in html(bad)
    assert here.read(row).status == "open"


def test_a_file_that_was_not_chosen_is_asked_for_while_an_exception_waits(
    here: Acting, officer: ClientRequest, lead: ClientRequest
) -> None:
    row = here.opened(here.at.begun())
    here.ask(row)
    for browser in (lead, officer):
        page = browser.get(f"/security/actions/{row.id}")
        bad = browser.submit(page, having="file", note="The setting", expect=400)
        assert "Choose the file first." in bad.text and "The setting" in html(bad)
    assert "Decide about the exception" in lead.get(f"/security/actions/{row.id}").text


def test_an_old_page_s_decision_says_what_became_of_the_action(here: Acting, lead: ClientRequest) -> None:
    row = here.opened(here.at.begun())
    here.ask(row)
    page = lead.get(f"/security/actions/{row.id}")
    here.act(exceptions.refuse, row, here.world.admin, reason="A lock costs nothing.")
    late = lead.submit(page, having="decision", decision="accept", reason="It is sound.", expect=400)
    assert "is open by now" in late.text and here.read(row).status == "open"
    again = here.opened(here.at.read(here.at.begun()), "NET1")
    here.plan(again)
    here.do_steps(again)
    here.complete(again)
    old = lead.get(f"/security/actions/{again.id}")
    here.act(actions.send_back, again, here.world.admin, reason="Not yet.")
    here.ask(again)
    late = lead.submit(old, having="decision", decision="verify", reason="Seen.", expect=400)
    assert "is asked by now" in late.text and "Decide about the exception" in late.text


def test_an_exception_goes_through_the_pages(here: Acting, officer: ClientRequest, lead: ClientRequest) -> None:
    row, today = here.opened(here.at.begun()), here.world.today
    ask = officer.get(f"/security/actions/{row.id}/exception")
    bad = officer.submit(
        ask, having="justification", justification="One room only.", mitigation="Staff stay.", until="2029-01-01", step_1="Look for rooms",
        more=None, expect=400,
    )  # fmt: skip
    assert "An exception lasts until" in bad.text and "One room only." in bad.text and "Look for rooms" in html(bad)
    until = today + timedelta(200)
    sent = officer.follow(officer.submit(bad, having="justification", until=until.isoformat(), more=None))
    assert "Exception asked for" in sent.text and "One room only." in sent.text
    assert "1 exception to decide about" in lead.get("/").text
    one = lead.get(f"/security/actions/{row.id}")
    longer = lead.submit(
        one, having="decision", decision="accept", until=(until + timedelta(1)).isoformat(), reason="Fine.", expect=400
    )
    assert "It was asked for until" in longer.text and "Fine." in longer.text
    done = lead.follow(
        lead.submit(longer, having="decision", decision="accept", until=until.isoformat(), reason="It is sound.")
    )
    assert "Excepted for a time" in done.text and "It is sound." in done.text
    assert row.number in officer.get("/security/actions?show=accepted").text
    own = here.opened(here.at.read(here.at.begun()), "NET1")
    here.ask(own)
    page = officer.get(f"/security/actions/{own.id}")
    back = officer.follow(officer.post(f"/security/actions/{own.id}/take-back", {"csrf_token": _token(page)}))
    assert "The question is taken back" in back.text and "To be planned" in back.text


def test_all_findings_are_opened_as_proposed_once_the_review_is_attested(
    here: Acting, officer: ClientRequest, lead: ClientRequest
) -> None:
    review = here.at.begun()
    here.at.fill(review, PHY1="partial", PHY3="no")
    before = officer.get(f"/security/reviews/{review.id}/findings")
    assert "once the review is attested" in before.text
    lead.get(f"/security/reviews/{review.id}/findings/PHY3", expect=404)
    here.at.send(review)
    here.at.attest(review)
    page = lead.get(f"/security/reviews/{review.id}/findings")
    done = lead.follow(lead.post(f"/security/reviews/{review.id}/findings", {"csrf_token": _token(page)}))
    assert "2 corrective actions are open." in done.text
    with here.world.look() as session:
        rows = session.scalars(select(CorrectiveAction).order_by(CorrectiveAction.item)).all()
    rules = here.world.policy.corrective
    assert [(row.item, (row.due - here.world.today).days) for row in rows] == [
        ("PHY1", rules.rule("partial").days), ("PHY3", rules.rule("no").days),
    ]  # fmt: skip
    assert all("As it is" in row.wrong for row in rows)
    officer.post(f"/security/reviews/{review.id}/findings", {"csrf_token": _token(before)}, expect=403)


def test_another_agency_sees_and_does_nothing(here: Acting, officer: ClientRequest) -> None:
    world, row = here.world, here.opened(here.at.begun())
    other = browser_of(world, Reviewing(world).officer)
    review_id = row.review_id
    for path in (
        f"/security/actions/{row.id}", f"/security/actions/{row.id}/plan", f"/security/actions/{row.id}/exception",
        f"/security/actions/{row.id}/complete", f"/security/actions/{row.id}/files/1", f"/security/reviews/{review_id}/findings",
        f"/security/reviews/{review_id}/report.pdf", f"/security/reviews/{review_id}/report.xlsx", f"/security/results/{here.at.agency.id}",
    ):  # fmt: skip
        other.get(path, expect=404)
    _keeps(here, row)
    own = Acting(world, Reviewing(world))
    mine = own.opened(own.at.begun())
    _keeps(own, mine)
    [theirs], [kept] = here.read(row).files, own.read(mine).files
    officer_there = browser_of(world, own.officer)
    officer_there.get(f"/security/actions/{mine.id}/files/{kept.id}")
    officer_there.get(
        f"/security/actions/{mine.id}/files/{theirs.id}", expect=404
    )  # another Agency's, by way of one's own
    assert "Sample Harbor" not in other.get(f"/security/actions?agency={here.at.agency.id}&show=all").text
    for path in (
        f"/security/actions/{row.id}/reopen",
        f"/security/actions/{row.id}/withdraw",
        f"/security/reviews/{review_id}/findings/PHY1",
    ):
        officer.get(path, expect=403)
    user = browser_of(world, world.actor(world.member(here.at.agency)))
    user.get(f"/security/actions/{row.id}", expect=404)
    user.get(f"/security/results/{here.at.agency.id}", expect=403)
    helper = world.member(here.at.agency)
    owned = here.opened(here.at.begun(), "NET1", owner_id=helper.person_id)
    assert owned.number in browser_of(world, world.actor(helper)).get("/security/actions").text


def _keeps(here: Acting, row: CorrectiveAction) -> None:
    sha256 = Storage(here.world.context.settings.storage).put(PNG)
    with here.world.change() as session:
        held = session.get_one(CorrectiveAction, row.id)
        file = Scan(sha256, "image/png", len(PNG), 1, "screen.png")
        action_work.add_file(session, held, file, note="", actor=here.officer, now=here.world.now)


def test_lists_and_results_cost_the_same_for_many_agencies(here: Acting, lead: ClientRequest) -> None:
    world = here.world
    paths = ("/security/actions", "/security/results", f"/security/results/{here.at.agency.id}")
    here.plan(here.opened(here.at.done()))
    counts = []
    for more in (5, 0):
        for path in paths:
            lead.get(path)
            with statements(world.engine) as said:
                lead.get(path)
            counts.append(len(said))
        for _ in range(more):
            other = Acting(world, Reviewing(world))
            other.plan(other.opened(other.at.done()))
    assert counts[:3] == counts[3:]
    rows = list(
        csv.reader(
            io.StringIO(lead.get("/security/actions?format=csv").response.get_data(as_text=True).removeprefix("\ufeff"))
        )
    )
    assert len(rows) == 7 and rows[0][:3] == ["Number", "Agency", "Item"]


def test_results_say_the_median_only_where_five_agencies_have_one(
    here: Acting, officer: ClientRequest, lead: ClientRequest
) -> None:
    world = here.world
    review = attested(here, NET1="partial")
    here.opened(review, "NET1")
    here.at.sign_off(review)
    own = officer.follow(officer.get("/security/results", expect=302))
    assert "75 %" in own.text and "Median of Agencies:" not in own.text and "(median" not in own.text
    for _ in range(4):
        Reviewing(world).done()
    page = officer.get(f"/security/results/{here.at.agency.id}")
    assert "75 % (median 100 %)" in page.text and "Median of Agencies: 100 %" in page.text
    assert "Sample Shelter" not in page.text, "no other Agency is named"
    heat = lead.get("/security/results")
    assert "Sample Harbor" in heat.text and "75 %" in heat.text and "1" in heat.text
    assert "Sample Harbor" not in lead.get("/security/results?q=shelter").text
    rows = list(
        csv.reader(
            io.StringIO(lead.get("/security/results?format=csv").response.get_data(as_text=True).removeprefix("\ufeff"))
        )
    )
    assert len(rows) == 6 and rows[1][0] == "Sample Harbor" and rows[1][-2:] == ["1", "0"]
    book = openpyxl.load_workbook(io.BytesIO(lead.get("/security/results?format=xlsx").response.data))
    assert [cell.value for cell in next(book.active.iter_rows(min_row=2))][:1] == ["Sample Harbor"]


def test_the_report_says_everything_and_is_on_record(here: Acting, officer: ClientRequest, lead: ClientRequest) -> None:
    world, review = here.world, attested(here, PHY3="no")
    row = here.opened(review, "PHY3", wrong="Two screens <b>never</b> lock & stay open.")
    here.plan(row)
    here.at.sign_off(review, note="Seen.")
    answer = officer.get(f"/security/reviews/{review.id}/report.pdf").response
    said = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages).split())
    for words in (
        "Security review: Sample Harbor", row.number, "Two screens <b>never</b> lock & stay open.", "Set the screens to lock after five minutes.",
        f"by {here.at.director.name}", f"by {here.lead.name}", "As it is", "Rooms and screens", "Being worked on",
    ):  # fmt: skip
        assert words in said, words
    assert here.at.read(review).answers_sha256 in said.replace(" ", "")
    again = officer.get(f"/security/reviews/{review.id}/report.pdf").response
    assert again.data == answer.data, "the same review gives the same bytes"
    book = openpyxl.load_workbook(io.BytesIO(lead.get(f"/security/reviews/{review.id}/report.xlsx").response.data))
    lines = {line[0]: line for line in book.active.iter_rows(min_row=2, values_only=True)}
    assert lines["PHY3"][4] == "No" and lines["PHY3"][8] == row.number
    with world.look() as session:
        acts = session.scalars(select(AuditEntry.said).where(AuditEntry.act == "security review.report")).all()
    assert len(acts) == 3


def test_a_review_is_handed_to_other_programs(here: Acting, officer: ClientRequest) -> None:
    review = attested(here, PHY3="no")
    path = f"/security/reviews/{review.id}"
    results = json.loads(officer.get(f"{path}/assessment-results.json").response.data)["assessment-results"]["results"][
        0
    ]
    states = {each["title"]: each["target"]["status"]["state"] for each in results["findings"]}
    assert [item for item, state in states.items() if state != "satisfied"] == ["PHY3"] and len(states) > 25
    officer.get(f"{path}/poam.json", expect=409)  # a plan has at least one item
    row = here.opened(review, "PHY3")
    here.plan(row)
    plan = json.loads(officer.get(f"{path}/poam.json").response.data)["plan-of-action-and-milestones"]
    assert [risk["title"] for risk in plan["risks"]] == [row.number] and len(
        plan["risks"][0]["remediations"][0]["tasks"]
    ) == 2
    browser_of(here.world, Reviewing(here.world).officer).get(f"{path}/poam.json", expect=404)


def test_the_auditor_and_the_board_see_what_is_theirs(here: Acting) -> None:
    world, row = here.world, here.opened(here.at.begun())
    auditor, board = browser_of(world, world.staff(Role.AUDITOR)), browser_of(world, world.staff(Role.BOARD_MEMBER))
    assert row.number in auditor.get("/security/actions").text
    auditor.get("/security/results")
    board.get("/security/results", expect=403)
    board.get(f"/security/actions/{row.id}", expect=404)


def test_a_button_of_a_page_that_is_old_says_what_happened(here: Acting, lead: ClientRequest) -> None:
    row = here.opened(here.at.begun())
    here.plan(row)
    here.do_steps(row)
    here.complete(row)
    page = lead.get(f"/security/actions/{row.id}")
    here.act(actions.send_back, row, here.lead, reason="Not yet.")
    late = lead.submit(page, having="decision", decision="verify", reason="Seen.", expect=400)
    assert "is planned by now" in late.text
