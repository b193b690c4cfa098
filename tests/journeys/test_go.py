"""Ctrl+K by keyboard alone: what fits while one types, arrows, Enter, Escape; and the field in the header without it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.helpdesk.ticketing import Ticketing
from tests.journeys.conftest import MovableClock, Visit
from tests.journeys.test_keyboard import FOCUSED
from tests.journeys.test_review import signed_in
from tests.services.world import World
from tests.support import databases
from tests.support.browser import AXE, NARROW, RULES, WIDE, axe_source
from tests.support.living import Living

CHOSEN = "document.getElementById(document.querySelector('[role=combobox]').getAttribute('aria-activedescendant') || '')?.textContent"


@pytest.fixture
def made(clean_url: Callable[[str], str], wall_clock: MovableClock) -> Ticketing:
    with databases.engine_on(clean_url("sqlite")) as engine:
        desk = Ticketing(World(engine, now=wall_clock()))
        for first, last in (("Kim", "Findable"), ("Findable", "Other")):
            desk.world.member(desk.agency, desk.world.person(first, last))
        desk.open()
        return desk


@pytest.fixture
def database(made: Ticketing) -> str:
    return made.world.engine.url.render_as_string(hide_password=False)


def opened(page: Page, key: str = "Control+k") -> None:
    page.keyboard.press(key)
    expect(page.locator("dialog.go-dialog")).to_be_visible()
    assert page.evaluate(FOCUSED) == "Go to"


def closed(page: Page) -> None:
    """By Escape; the focus is where it was before. A browser takes it from what is hidden only as it draws the page again."""
    page.keyboard.press("Escape")
    expect(page.locator("dialog.go-dialog")).to_be_hidden()
    page.wait_for_function("document.activeElement === document.body")


def test_ctrl_k_leads_anywhere_by_keyboard(living: Living, made: Ticketing, visitor: Visit) -> None:
    who = visitor("Desk")
    signed_in(who, made.world, made.world.desk.person_id)
    page, keys = who.go("/tickets").page, who.page.keyboard
    field, said = page.get_by_role("combobox", name="Go to"), page.locator("[data-go-said]")

    opened(page)
    keys.type("findable")
    expect(said).to_contain_text("2 results for “findable”")
    expect(field).to_have_attribute("aria-expanded", "true")
    assert page.evaluate(CHOSEN).startswith("Kim Findable"), "the best is chosen"
    keys.press("ArrowDown")
    assert page.evaluate(CHOSEN).startswith("Findable Other")
    keys.press("ArrowDown")
    assert page.evaluate(CHOSEN).startswith("Kim Findable"), "round and round"
    page.evaluate(axe_source())
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(AXE, RULES) == []
        assert page.evaluate(
            "document.querySelector('.go-dialog').scrollWidth <= document.querySelector('.go-dialog').clientWidth"
        )
        who.look()
    closed(page)

    opened(page)
    assert field.input_value() == "", "nothing of what was typed is kept"
    keys.type("zzqq")
    expect(said).to_contain_text("No person, Agency, ticket or page that you may see fits")
    field.fill("findable")
    page.route("**/go.json*", lambda route: None)  # an answer that never comes
    field.fill("HD-1")
    who._moving(lambda: keys.press("Enter"), 200)
    assert who.path == "/tickets/1", "what stands on the list is not the answer to this"

    opened(page, "/")
    page.unroute("**/go.json*")
    keys.type("lockout")
    expect(said).to_contain_text("1 result for “lockout”")
    who._moving(lambda: keys.press("Enter"), 200)
    assert who.path == "/desk/sign-in", "a page, by another word for it"


def test_single_keys_can_be_turned_off_for_good(living: Living, made: Ticketing, visitor: Visit) -> None:
    who = visitor("Desk")
    signed_in(who, made.world, made.world.desk.person_id)
    page, keys = who.go("/").page, who.page.keyboard
    opened(page, "/")
    page.get_by_label("Single keys work as well").uncheck()
    closed(page)
    keys.press("/")
    expect(page.locator("dialog.go-dialog")).to_be_hidden()
    who.go("/tickets")
    keys.press("j")
    assert not page.evaluate("document.activeElement.matches('[data-row]')")
    opened(page)
    page.get_by_label("Single keys work as well").check()
    closed(page)
    keys.press("j")
    assert page.evaluate("document.activeElement.matches('[data-row]')")
    keys.press("/")
    assert page.evaluate("document.activeElement.closest('main') !== null"), "the list's own search comes first"


def test_without_a_script_the_field_in_the_menu_does_the_same(living: Living, made: Ticketing, visitor: Visit) -> None:
    who = visitor("Desk", width=NARROW, script=False)
    signed_in(who, made.world, made.world.desk.person_id)
    page = who.go("/").page
    page.get_by_text("Menu", exact=True).click()
    seen = page.locator(".site-nav--narrow .go-form__label")
    assert seen.is_visible() and seen.evaluate("e => getComputedStyle(e).color") != "rgb(255, 255, 255)"
    page.locator("#go-narrow").fill("findable")
    who._moving(lambda: page.locator(".site-nav--narrow .go-form__button").click(), 200)
    who.sees("2 results", "Kim Findable").follow("Kim Findable").sees("Kim Findable")
