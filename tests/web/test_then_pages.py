"""The time machine's pages: for whom, what they answer, what they refuse, and the papers that leave the portal."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine, select

from portal.models import Agency, AuditEntry, Membership
from tests.services.asking import admin_of, director_of
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from workflows.vocabulary import LEAD, About, Kind, Role

DAY = timedelta(days=1)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def agency(world: World) -> Agency:
    return world.agency("Harbor Sample Shelter")


@pytest.fixture
def member(world: World, agency: Agency) -> Membership:
    """Let in on November 23, suspended on the 27th at 2:10 p.m., restored on the 30th; today is December 3."""
    made = world.ready(agency, world.person("Jamie", "Sample"))
    world.let_in(made)
    world.now += 4 * DAY + timedelta(hours=4, minutes=10)
    world.record(Kind.SANCTION, About.MEMBERSHIP, made.id, detail="suspension", valid_from=world.today)
    world.drain()
    world.now += 3 * DAY
    world.withdraw(Kind.SANCTION, About.MEMBERSHIP, made.id)
    world.drain()
    world.now += 3 * DAY
    return made


@pytest.fixture
def admin(
    world: World, agency: Agency, member: Membership
) -> ClientRequest:  # after a session's time would have run out
    assert member.agency_id == agency.id
    return browser_of(world, admin_of(world, agency))


def links(page: Page) -> list[str]:
    return [str(href) for href in page.document.xpath("//a/@href")]


def test_a_day_is_answered_with_what_held_what_was_known_and_what_was_decided(
    world: World, admin: ClientRequest, member: Membership
) -> None:
    page = admin.get(f"/people/{member.id}/then?day=2026-11-25")
    assert page.heading == "Authorized on that day?"
    assert "Yes. On November 25, 2026 Jamie Sample was authorized to use the core HMIS" in page.text
    assert "November 30, 2026: access was restored" in page.text and "November 23, 2026: access began" in page.text
    assert "All 24 prerequisites that applied on that day were met" in page.text
    assert "The stored decision agrees with its own facts" in page.text
    assert "it was the last one" not in page.text and world.policy.version in page.text
    shut = admin.get(f"/people/{member.id}/then?day=2026-11-27")
    assert "Yes, until 2:10 p.m." in shut.text and "suspended then" in shut.text
    assert "What became known later" in shut.text and "On November 30, 2026 this was taken back: Sanction" in shut.text
    today = admin.get(f"/people/{member.id}/then?day=2026-11-27&known=today")
    assert "All 24 prerequisites" in today.text and "What became known later" not in today.text
    ahead = admin.get(f"/people/{member.id}/then?day=2028-03-01")
    assert "Forecast: no." in ahead.text


def test_a_moment_is_typed_in_the_leads_time(admin: ClientRequest, member: Membership) -> None:
    before = admin.get(f"/people/{member.id}/then?day=2026-11-27&known=moment&at=2026-11-27T14:09")
    after = admin.get(f"/people/{member.id}/then?day=2026-11-27&known=moment&at=2026-11-27T14:10")
    assert "Yes. On November 27, 2026 up to 2:09 p.m. Jamie Sample" in before.text
    assert "Yes, until 2:10 p.m." in after.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("day=2026-02-30", "Enter a date that exists"),
        ("day=soon", "Enter a date that exists"),
        ("day=1805-01-01", "Choose a day from 1990 to 2100"),
        ("day=2026-11-25&known=moment", "Enter the day and the time"),
        ("day=2026-11-25&known=moment&at=2031-01-01T10:00", "still to come"),
        ("day=2026-11-25&known=moment&at=yesterday", "Enter a day and a time that exist"),
        ("day=2026-11-25&known=never", "Not a valid choice"),
    ],
)
def test_nonsense_gets_a_sentence_and_stays_in_the_field(
    admin: ClientRequest, member: Membership, agency: Agency, query: str, says: str
) -> None:
    for path in (f"/people/{member.id}/then", f"/people/{member.id}/then.pdf", f"/agency/{agency.id}/then"):
        page = admin.get(f"{path}?{query}", expect=400)
        assert says in page.text, path
        assert "authorized to use" not in page.text
    assert page.document.xpath("//input[@name='day']/@value")


def test_each_sees_no_further_than_why_not_yet(world: World, agency: Agency, member: Membership) -> None:
    inland = world.agency("Inland Sample House")
    there = browser_of(world, admin_of(world, inland))
    own = browser_of(world, world.actor(member))
    colleague = browser_of(world, world.actor(world.ready(agency, request=False)))
    director = browser_of(world, director_of(world, agency))
    officer = browser_of(world, world.actor(world.member(agency, None, Role.SECURITY_OFFICER)))
    trainer = browser_of(world, world.staff(Role.TRAINER))
    desk = browser_of(world, world.desk)
    one, paper, all_ = f"/people/{member.id}/then", f"/people/{member.id}/then.pdf", f"/agency/{agency.id}/then"
    opens = {
        desk: {one, paper, all_}, director: {one, paper, all_}, officer: {one, paper, all_}, own: {one, paper},
        trainer: {one}, there: set(), colleague: set(),
    }  # fmt: skip
    for browser, paths in opens.items():
        for path in (one, paper, all_):
            status = browser.client.get(path).status_code
            assert status == (200 if path in paths else 404), (path, status)
    assert "Sign in" in browser_of_nobody(world).get(one, follow_redirects=True).get_data(as_text=True)
    assert "Everybody here on that day" not in own.get(one).text and "/me" in " ".join(links(own.get(one)))
    assert not any(href.startswith(paper) for href in links(trainer.get(one)))
    assert any(href.startswith(paper) for href in links(own.get(one)))


def browser_of_nobody(world: World) -> Any:
    from portal.web.app import build

    return build(context=world.context).test_client()


def test_the_paper_is_one_page_and_on_record(world: World, admin: ClientRequest, member: Membership) -> None:
    sent = admin.client.get(f"/people/{member.id}/then.pdf?day=2026-11-27")
    assert sent.mimetype == "application/pdf"
    assert f"authorization-2026-11-27-{member.person_id}.pdf" in sent.headers["Content-Disposition"]
    reader = PdfReader(io.BytesIO(sent.data))
    assert len(reader.pages) == 1
    said = " ".join(reader.pages[0].extract_text().split())
    for text in (
        "Yes, until 2:10 p.m.",
        "Jamie Sample",
        "jsample",
        "Case Manager I",
        "SHA-256",
        "Asked for by",
        "Suspended",
    ):
        assert text in said, text
    with world.look() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "standing.certify")).one()
    assert (entry.thing, entry.thing_id, entry.agency_id) == ("membership", member.id, member.agency_id)
    assert entry.after["answer"] == "part" and entry.decision_id and "November 27, 2026" in entry.said


def test_an_agency_on_a_day_by_state_and_as_a_list_to_take_away(
    world: World, agency: Agency, admin: ClientRequest, member: Membership
) -> None:
    path = f"/agency/{agency.id}/then"
    page = admin.get(f"{path}?day=2026-11-28")
    assert "0 of 2 had access on November 28, 2026" in page.text and "Suspended" in page.text
    live = admin.get(f"{path}?day=2026-11-25&state=live")
    assert (
        "1 of 2 had access on November 25, 2026" in live.text
        and "jsample" in live.text
        and "Case Manager I" in live.text
    )
    assert admin.get(f"{path}?day=2026-11-25&state=ended").text.count("Nobody fits") == 1
    assert f"/people/{member.id}/then?day=2026-11-25&known=then" in links(live)
    sent = admin.client.get(f"{path}?day=2026-11-25&format=csv")
    rows = list(csv.DictReader(io.StringIO(sent.data.decode("utf-8-sig"))))
    mine = next(row for row in rows if row["User ID"] == "jsample")
    assert (mine["Access"], mine["Level"], mine["Day"]) == ("Had access", "Case Manager I", "2026-11-25")
    assert len(rows) == 2 and rows[0]["Policy pack"] == world.policy.version
    assert world.count(AuditEntry, AuditEntry.act == "standing.export", AuditEntry.agency_id == agency.id) == 1


def test_a_long_list_is_paged_by_key(world: World, agency: Agency, admin: ClientRequest) -> None:
    for _ in range(53):
        world.member(agency)
    first = admin.get(f"/agency/{agency.id}/then")
    (following,) = {href for href in links(first) if "after=" in href}
    second = admin.get(following)
    names = [set(page.document.xpath("//tbody/tr/th//a/@href")) for page in (first, second)]
    assert len(names[0]) == 50 and len(names[1]) == 5 and not names[0] & names[1]


def test_pages_cost_the_same_whatever_is_on_record(
    world: World, agency: Agency, admin: ClientRequest, member: Membership
) -> None:
    costs: dict[str, set[int]] = {}
    for _ in range(2):
        for path in (f"/people/{member.id}/then?day=2026-11-27", f"/agency/{agency.id}/then?day=2026-11-27"):
            admin.get(path)
            with statements(world.engine) as ran:
                admin.get(path)
            costs.setdefault(path, set()).add(len(ran))
        before, world.now = world.now, world.now - 9 * DAY
        for _ in range(5):
            world.ready(agency)
        world.now = before
        world.drain()
    assert all(len(each) == 1 for each in costs.values()), costs


def test_the_way_there_is_on_the_pages_people_look_at(
    world: World, agency: Agency, admin: ClientRequest, member: Membership
) -> None:
    assert f"/people/{member.id}/then" in links(admin.get(f"/people/{member.id}"))
    assert f"/people/{member.id}/then" in links(admin.get(f"/people/{member.id}/why"))
    assert f"/agency/{agency.id}/then" in links(admin.get("/people"))
    trainer = browser_of(world, world.staff(Role.TRAINER))
    assert f"/agency/{agency.id}/then" not in links(trainer.get(f"/people?agency={agency.id}"))
    desk = browser_of(world, world.desk)
    assert f"/agency/{agency.id}/then" in links(desk.get(f"/people?agency={agency.id}"))
    assert desk.get(f"/agency/{LEAD}/then").heading == "Access on a day"
