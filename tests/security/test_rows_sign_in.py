"""The rows of the security table that are about coming in: what is tried, and that it does not work."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from portal.db import make_engine, make_sessionmaker
from portal.models import Credential, Link, Person, WebSession
from portal.secrets import hash_of
from portal.services import links
from portal.services.account import sign_in
from portal.web import kernel
from portal.web.app import build
from tests.services.doors import GOOD, Doors
from tests.support import databases
from tests.support.pages import ClientRequest
from tests.web.browsing import statements

ELSEWHERE = (
    "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "javascript:alert(1)", "data:text/html,x", "evil.example", "/\r\nLocation: //evil.example", "http:evil.example",
)  # fmt: skip


@pytest.fixture
def engine(clean_url: Callable[[str], str]) -> Iterator[Engine]:
    """An empty database, and not the town of the other attacks."""
    with databases.engine_on(clean_url("sqlite")) as made:
        yield made


@pytest.fixture
def app(doors: Doors) -> Flask:
    return build(context=doors.world.context)


def by_password(
    app: Flask, email: str, password: str = GOOD, query: str = "", client: FlaskClient | None = None
) -> FlaskClient:
    """A browser after the form was sent; whether it came in is for the test to see."""
    client = client or app.test_client()
    page = client.get(f"/sign-in{query}").get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    data = {"csrf_token": found.group(1), "email": email, "password": password}
    client.last = client.post(f"/sign-in{query}", data=data)  # type: ignore[attr-defined]
    return client


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    assert cookie
    return cookie.value


@pytest.mark.parametrize("path", ELSEWHERE)
def test_row_9_no_page_sends_anybody_to_another_site(doors: Doors, app: Flask, path: str) -> None:
    """Row 9, open redirect: before sign-in, after it, and behind the second factor."""
    assert kernel.safe_next(path) == "/"
    client = app.test_client()
    page = client.get("/sign-in", query_string={"next": path}).get_data(as_text=True)
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0]
    data = {"csrf_token": token, "email": doors.person("user").email, "password": GOOD, "next": path}
    assert client.post("/sign-in", data=data).location == "/"
    assert client.get("/sign-in/second-factor", query_string={"next": path}).location == "/"
    assert path not in client.get("/account/second-factor", query_string={"next": path}).get_data(as_text=True)


def test_row_10_a_fixed_or_stolen_session_is_dead_on_every_worker(doors: Doors, app: Flask) -> None:
    """Row 10: the token changes at sign-in and when the second factor is passed; the one before opens nothing anywhere."""
    seed = doors.set_up_factor("admin")
    doors.world.now += timedelta(seconds=30)
    client = by_password(app, doors.person("admin").email)
    half = cookie_of(client)
    page = client.get("/sign-in/second-factor").get_data(as_text=True)
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0]
    client.post("/sign-in/second-factor", data={"csrf_token": token, "code": doors.totp(seed)})
    whole = cookie_of(client)
    assert client.get("/people").status_code == 200
    url = doors.world.engine.url.render_as_string(hide_password=False)
    another = make_engine(url)
    elsewhere = build(
        context=replace(
            doors.world.context, engine=another, sessions=make_sessionmaker(another, **doors.world.sessions.kw["info"])
        )
    )
    for worker in (app, elsewhere):
        thief = worker.test_client()
        thief.set_cookie("session", half)
        assert thief.get("/people").location.startswith("/sign-in?next=")
        thief.set_cookie("session", whole)
        assert thief.get("/people").status_code == 200, "the same session, by another worker"
    with doors.world.change() as session:
        sign_in.end_sessions(session, person_id=doors.members["admin"].person_id, now=doors.world.now)
    for worker in (app, elsewhere):
        thief = worker.test_client()
        thief.set_cookie("session", whole)
        assert thief.get("/people").status_code == 302
    another.dispose()


def test_row_10_at_most_three_idle_for_thirty_minutes_and_twelve_hours_at_most(doors: Doors, app: Flask) -> None:
    """Row 10: three sessions a person, 30 idle minutes, none longer than twelve hours."""
    clients = []
    for _ in range(5):
        clients.append(by_password(app, doors.person("user").email))
        doors.world.now += timedelta(seconds=1)
    assert [client.get("/me").status_code for client in clients] == [302, 302, 200, 200, 200]
    doors.world.now += timedelta(minutes=30, seconds=5)
    assert clients[-1].get("/me").status_code == 302
    client = by_password(app, doors.person("user").email)
    for _ in range(24):
        doors.world.now += timedelta(minutes=29)
        assert client.get("/me").status_code == 200
    doors.world.now += timedelta(minutes=29)
    assert client.get("/me").status_code == 302


def test_row_10_the_cookie_is_bound_to_the_host(doors: Doors) -> None:
    """Row 10: `__Host-`, Secure, HttpOnly, SameSite, Path=/ and no Domain wherever the portal is reached by https."""
    settings = replace(doors.world.context.settings, base_url="https://portal.example.org")
    answer = (
        build(context=replace(doors.world.context, settings=settings))
        .test_client()
        .get("/sign-in", base_url="https://portal.example.org")
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("how", ["password", "lock", "factor", "email", "operator"])
def test_row_10_what_ends_every_session(doors: Doors, app: Flask, how: str) -> None:
    """Row 10: a change of password, a lock, a lost factor, another address: signed out everywhere."""
    from portal.actors import operator
    from portal.services.account import vouching
    from portal.services.people import mailbox

    doors.set_up_factor("admin")
    doors.start("admin"), doors.start("admin", via="link")
    assert doors.live("admin") == 2
    if how == "password":
        doors.set_password("admin", "velvet harbor onion thirteen")
    elif how == "lock":
        doors.lock("admin")
    elif how == "factor":
        for by in ("desk", "second_admin"):
            actor = doors.actor(by)
            with doors.world.change() as session:
                vouching.vouch(
                    session, person=session.get_one(Person, doors.members["admin"].person_id), recognised="Know the voice well.",
                    actor=actor, now=doors.world.now, policy=doors.world.policy,
                )  # fmt: skip
    elif how == "operator":
        with doors.world.change() as session:
            person = session.get_one(Person, doors.members["admin"].person_id)
            vouching.reset_by_operator(session, person=person, actor=operator("root"), now=doors.world.now)
    else:
        actor = doors.actor("admin")
        with doors.world.change() as session:
            person = session.get_one(Person, doors.members["admin"].person_id)
            change = mailbox.ask_change(
                session, person=person, email="new.address@example.org", actor=actor, now=doors.world.now, policy=doors.world.policy
            )  # fmt: skip
            mailbox.confirm(session, change=change, actor=actor, now=doors.world.now, policy=doors.world.policy)
    assert doors.live("admin") == 0


def test_row_11_a_code_is_neither_used_again_nor_guessed(doors: Doors) -> None:
    """Row 11: the last step is stored, three guesses lock; fifty at once are in tests/services/test_sign_in.py."""
    seed = doors.set_up_factor("admin")
    assert not doors.try_totp("admin", doors.totp(seed)), "the step of the set-up is used"
    doors.world.now += timedelta(seconds=30)
    code = doors.totp(seed)
    assert doors.try_totp("admin", code) and not doors.try_totp("admin", code)
    guesses = 0
    while not doors.locked("admin"):
        doors.try_totp("admin", "000000")
        guesses += 1
    assert guesses <= 3
    doors.world.now += timedelta(days=1)
    assert not doors.try_totp("admin", doors.totp(seed))


def test_row_12_a_reset_link_works_once_and_is_void_after_any_change(doors: Doors, app: Flask) -> None:
    """Row 12: hashed, single use, void after a change of password or address, worthless to a locked account."""
    world = doors.world

    def fresh() -> tuple[int, str]:
        world.now += timedelta(minutes=2)
        with world.change() as session:
            person = session.get_one(Person, doors.members["user"].person_id)
            link = links.invite(
                session, person=person, purpose="reset", actor=world.desk, now=world.now, policy=world.policy
            )
            return link.id, links.send(session, link=link, keys=world.keys)

    def opens(envelope: str) -> bool:
        return app.test_client().get(f"/l/reset/{envelope}").status_code == 200

    link_id, first = fresh()
    with world.look() as session:
        kept = session.get_one(Link, link_id).token_hash
    token = world.keys.open("reset", first, max_age=60)[1]
    assert kept == hash_of(token) and token not in kept
    assert opens(first) and opens(first), "opening uses nothing up"
    _, second = fresh()
    assert not opens(first) and opens(second), "the newest alone"
    with world.change() as session:
        link = session.scalars(select(Link).order_by(Link.id.desc()).limit(1)).one()
        links.use(session, link=link, now=world.now)
    assert not opens(second)
    _, third = fresh()
    doors.set_password("user", "velvet harbor onion thirteen")
    assert not opens(third)
    _, fourth = fresh()
    doors.lock("user")
    assert not opens(fourth)
    doors.unlock("user", "admin")
    assert opens(fourth)
    world.now += timedelta(hours=1)
    assert not opens(fourth)


def test_row_13_nobody_learns_who_has_an_account(doors: Doors, app: Flask, engine: Engine) -> None:
    """Row 13: the same page, status and statements for a known, a locked, a password-less and an unknown address."""
    doors.lock("colleague")
    without = doors.world.person()
    who = (doors.person("user").email, doors.person("colleague").email, without.email, "nobody@example.org")
    for path, field in (("/sign-in", "password"), ("/sign-in/forgot", "mailbox"), ("/sign-in", "mailbox")):
        seen = []
        for email in who:
            browser = ClientRequest(app.test_client())
            page = browser.get(path)
            with statements(engine) as run:
                values = {"email": email, "password": "wrong"} if field == "password" else {"mailbox": email}
                answer = browser.submit(page, 400 if field == "password" else 200, having=field, **values)
            text = re.sub(r'value="[^"]*"', "", answer.response.get_data(as_text=True)).replace(email, "")
            seen.append((answer.status, text, [" ".join(one.split())[:50] for one in run]))
        assert all(each == seen[0] for each in seen), path
        assert len(seen[0][2]) > 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/sign-in"), ("post", "/sign-in/link"), ("post", "/sign-in/forgot"), ("post", "/sign-in/second-factor"),
        ("post", "/sign-in/recovery"), ("post", "/sign-out"), ("post", "/account/password"), ("post", "/account/second-factor/codes"),
        ("post", "/account/sessions/1/end"), ("post", "/account/sessions/end-others"), ("post", "/account/alive"),
        ("post", "/account/draft"), ("post", "/account/typed/drop"), ("post", "/account/email"), ("post", "/l/mailbox/x"),
    ],
)  # fmt: skip
def test_row_14_without_its_token_no_form_about_signing_in_is_taken(
    doors: Doors, app: Flask, method: str, path: str
) -> None:
    """Row 14, CSRF: each POST of this room is refused without a token and with another browser's."""
    client = by_password(app, doors.person("user").email)
    other = app.test_client().get("/sign-in").get_data(as_text=True)
    foreign = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', other)[0]
    before = doors.world.count(WebSession, WebSession.ended_at.is_(None))
    for data in ({}, {"csrf_token": foreign}):
        assert getattr(client, method)(path, data=data).status_code == 400
    assert doors.world.count(WebSession, WebSession.ended_at.is_(None)) == before
    assert client.get("/me").status_code == 200


def test_row_21_shutting_others_out_is_hard_is_noticed_and_can_be_undone(
    doors: Doors, app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Row 21: one address locks three accounts at most, a hundred failures close the door to strangers, and the Lead knows."""
    names = list(doors.members)
    for name in names:
        for _ in range(3):
            by_password(app, doors.person(name).email, "wrong")
    locked = [name for name in names if doors.locked(name)]
    assert len(locked) <= 3, "one address comes no further than its ten failures"
    said = by_password(app, doors.person(names[-1]).email, "wrong").last  # type: ignore[attr-defined]
    assert said.status_code == 429
    for number in range(300):
        doors.try_password(
            "", "wrong", address=f"198.51.{number % 250}.{number // 250}", email=doors.person(names[-1]).email
        )
    with doors.world.look() as session:
        all_locked = len(session.scalars(select(Credential).where(Credential.locked_since.is_not(None))).all())
    assert all_locked <= 4, "a hundred failures from everywhere, then strangers' tries touch nobody"
    doors.notice()
    assert {mail["person_id"] for mail in doors.mails("sign_in_attack")} >= {doors.members["lead"].person_id}

    from click.testing import CliRunner

    from portal.cli import main

    monkeypatch.setenv("PORTAL_DATABASE_URL", doors.world.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 40)
    doors.world.now = max(doors.world.now, datetime(2026, 11, 23, 15, 30))
    victim = locked[0]
    done = CliRunner().invoke(
        main, ["user", "unlock", doors.person(victim).email, "--reason", "Nobody is left who could."]
    )
    assert done.exit_code == 0, done.output
    assert not doors.locked(victim)
    entry = doors.said("account.unlock")[-1]
    assert entry.actor.endswith("(command line)") and "Nobody is left who could." in entry.said
    again = CliRunner().invoke(
        main, ["user", "unlock", doors.person(victim).email, "--reason", "Nobody is left who could."]
    )
    assert again.exit_code == 1 and "not locked" in again.output
