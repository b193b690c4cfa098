"""Sanctions on screen: drafted, decided with 'what will happen', appealed by a mailed link, heard, lifted; who sees what."""

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import Engine

from portal.models import Membership, Sanction, SanctionNotice
from tests.enforcement.sanctioning import Bench, access, person, whole
from tests.services.asking import admin_of, director_of
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import Role


@pytest.fixture
def bench(engine: Engine, tmp_path: Path) -> Bench:
    bench = Bench.on(engine)
    stored(bench.world, tmp_path)
    return bench


@pytest.fixture
def officer(bench: Bench) -> ClientRequest:
    return browser_of(bench.world, bench.officer)


@pytest.fixture
def lead(bench: Bench) -> ClientRequest:
    return browser_of(bench.world, bench.world.admin)


def somebody(bench: Bench, name: str = "Sample Harbor") -> Membership:
    member = bench.world.ready(bench.world.agency(name))
    bench.world.drain()
    return member


def sanctions_of(bench: Bench) -> list[Sanction]:
    with bench.world.look() as session:
        return list(session.query(Sanction).order_by(Sanction.id))


def test_a_sanction_goes_through_the_pages(bench: Bench, officer: ClientRequest, lead: ClientRequest) -> None:
    member = somebody(bench)
    case = officer.get(f"/security/sanctions/new?membership={member.id}")
    assert "wherever" in case.text
    draft = officer.get(f"/security/sanctions/new?membership={member.id}&about=person&violation=look-up")
    assert "The ladder proposes: suspension" in draft.text
    wrong = officer.submit(draft, having="facts", facts="Looked up a neighbor.", measure="revocation", expect=400)
    assert "The ladder proposes another measure" in wrong.text and "Looked up a neighbor." in wrong.text
    assert sanctions_of(bench) == []
    done = officer.follow(officer.submit(wrong, having="facts", measure="suspension", remedy="Talk with the director."))
    assert "Drafted, not decided" in done.text and "1 person loses access" in done.text
    [row] = sanctions_of(bench)
    assert not done.document.xpath("//a[contains(@href, '/decide')]")
    assert "1" in lead.get("/security/sanctions").text
    page = lead.get(f"/security/sanctions/{row.id}/decide")
    assert "1 person loses access" in page.text
    assert "Say why" in lead.submit(page, reason=" ", expect=400).text
    decided = lead.follow(lead.submit(page, reason="Found as drafted."))
    assert "In force" in decided.text
    bench.world.drain()
    assert bench.world.status(member) == "suspended"
    own = browser_of(bench.world, bench.world.actor(member))
    seen = own.get(f"/security/sanctions/{row.id}")
    assert "Found as drafted." in seen.text and "Appeal until" in seen.text and "Drafted" not in seen.text
    appealed = own.follow(own.submit(own.get(f"/security/sanctions/{row.id}/appeal"), text="It was my own record."))
    assert "Appealed" in appealed.text
    lead.get(f"/security/sanctions/{row.id}/hear", expect=404)
    hearer = browser_of(bench.world, bench.hearer)
    hear = hearer.get(f"/security/sanctions/{row.id}/hear")
    assert "It was my own record." in hear.text
    after = hearer.follow(hearer.submit(hear, outcome="lifted", reason="It was."))
    assert "Lifted" in after.text
    bench.world.drain()
    assert bench.world.status(member) == "live"


def test_an_appeal_leads_to_another_measure_and_lifting_ends_it(bench: Bench, lead: ClientRequest) -> None:
    member = somebody(bench)
    row = bench.sanction(access(member))
    bench.appeal(row, bench.world.actor(member))
    hearer = browser_of(bench.world, bench.hearer)
    page = hearer.get(f"/security/sanctions/{row.id}/change")
    wrong = hearer.submit(page, measure="suspension", days="many", reason="Too long.", expect=400)
    assert "Enter a whole number" in wrong.text or "Not a valid integer" in wrong.text
    new = hearer.follow(hearer.submit(page, measure="suspension", days="10", reason="Too long."))
    assert "for 10 days" in new.text
    assert "Another measure took its place" in lead.get(f"/security/sanctions/{row.id}").text
    second = sanctions_of(bench)[1]
    done = lead.follow(lead.submit(lead.get(f"/security/sanctions/{second.id}/lift"), reason="All is said."))
    assert "Lifted" in done.text


def test_nobody_reads_what_is_not_theirs_and_a_draft_is_the_lead_s_alone(bench: Bench) -> None:
    member, elsewhere = somebody(bench), bench.world.agency("Sample Inland")
    with bench.world.look() as session:
        agency = session.get_one(Membership, member.id).agency
    draft = bench.draft(person(member))
    row = bench.sanction(person(member))
    admin, director = (
        browser_of(bench.world, admin_of(bench.world, agency)),
        browser_of(bench.world, director_of(bench.world, agency)),
    )
    own, other = (
        browser_of(bench.world, bench.world.actor(member)),
        browser_of(bench.world, admin_of(bench.world, elsewhere)),
    )
    colleague = browser_of(bench.world, bench.world.actor(bench.world.member(agency)))
    desk = browser_of(bench.world, bench.world.desk)
    for browser in (admin, director, own, desk):
        browser.get(f"/security/sanctions/{row.id}")
        browser.get(f"/security/sanctions/{draft.id}", expect=404)
        browser.get(f"/security/sanctions/{row.id}/decide", expect=403)
    for browser in (other, colleague):
        browser.get(f"/security/sanctions/{row.id}", expect=404)
        assert "Sample Harbor" not in browser.get(f"/security/sanctions?agency={agency.id}").text
    board = browser_of(bench.world, bench.world.staff(Role.BOARD_MEMBER))
    assert "Sample Harbor" not in board.get("/security/sanctions?show=all").text
    board.get(f"/security/sanctions/{row.id}", expect=404)


def test_an_agency_is_sanctioned_from_its_page(bench: Bench, officer: ClientRequest) -> None:
    member = somebody(bench)
    page = officer.get(f"/security/sanctions/new?agency={member.agency_id}&violation=agreement")
    assert "The whole Agency" in page.text
    refused = officer.submit(
        page, having="facts", facts="No answer since May.", measure="training", course="security", expect=400
    )
    assert "required of a person" in refused.text
    done = officer.follow(
        officer.submit(
            page, having="facts", facts="No answer since May.", measure="penalty", amount="250.00", due_on="2026-12-23",
            departs_because="A fee comes first.",
        )
    )  # fmt: skip
    assert "$250.00" in done.text and "closes nobody" in done.text
    officer.get("/security/sanctions/new?agency=0", expect=404)
    officer.get("/security/sanctions/new", expect=404)


def test_letters_are_read_by_whom_they_went_to_and_delivered_on_paper(bench: Bench, lead: ClientRequest) -> None:
    member = somebody(bench)
    row = bench.sanction(whole(_agency(bench, member)), violation="agreement")
    bench.world.drain()
    page = lead.get(f"/security/sanctions/{row.id}")
    assert "To be handed over on paper" in page.text and "The executive director of Sample Harbor" in page.text
    with bench.world.look() as session:
        notice = session.query(SanctionNotice).filter_by(role="executive_director").one()
    letter = lead.client.get(f"/security/sanctions/{row.id}/letters/{notice.id}")
    assert letter.mimetype == "application/pdf" and letter.data.startswith(b"%PDF")
    own = browser_of(bench.world, director_of(bench.world, _agency(bench, member)))
    own.get(f"/security/sanctions/{row.id}/letters/{notice.id}", expect=404)
    form = lead.get(f"/security/sanctions/{row.id}/letters/{notice.id}/delivered")
    assert "lies between" in lead.submit(form, delivered_on="2026-11-01", how="By hand", expect=400).text
    done = lead.follow(lead.submit(form, delivered_on="2026-11-23", how="By hand"))
    assert "Delivered on paper, By hand" in done.text
    lead.get(f"/security/sanctions/{row.id}/letters/999999", expect=404)


def _agency(bench: Bench, member: Membership):
    with bench.world.look() as session:
        return session.get_one(Membership, member.id).agency


def test_the_list_takes_as_many_statements_for_fifty_as_for_one(bench: Bench, lead: ClientRequest) -> None:
    member = somebody(bench)
    bench.draft(person(member))
    with statements(bench.world.engine) as few:
        lead.get("/security/sanctions")
    for _ in range(55):
        bench.draft(access(member), violation="policies")
    with statements(bench.world.engine) as many:
        page = lead.get("/security/sanctions")
    assert len(many) == len(few)
    assert "more follow" in page.text
    text = lead.get("/security/sanctions?format=csv").response.get_data(as_text=True).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 57 and rows[1][1] == "Sample Harbor"
    assert len(lead.get("/security/sanctions?violation=look-up").document.xpath("//tbody/tr")) == 1
    assert len(lead.get("/security/sanctions?show=in_force").document.xpath("//tbody/tr")) == 0
    second = lead.get(page.document.xpath("//a[contains(@href, 'after=')]/@href")[0])
    assert len(second.document.xpath("//tbody/tr")) == 6
