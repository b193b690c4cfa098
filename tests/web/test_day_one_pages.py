"""Day one in the browser: file, columns, trial, import; what is missing; scans and their tray; nothing typed is lost."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal.models import Agency, AuditEntry, BulkScan, DayOneImport, Document, Grant, Membership, Person
from portal.web.day_one.lists import key_of
from tests.services.lists import bring, people
from tests.services.test_day_one_scans import a_pdf, with_people
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import About, Kind, Role

HEADER = "Agency,First name,Last name,Staff post,Level,User ID,Course,Score,Taken on"
JAMIE = "Sample Harbor,Jamie,Sample,jamie@example.org,Case Manager I,jsample,security,92,2026-02-01"


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    world = stored(World(engine), tmp_path)
    with world.change() as session:
        session.add(
            Agency(name="Sample Harbor", name_key="sample harbor", mandated_by=[], cells={}, entered_at=world.now)
        )
    return world


@pytest.fixture
def lead(world: World) -> ClientRequest:
    return browser_of(world, world.admin)


@pytest.fixture
def desk(world: World) -> ClientRequest:
    return browser_of(world, world.desk)


def sent(browser: ClientRequest, *rows: str, header: str = HEADER) -> Page:
    """The page of columns after a file was chosen."""
    content = "\n".join((header, *rows)).encode()
    chosen = browser.submit(browser.get("/desk/day-one/people"), file=(io.BytesIO(content), "people.csv"))
    return browser.follow(chosen)


def tried(browser: ClientRequest, *rows: str) -> Page:
    """The trial of a file whose column of addresses was mapped by hand."""
    return browser.follow(browser.submit(sent(browser, *rows), **{"column-3": "email"}))


def count(world: World, model: Any) -> int:
    return world.count(model)


def test_a_list_comes_in_step_by_step(world: World, lead: ClientRequest) -> None:
    columns = sent(lead, JAMIE)
    assert "Staff post" in columns.text and "jamie@example.org" in columns.text
    still = lead.submit(columns, expect=400)
    assert "No column holds: E-mail address" in still.text
    check = lead.follow(lead.submit(columns, **{"column-3": "email"}))
    assert check.heading == "Check before you import" and "New people 1" in check.text
    assert count(world, Grant) == 0 and count(world, DayOneImport) == 0
    done = lead.follow(lead.submit(check, act="import", **day(2027, 3, 1)))
    assert done.heading == "Imported" and "March 1, 2027" in done.text
    assert count(world, Grant) == 1
    assert lead.get("/desk/day-one").text.count("people.csv") == 1
    again = sent(lead, JAMIE)
    assert again.document.xpath("//select[@name='column-3']/option[@selected]/@value") == ["email"]  # remembered


def day(year: int, month: int, of_month: int) -> dict[str, str]:
    return {"takes_over-year": str(year), "takes_over-month": str(month), "takes_over-day": str(of_month)}


def test_the_choices_of_a_trial_are_kept_and_tried_again(world: World, lead: ClientRequest) -> None:
    bring(world, people("Sample Harbor,Jamie,Sample,j@example.org,,,,,,,,"))
    unknown = (
        JAMIE.replace("Sample Harbor", "Old Name")
        .replace("Jamie", "Ada")
        .replace("jamie@", "ada@")
        .replace("jsample", "asample")
    )
    check = tried(lead, JAMIE, unknown)
    assert check.heading == "Some rows cannot come in yet" and "People who may be known already" in check.text
    double, agency = f"double-{key_of('jamie@example.org')}", f"agency-{key_of('Old Name')}"
    chosen = {double: "same:j@example.org", agency: "Sample Harbor"} | day(2027, 2, 1)
    kept = lead.follow(lead.submit(check, act="try", **chosen))
    assert kept.heading == "Check before you import"
    assert kept.document.xpath(f"//input[@name='{double}'][@checked]/@value") == ["same:j@example.org"]
    assert kept.document.xpath(f"//select[@name='{agency}']/option[@selected]/@value") == ["Sample Harbor"]
    assert kept.document.xpath("//input[@name='takes_over-month']/@value") == ["2"]
    assert lead.get("/desk/day-one/people/check").heading == "Check before you import"  # after a night, say
    lead.follow(lead.submit(kept, act="import"))
    with world.look() as session:
        assert len(session.scalars(select(Person).where(Person.last_name == "Sample")).all()) == 2  # Jamie and Ada


def test_an_import_with_errors_is_refused_whole_and_the_rows_to_mend_can_be_fetched(
    world: World, lead: ClientRequest
) -> None:
    check = tried(
        lead, JAMIE, JAMIE.replace(",92,", ",ninety,").replace("jamie@", "robin@").replace("jsample", "robin")
    )
    refused = lead.submit(check, expect=400, act="import")
    assert "Nothing was imported" in refused.text and count(world, Grant) == 0
    answer = lead.client.get("/desk/day-one/people/check?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert (
        [row["line"] for row in rows] == ["3"]
        and "not a number" in rows[0]["what is wrong"]
        and rows[0]["Score"] == "ninety"
    )
    done = lead.follow(lead.submit(lead.get("/desk/day-one/people/check"), act="import", skip_bad="y"))
    assert done.heading == "Imported" and count(world, Grant) == 1


def test_who_would_be_closed_is_named_before(world: World, lead: ClientRequest) -> None:
    with world.look() as session:
        harbor = session.scalars(select(Agency.id).where(Agency.name == "Sample Harbor")).one()
    world.record(Kind.SANCTION, About.AGENCY, harbor, detail="suspension")
    check = tried(lead, JAMIE)
    assert "would be closed at once" in check.text and "suspended or revoked" in check.text
    assert lead.submit(check, expect=400, act="import") and count(world, Grant) == 0
    lead.follow(lead.submit(check, act="import", accept_closing="y"))
    assert count(world, Grant) == 1


@pytest.mark.parametrize("parts", [(2020, 1, 1), (2029, 1, 1)])
def test_a_day_that_cannot_be_is_said_on_its_field(
    world: World, lead: ClientRequest, parts: tuple[int, int, int]
) -> None:
    check = tried(lead, JAMIE)
    page = lead.submit(check, expect=400, act="import", **day(*parts))
    assert count(world, Grant) == 0
    assert page.document.xpath("//*[contains(@class, 'error')]")


def test_a_file_that_is_none_says_what_to_do(lead: ClientRequest) -> None:
    form = lead.get("/desk/day-one/people")
    page = lead.submit(form, expect=400, file=(io.BytesIO(b"PK\x03\x04nothing"), "list.xlsx"))
    assert "damaged" in page.text
    assert lead.get("/desk/day-one/nonsense", expect=404)
    assert lead.get("/desk/day-one/roster/check", expect=302).location.endswith("/desk/day-one/roster")


def test_the_help_desk_sorts_scans_and_imports_no_list(desk: ClientRequest) -> None:
    assert "administrator of the Lead" in desk.get("/desk/day-one").text
    desk.get("/desk/day-one/people", expect=403)


# --- what is missing


def test_the_list_of_inherited_people_is_seen_by_the_lead_and_by_their_own_agency(
    world: World, lead: ClientRequest
) -> None:
    world.agency("Sample Inland")
    report = bring(
        world,
        people(
            "Sample Harbor,Jamie,Sample,jamie@example.org,,,jsample,,,,,",
            "Sample Inland,Alex,Other,alex@example.org,,,aother,,,,,",
        ),
    )
    assert not report.refused, report.lines()
    page = lead.get("/inherited")
    assert "Jamie Sample" in page.text and "Alex Other" in page.text and "March 1, 2027" in page.text
    with world.look() as session:
        harbor = session.scalars(select(Agency).where(Agency.name == "Sample Harbor")).one()
    admin = browser_of(world, world.actor(world.member(harbor, None, Role.AGENCY_ADMIN)))
    own = admin.get("/inherited")
    assert "Jamie Sample" in own.text and "Alex Other" not in own.text
    assert "Alex Other" not in admin.get("/inherited?format=csv").response.get_data(as_text=True)
    assert "Jamie Sample" not in lead.get("/inherited?lacks=participation-agreement&q=alex").text
    assert "Nobody fits" in lead.get("/inherited?q=zzz").text
    assert "inherited" in lead.get("/").text.lower()
    assert "Inherited until March 1, 2027" in lead.get("/people?q=jamie").text
    assert "older than the portal" in lead.get(f"/people/{member_of(world, 'jamie@example.org')}").text
    assert count(world, AuditEntry) > 0


def member_of(world: World, email: str) -> int:
    with world.look() as session:
        query = select(Membership.id).join(Person, Person.id == Membership.person_id).where(Person.email_key == email)
        return session.scalars(query).one()


def test_the_list_costs_the_same_for_many_as_for_few(world: World, lead: ClientRequest) -> None:
    def cost(n: int) -> int:
        rows = [
            f"Sample Harbor,Person,Number{chr(97 + k // 26)}{chr(97 + k % 26)},p{k}@example.org,,,p{k}x,,,,,"
            for k in range(n)
        ]
        report = bring(world, people(*rows), decide={f"p{k}@example.org": "new" for k in range(n)})
        assert not report.refused, report.lines()[-3:]
        with statements(world.engine) as said:
            lead.get("/inherited")
        return len(said)

    lead.get("/inherited")
    assert cost(4) == cost(45)


# --- scans


def test_scans_come_in_are_read_and_the_tray_is_worked_off(engine: Engine, tmp_path: Path) -> None:
    world = with_people(World(engine), tmp_path)
    desk = browser_of(world, world.desk)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Sample Harbor/smith_jamie_2025-03-01_user-agreement.pdf", a_pdf("a"))
        archive.writestr("model_robin_2025-03-02_user-agreement.pdf", a_pdf("b"))
        archive.writestr("model_robin.pdf", a_pdf("c"))
        archive.writestr("notes.txt", "no scan")
    form = desk.get("/desk/day-one/scans")
    with_files = desk.follow(desk.submit(form, having="files", files=(io.BytesIO(packed.getvalue()), "bundle.zip")))
    assert "4 files came in" in desk.get("/desk/day-one/scans").text or "4 files came in" in with_files.text
    world.drain()
    tray = desk.get("/desk/day-one/scans")
    assert len(tray.document.xpath("//tbody/tr")) == 3 and "is not a PDF" in tray.text
    assert "2 scans in the tray" in desk.get("/").text
    first = desk.get(tray.document.xpath("//a[normalize-space()='Go through the tray']/@href")[0])
    assert "Several people" in first.text
    wanted = str(member_of(world, "robin.m@example.org"))
    assert wanted in first.document.xpath("//input[@name='membership']/@value")
    second = desk.follow(desk.submit(first, having="membership", membership=wanted))
    assert "model_robin.pdf" in second.text  # one keystroke on
    bad = desk.submit(second, expect=400, having="membership", membership=wanted, version="2025-1")
    assert "Enter the day it was signed" in bad.text
    left = desk.follow(desk.submit(second, having="reason", reason="A copy."))
    assert "The tray is empty" in left.text
    with world.look() as session:
        assert sorted(session.scalars(select(Document.status))) == ["scanned", "scanned"]
        assert sorted(session.scalars(select(BulkScan.status))) == ["left_out", "placed", "placed", "refused"]


def test_a_scan_is_searched_for_looked_at_and_taken_back(engine: Engine, tmp_path: Path) -> None:
    world = with_people(World(engine), tmp_path)
    desk = browser_of(world, world.desk)
    upload = (io.BytesIO(a_pdf("a")), "smith_jamie_2025-03-01_user-agreement.pdf")
    desk.submit(desk.get("/desk/day-one/scans"), having="files", files=upload)
    world.drain()
    with world.look() as session:
        document = session.scalars(select(Document)).one()
        scan = session.scalars(select(BulkScan)).one()
    page = desk.get(f"/desk/documents/{document.id}")
    assert "came in a bundle" in page.text
    form = next(each for each in page.document.xpath("//form") if "take-back" in (each.get("action") or ""))
    data = dict(form.form_values()) | {"wrong": "It is Robin's."}
    back = desk.follow(desk.post(form.get("action"), data))
    assert back.heading == "Whose is this?" and "Jamie Smith" in back.text
    assert "Robin Model, Sample Inland" in desk.get(f"/desk/day-one/scans/{scan.id}?q=robin inland").text
    got = desk.client.get(f"/desk/day-one/scans/{scan.id}/file")
    assert got.headers["Content-Disposition"].startswith("attachment") and got.data == a_pdf("a")


def test_nothing_chosen_and_a_broken_bundle_are_said(desk: ClientRequest) -> None:
    form = desk.get("/desk/day-one/scans")
    assert "Choose the files" in desk.submit(form, expect=400, having="files").text
    broken = (io.BytesIO(b"PK\x03\x04nothing"), "bundle.zip")
    assert "damaged" in desk.submit(form, expect=400, having="files", files=broken).text
