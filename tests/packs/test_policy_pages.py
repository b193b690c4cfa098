"""The pages of policy packs without JavaScript: proposed by one, read by both, put in force by the other."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from portal.models import AuditEntry, PackActivation
from portal.services import packs
from portal.web.app import build
from tests.packs.test_packs import LAX, STRICT
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.policy import MAINE, text_of
from workflows.vocabulary import Role


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    made = stored(World(engine), tmp_path)
    made.second = made.staff(Role.LEAD_ADMIN)  # type: ignore[attr-defined]
    return made


@pytest.fixture
def app(world: World) -> Flask:
    return build(context=world.context)


@pytest.fixture
def lead(world: World, app: Flask) -> ClientRequest:
    return browser_of(world, world.admin, app)


@pytest.fixture
def other(world: World, app: Flask) -> ClientRequest:
    return browser_of(world, world.second, app)  # type: ignore[attr-defined]


def send(browser: ClientRequest, path: str, expect: int = 302, **values: Any) -> Page:
    return browser.submit(browser.get(path), expect, **values)


def test_a_pack_goes_from_its_file_into_force_by_two_people(
    world: World, lead: ClientRequest, other: ClientRequest
) -> None:
    agency = world.agency()
    member = world.ready(agency)
    world.let_in(member)
    with world.look() as session:
        name = session.get_one(type(member), member.id).person.name
    page = lead.get("/desk/policy")
    assert "No pack was ever activated" in page.text and "within the last year" in page.text
    upload = (BytesIO(STRICT.text.encode()), "stricter.toml")
    check = send(lead, "/desk/policy/propose", 200, file=upload, note="A higher mark.")
    assert "80 %" in check.text and "95 %" in check.text and "Nothing has changed yet" in check.text
    assert world.count(PackActivation) == 0
    lead.submit(check, having="confirmed", confirmed="yes", text=STRICT.text.replace("\n", "\r\n"))
    with world.look() as session:
        assert session.scalars(select(PackActivation.version)).one() == STRICT.version, (
            "a browser's line ends change no pack"
        )
    assert "Decide on a policy pack as the second person" in other.get("/").text
    assert "Decide on a policy pack" not in lead.get("/").text
    one = f"/desk/policy/{STRICT.version}"
    assert "Put it in force" not in lead.get(one).text and "Put it in force" in other.get(one).text
    people = other.get(f"{one}?tab=people&show=close")
    assert name in people.text and "Security awareness training" in people.text
    lead.get(f"{one}/activate", expect=403)
    page = other.get(f"{one}/activate")
    assert name in page.text and "1 of the 1 with access lose it" in page.text
    other.submit(page, 400, reason="", having="seen")
    other.submit(page, reason="Agreed in committee.", having="seen")
    page = lead.get("/desk/policy")
    assert STRICT.version[:12] in page.text and "with 95 % at least" in page.text, "the page follows without a restart"
    world.drain()
    assert world.status(member) == "suspended"
    with world.look() as session:
        said = session.scalars(select(AuditEntry.said).where(AuditEntry.act == "policy pack.activate")).one()
        assert "1 of 1 with access are suspended" in said and "Agreed in committee." in said


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("pass_mark = 80 ", "pass_mark = 180 "), "pass_mark"),
        (('on_lapse = "suspend"', 'on_lapse = "explode"'), "on_lapse"),
        (('id       = "not-departed"', 'id       = "Not Departed"'), "Not Departed"),
        (("[training]", "[training"), "TOML"),
    ],
)
def test_a_wrong_pack_is_named_by_stanza_and_field_and_nothing_typed_is_lost(
    world: World, lead: ClientRequest, change: tuple[str, str], says: str
) -> None:
    text = text_of(MAINE)
    assert change[0] in text
    text = text.replace(*change, 1)
    page = send(lead, "/desk/policy/propose", 400, text=text, note="Because it is so.")
    assert says in page.text and "Because it is so." in page.text
    kept = page.document.xpath("//textarea[@name='text']")[0].text_content().strip()
    assert kept.splitlines() == text.strip().splitlines()
    upload = (BytesIO(text.encode()), "wrong.toml")
    page = send(lead, "/desk/policy/propose", 400, file=upload, note="Because it is so.")
    assert "wrong.toml" in page.text and change[1] in page.document.xpath("//textarea[@name='text']")[0].text_content()
    assert world.count(PackActivation) == 0


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"text": "", "note": "Why."}, "Choose the pack's file"),
        ({"text": "x" * 200_001, "note": "Why."}, "200,000 characters at most"),
        ({"file": (BytesIO(b"\xff\xfe\x00"), "pack.toml"), "note": "Why.", "text": ""}, "no text in UTF-8"),
        ({"text": text_of(MAINE), "note": ""}, "Say what changes and why"),
    ],
)
def test_bad_input_gets_a_sentence(world: World, lead: ClientRequest, data: dict, says: str) -> None:
    assert says in send(lead, "/desk/policy/propose", 400, **data).text


def test_what_changed_since_it_was_seen_is_shown_anew_with_names(world: World, other: ClientRequest) -> None:
    agency = world.agency()
    first = world.ready(agency)
    world.let_in(first)
    with world.change() as session:
        packs.propose(
            session,
            STRICT,
            actor=world.admin,
            now=world.now,
            note="Why.",
            foreseen={"close": [], "open": [], "held": [], "lacks": []},
        )
    path = f"/desk/policy/{STRICT.version}/activate"
    page = other.get(path)
    assert "This differs from what was foreseen" in page.text and "Now also shut out" in page.text
    seen = page.document.xpath("//input[@name='seen']/@value")[0]
    second = world.ready(agency)
    world.let_in(second)
    page = other.submit(page, 400, reason="Agreed.", having="seen")
    assert "has changed since you looked" in page.text and "2 of the 2 with access" in page.text
    assert page.document.xpath("//input[@name='seen']/@value")[0] != seen
    assert "Agreed." in page.text
    with world.look() as session:
        assert packs.waiting(session) is not None


def test_a_proposal_is_withdrawn_with_a_reason(world: World, lead: ClientRequest) -> None:
    with world.change() as session:
        packs.propose(session, STRICT, actor=world.second, now=world.now, note="Why.")  # type: ignore[attr-defined]
    path = f"/desk/policy/{STRICT.version}/withdraw"
    send(lead, path, 400, reason="")
    page = lead.get(path)
    lead.submit(page, reason="A wrong number.")
    assert "A wrong number." in lead.get("/desk/policy").text
    lead.submit(page, 400, reason="Again.")


def test_who_sees_and_who_decides(world: World, app: Flask) -> None:
    with world.change() as session:
        packs.propose(session, STRICT, actor=world.admin, now=world.now, note="Why.")
    one = f"/desk/policy/{STRICT.version}"
    desk = browser_of(world, world.desk, app)
    assert "Put it in force" not in desk.get(one).text and "Propose another" not in desk.get("/desk/policy").text
    for path in ("/desk/policy/propose", f"{one}/activate", f"{one}/withdraw"):
        desk.get(path, expect=403)
    member = world.ready(world.agency(), request=False)
    user = browser_of(world, world.actor(member), app)
    for path in ("/desk/policy", one):
        user.get(path, expect=403)
    browser_of(world, world.admin, app).get(f"/desk/policy/{'0' * 64}", expect=404)


def test_the_list_is_searched_paged_taken_away_and_costs_the_same(world: World, lead: ClientRequest) -> None:
    agency = world.agency(licences_=60)
    for _ in range(3):
        world.ready(agency)
    world.drain()
    with world.change() as session:
        packs.propose(session, STRICT, actor=world.second, now=world.now, note="Why.")  # type: ignore[attr-defined]
    path = f"/desk/policy/{STRICT.version}?tab=people"
    lead.get(path)

    def cost() -> int:
        with statements(world.engine) as said:
            lead.get(path)
        return len(said)

    few = cost()
    for _ in range(52):
        world.ready(agency)
    world.drain()
    assert cost() == few
    page = lead.get(path)
    assert "1 to 50 of 55" in page.text
    following = page.document.xpath(
        "//a[contains(@class, 'pagination') and contains(., 'Next')]/@href | //a[contains(., 'Next')]/@href"
    )[0]
    assert "51 to 55 of 55" in lead.get(following).text
    assert len(page.document.xpath("//table//tbody/tr")) == 50
    csv = lead.client.get(path + "&format=csv").get_data(as_text=True)
    assert len(csv.strip().splitlines()) == 56 and csv.splitlines()[0].lstrip("\ufeff").startswith("Agency,Person,What")
    assert "Nobody is concerned" in lead.get(path + "&q=nobody+is+called+that").text


def test_a_pack_in_force_is_described_in_words_with_its_headings(world: World, lead: ClientRequest) -> None:
    with world.change() as session:
        packs.adopt(session, LAX, now=world.now)
    text = lead.get("/desk/policy").text
    for said in (
        "with 60 % at least; for 1 year",
        "User Access Levels",
        "activated by The portal",
        "in the version in force; the one before for 45 days more",
    ):
        assert said in text, said
    text = lead.get(f"/desk/policy/{LAX.version}?tab=text").text
    assert "[[prerequisite]]" in text and "pass_mark = 60" in text


def test_whom_a_version_of_a_document_concerns_is_listed_before_it_is_published(
    world: World, lead: ClientRequest
) -> None:
    agency = world.agency()
    member = world.ready(agency)
    world.let_in(member)
    world.ready(agency)
    with world.look() as session:
        name = session.get_one(type(member), member.id).person.name
    page = lead.get("/desk/documents-in-force/user_agreement")
    check = lead.submit(page, 200, having="version", version="2026-1", **starting(page))
    assert "1 person with access loses it" in check.text
    href = check.document.xpath("//a[contains(., 'See them by name')]/@href")[0]
    page = lead.get(href)
    assert name in page.text and "User agreement in force signed" in page.text and agency.name in page.text
    signs = lead.get(href + "&tab=sign")
    assert "1 to 2 of 2" in signs.text and name in signs.text
    assert "Nobody is asked" in lead.get(href + "&tab=sign&q=nobody+is+called+that").text
    for tab, lines in (("sign", 3), ("lapse", 3)):
        csv = lead.client.get(f"{href}&tab={tab}&format=csv").get_data(as_text=True)
        assert len(csv.strip().splitlines()) == lines and name in csv
    lead.get("/desk/documents-in-force/user_agreement/preview", expect=302)
    lead.get("/desk/documents-in-force/user_agreement/preview?version=9&starts=2026-12-01", expect=302)
    assert world.count(PackActivation) == 0


def starting(page: Page) -> dict[str, str]:
    """December 1, 2026, in whatever inputs a day has."""
    names = page.document.xpath("//form//input/@name")
    parts = {"month": "12", "day": "1", "year": "2026"}
    return {name: parts[word] for name in names for word in parts if name.endswith(word)}
