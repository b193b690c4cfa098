"""Pages offer only what opens, and what the first page counts is what the list behind it shows."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.models import Agency, Document, Membership
from portal.services.desk import desk_lists, desk_lookups, licence_lists
from portal.services.home import home
from portal.services.paperwork import KINDS
from portal.web.app import build
from tests.services.asking import admin_of
from tests.services.joining import DIRECTOR
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import signed_agreement, stored, to_enrol
from workflows.vocabulary import LEAD, About, Kind, Role

REPORT = "Report an incident"
MENUS = {
    Role.LEAD_ADMIN: [
        "Home",
        "My access",
        "Desk",
        "Tickets",
        "Agencies",
        "People",
        "Work orders",
        "Security",
        "Overview",
        "Help",
        REPORT,
    ],
    Role.HELP_DESK: [
        "Home",
        "My access",
        "Desk",
        "Tickets",
        "Agencies",
        "People",
        "Work orders",
        "Security",
        "Help",
        REPORT,
    ],
    Role.LEAD_SECURITY: [
        "Home",
        "My access",
        "Desk",
        "Tickets",
        "Agencies",
        "People",
        "Security",
        "Overview",
        "Help",
        REPORT,
    ],
    Role.TRAINER: ["Home", "My access", "Desk", "Tickets", "Agencies", "People", "Security", "Help", REPORT],
    Role.EXECUTIVE_DIRECTOR: ["Home", "My access", "Agency", "People", "Security", "Help", REPORT],
    Role.AGENCY_ADMIN: ["Home", "My access", "Agency", "People", "Security", "Help", REPORT],
    Role.SECURITY_OFFICER: ["Home", "My access", "Agency", "People", "Security", "Help", REPORT],
    Role.END_USER: ["Home", "My access", "Security", "Help", REPORT],
}
STAFF = [Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.TRAINER]


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


@pytest.fixture
def each_world(each_engine: Engine, tmp_path: Path) -> World:
    return stored(World(each_engine), tmp_path)


def links(page: Page, inside: str = "//main") -> list[str]:
    return [href for href in page.document.xpath(f"{inside}//a/@href") if href.startswith("/")]


def of_role(world: World, role: Role) -> ClientRequest:
    if role in STAFF:
        return browser_of(world, world.staff(role))
    return browser_of(world, world.actor(world.member(world.agency(licences_=0), None, role)))


@pytest.mark.parametrize("role", list(MENUS), ids=str)
def test_the_menu_has_what_the_role_has_business_with_and_every_item_opens(world: World, role: Role) -> None:
    browser = of_role(world, role)
    page = browser.get("/")
    menu = "//nav[contains(@class, 'site-nav--wide')]"
    assert [one.strip() for one in page.document.xpath(f"{menu}//a/text()")] == MENUS[role]
    for path in links(page, menu):
        browser.get(path, 302 if path == "/agency/" and role not in STAFF else 200)


@pytest.mark.parametrize("role", STAFF, ids=str)
def test_every_link_of_the_desk_and_of_its_first_lists_opens(world: World, role: Role) -> None:
    joined = signed_agreement(world)
    world.let_in(world.ready(world.agency("Sample Bay House")))
    to_enrol(world)
    browser = of_role(world, role)
    lists = ["/", "/desk", "/desk/people", "/desk/documents-in-force", "/desk/licences", "/agency/", "/people"]
    for path in [*lists, f"/agency/{joined.agency.id}", f"/agency/{joined.agency.id}/officers"]:
        for link in dict.fromkeys(links(browser.get(path))):
            assert browser.client.get(link).status_code in {200, 302}, (path, link)


def test_the_agency_administrator_sees_work_orders_where_the_pack_lets_them_confirm(
    world: World,
) -> None:
    admin = admin_of(world, world.agency())
    assert "/desk/orders" not in links(browser_of(world, admin).get("/"), "//header")
    orders = replace(world.policy.work_orders, confirmed_by="agency_admin")
    world.context = replace(world.context, policy=replace(world.policy, work_orders=orders))
    page = browser_of(world, admin).get("/")
    assert "/desk/orders" in links(page, "//header")


def test_a_page_of_a_room_that_is_not_there_is_never_offered(world: World) -> None:
    app = build(context=world.context)
    with app.test_request_context():
        from portal.web.kernel import may_open

        assert not may_open("nowhere.index") and not may_open("static")
        assert may_open("account.sign_in") and not may_open("desk.index")


def test_a_trainer_sees_standing_and_results_of_a_person_and_nothing_that_was_signed(world: World) -> None:
    member = world.ready(world.agency())
    world.let_in(member)
    page = of_role(world, Role.TRAINER).get(f"/people/{member.id}")
    assert "Access was issued" in page.text or "has had access" in page.text
    assert "What happened" not in page.text and "Evidence" not in page.text and "Documents" not in page.text
    assert "What happened" in browser_of(world, world.desk).get(f"/people/{member.id}").text


def test_the_security_officer_is_not_offered_to_hand_in_a_scan(world: World) -> None:
    joined = signed_agreement(world)
    joined.countersign()
    joined.name_officers()
    officer = world.actor(world.member(joined.agency, None, Role.SECURITY_OFFICER))
    path = f"/agency/{joined.agency.id}/documents"
    assert not [link for link in links(browser_of(world, officer).get(path)) if link.endswith("/scan")]
    assert [link for link in links(browser_of(world, joined.actor(DIRECTOR)).get(path)) if link.endswith("/scan")]
    of_role(world, Role.TRAINER).get(path, 404)


# --- what waits for the Lead


def prepared(world: World, membership: Membership, kind: str, **more: object) -> int:
    """A document that was executed without anybody of the Lead."""
    with world.change() as session:
        document = Document(
            kind=kind, version="2026-1", text_sha256="0" * 64, agency_id=membership.agency_id, membership_id=membership.id,
            person_id=membership.person_id, answers={}, prepared_at=world.now, executed_at=world.now, **more,
        )  # fmt: skip
        document.__dict__["status"] = "executed"
        session.add(document)
        session.flush()
        return document.id


def shown(world: World, show: str = "") -> list[int]:
    with world.look() as session:
        return [r.Document.id for r in session.execute(desk_lists.to_verify(world.admin, show=show))]


def test_only_the_first_administrators_user_agreement_waits_and_only_while_the_agency_joins(each_world: World) -> None:
    world = each_world
    agency = world.agency()
    user, admin, second = (world.member(agency) for _ in range(3))
    electronic = prepared(world, user, "user_agreement")
    on_paper = prepared(world, world.member(agency), "user_agreement", route="paper")
    first = prepared(world, admin, "user_agreement")
    agreed = prepared(world, admin, "agency_admin_agreement")
    assert set(shown(world)) == {on_paper, first, agreed}
    assert set(shown(world, "all")) == {electronic, on_paper, first, agreed}
    with world.change() as session:
        document = session.get_one(Document, first)
        document.verified_at, document.verified_by, document.verified_how = world.now, world.desk.person_id, "submitted"
    later = prepared(world, second, "user_agreement")
    also = prepared(world, second, "agency_admin_agreement")
    assert set(shown(world)) == {on_paper, agreed, also} and later in shown(world, "all")
    assert set(shown(world, "verify")) == {on_paper, agreed, also} and shown(world, "countersign") == []


@pytest.mark.parametrize("show", ["", "verify", "all"])
def test_pages_of_documents_show_each_once_in_the_order_they_were_prepared(
    each_world: World, monkeypatch: pytest.MonkeyPatch, show: str
) -> None:
    world = each_world
    agency = world.agency()
    kinds = ("user_agreement", "agency_admin_agreement", "user_agreement", "receipt_of_manuals", "user_agreement")
    papers = [prepared(world, world.member(agency), kind, route="paper") for kind in kinds]
    papers.append(prepared(world, world.member(agency), "agency_admin_agreement"))
    monkeypatch.setattr(desk_lists, "PAGE", 2)
    seen: list[int] = []
    after, pages = "", 0
    with world.look() as session:
        while pages == 0 or after:
            page = desk_lists.documents_page(session, world.admin, kind="", agency="", after=after, show=show)
            seen += [row.Document.id for row in page.rows]
            after, pages = page.next, pages + 1
            assert pages < 9
        following = desk_lists.next_document(session, world.admin, but=papers[0])
    assert (seen, pages, following) == (papers, 3, papers[1])


def test_home_counts_what_the_desk_and_its_lists_show(each_world: World) -> None:
    world = each_world
    signed_agreement(world)
    prepared(world, world.member(world.agency()), "user_agreement", route="paper")
    prepared(world, world.member(world.agency()), "user_agreement")
    lead = browser_of(world, world.admin)
    first, desk = lead.get("/"), lead.get("/desk")
    for says, queue, show in (
        ("1 participation agreement to countersign", "Agreements to countersign", "countersign"),
        ("1 document to verify", "Documents to verify", "verify"),
    ):
        [link] = first.document.xpath(f"//main//a[text()='{says}']/@href")
        assert link == f"/desk/documents?show={show}"
        assert "1 waiting" in desk.document.xpath(f"//li[.//a[text()='{queue}']]")[0].text_content()
        assert len(lead.get(link).document.xpath("//tbody/tr")) == 1
    assert len(lead.get("/desk/documents").document.xpath("//tbody/tr")) == 2
    assert len(lead.get("/desk/documents?show=all").document.xpath("//tbody/tr")) == 3
    assert "countersign" not in browser_of(world, world.desk).get("/").text


def titles(world: World) -> dict[str, datetime]:
    with world.look() as session:
        found = home.waiting(session, actor=world.desk, now=world.now, policy=world.policy)
        return {task.title: task.since for task in found.mine}


def test_who_let_a_reservation_run_out_waits_for_a_license_only_where_none_is_free(each_world: World) -> None:
    world = each_world
    agency = world.agency(licences_=2)
    for _ in range(2):
        world.request(world.member(agency))
    assert not [title for title in titles(world) if "for a license" in title]
    world.request(world.member(agency))
    assert titles(world)["1 person waits for a license"] == world.now
    with world.look() as session:
        assert [(row.free, row.waiting) for row in licence_lists.whole(session)] == [(2, 1)]


def test_an_agency_waits_to_be_set_up_since_the_last_of_its_package_was_verified(each_world: World) -> None:
    world = each_world
    agency = world.agency("Sample Harbor House")
    admin = admin_of(world, agency)
    world.withdraw(Kind.CONFIGURED, About.AGENCY, agency.id)
    with world.change() as session:
        session.get_one(Agency, agency.id).entered_at = world.now - timedelta(90)
        member = session.scalars(select(Membership.id).where(Membership.person_id == admin.person_id)).one()
    assert not [title for title in titles(world) if "to set up" in title]
    world.record(Kind.USER_AGREEMENT, About.MEMBERSHIP, member)
    assert titles(world)["1 Agency to set up in the core HMIS"] == world.now
    page = browser_of(world, world.desk).get("/desk")
    row = page.document.xpath("//li[.//a[text()='Agencies to set up']]")[0].text_content()
    assert "1 waiting" in row and "November 23, 2026" in row


def test_the_first_page_costs_the_same_for_5_and_for_20(world: World, engine: Engine) -> None:
    agency, counts = world.agency(licences_=0), []
    for wanted in (5, 15):
        for _ in range(wanted):
            prepared(world, to_enrol(world, agency), "user_agreement", route="paper")
        browser = browser_of(world, world.admin)
        with statements(engine) as said:
            browser.get("/")
        counts.append(len(said))
    assert counts[0] == counts[1]


# --- the Lead is no Agency


def test_the_lead_is_listed_as_no_agency_and_its_licenses_have_a_page_that_says_so(world: World) -> None:
    lead = browser_of(world, world.admin)
    with world.look() as session:
        name = session.get_one(Agency, LEAD).name
        assert desk_lookups.subjects(session, About.AGENCY, name) == []
    assert name not in " ".join(row.text_content() for row in lead.get("/agency/").document.xpath("//tbody/tr"))
    page = lead.get("/agency/0/licences")
    assert "the HMIS Lead" in page.text and "The Lead is no Agency." in page.text
    lead.submit(page, having="count", kind="core", count="2")
    row = lead.get("/desk/licences").document.xpath("//tbody/tr")[0].text_content()
    assert name in row and "The HMIS Lead itself" in row
    assert "The HMIS Lead, which is no Agency" in lead.get("/desk/evidence/agency/0").text
    lead.get("/agency/0", 404)


def test_the_list_of_people_says_the_full_name_of_whoever_holds_the_next_step(world: World) -> None:
    agency = world.agency("Sample Harbor House")
    member = world.ready(agency, world.person("Jamie", "Sample"))
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, member.id)
    page = browser_of(world, world.desk).get("/people?standing=waiting")
    [cell] = page.document.xpath("//td[@data-label='Waits for']")
    assert cell.text_content().strip() == "Jamie Sample"
    staff = browser_of(world, world.desk).get("/people")
    assert "(the HMIS Lead)" in staff.text


def test_every_kind_of_the_package_is_a_kind_of_paper() -> None:
    assert set(desk_lists.ONE_BY_ONE) <= set(KINDS)
    assert {"information_form", "housing_inventory"} <= set(desk_lists.ONE_BY_ONE)


def test_a_name_is_changed_only_where_the_change_is_not_refused(world: World) -> None:
    here, person = world.agency(), world.person()
    member = world.ready(here, person)
    browser = browser_of(world, admin_of(world, here))
    change = f"/people/{member.id}/name"
    assert change in links(browser.get(f"/people/{member.id}"))
    world.member(world.agency(licences_=0), person)
    assert change not in links(browser.get(f"/people/{member.id}"))
    assert change in links(browser_of(world, world.desk).get(f"/people/{member.id}"))
