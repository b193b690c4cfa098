"""The front door (X5): open to everybody, kept by caches, without a cookie; and the verification of executed documents."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from forms import documents
from portal.adapters import pdf
from portal.effects.executed_copy import facts_of
from portal.models import Article, Document, SignInLimit, StoredFile
from portal.services.helpdesk.tickets import conversation, opening
from portal.services.paperwork import checking
from portal.web.helpdesk.knowledge import tally
from tests.helpdesk.front_world import a_survey, an_article, stranger, visitor
from tests.helpdesk.outaging import Outaging
from tests.services.joining import DIRECTOR, joining
from tests.services.world import World
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import LEAD, About, Kind, Role

KEPT = (
    "/welcome", "/join", "/trainings", "/knowledge", "/knowledge/1", "/knowledge?topic=getting_in", "/feedback", "/feedback/thanks",
    "/library", "/outages",
)  # fmt: skip
OPEN = (
    *KEPT,
    "/verify",
    "/knowledge?q=password",
    "/knowledge/1/thanks",
    "/library/forms/user_agreement.pdf",
    "/outages/history",
)


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


@pytest.fixture
def furnished(world: World) -> World:
    an_article(world)
    a_survey(world)
    in_force(world)
    return world


def in_force(world: World) -> None:
    """The user agreement is published in the newest version whose text there is."""
    version = max(version for kind, version in documents.load_all() if kind == "user_agreement")
    first = date(2026, 10, 1)
    world.record(Kind.PUBLISHED, About.LEAD, LEAD, detail="user_agreement", version=version, valid_from=first)


def test_no_public_page_sets_a_cookie(furnished: World) -> None:
    for path in OPEN:
        answer = visitor(furnished).get(path)
        assert answer.status_code == 200 and "Set-Cookie" not in answer.headers, path


def test_caches_may_keep_what_is_the_same_for_everybody_and_ask_for_it_by_its_fingerprint(furnished: World) -> None:
    for path in KEPT:
        first = visitor(furnished).get(path)
        assert first.headers["Cache-Control"] == "public, no-cache" and "Cookie" in first.headers["Vary"], path
        again = visitor(furnished).get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.get_data()) == (304, b""), path


def test_an_outage_is_seen_on_the_very_next_look_at_every_public_page(furnished: World) -> None:
    """Nothing is shown out of a cache without asking, and what has not changed is answered without the page."""
    client, here = visitor(furnished), Outaging(furnished)
    known = {path: client.get(path).headers["ETag"] for path in KEPT}

    def look(path: str) -> tuple[int, str, int]:
        with statements(furnished.engine) as said:
            answer = client.get(path, headers={"If-None-Match": known[path]})
        known[path] = answer.headers["ETag"]
        return answer.status_code, answer.text, len(said)

    def looks() -> dict[str, tuple[int, str, int]]:
        return {path: look(path) for path in KEPT}

    quiet = looks()
    assert {path for path, (status, _, _) in quiet.items() if status != 304} == set()
    assert max(cost for _, _, cost in quiet.values()) <= 10, quiet
    outage = here.report(title="Nobody can sign in")
    assert {
        path for path, (status, text, _) in looks().items() if status != 200 or "Nobody can sign in" not in text
    } == set()
    assert {status for status, _, _ in looks().values()} == {304}
    here.later(timedelta(minutes=5))
    here.end(outage)
    assert {path for path, (status, _, _) in looks().items() if status != 200} == set()
    planned = here.announce(title="Servers move")
    here.later(planned.starts_at - furnished.now - timedelta(minutes=1))
    looks()
    here.later(timedelta(minutes=1))  # nobody says anything: its hour has come
    begun = looks()
    assert {path for path, (status, text, _) in begun.items() if status != 200 or "Servers move" not in text} == set()
    assert [cost for _, _, cost in begun.values()] == [cost for _, _, cost in quiet.values()]


def test_whoever_is_signed_in_gets_pages_that_nobody_keeps(furnished: World) -> None:
    browser = browser_of(furnished, furnished.desk)
    for path in ("/join", "/knowledge", "/knowledge/1", "/feedback"):
        assert browser.get(path).response.headers["Cache-Control"] == "no-store", path


def test_a_page_with_a_form_is_kept_by_nobody(furnished: World) -> None:
    for path in ("/knowledge/1/helped?said=yes", "/feedback/open/1"):
        answer = visitor(furnished).get(path)
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store", path


def test_the_first_page_says_what_this_is_and_whether_somebody_is_there(furnished: World) -> None:
    page = stranger(furnished).get("/welcome")
    pack = furnished.policy.front.door
    assert pack.about in page.text and "Open now, until Monday, November 23, 4:00 p.m." in page.text.replace(
        " at ", ", "
    )
    links = set(page.document.xpath("//main//a/@href"))
    assert {"/join", "/knowledge", "/outages", "/report", "/library", "/trainings", "/verify", "/feedback"} <= links
    assert visitor(furnished).get("/").headers["Location"] == "/welcome"
    furnished.now = furnished.now.replace(hour=23)
    assert "Closed now" in stranger(furnished).get("/welcome").text
    furnished.now = furnished.now.replace(day=26, hour=16)  # Thanksgiving
    closed = stranger(furnished).get("/welcome").text
    assert "Closed now" in closed and "Thanksgiving" in closed


def test_how_an_agency_joins_is_drawn_from_the_pack(world: World) -> None:
    page = stranger(world).get("/join").text
    for each in world.policy.prerequisites:
        assert (each.title in page) == (each.needs == "held"), each.id
    assert "Every year" in page
    assert world.policy.front.door.must in page and world.policy.front.door.may in page and "comparable database" in page
    courses = stranger(world).get("/trainings").text
    assert all(course.title in courses for course in world.policy.courses) and "80 %" in courses


def test_blank_forms_are_printed_from_the_versions_in_force(world: World) -> None:
    in_force(world)
    first = visitor(world).get("/library/forms/user_agreement.pdf")
    assert first.get_data().startswith(b"%PDF") and first.headers["Cache-Control"].startswith("public")
    again = visitor(world).get("/library/forms/user_agreement.pdf", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert 'href="/library/forms/user_agreement.pdf"' in stranger(world).get("/library").response.text
    for missing in ("none", "laptop_statement2", "..%2f..%2fetc"):
        assert visitor(world).get(f"/library/forms/{missing}.pdf").status_code == 404


def test_opening_articles_writes_seldom_and_counts_all_of_them(furnished: World) -> None:
    assert tally.MOST >= 10
    client = visitor(furnished)
    for _ in range(tally.MOST - 1):
        client.get("/knowledge/1")
    with furnished.look() as session:
        assert session.get_one(Article, 1).views == 0
    client.get("/knowledge/1")
    with furnished.look() as session:
        assert session.get_one(Article, 1).views == tally.MOST


def test_a_public_page_costs_the_same_for_five_articles_and_for_sixty(world: World) -> None:
    def cost(path: str) -> int:
        with statements(world.engine) as said:
            visitor(world).get(path)
        return len(said)

    paths = ("/knowledge", "/knowledge?topic=getting_in", "/knowledge?q=password", "/welcome", "/feedback")
    for number in range(5):
        an_article(world, f"Password {number}")
    few = [cost(path) for path in paths]
    for number in range(5, 60):
        an_article(world, f"Password {number}")
    assert [cost(path) for path in paths] == few


# --- verification


@pytest.fixture
def executed(world: World) -> tuple[int, str, str]:
    """An executed document: its number, the fingerprint of the PDF, the fingerprint printed on its certificate."""
    joined = joining(world)
    joined.sign("participation_agreement", DIRECTOR)
    joined.countersign()
    world.drain()
    with world.look() as session:
        document = session.scalars(select(Document).where(Document.status == "executed").order_by(Document.id)).first()
        assert document is not None and document.executed_sha256
        copy = facts_of(session, document, world.policy)
        assert copy is not None
        return document.id, document.executed_sha256, pdf.content_sha256(copy.text, copy.fields, copy.blocks)


def ask(world: World, number: object, sha256: str, expect: int = 200) -> str:
    return stranger(world).get(f"/verify?number={number}&sha256={sha256}", expect).text


def test_a_copy_is_verified_by_the_file_or_by_what_is_printed_on_it(
    world: World, executed: tuple[int, str, str]
) -> None:
    number, file, printed = executed
    for said in (file, printed, printed.upper(), f"{printed[:32]} {printed[32:]}".replace(" ", "%20")):
        page = ask(world, f"Document%20{number},%20round%201", said)
        assert "was executed here on November 23, 2026" in page
    with world.look() as session:
        agency = session.get_one(Document, number).agency.name
    assert agency not in page and "participation" not in page.casefold()


def test_anything_else_is_no_and_tells_nothing(world: World, executed: tuple[int, str, str]) -> None:
    number, file, _ = executed
    with world.change() as session:
        prepared = session.scalar(select(func.max(Document.id))) or 0
        scan = {"sha256": "e" * 64, "media_type": "application/pdf", "size": 1, "name": "scan.pdf"}
        session.add(StoredFile(document_id=number, stored_by=world.desk.person_id, stored_at=world.now, **scan))
    client, said = stranger(world), set()
    for each, sha in ((number, "0" * 64), (prepared + 5, file), (2**40 % 10**9, file), (number, "e" * 64)):
        page = client.get(f"/verify?number={each}&sha256={sha}")
        said.add(" ".join(page.document.xpath("//main")[0].text_content().split()))
    assert len(said) == 1 and "No document that was executed here" in said.pop()


def test_what_is_no_number_and_no_fingerprint_is_said_beside_its_field(world: World) -> None:
    page = ask(world, "", "abc", 400)
    assert "Enter the number of the document." in page and "A fingerprint has 64 digits" in page


def test_a_network_asks_so_often_and_no_more(world: World, executed: tuple[int, str, str]) -> None:
    number, file, _ = executed
    client = stranger(world)
    for _ in range(checking.MOST):
        client.get(f"/verify?number={number}&sha256={file}")
    page = client.get(f"/verify?number={number}&sha256={file}", 429)
    assert "Many documents were asked about" in page.text and "was executed here on" not in page.text
    with world.look() as session:
        assert not any("127.0.0.1" in key for key in session.scalars(select(SignInLimit.key)))


def test_a_ticket_becomes_a_draft_that_names_nobody(world: World) -> None:
    agency = world.agency("Sample Harbor House")
    user = world.person("Jamie", "Sampleton")
    member = world.member(agency, user)
    world.member(agency, world.person("Kim", "Colleagueson"))
    with world.change() as session:
        ticket = opening.open_ticket(
            session, subject="My report is empty", kind="other", channel="portal", actor=world.actor(member), requester=user, agency_id=agency.id,
            text="Hello,\nJamie from Sample Harbor House here. Client Robin Exampleson, born 3/4/1980, is missing.\nThanks, Jamie Sampleton",
            now=world.now, policy=world.policy,
        )  # fmt: skip
        said = "Dear Jamie,\nchoose the program first, then the dates. Kim Colleagueson (kim@example.org, 207-555-0123) can help."
        conversation.answer(session, ticket, text=said, actor=world.desk, now=world.now, policy=world.policy)
        number = ticket.id
    desk = browser_of(world, world.desk)
    page = desk.get(f"/knowledge/manage/new?ticket={number}")
    body = page.document.xpath("//textarea[@name='body']")[0].text
    assert "choose the program first, then the dates." in body and "is missing" in body
    assert not any(
        name in body for name in ("Jamie", "Sampleton", "Harbor House", "1980", "Exampleson", "Dear", world.desk.name)
    )
    assert page.document.xpath("//input[@name='title']/@value") == ["My report is empty"]
    kept = desk.follow(desk.submit(page, audience="public", topic="reports"))
    assert f"HD-{number}" in kept.text and "Publish version 1" in kept.text
    kept = desk.follow(
        desk.submit(
            desk.get(f"/knowledge/manage/{kept.path.rpartition('/')[2]}/write"),
            why="Whom to ask.",
            body="Ask Kim Colleagueson at Sample Harbor House, or the House next door.",
        )
    )
    asked = desk.submit(kept, 400, having="sure")
    assert "“Kim Colleagueson”, “Sample Harbor House”." in asked.text
    assert "Published." in desk.follow(desk.submit(asked, having="sure", sure="y")).text
    admin = browser_of(world, world.actor(world.member(agency, None, Role.AGENCY_ADMIN)))
    admin.get(f"/knowledge/manage/new?ticket={number}", 403)
