"""Signing in, out and up, as a browser does it."""

import re
from datetime import datetime, timedelta

import pyotp
import pytest
from flask import Flask
from flask import session as browser_session
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.db import reading, transaction
from portal.models import AuditEntry, Credential, Link, Person, WebSession
from portal.services import founding, links
from portal.services.account import sign_in
from portal.web import kernel, signed_in
from portal.web.headers import POLICY
from portal.wiring import Context
from portal.worker import drain
from tests.support.clock import Clock
from tests.support.pages import ClientRequest, Page
from workflows.vocabulary import LEAD, Role

GOOD = "lantern quarry mosaic seventeen"
LEE, JAMIE = "lee@example.org", "jamie@example.org"


pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture
def people(context: Context) -> Context:
    """A Lead administrator with a password, and somebody without any role who has one too."""
    now, policy = context.clock(), context.policy
    with transaction(context.sessions) as session:
        lee = founding.invite(
            session,
            email=LEE,
            role=Role.LEAD_ADMIN,
            agency_name="",
            first_name="Lee",
            last_name="Leader",
            actor=founding.PORTAL,
            now=now,
            policy=policy,
        )
        jamie = Person(first_name="Jamie", last_name="Sample", email=JAMIE, email_key=JAMIE, named_at=now)
        session.add(jamie)
        session.flush()
        for person in (lee, jamie):
            sign_in.set_password(session, person=person, password=GOOD, actor=founding.PORTAL, now=now, policy=policy)
    return context


@pytest.fixture
def other(app: Flask) -> ClientRequest:
    """A second browser."""
    return ClientRequest(app.test_client())


def come(browser: ClientRequest, email: str = JAMIE, password: str = GOOD, expect: int = 302, query: str = "") -> Page:
    return browser.submit(browser.get(f"/sign-in{query}"), expect, having="password", email=email, password=password)


def is_in(browser: ClientRequest) -> bool:
    return browser.client.get("/account/password").status_code == 200


def mailed_link(context: Context, purpose: str) -> str:
    """The path in the newest message, as the worker sent it."""
    drain(context, context.clock())
    with transaction(context.sessions) as session:
        link = session.scalars(select(Link).where(Link.purpose == purpose).order_by(Link.id.desc())).first()
        assert link
        return links.PATHS[purpose] + links.send(session, link=link, keys=context.keys)


def code_of(context: Context) -> str:
    with reading(context.sessions) as session:
        link = session.scalars(select(Link).where(Link.code_sent_at.is_not(None)).order_by(Link.id.desc())).first()
        assert link
        return links.code_of(link, digits=6)


def totp(context: Context, email: str = LEE) -> str:
    with reading(context.sessions) as session:
        person = session.scalars(select(Person).where(Person.email_key == email)).one()
        sealed = session.get_one(Credential, person.id).totp_sealed
    assert sealed
    seconds = int((context.clock() - datetime(1970, 1, 1)).total_seconds())
    return pyotp.TOTP(context.keys.unseal(sealed)).at(seconds)


def come_as_lead(browser: ClientRequest, context: Context) -> Page:
    page = browser.follow(come(browser, LEE))
    return browser.submit(page, code=totp(context))


# --- by password


def test_in_and_out(people: Context, client_request: ClientRequest) -> None:
    assert not is_in(client_request)
    assert come(client_request).location == "/"
    assert is_in(client_request)
    page = client_request.get("/account/password")
    out = page.document.xpath("//form[contains(@action, 'sign-out')]")[0]
    client_request.post("/sign-out", dict(out.form_values()))
    assert not is_in(client_request)


def test_signing_out_by_a_link_from_elsewhere_does_nothing(people: Context, client_request: ClientRequest) -> None:
    come(client_request)
    client_request.client.get("/sign-out")
    client_request.post("/sign-out", expect=400)
    assert is_in(client_request)


def test_the_cookie_stops_working_once_signed_out(people: Context, client_request: ClientRequest, app: Flask) -> None:
    come(client_request)
    stolen = client_request.client.get_cookie("session")
    page = client_request.get("/account/password")
    out = page.document.xpath("//form[contains(@action, 'sign-out')]")[0]
    client_request.post("/sign-out", dict(out.form_values()))
    thief = app.test_client()
    assert stolen
    thief.set_cookie("session", stolen.value)
    assert thief.get("/me").status_code == 302


def test_the_same_answer_for_a_wrong_password_and_an_unknown_address(
    people: Context, client_request: ClientRequest
) -> None:
    wrong = come(client_request, password="wrong password", expect=400)
    unknown = come(client_request, email="nobody@example.org", password="wrong password", expect=400)
    assert "do not belong together" in wrong.text
    same = [re.sub(r'value="[^"]*"', "", page.response.get_data(as_text=True)) for page in (wrong, unknown)]
    assert same[0] == same[1]


def test_after_three_wrong_passwords_the_right_one_does_not_help(
    people: Context, client_request: ClientRequest, clock: Clock
) -> None:
    for _ in range(3):
        come(client_request, password="wrong password", expect=400)
    page = come(client_request, expect=400)
    assert "unlocks it" in page.text
    clock.advance(days=3)
    come(client_request, expect=400)
    assert not is_in(client_request)


def test_the_password_is_not_sent_back(people: Context, client_request: ClientRequest) -> None:
    page = come(client_request, password="a secret that was mistyped", expect=400)
    assert "mistyped" not in page.response.get_data(as_text=True)
    assert JAMIE in page.response.get_data(as_text=True), "the address typed is kept"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        " /people",
        "/%5cevil\\",
        "/\x7f/",
        "\x01//evil.example",
    ],
)
def test_after_sign_in_nobody_is_sent_elsewhere(people: Context, client_request: ClientRequest, elsewhere: str) -> None:
    assert kernel.safe_next(elsewhere) == "/"
    page = client_request.get("/sign-in", query_string={"next": elsewhere})
    assert client_request.submit(page, having="password", email=JAMIE, password=GOOD).location == "/"


def test_the_posted_next_is_looked_at_too(people: Context, client_request: ClientRequest) -> None:
    page = client_request.get("/sign-in")
    moved = client_request.submit(page, having="password", email=JAMIE, password=GOOD, next="//evil.example")
    assert moved.location == "/"


def test_after_sign_in_one_is_where_one_wanted_to_be(people: Context, client_request: ClientRequest) -> None:
    page = client_request.follow(client_request.get("/me?tab=2", expect=302))
    assert client_request.submit(page, having="password", email=JAMIE, password=GOOD).location == "/me?tab=2"


# --- sessions


def test_thirty_idle_minutes_end_a_session(people: Context, client_request: ClientRequest, clock: Clock) -> None:
    come(client_request)
    for _ in range(3):
        clock.advance(minutes=29)
        assert is_in(client_request)
    clock.advance(minutes=30, seconds=1)
    assert not is_in(client_request)


def test_no_session_lasts_longer_than_twelve_hours(
    people: Context, client_request: ClientRequest, clock: Clock
) -> None:
    come(client_request)
    for _ in range(24):
        clock.advance(minutes=29)
        assert is_in(client_request)
    clock.advance(minutes=25)
    assert not is_in(client_request)


def test_the_fourth_browser_ends_the_first(people: Context, app: Flask, clock: Clock) -> None:
    browsers = [ClientRequest(app.test_client()) for _ in range(4)]
    for browser in browsers:
        come(browser)
        clock.advance(seconds=1)
    assert [is_in(browser) for browser in browsers] == [False, True, True, True]


def test_signing_in_leaves_nothing_of_the_session_before(
    people: Context, client_request: ClientRequest, context: Context
) -> None:
    """A planted session, with its CSRF token, is worth nothing after sign-in; the sign-in before it has ended."""
    come(client_request)
    client_request.get("/account/password")
    with client_request.client.session_transaction() as planted:
        first, planted["stranger"] = planted["_user_id"], "left this here"
        token = planted["csrf_token"]
    come(client_request, LEE)
    with client_request.client.session_transaction() as kept:
        assert "stranger" not in kept
        assert kept.get("csrf_token") != token
        assert kept["_user_id"] != first
    with reading(context.sessions) as session:
        ended = session.scalars(select(WebSession.ended_at).order_by(WebSession.id)).all()
    assert [moment is None for moment in ended] == [False, True]


def test_a_made_up_token_is_nobody(people: Context, client: FlaskClient) -> None:
    for token in ("", "x", "1", "None", "' OR 1=1 --"):
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
        assert client.get("/me").status_code == 302


def test_a_changed_cookie_is_nobody(people: Context, client_request: ClientRequest, app: Flask) -> None:
    come(client_request)
    cookie = client_request.client.get_cookie("session")
    assert cookie
    value = cookie.value
    for at in (0, len(value) // 2, len(value) - 2):
        other = app.test_client()
        other.set_cookie("session", value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :])
        assert other.get("/me").status_code == 302


# --- passwords


def test_changing_the_password_takes_the_present_one_and_ends_the_others(
    people: Context, client_request: ClientRequest, other: ClientRequest
) -> None:
    come(client_request), come(other)
    page = client_request.get("/account/password")
    new = {"password": "velvet harbor onion thirteen", "again": "velvet harbor onion thirteen"}
    refused = client_request.submit(page, 400, current="not my password", **new)
    assert "not your present password" in refused.text
    assert is_in(other)
    client_request.submit(page, current=GOOD, **new)
    assert "signed out everywhere else" in client_request.get("/account/password").text
    assert not is_in(other)
    come(other, expect=400)
    come(other, password=new["password"])


def test_the_present_password_is_not_guessed_there_either(
    people: Context, client_request: ClientRequest, clock: Clock
) -> None:
    come(client_request)
    page = client_request.get("/account/password")
    new = {"password": "velvet harbor onion thirteen", "again": "velvet harbor onion thirteen"}
    for number in range(2):
        client_request.submit(page, 400, current=f"guess {number}", **new)
    client_request.submit(page, 400, current="guess 3", **new)
    clock.advance(minutes=15)
    assert "/sign-in" in client_request.get("/account/password", 302).location, "locked, so signed out everywhere"
    come(client_request, expect=400)


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "15 to 128"),
        (GOOD + " two", GOOD + " three", "not the same"),
        ("passwordpassword", "passwordpassword", "easy to guess"),
    ],
)
def test_a_password_that_will_not_do_is_said_at_its_field(
    people: Context, client_request: ClientRequest, password: str, again: str, said: str
) -> None:
    come(client_request)
    page = client_request.submit(
        client_request.get("/account/password"), 400, current=GOOD, password=password, again=again
    )
    assert said in page.text
    assert page.document.findtext(".//title").startswith("Error:")


def test_nobody_sets_a_password_without_signing_in(people: Context, client_request: ClientRequest) -> None:
    assert "/sign-in" in client_request.get("/account/password", expect=302).location


# --- the second factor


def test_the_lead_needs_a_second_factor_before_anything(people: Context, client_request: ClientRequest) -> None:
    moved = come(client_request, LEE, query="?next=/me")
    assert moved.location == "/sign-in/second-factor?next=/me"
    for path in ("/", "/me", "/desk"):
        assert "/sign-in/second-factor" in client_request.client.get(path).location
    page = client_request.follow(moved)
    assert "Desk" not in page.response.get_data(as_text=True), "no menu before the second factor"
    assert client_request.submit(page, code=totp(people)).location == "/account/second-factor?next=/me"
    assert is_in(client_request)


def test_the_token_is_a_new_one_after_the_second_factor(
    people: Context, client_request: ClientRequest, app: Flask
) -> None:
    page = client_request.follow(come(client_request, LEE))
    before = client_request.client.get_cookie("session")
    client_request.submit(page, code=totp(people))
    thief = app.test_client()
    assert before
    thief.set_cookie("session", before.value)
    assert thief.get("/me").location.startswith("/sign-in?")


def test_a_code_works_once_in_any_browser(
    people: Context, client_request: ClientRequest, other: ClientRequest, clock: Clock
) -> None:
    come_as_lead(client_request, people)
    used = totp(people)
    page = other.follow(come(other, LEE))
    refused = other.submit(page, 400, code=used)
    assert "used before" in refused.text
    clock.advance(seconds=30)
    other.submit(page, code=totp(people))
    assert is_in(other)


def test_once_set_up_the_key_is_not_shown_again(
    people: Context, client_request: ClientRequest, other: ClientRequest
) -> None:
    page = client_request.follow(come(client_request, LEE))
    assert "Key:" in page.text
    client_request.submit(page, code=totp(people))
    page = other.follow(come(other, LEE))
    assert "Key:" not in page.text and not page.document.xpath("//main//img")


def test_the_password_alone_changes_nothing_where_a_second_factor_is_set_up(
    people: Context, client_request: ClientRequest, other: ClientRequest
) -> None:
    come_as_lead(client_request, people)
    come(other, LEE)
    assert "/sign-in/second-factor" in other.get("/account/password", expect=302).location
    other.post("/account/password", {"password": "velvet harbor onion thirteen"}, expect=400)


def test_whoever_needs_no_second_factor_is_sent_on(people: Context, client_request: ClientRequest) -> None:
    come(client_request)
    assert client_request.get("/sign-in/second-factor?next=/me", expect=302).location == "/me"


# --- by a mailed link


def ask_for_link(browser: ClientRequest, email: str) -> Page:
    return browser.submit(browser.get("/sign-in"), 200, having="mailbox", mailbox=email)


def test_a_link_and_a_code_bring_one_in(people: Context, client_request: ClientRequest) -> None:
    ask_for_link(client_request, JAMIE)
    path = mailed_link(people, "sign_in")
    page = client_request.get(path)
    assert JAMIE not in page.text and "j••••@example.org" in page.text
    assert client_request.submit(page, having="code", code=code_of(people)).location == "/"
    assert is_in(client_request)
    client_request.get(path, expect=410)


def test_the_answer_is_the_same_for_an_address_nobody_has(people: Context, client_request: ClientRequest) -> None:
    known, unknown = (ask_for_link(client_request, email).text for email in (JAMIE, "nobody@example.org"))
    assert known.replace(JAMIE, "") == unknown.replace("nobody@example.org", "")


def test_what_a_mail_scanner_opens_stays_unspent(
    people: Context, client_request: ClientRequest, client: FlaskClient
) -> None:
    ask_for_link(client_request, JAMIE)
    path = mailed_link(people, "sign_in")
    for _ in range(10):
        assert client.head(path).status_code == 200
    with reading(people.sessions) as session:
        assert session.scalars(select(Link.codes_mailed)).all()[-1] == 0, "HEAD mails no code"
    for _ in range(10):
        assert client.get(path).status_code == 200
    client_request.submit(client_request.get(path), having="code", code=code_of(people))
    assert is_in(client_request)


def test_five_wrong_codes_then_the_right_one_is_refused_and_another_is_mailed(
    people: Context, client_request: ClientRequest, clock: Clock
) -> None:
    ask_for_link(client_request, JAMIE)
    path = mailed_link(people, "sign_in")
    page = client_request.get(path)
    right = code_of(people)
    wrong = "000000" if right != "000000" else "111111"
    for left in ("4 tries", "3 tries", "2 tries", "One try", "wrong code too often"):
        assert left in client_request.submit(page, 400, having="code", code=wrong).text
    client_request.submit(page, 400, having="code", code=right)
    clock.advance(minutes=1)
    again = client_request.get(path)
    more = again.document.xpath("//form[contains(@action, '/code')]")[0]
    client_request.post(more.get("action"), dict(more.form_values()))
    fresh = code_of(people)
    client_request.submit(client_request.get(path), having="code", code=fresh)
    assert is_in(client_request)


def test_the_lead_by_a_link_has_no_power_of_the_lead(
    people: Context, client_request: ClientRequest, app: Flask
) -> None:
    ask_for_link(client_request, LEE)
    page = client_request.get(mailed_link(people, "sign_in"))
    client_request.submit(page, having="code", code=code_of(people))
    assert is_in(client_request)
    assert client_request.client.get("/desk").status_code == 403
    with app.test_request_context("/"), reading(people.sessions) as session:
        row = session.scalars(select(WebSession).where(WebSession.via == "link")).one()
        row_id = row.id
    with client_request.client.session_transaction() as cookie:
        token = cookie["_user_id"]
    with app.test_request_context("/"):
        user = signed_in.load(token)
        assert user and user.session_id == row_id
        assert not user.actor.lead_roles and not any(agency == LEAD for agency, _ in user.actor.roles)


def test_the_first_administrator_comes_in_by_invitation(context: Context, client_request: ClientRequest) -> None:
    with transaction(context.sessions) as session:
        founding.invite(
            session,
            email=LEE,
            role=Role.LEAD_ADMIN,
            agency_name="",
            first_name="Lee",
            last_name="Leader",
            actor=founding.PORTAL,
            now=context.clock(),
            policy=context.policy,
        )
    page = client_request.get(mailed_link(context, "invitation"))
    moved = client_request.submit(page, having="code", code=code_of(context))
    assert moved.location == "/account/password"
    moved = client_request.submit(client_request.follow(moved), password=GOOD, again=GOOD)
    page = client_request.follow(moved)
    assert page.heading == "Set up your second factor"
    client_request.submit(page, code=totp(context))
    assert client_request.client.get("/desk").status_code == 200


@pytest.mark.parametrize("purpose", ["signing", "download", "nonsense", "sign_in"])
def test_an_envelope_of_another_purpose_or_none_does_not_open(
    people: Context, client_request: ClientRequest, purpose: str
) -> None:
    envelope = people.keys.envelope("invitation", [1, "x"])
    page = client_request.get(f"/l/{purpose}/{envelope}", expect=410)
    assert "ask for a new one" in page.text


# --- headers and errors


def test_every_answer_carries_the_headers(people: Context, client: FlaskClient) -> None:
    for path in ("/sign-in", "/nowhere", "/me", "/static/portal.css"):
        answer = client.get(path, buffered=True)
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert "unsafe" not in POLICY and "default-src 'none'" in POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"


def test_over_https_the_cookie_is_locked_to_the_host(context: Context) -> None:
    from dataclasses import replace

    from portal.web.app import build

    app = build(context=replace(context, settings=replace(context.settings, base_url="https://portal.example.org")))
    answer = app.test_client().get("/sign-in", base_url="https://portal.example.org")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Strict-Transport-Security" in answer.headers


def test_a_fault_says_nothing_about_itself(
    people: Context, app: Flask, client_request: ClientRequest, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> str:
        raise RuntimeError("the secret inside")

    app.view_functions["account.sign_in"] = broken
    page = client_request.get("/sign-in", expect=500)
    assert "secret inside" not in page.response.get_data(as_text=True)
    assert "Nothing was saved" in page.text
    assert "the secret inside" in caplog.text


def test_a_refusal_for_want_of_permission_is_on_record(people: Context, client_request: ClientRequest) -> None:
    come(client_request)
    client_request.get("/desk", expect=403)
    with reading(people.sessions) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "refused")).one()
        assert entry.actor == "Jamie Sample" and entry.refused == "not_allowed"


def test_a_file_that_is_too_large_gets_a_sentence(people: Context, client_request: ClientRequest) -> None:
    page = client_request.post("/sign-in", {"email": "x" * (17 * 1024 * 1024)}, expect=413)
    assert "15 megabytes" in page.text


def test_form_that_stood_open_too_long(people: Context, client_request: ClientRequest) -> None:
    page = client_request.post("/sign-in", {"email": JAMIE, "password": GOOD}, expect=400)
    assert "load the page again" in page.text
    assert not is_in(client_request)


def test_half_signed_in_counts_as_nobody_for_things_of_their_own(
    people: Context, app: Flask, client_request: ClientRequest
) -> None:
    come(client_request, LEE)
    with client_request.client.session_transaction() as cookie:
        token = cookie["_user_id"]
    with app.test_request_context("/me"):
        from flask_login import login_user

        browser_session["_user_id"] = token
        user = signed_in.load(token)
        assert user
        login_user(user)
        actor = signed_in.actor_of_request()
        assert actor.person_id is None and not actor.roles


def test_times_are_those_of_the_request(people: Context, app: Flask, clock: Clock) -> None:
    with app.test_request_context("/"):
        first = kernel.now()
        clock.advance(hours=1)
        assert kernel.now() == first
    with app.test_request_context("/"):
        assert kernel.now() == first + timedelta(hours=1)
