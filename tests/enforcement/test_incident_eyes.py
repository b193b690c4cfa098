"""Who sees what of an incident: the Lead, the Agency, the accused, the reporter, the Board; and nobody who is involved."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.models import Membership
from portal.services.home import aggregates
from portal.services.security.incidents import incident_people, incident_triage
from tests.enforcement.incidents_world import SAID, Incidents
from tests.services.asking import admin_of, director_of
from tests.services.world import World
from tests.web.browsing import browser_of
from tests.web.desk_world import stored
from workflows.vocabulary import Role


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


@pytest.fixture
def made(world: World) -> Incidents:
    return Incidents(world)


def test_who_sees_what(world: World, made: Incidents) -> None:
    agency = world.agency("Sample Harbor")
    reporter = world.actor(world.member(agency))
    accused = world.member(agency)
    director, officer = director_of(world, agency), admin_of(world, agency)
    row, _ = made.report(reporter)
    here = f"/security/incidents/{row.id}"
    for who in (director, officer):
        browser_of(world, who).get(here, expect=404)  # not before the Lead has looked whom it is about
    made.triage(row, agency_id=agency.id)
    named = made.name(row, accused)
    page = browser_of(world, director).get(here)
    assert "Shared user ID at the front desk" in page.text
    assert reporter.name not in page.text
    assert "Reported by" not in page.text
    assert reporter.name in browser_of(world, made.guard).get(here).text
    for who in (
        admin_of(world, world.agency()), world.actor(accused), reporter, world.desk, world.staff(Role.TRAINER), world.staff(Role.BOARD_MEMBER)
    ):  # fmt: skip
        browser = browser_of(world, who)
        assert browser.client.get(here).status_code in (403, 404), who.name
        assert row.reference not in browser.client.get("/security/incidents").get_data(as_text=True)
    made.act(_open, named)
    own = browser_of(world, world.actor(accused))
    shown = own.get(f"/security/asked/{named.id}")
    assert "Whose login was it?" in shown.text
    for secret in (reporter.name, SAID, "Shared user ID"):
        assert secret not in shown.text
    own.submit(shown, text="Mine alone.")
    browser_of(world, reporter).get(f"/security/asked/{named.id}", expect=404)


def _open(session, row, **more) -> None:
    incident_people.open_to(session, row, asked="Whose login was it?", **more)


def test_a_director_who_is_involved_sees_nothing_of_it(world: World, made: Incidents) -> None:
    agency = world.agency()
    director = director_of(world, agency)
    row, _ = made.report()
    made.triage(row, agency_id=agency.id)
    browser = browser_of(world, director)
    browser.get(f"/security/incidents/{row.id}")
    with world.look() as session:
        member = session.scalars(select(Membership).where(Membership.person_id == director.person_id)).one()
    made.name(row, member)
    browser.get(f"/security/incidents/{row.id}", expect=404)
    assert row.reference not in browser.get("/security/incidents").text


def test_the_board_sees_counts_and_of_few_none(world: World, made: Incidents) -> None:
    agency = world.agency("Sample Harbor")
    for number in range(6):
        world.now += timedelta(minutes=11)
        row, _ = made.report()
        made.triage(row, agency_id=agency.id, **({"kind": "paper"} if number == 5 else {}))
    with world.look() as session:
        found = aggregates.overview(session, actor=world.staff(Role.BOARD_MEMBER), now=world.now, policy=world.policy)
    shown = {each.label: each.shown for each in found if each.group == "Incidents"}
    assert shown == {
        "Reported in the last year": "6", "About privacy": "Fewer than 5", "About security": aggregates.HELD_BACK, "About something else": "0",
        "Graded minor": "0", "Graded major": "6", "Graded severe": "0",
    }  # fmt: skip
    text = browser_of(world, world.staff(Role.BOARD_MEMBER)).get("/overview").text
    assert "Reported in the last year" in text
    assert "Sample Harbor" not in text


def test_what_the_lead_keeps_from_an_agency_is_not_there_for_it(world: World, made: Incidents) -> None:
    agency = world.agency()
    row, _ = made.report()
    made.triage(row, agency_id=agency.id, agency_sees=False)
    director = browser_of(world, director_of(world, agency))
    director.get(f"/security/incidents/{row.id}", expect=404)
    assert row.reference not in director.get("/security/incidents").text
    made.act(incident_triage.correct, row, facts=made.facts(agency_id=agency.id), policy=world.policy)
    director.get(f"/security/incidents/{row.id}")
    assert row.reference in director.get("/security/incidents").text
