"""The field on every page that leads straight to something, the page of what fits, and every page by its words."""

from typing import Any

import pytest
from flask import Flask, g
from sqlalchemy import Engine

from portal.actors import Actor
from portal.services.going import finding
from portal.services.going.sources import SOURCES
from portal.web import navigation
from portal.web.app import build
from portal.web.desk import index as desk_index
from portal.web.go import pages
from portal.web.go.finding import NOUNS
from portal.web.security.index import ROOMS
from tests.helpdesk.ticketing import Ticketing
from tests.services.world import World
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of
from workflows.actions import Action
from workflows.going import Fit, read
from workflows.vocabulary import Role


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def web(world: World) -> Flask:
    return build(context=world.context)


def listed(page: Any) -> dict[str, list[str]]:
    """What the page shows, by the title of its group."""
    return {
        group.findtext("h2"): [link.text_content() for link in group.xpath(".//a")]
        for group in page.document.xpath("//main//section[contains(@class, 'go-group')]")
    }


def asked(browser: ClientRequest, typed: str) -> Any:
    return browser.client.get("/go.json", query_string={"q": typed}).get_json()


def places(web: Flask, actor: Actor, typed: str) -> list[str]:
    """The pages that somebody finds by these words."""
    with web.test_request_context():
        g.actor = actor
        return [each.title for each in pages.find(read(typed), limit=finding.FEW)]


# --- the table of pages


def test_every_page_that_opens_without_a_thing_is_found_or_left_out_on_purpose(web: Flask) -> None:
    opens = {
        rule.endpoint
        for rule in web.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint != "static"
    }
    told = [place.endpoint for place in pages.PLACES]
    assert len(told) == len(set(told))
    assert set(told) | pages.LEFT_OUT == opens
    assert not set(told) & pages.LEFT_OUT
    titles = [place.title for place in pages.PLACES]
    assert len(titles) == len(set(titles))
    for action, place in pages.OF_AN_AGENCY:
        assert action in Action and web.view_functions[place.endpoint]


def test_what_menu_desk_and_security_call_a_page_leads_there(web: Flask, world: World) -> None:
    called = [(title, endpoint) for title, endpoint, _ in ROOMS]
    called += [(title, endpoint) for _, room in desk_index.ROOMS for title, endpoint in room]
    called += [(title, endpoint) for _, title, endpoint, _ in desk_index.QUEUES]
    with web.test_request_context():
        g.actor = world.admin
        for item in navigation.menu():
            adapter = web.url_map.bind("localhost")
            called.append((item["label"], adapter.match(item["href"])[0]))
    by_endpoint = {place.endpoint: place for place in pages.PLACES}
    for title, endpoint in called:
        fits = {place.endpoint: how for place in pages.PLACES if (how := pages.meets(title, place)) is not None}
        assert endpoint in fits, f"{title!r} does not lead to {by_endpoint[endpoint].title!r}"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("record", "The record"),
        ("audit", "The record"),
        ("audit log", "The record"),
        ("unlock", "Locked accounts"),
        ("licence", "Licenses by Agency"),
        ("lice", "Licenses by Agency"),
        ("work orders", "Work orders"),
        ("canned replies", "Ready answers"),
        ("why not yet", "My access"),
        ("recovery codes", "Your second factor"),
        ("PEOPLE", "People"),
        ("people", "People"),
        ("ticket", "Tickets"),
    ],
)
def test_a_page_is_found_by_its_title_and_by_other_words(web: Flask, world: World, typed: str, first: str) -> None:
    assert places(web, world.admin, typed)[0] == first


def test_pages_are_found_by_whoever_may_open_them_alone(web: Flask, world: World) -> None:
    agency = world.agency()
    user = world.actor(world.member(agency))
    admin = world.actor(world.member(agency, None, Role.AGENCY_ADMIN))
    board = world.staff(Role.BOARD_MEMBER)
    assert places(web, user, "the record") == [] == places(web, admin, "audit")
    assert places(web, board, "locked accounts") == [] != places(web, world.desk, "locked accounts")
    assert places(web, board, "overview") == ["Overview"]
    assert places(web, user, "second factor") == ["Your second factor"]
    assert "Work orders" not in places(web, admin, "work orders"), "the pack has the Lead confirm them"
    assert places(web, admin, "devices")[0] == "Devices"
    assert "Devices" not in places(web, user, "devices")


@pytest.mark.parametrize("role", [Role.AGENCY_ADMIN, Role.LEAD_ADMIN])
def test_what_is_found_opens(web: Flask, world: World, role: Role) -> None:
    actor = world.actor(world.member(world.agency(), None, role)) if role == Role.AGENCY_ADMIN else world.staff(role)
    browser = browser_of(world, actor, web)
    opened = 0
    for place in pages.PLACES:
        if place.title in places(web, actor, place.title):
            opened += 1
            assert browser.client.get(_path(web, place)).status_code in (200, 302), place.title
    assert opened > 25


def _path(web: Flask, place: pages.Place) -> str:
    return next(rule.rule for rule in web.url_map.iter_rules() if rule.endpoint == place.endpoint)


def test_a_page_of_ones_own_agency_is_found_with_its_name(web: Flask, world: World) -> None:
    first, second = world.agency("Sample Harbor"), world.agency("Sample Inland")
    member = world.member(first, None, Role.EXECUTIVE_DIRECTOR)
    world.member(second, None, Role.EXECUTIVE_DIRECTOR)
    browser = browser_of(world, world.actor(member), web)
    (row,) = [hit for group in asked(browser, "laptop")["groups"] for hit in group["hits"] if hit["title"] == "Devices"]
    assert (row["where"], row["href"]) == ("Sample Harbor", f"/agency/{first.id}/devices")


# --- the page, without any script


def test_every_page_has_the_field_and_it_leads_to_what_fits(world: World) -> None:
    agency = world.agency("Sample Harbor")
    member = world.member(agency, world.person("Kim", "Findable"))
    browser = browser_of(world, world.desk)
    (wide, narrow) = browser.get("/").document.xpath("//header//form[@role='search']")
    assert wide.get("action") == narrow.get("action") == "/go"
    page = browser.get("/go?q=findable")
    assert page.heading == "Go to"
    assert listed(page) == {"People": ["Kim Findable"]}
    assert page.document.xpath("//main//a[text()='Kim Findable']/@href") == [f"/people/{member.id}"]
    assert "1 result for “findable”." in page.text
    assert page.document.xpath("//main//input[@name='q']/@value") == ["findable"]


def test_a_number_leads_straight_there_for_each_as_their_own_page(world: World) -> None:
    desk = Ticketing(world)
    ticket = desk.open()
    asker = browser_of(world, desk.actor(desk.asker))
    assert browser_of(world, world.desk).get(f"/go?q=hd-{ticket.id}", 302).location == f"/tickets/{ticket.id}"
    assert asker.get(f"/go?q=HD-{ticket.id}", 302).location == f"/help/{ticket.id}"
    page = browser_of(world, desk.actor(world.member(desk.agency))).get(f"/go?q=HD-{ticket.id}")
    assert "Nothing found" in page.text and "No person, question or page that you may see fits" in page.text


def test_more_than_a_few_are_carried_on_to_their_own_list(world: World) -> None:
    agency = world.agency()
    for number in range(finding.FEW + 3):
        world.member(agency, world.person("Ida", f"Many{number}"))
    browser = browser_of(world, world.desk)
    page = browser.get("/go?q=ida+many")
    assert listed(page)["People"][-1] == f"All {finding.FEW + 3} people"
    (href,) = page.document.xpath("//main//a[starts-with(text(), 'All 9 ')]/@href")
    assert href == "/people?q=ida+many"
    assert len(browser.get(href).document.xpath("//main//tbody/tr")) == finding.FEW + 3
    assert "There is more in the lists." in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Type at least two letters"),
        ("x", "Type at least two letters"),
        ("²", "Type at least two letters"),
        ("\x00", "Type at least two letters"),
        ("zzqq", "No person, Agency, ticket or page that you may see fits “zzqq”."),
        ("%%", "No person, Agency, ticket or page"),
        ("__", "No person, Agency, ticket or page"),
        ("😀😀", "fits “😀😀”"),
        ("\"'><b>zz", "fits “\"'><b>zz”"),
        ("z" * 300, "Only the first 100 letters were looked for."),
    ],
)
def test_whatever_is_typed_is_answered_in_a_sentence(world: World, typed: str, said: str) -> None:
    browser = browser_of(world, world.desk)
    answer = browser.client.get("/go", query_string={"q": typed})
    page = ClientRequest(browser.client).get("/go", query_string={"q": typed})
    assert answer.status_code == 200 and said in page.text
    found = asked(browser, typed)
    assert (found["q"], found["groups"]) == (typed, []) and said in found["said"]
    assert browser.get("/go").text.count("Nothing found") == 0, "nothing was asked yet"


def test_the_answer_for_the_dialog_is_kept_by_nobody(world: World) -> None:
    world.member(world.agency(), world.person("Kim", "Findable"))
    browser = browser_of(world, world.desk)
    answer = browser.client.get("/go.json?q=findable")
    assert answer.headers["Cache-Control"] == "no-store" and answer.mimetype == "application/json"
    (group,) = answer.get_json()["groups"]
    assert (group["title"], [hit["title"] for hit in group["hits"]]) == ("People", ["Kim Findable"])
    stranger = build(context=world.context).test_client().get("/go.json?q=findable")
    assert stranger.status_code == 302 and stranger.location.startswith("/sign-in")


def test_whoever_has_not_signed_in_has_no_field(world: World) -> None:
    stranger = ClientRequest(build(context=world.context).test_client())
    for path in ("/welcome", "/sign-in", "/knowledge"):
        document = stranger.get(path).document
        assert not document.xpath("//header//form[@role='search'] | //dialog | //script[contains(@src, 'go.js')]")


def test_every_noun_has_its_words_and_its_page(web: Flask) -> None:
    assert {source.noun for source in SOURCES} == set(NOUNS)
    for noun in NOUNS.values():
        assert any(noun.argument in rule.arguments for rule in web.url_map.iter_rules(noun.endpoint))
        assert not noun.list_endpoint or noun.list_endpoint in web.view_functions


def test_how_well_a_page_fits() -> None:
    place = pages.Place("The record", "desk.audit", "audit log trail")
    assert pages.meets("record the", place) is Fit.EXACT
    assert pages.meets("reco", place) is Fit.BEGINS
    assert pages.meets("audit log", place) is Fit.BEGINS
    assert pages.meets("trail audit", place) is Fit.INSIDE
    assert pages.meets("record xyz", place) is None
    assert pages.meets("%", place) is None
    assert pages.meets("the", place) is Fit.BEGINS, "a word that says nothing is the beginning of a title or none of it"
    assert pages.meets("an", pages.Place("Ready answers", "tickets.ready")) is None
