"""Results and reports of security reviews: on the Lead's days, at the same cost for 5 and for 60 Agencies and for many findings."""

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session

from portal.db import Base
from portal.models import Agency, CorrectiveAction, CorrectiveStep, ReviewAnswer, SecurityReview
from tests.enforcement.acting import Acting, found
from tests.enforcement.reviewing import Reviewing
from tests.services.world import World
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


@pytest.fixture
def here(world: World) -> Acting:
    return Acting(world, Reviewing(world, "Sample Harbor"))


@pytest.fixture
def lead(world: World, here: Acting) -> ClientRequest:
    return browser_of(world, here.lead)


def copied(session: Session, row: Base, **other: object) -> int:
    """The same row once more, but for what is named; its number."""
    table = type(row).__table__
    values = {each.name: getattr(row, each.key) for each in table.columns if each.name != "id"} | other
    [made] = session.execute(insert(table).values(values)).inserted_primary_key
    return int(made)


def like_the_first(world: World, number: int) -> None:
    """So many Agencies more, each with the first one's last review, its answers, and its corrective action with its steps."""
    with world.change() as session:
        review = session.scalars(select(SecurityReview).order_by(SecurityReview.id)).first()
        assert review is not None
        answers = session.scalars(select(ReviewAnswer).where(ReviewAnswer.review_id == review.id)).all()
        action = session.scalars(select(CorrectiveAction).where(CorrectiveAction.review_id == review.id)).one()
        steps, before = list(action.steps), session.scalar(select(func.count()).select_from(Agency)) or 0
        agency = session.get_one(Agency, review.agency_id)
        for n in range(before, before + number):
            name = f"Sample Shelter {n:03}"
            agency_id = copied(session, agency, name=name, name_key=name.casefold(), provider_id=f"C{n}")
            review_id = copied(session, review, agency_id=agency_id, document_id=None)
            for answer in answers:
                copied(session, answer, review_id=review_id)
            made = copied(session, action, agency_id=agency_id, review_id=review_id, owner_id=None, status="open")
            for step in steps:
                copied(session, step, action_id=made)


def cost(world: World, browser: ClientRequest, path: str) -> int:
    browser.get(path)
    with statements(world.engine) as said:
        browser.get(path)
    return len(said)


def test_lists_and_results_cost_the_same_for_5_and_for_60_agencies(here: Acting, lead: ClientRequest) -> None:
    world = here.world
    here.plan(here.opened(here.at.done()))
    paths = (
        "/security/actions", "/security/results", f"/security/results/{here.at.agency.id}", "/security/actions?format=csv",
        "/security/results?format=csv", "/",
    )  # fmt: skip
    like_the_first(world, 4)
    few = [cost(world, lead, path) for path in paths]
    like_the_first(world, 55)
    assert [cost(world, lead, path) for path in paths] == few
    actions, results = (
        list(csv.reader(io.StringIO(lead.get(path).response.get_data(as_text=True)))) for path in paths[3:5]
    )
    assert len(actions) == len(results) == 61


def test_a_report_costs_the_same_for_one_finding_and_for_many(here: Acting, lead: ClientRequest) -> None:
    world = here.world
    few = here.at.begun()
    here.at.fill(few, PHY3="no")
    here.plan(here.opened(few))
    other = Acting(world, Reviewing(world))
    many = other.at.begun()
    items = ("PHY1", "PHY3", "NET1", "NET2", "ACC1")
    other.at.fill(many, **dict.fromkeys(items, "no"))
    for item in items:
        other.plan(other.opened(many, item))
    for path in (
        "/security/reviews/{}/report.pdf", "/security/reviews/{}/report.xlsx", "/security/reviews/{}/poam.json",
        "/security/reviews/{}/assessment-results.json", "/security/reviews/{}/findings",
    ):  # fmt: skip
        assert cost(world, lead, path.format(few.id)) == cost(world, lead, path.format(many.id)), path


def test_a_review_signed_off_in_the_evening_is_of_that_day_and_month(here: Acting) -> None:
    """It is 9 p.m. on November 30 where the Lead works, and December already at Greenwich."""
    world = here.world
    world.now = datetime(2026, 12, 1, 2)
    review = here.at.done()
    lead = browser_of(world, here.lead)
    page = lead.get("/security/results")
    assert "Nov 2026" in page.text and "Dec 2026" not in page.text
    _, line = csv.reader(io.StringIO(lead.get("/security/results?format=csv").response.get_data(as_text=True)))
    assert line[:2] == ["Sample Harbor", "2026-11-30"]
    own = lead.get(f"/security/results/{here.at.agency.id}")
    assert "November 30, 2026" in own.text and "December 1, 2026" not in own.text
    assert review.signed_off_at is not None and review.signed_off_at.date().isoformat() == "2026-12-01"


def test_the_trend_tells_last_year_from_this_one_beside_the_median(here: Acting) -> None:
    """Last year one of the two standards of the network was partly in place, this year it is not; everybody else has all."""
    world = here.world
    first = here.at.begun()
    here.at.fill(first, NET1="partial")
    here.opened(first, "NET1")
    here.at.send(first)
    here.at.attest(first)
    here.at.sign_off(first)
    world.now += timedelta(days=366)
    with world.change() as session:
        last = session.get_one(SecurityReview, first.id)
        answers = session.scalars(select(ReviewAnswer).where(ReviewAnswer.review_id == first.id)).all()
        second = copied(session, last, document_id=None, opened_at=world.now, signed_off_at=world.now)
        for row in answers:
            copied(session, row, review_id=second, answer="no" if row.item == "NET1" else row.answer)
        agency = session.get_one(Agency, first.agency_id)
        for n in range(4):
            name = f"Sample Shelter {n}"
            other = copied(session, agency, name=name, name_key=name.casefold(), provider_id=f"C{n}")
            theirs = copied(session, last, agency_id=other, document_id=None)
            for row in answers:
                copied(session, row, review_id=theirs, answer="yes", note="")
    page = browser_of(world, here.lead).get(f"/security/results/{first.agency_id}")
    rows = {
        row.xpath("string(th)").strip(): [cell.text_content().strip() for cell in row.xpath("td")][1:]
        for row in page.document.xpath("//caption[text()='Over the years']/..//tr[td]")
    }
    assert rows["Network"] == ["75 %", "50 %", "100 %"]
    assert rows["People"] == ["100 %", "100 %", "100 %"]
    assert rows["Overall"] == ["98.38 %", "96.77 %", "100 %"]
    assert [cell.text_content() for cell in page.document.xpath("//caption[text()='Over the years']/..//th[@scope='col']")][2:] == [
        "November 23, 2026", "November 24, 2027", "Median of Agencies",
    ]  # fmt: skip
    assert "Sample Shelter" not in page.text


def test_an_action_of_a_later_review_does_not_go_on_from_an_earlier_one(here: Acting) -> None:
    world = here.world
    first = here.at.begun()
    here.at.fill(first, NET1="no")
    with world.change() as session:
        held = session.get_one(SecurityReview, first.id)
        answers = session.scalars(select(ReviewAnswer).where(ReviewAnswer.review_id == first.id)).all()
        held.status = "called_off"
        session.flush()
        second = copied(session, held, document_id=None, status="answering")
        for row in answers:
            copied(session, row, review_id=second)
    later = here.opened(here.at.read(SecurityReview(id=second)), "NET1")
    assert found(world, first) == [("NET1", "no")] and found(world, SecurityReview(id=second)) == []
    page = browser_of(world, here.lead).get(f"/security/reviews/{first.id}/findings")
    assert later.number not in page.text


def _steps(world: World, row: CorrectiveAction) -> list[CorrectiveStep]:
    with world.look() as session:
        return list(session.scalars(select(CorrectiveStep).where(CorrectiveStep.action_id == row.id)))


def test_a_step_done_in_the_evening_is_said_to_be_of_that_day(here: Acting, lead: ClientRequest) -> None:
    world, row = here.world, here.opened(here.at.begun())
    here.plan(row, due=world.today + timedelta(20))
    world.now = datetime(2026, 12, 1, 2)
    browser = browser_of(world, here.officer)
    page = browser.get(f"/security/actions/{row.id}")
    token = page.document.xpath("//input[@name='csrf_token']/@value")[0]
    path = f"/security/actions/{row.id}/steps/{_steps(world, row)[0].id}"
    browser.post(path, {"csrf_token": token})
    again = browser.follow(browser.post(path, {"csrf_token": token}))
    assert "This step is marked as done already." in again.text and "December 1, 2026" not in again.text
