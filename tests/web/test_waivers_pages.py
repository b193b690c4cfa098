"""Waivers on screen: asked for from 'Why not yet?', decided by another, shown there afterwards; lists and who sees them."""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import Engine

from portal.models import Agency, Evidence, Grant, Waiver
from tests.services.asking import admin_of
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import About, Kind, Role


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


@pytest.fixture
def agency(world: World) -> Agency:
    agency = world.agency("Sample Harbor")
    world.withdraw(Kind.SECURITY_REVIEW, About.AGENCY, agency.id)
    return agency


def ask(admin: ClientRequest, path: str, **more: str) -> Page:
    page = admin.get(path)
    sent = admin.submit(page, prerequisite="security-review", until="2027-01-15", reason="The visit is booked.", **more)
    return admin.follow(sent)


def test_a_waiver_goes_through_the_pages(world: World, agency: Agency) -> None:
    member = world.ready(agency)
    world.drain()
    admin, lead = browser_of(world, admin_of(world, agency)), browser_of(world, world.admin)
    why = admin.get(f"/people/{member.id}/why")
    paths = [each for each in why.document.xpath("//a/@href") if "/waivers/new" in each]
    assert [f"membership={member.id}" in paths[0], f"agency={agency.id}" in paths[1]] == [True, True]
    page = ask(admin, paths[1])
    assert "The HMIS Lead has been asked" in page.text and "Waits for the Lead" in page.text
    [row] = waivers_of(world)
    one = lead.get(f"/waivers/{row.id}")
    assert "Who would be let in at once: 1 person" in one.text and "The visit is booked." in one.text
    assert "1 waiver to decide about" in lead.get("/").text
    wrong = lead.submit(one, having="decision", decision="give", until="2027-02-01", reason="Fine with us", expect=400)
    assert "It was asked for until January 15, 2027" in wrong.text and "Fine with us" in wrong.text
    done = lead.follow(
        lead.submit(wrong, having="decision", decision="give", until="2027-01-10", reason="Nothing else is open.")
    )
    assert "In force" in done.text and "January 10, 2027" in done.text
    world.drain()
    assert world.status(member) == "live"
    with world.look() as session:
        day = session.query(Grant).one().issued_at.date()
    own = browser_of(world, world.actor(member))
    for browser, path in (
        (admin, f"/people/{member.id}/why"), (admin, f"/people/{member.id}"), (own, "/me"), (lead, f"/people/{member.id}/then?day={day}"),
    ):  # fmt: skip
        after = browser.get(path).text
        assert f"waived for everybody at Sample Harbor until January 10, 2027 by {world.admin.name}" in after, path
        assert "Nothing else is open." in after, path
    assert "1 waiver is in force" in lead.get("/").text
    ended = lead.follow(lead.submit(lead.get(f"/waivers/{row.id}/end"), reason="Called off."))
    assert "Ended early" in ended.text
    assert "waiver" not in lead.get("/").text


def waivers_of(world: World) -> list[Waiver]:
    with world.look() as session:
        return list(session.query(Waiver).order_by(Waiver.id))


def test_nothing_typed_is_lost_and_nothing_is_written(world: World, agency: Agency) -> None:
    admin = browser_of(world, admin_of(world, agency))
    page = admin.get(f"/waivers/new?agency={agency.id}")
    bad = admin.submit(
        page, prerequisite="security-review", until="2020-01-15", reason="The visit is booked.", expect=400
    )
    assert "The last day is past" in bad.text and "The visit is booked." in bad.text
    assert not waivers_of(world) and world.count(Evidence, Evidence.kind == Kind.WAIVER) == 0


def test_another_agency_sees_and_does_nothing(world: World, agency: Agency) -> None:
    ask(browser_of(world, admin_of(world, agency)), f"/waivers/new?agency={agency.id}")
    [row] = waivers_of(world)
    other = browser_of(world, admin_of(world, world.agency()))
    for path in (f"/waivers/{row.id}", f"/waivers/new?agency={agency.id}", "/waivers/new?agency=0", "/waivers/new"):
        other.get(path, expect=404)
    assert "Sample Harbor" not in other.get(f"/waivers?agency={agency.id}").text
    user = browser_of(world, world.actor(world.member(agency)))
    assert "Sample Harbor" not in user.get("/waivers").text
    trainer = browser_of(world, world.staff(Role.TRAINER))
    trainer.get(f"/waivers/{row.id}", expect=404)


def test_the_list_takes_as_many_statements_for_fifty_as_for_one(world: World, agency: Agency) -> None:
    admin, lead = browser_of(world, admin_of(world, agency)), browser_of(world, world.admin)
    ask(admin, f"/waivers/new?agency={agency.id}")
    with statements(world.engine) as few:
        lead.get("/waivers")
    for _ in range(55):
        ask(admin, f"/waivers/new?membership={world.member(agency).id}")
    with statements(world.engine) as many:
        page = lead.get("/waivers")
    assert len(many) == len(few)
    assert "more follow" in page.text
    rows = list(
        csv.reader(io.StringIO(lead.get("/waivers?format=csv").response.get_data(as_text=True).removeprefix("\ufeff")))
    )
    assert len(rows) == 57 and rows[1][0] == "Sample Harbor"
