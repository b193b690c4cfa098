"""ASVS 7.5.2 and 7.5.3: what weighs much is done only after the code or the password once more; nothing typed is lost."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.models import Credential, Delegation, WebSession
from portal.web.app import build
from tests.services.doors import GOOD, Doors
from tests.support.pages import ClientRequest, Page
from tests.support.town import WORDS
from tests.web.browsing import browser_of
from workflows.policy import MAINE, text_of

LATE = timedelta(minutes=16)
HEAVY = {
    "account.end_others", "account.end_session", "account.new_codes", "agency.new_delegation", "agency.officers", "day_one.check",
    "desk.brake", "desk.colleagues", "desk.evidence_row", "desk.policy_activate", "desk.policy_propose", "desk.record", "people.email",
    "people.vouch", "security.change_sanction", "security.decide_sanction", "security.hear_appeal", "security.lift_sanction",
    "waivers.end", "waivers.one",
}  # fmt: skip
"""Every form that weighs much, by endpoint: one that is left out of the program is noticed here."""


@pytest.fixture
def app(doors: Doors) -> Flask:
    return build(context=doors.world.context)


def at(doors: Doors, app: Flask, name: str) -> ClientRequest:
    return browser_of(doors.world, doors.actor(name), app)


def delegating(doors: Doors, browser: ClientRequest) -> tuple[Page, dict[str, object]]:
    """The director's form that lets somebody act for them, and what is typed into it."""
    page = browser.get(f"/agency/{doors.agency.id}/delegations/new")
    [who, *_] = page.document.xpath("//select[@name='who']/option[@value!='']/@value")
    [scope, *_] = page.document.xpath("//input[@name='scopes']/@value")
    return page, {"who": who, "scopes": scope, "reason": "On leave."}


def test_every_form_that_weighs_much_asks_again(doors: Doors, app: Flask) -> None:
    declared = {name for name, view in app.view_functions.items() if getattr(view, "__proven__", False)}
    assert declared == HEAVY
    browsers = [at(doors, app, name) for name in ("lead", "director")]
    tokens = [
        browser.get("/account/sessions").document.xpath("//input[@name='csrf_token']/@value")[0] for browser in browsers
    ]
    doors.world.now += LATE
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in HEAVY or "POST" not in (rule.methods or ()):
            continue
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **{name: WORDS.get(name, 1) for name in rule.arguments})
        answers = [
            browser.client.post(path, data={"csrf_token": token})
            for browser, token in zip(browsers, tokens, strict=True)
        ]
        asked = [answer.location for answer in answers if answer.status_code == 302]
        assert any(to.startswith("/account/again?next=") for to in asked), (rule.endpoint, asked)
        assert {answer.status_code for answer in answers} <= {302, 403}, rule.endpoint


def test_the_code_of_the_app_lets_it_be_done_and_nothing_typed_is_lost(doors: Doors, app: Flask) -> None:
    seed = doors.set_up_factor("director")
    browser = at(doors, app, "director")
    page, typed = delegating(doors, browser)
    doors.world.now += LATE
    moved = browser.submit(page, **typed)
    assert moved.location == "/account/again?next=/account/typed" and doors.world.count(Delegation) == 0
    page = browser.follow(moved)
    assert "Is it you?" in page.text and "Nothing was done yet" in page.text
    assert "This code is not right" in browser.submit(page, 400, code="000000").text
    moved = browser.submit(page, code=doors.totp(seed))
    assert moved.location == "/account/typed"
    done = browser.submit(browser.follow(moved), having="reason")
    assert done.status == 302 and doors.world.count(Delegation) == 1
    assert "showed once more that it is them (the app's code)" in doors.said("sign.again")[-1].said


def test_the_password_does_where_there_is_no_app(doors: Doors, app: Flask) -> None:
    browser = at(doors, app, "user")
    elsewhere = doors.start("user", address="198.51.100.7")
    page = browser.get("/account/sessions")
    doors.world.now += LATE
    [token] = set(page.document.xpath("//main//input[@name='csrf_token']/@value"))
    moved = browser.post(
        f"/account/sessions/{elsewhere}/end",
        {"csrf_token": token},
        headers={"Referer": "http://localhost/account/sessions"},
    )
    assert moved.location == "/account/again?next=/account/sessions" and doors.live("user") == 2
    page = browser.follow(moved)
    assert "not your present password" in browser.submit(page, 400, current="wrong").text
    page = browser.follow(browser.submit(page, current=GOOD))
    [token] = set(page.document.xpath("//main//input[@name='csrf_token']/@value"))
    browser.post(f"/account/sessions/{elsewhere}/end", {"csrf_token": token})
    assert doors.live("user") == 1


def test_three_wrong_ones_lock_like_everywhere(doors: Doors, app: Flask) -> None:
    doors.set_up_factor("lead")
    browser = at(doors, app, "lead")
    page = browser.get("/account/again?next=/desk")
    for _ in range(3):
        browser.client.post(
            "/account/again?next=/desk",
            data={"csrf_token": page.document.xpath("//main//input[@name='csrf_token']/@value")[0], "code": "000000"},
        )
    assert doors.locked("lead")


def test_whoever_came_by_a_link_has_a_new_one_mailed_and_comes_back_to_what_was_typed(doors: Doors, app: Flask) -> None:
    with doors.world.change() as session:
        session.delete(session.get_one(Credential, doors.members["director"].person_id))
    browser = at(doors, app, "director")
    with doors.world.change() as session:
        session.scalars(select(WebSession).order_by(WebSession.id.desc())).first().via = "link"
    page, typed = delegating(doors, browser)
    doors.world.now += LATE
    page = browser.follow(browser.submit(page, **typed))
    assert "Have a new link mailed" in page.text
    assert "A new link is on its way" in browser.follow(browser.submit(page)).text
    assert doors.mails("knock")[-1]["email"] == doors.person("director").email
    assert "On leave." in browser.get("/account/typed").text and doors.world.count(Delegation) == 0


def test_nobody_is_led_to_another_site(doors: Doors, app: Flask) -> None:
    seed = doors.set_up_factor("lead")
    browser = at(doors, app, "lead")
    page = browser.get("/account/again?next=https://evil.example/")
    doors.world.now += timedelta(minutes=1)
    assert browser.submit(page, code=doors.totp(seed)).location == "/"


def test_a_whole_policy_pack_that_was_pasted_is_not_lost(doors: Doors, app: Flask) -> None:
    seed = doors.set_up_factor("lead")
    browser = at(doors, app, "lead")
    page = browser.get("/desk/policy/propose")
    pack = text_of(MAINE).replace("pass_mark = 80 ", "pass_mark = 85 ")
    doors.world.now += LATE
    moved = browser.submit(page, having="text", text=pack, note="A higher mark.")
    assert moved.location == "/account/again?next=/account/typed"
    page = browser.follow(browser.submit(browser.follow(moved), code=doors.totp(seed)))
    [kept] = page.document.xpath("//input[@name='text']/@value | //textarea[@name='text']/text()")
    assert kept.replace("\r\n", "\n").strip() == pack.strip()


def test_the_demonstration_asks_for_one_click(doors: Doors) -> None:
    context = doors.world.context
    app = build(context=replace(context, settings=replace(context.settings, demo=True)))
    with doors.world.change() as session:
        session.delete(session.get_one(Credential, doors.members["lead"].person_id))
    browser = at(doors, app, "lead")
    page = browser.get("/desk/colleagues")
    doors.world.now += LATE
    page = browser.follow(browser.submit(page, having="email", email="new@example.org"))
    assert "mailed link" not in page.text
    assert browser.submit(page).location == "/account/typed"
