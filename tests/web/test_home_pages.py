"""The first page and 'My access': what waits for me, my papers, the password shown once, a certificate handed in."""

import io

import pytest
from sqlalchemy import Engine, select

from portal.models import Agency, AuditEntry, Handover, Membership, TrainingResult
from tests.services.asking import admin_of, ask
from tests.services.world import World
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of
from workflows.vocabulary import About, Kind

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def agency(world: World) -> Agency:
    return world.agency("Sample Harbor House")


def of_person(world: World, membership: Membership) -> ClientRequest:
    return browser_of(world, world.actor(membership))


def membership_of(world: World, membership_id: int) -> Membership:
    with world.look() as session:
        return session.get_one(Membership, membership_id)


def test_whoever_is_not_signed_in_sees_nothing(world: World) -> None:
    from portal.web.app import build

    client = ClientRequest(build(context=world.context).test_client())
    assert "/sign-in" in client.get("/me", expect=302).location
    assert client.client.get("/").status_code in {302, 200}


def test_home_says_what_waits_and_links_there(world: World, agency: Agency) -> None:
    asked = ask(world, agency)
    admin = browser_of(world, admin_of(world, agency))
    page = admin.get("/")
    assert page.heading == "What waits for me" and "Waiting for others" in page.text and "Jamie Sample" in page.text
    assert f"/people/{asked.membership_id}" in page.document.xpath("//main//a/@href")
    person = of_person(world, membership_of(world, asked.membership_id)).get("/")
    assert "Sign: User agreement" in person.text
    nothing = of_person(world, world.member(agency)).get("/")
    assert "Nothing waits for you" in nothing.text


def test_my_access_says_why_not_yet_and_offers_to_sign(world: World, agency: Agency) -> None:
    asked = ask(world, agency)
    browser = of_person(world, membership_of(world, asked.membership_id))
    page = browser.get("/me")
    assert "You do not have access yet" in page.text and "The help desk enrolls you" in page.text
    assert page.document.xpath("//form[contains(@action, '/sign-here')]")
    world.record(Kind.COURSE_ASSIGNED, About.MEMBERSHIP, asked.membership_id, detail="security")
    assert "Pass the quiz: Security awareness training" in browser.get("/me").text


def test_the_temporary_password_is_shown_once_by_post_alone(world: World, agency: Agency) -> None:
    member = world.ready(agency, world.person("Jamie", "Smith"))
    world.let_in(member)
    browser = of_person(world, member)
    page = browser.get("/me")
    assert "Harbor42Lights" not in page.text and "jsmith" in page.text
    assert browser.client.get("/me/password").status_code == 405
    form = page.document.xpath("//form[contains(@action, '/me/password')]")[0]
    token = dict(form.form_values())["csrf_token"]
    shown = browser.post("/me/password", {"csrf_token": token}, expect=200)
    assert "Harbor42Lights" in shown.text and shown.response.headers["Cache-Control"] == "no-store"
    again = browser.follow(browser.post("/me/password", {"csrf_token": token}))
    assert "shown before" in again.text and "Harbor42Lights" not in again.text
    with world.look() as session:
        assert session.scalars(select(Handover)).one().sealed is None
        assert "Harbor42Lights" not in " ".join(entry.said for entry in session.scalars(select(AuditEntry)))


def test_without_a_token_the_password_stays_sealed(world: World, agency: Agency) -> None:
    member = world.ready(agency)
    world.let_in(member)
    assert of_person(world, member).client.post("/me/password").status_code == 400
    with world.look() as session:
        assert session.scalars(select(Handover)).one().sealed is not None


def test_a_certificate_is_handed_in_and_waits_for_the_desk(world: World, agency: Agency, tmp_path: object) -> None:
    from dataclasses import replace
    from pathlib import Path

    world.context = replace(
        world.context, settings=replace(world.context.settings, storage=Path(str(tmp_path)) / "kept")
    )
    member = world.ready(agency)
    browser = of_person(world, member)
    page = browser.get("/me/certificate")
    bad = browser.submit(
        page, expect=400, course="security", score="105", taken_on="2026-11-20", file=(io.BytesIO(PNG), "c.png")
    )
    assert "100" in bad.text
    fake = browser.submit(
        page,
        expect=400,
        course="security",
        score="85",
        taken_on="2026-11-20",
        file=(io.BytesIO(b"no picture"), "c.pdf"),
    )
    assert fake.document.xpath("//*[@id='file-error']")
    done = browser.follow(
        browser.submit(page, course="security", score="79.5 %", taken_on="11/20/2026", file=(io.BytesIO(PNG), "c.png"))
    )
    assert "with the help desk" in done.text and "79.5 %" in done.text and "With the help desk" in done.text
    assert world.count(TrainingResult, TrainingResult.status == "claimed", TrainingResult.score == 7950) == 1


def test_nothing_of_other_people_is_on_my_page(world: World, agency: Agency) -> None:
    ask(world, agency)
    mine = of_person(world, world.ready(agency, world.person("Robin", "Example")))
    assert "Sample" not in mine.get("/me").text.replace("Sample Harbor House", "")
