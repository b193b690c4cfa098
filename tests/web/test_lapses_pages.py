"""What runs out and the brake, on the pages: who sees whom, the list that is released, and how many statements it takes."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from portal.models import Agency, AuditEntry, StoppedCase, SweepStop
from portal.refusals import Refused
from portal.services import brake
from portal.services.people import licences
from tests.services.asking import admin_of
from tests.services.lapsing import crowd, day, statuses, stop_of, untrained
from tests.services.world import World
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import About, Kind, Role

P = About.PERSON


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


def pulled(world: World, number: int = 4) -> list:
    members = crowd(world, number + 1, name="Sample Harbor")
    untrained(world, *members[:number])
    world.drain()
    stop = stop_of(world)
    assert stop and stop.status == "pulled"
    return members


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_lead_reads_everybody_by_name_gives_a_reason_and_releases(world: World) -> None:
    members = pulled(world)
    browser = browser_of(world, world.admin)
    assert "4 people would lose access" in browser.get("/").text and "4 waiting" in browser.get("/desk").text
    page = browser.get("/desk/brake")
    assert "4 people would lose access" in page.text and "Sample Harbor" in page.text
    with world.look() as session:
        names = [session.get_one(licences.Membership, m.id).person.name for m in members]
    assert all(name in page.text for name in names[:4]) and names[4] not in page.text
    unsure = browser.submit(page, 400, having="reason", reason="They were told.")
    assert "Tick this" in unsure.text and "They were told." in unsure.text
    done = browser.follow(browser.submit(unsure, having="reason", sure="y"))
    assert (
        "Released: 4 people" in done.text and "The brake is not pulled" in done.text and "They were told." in done.text
    )
    world.drain()
    assert statuses(world, *members) == ["suspended"] * 4 + ["live"]
    assert world.count(AuditEntry, AuditEntry.act == "brake.release") == 1


def last_case(world: World) -> int:
    with world.look() as session:
        return session.scalar(select(func.max(StoppedCase.id))) or 0


def test_somebody_added_since_the_page_was_opened_releases_nobody(world: World) -> None:
    members = pulled(world)
    browser = browser_of(world, world.admin)
    opened = browser.get("/desk/brake")
    untrained(world, members[4])
    world.drain()
    page = browser.submit(opened, 400, having="reason", reason="They were told.", sure="y")
    assert "1 more person was added" in page.text and "They were told." in page.text
    world.drain()
    assert statuses(world, *members) == ["live"] * 5


def test_the_help_desk_reads_the_list_and_cannot_release_it(world: World) -> None:
    pulled(world)
    browser = browser_of(world, world.desk)
    page = browser.get("/desk/brake")
    assert "A Lead administrator decides" in page.text and "End access" not in page.text
    lead = browser_of(world, world.admin).get("/desk/brake")
    token = lead.form("reason").xpath(".//input[@name='csrf_token']/@value")[0]
    browser.post("/desk/brake", {"csrf_token": token, "upto": "9", "reason": "No.", "sure": "y"}, 400)
    with pytest.raises(Refused, match="lead admin"), world.change() as session:
        brake.release(
            session, stop=session.get_one(SweepStop, 1), upto=last_case(world), reason="No.", actor=world.desk, now=world.now,
            policy=world.policy,
        )  # fmt: skip
    assert world.count(SweepStop, SweepStop.status == "pulled") == 1


def test_the_list_is_taken_away_as_csv_and_that_is_on_record(world: World) -> None:
    pulled(world)
    browser = browser_of(world, world.admin)
    rows = rows_of(browser.client.get("/desk/brake?format=csv").text)
    assert rows[0] == ["Agency", "Last name", "First name", "Lacks"] and len(rows) == 5
    none = rows_of(browser.client.get("/desk/brake?format=csv&q=nowhere").text)
    assert len(none) == 1 and world.count(AuditEntry, AuditEntry.act == "brake.export") == 2


def soon(world: World, agency: Agency, number: int) -> None:
    for _ in range(number):
        member = world.ready(agency)
        world.withdraw(Kind.TRAINING, P, member.person_id, "security")
        world.record(
            Kind.TRAINING, P, member.person_id, detail="security", value=9000, valid_from=world.today - timedelta(350)
        )
        world.let_in(member)


def test_each_sees_what_runs_out_for_whom_one_answers_for(world: World) -> None:
    here, there = world.agency("Sample Harbor"), world.agency("Sample Inland")
    soon(world, here, 2)
    soon(world, there, 1)
    day(world)
    rows = rows_of(browser_of(world, world.desk).client.get("/desk/lapses?format=csv").text)
    assert [row[1] for row in rows[1:]].count("Sample Harbor") == 2 and len(rows) == 4
    admin = browser_of(world, admin_of(world, here))
    admin.get("/desk/lapses", 403)
    page = admin.get("/")
    assert "Runs out soon" in page.text and "Sample Harbor" in page.text and "Sample Inland" not in page.text
    lead = browser_of(world, world.admin).get("/")
    assert "3 prerequisites run out within 30 days" in lead.text
    assert "Security awareness training within the last year: 3." in lead.text
    assert "Runs out soon" not in browser_of(world, world.staff(Role.TRAINER)).get("/").text


def test_the_list_is_filtered_by_day_and_prerequisite_and_paged(world: World) -> None:
    agency = world.agency(licences_=60)
    soon(world, agency, 3)
    day(world)
    browser = browser_of(world, world.desk)
    assert "Take the security course" in browser.get("/desk/lapses?within=30").text
    for empty in ("within=7", "within=lapsed", "prerequisite=user-agreement", "q=nowhere"):
        assert "Nothing runs out" in browser.get(f"/desk/lapses?{empty}").text
    assert "Take the security course" in browser.get("/desk/lapses?within=99999999999&after=rubbish").text


def test_the_pages_take_as_many_statements_for_few_as_for_many(world: World) -> None:
    world.now -= timedelta(days=5)
    agency = world.agency("Sample Harbor", licences_=30)
    world.now += timedelta(days=5)

    def counted() -> list[int]:
        browsers = browser_of(world, world.admin), browser_of(world, admin_of(world, agency))
        counts = []
        for browser in browsers:
            for path in ("/", *(("/desk/lapses", "/desk/brake", "/desk") if browser is browsers[0] else ())):
                with statements(world.context.engine) as said:
                    browser.get(path)
                counts.append(len(said))
        return counts

    members = crowd(world, 4, agency)
    soon(world, agency, 2)
    untrained(world, *members)
    day(world)
    few = counted()
    members = crowd(world, 8, agency)
    soon(world, agency, 6)
    untrained(world, *members)
    world.now += timedelta(days=1)
    day(world)
    assert counted() == few
