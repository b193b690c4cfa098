"""What must be readable nowhere: codes, tokens and temporary passwords in tables, jobs, the record, logs and pages of others."""

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.config import Settings, SettingsError
from portal.db import Base
from portal.models import Account, Document, Link, Person, WorkOrder
from portal.secrets import hash_of
from portal.services import links
from portal.services.account import sign_in
from portal.services.desk import work_orders
from portal.services.people import handover
from portal.web.app import build
from portal.wiring import Context
from tests.factories import Town
from tests.support.town import Browser, csrf

PASSWORD = "Sekret77Harbor"


def everything(town: Town) -> str:
    """Every cell of every table, bytes too."""
    with town.look() as session:
        return "\n".join(
            str(cell.decode("latin-1") if isinstance(cell, bytes) else cell)
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
            for cell in row
        )


def made(town: Town) -> Account:
    """The comer's account, made by the help desk with its temporary password."""
    member = town.harbor.members["comer"]
    with town.change() as session:
        order = session.get_one(WorkOrder, town.open_order(member).id)
        account = session.get_one(Account, order.account_id)
        work_orders.confirm(
            session, order=order, actor=town.desk, now=town.now, policy=town.policy, keys=town.keys, typed_user_id=account.user_id,
            temporary_password=PASSWORD,
        )  # fmt: skip
        return account


def test_a_temporary_password_is_shown_to_its_person_alone_and_once(
    app: Flask, town: Town, browser: Browser, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    object.__setattr__(app.extensions["portal"], "keys", town.keys)
    made(town)
    assert PASSWORD not in everything(town)
    side = town.harbor
    for who in (
        town.desk,
        town.admin,
        side.members["admin"],
        side.members["director"],
        side.members["user"],
        town.inland.members["admin"],
    ):
        client = browser(who)
        answer = client.post("/me/password", data={"csrf_token": csrf(client)}, follow_redirects=True)
        assert PASSWORD not in answer.get_data(as_text=True)
        for path in (
            f"/people/{side.ids['membership_id']}",
            f"/desk/orders/{side.ids['order_id']}",
            "/desk/audit",
            "/desk/jobs",
            "/me",
        ):
            assert PASSWORD not in client.get(path).get_data(as_text=True)
    client = browser(side.members["comer"])
    assert PASSWORD not in client.get("/me").get_data(as_text=True)
    assert client.get("/me/password").status_code == 405
    shown = client.post("/me/password", data={"csrf_token": csrf(client)})
    assert PASSWORD in shown.get_data(as_text=True) and shown.headers["Cache-Control"] == "no-store"
    again = client.post("/me/password", data={"csrf_token": csrf(client)}, follow_redirects=True)
    assert PASSWORD not in again.get_data(as_text=True)
    assert PASSWORD not in everything(town) and PASSWORD not in caplog.text
    with town.change() as session:
        assert handover.waiting(session, person_id=side.members["comer"].person_id, now=town.now) is None


def test_a_mistyped_confirmation_keeps_no_password(town: Town, browser: Browser) -> None:
    """What was typed is not lost on other pages; here it must be."""
    client = browser(town.desk)
    order = town.open_order(town.harbor.members["comer"])
    data = {"csrf_token": csrf(client), "typed_user_id": "wrong", "temporary_password": PASSWORD}
    answer = client.post(f"/desk/orders/{order.id}", data=data)
    assert answer.status_code == 400
    assert PASSWORD not in everything(town)


def test_no_table_holds_a_live_token_or_code(town: Town, browser: Browser) -> None:
    with town.change() as session:
        document = session.get_one(Document, town.harbor.ids["document_id"])
        person = session.get_one(Person, town.harbor.members["comer"].person_id)
        sign_in.ask_for_link(session, email=person.email, actor=town.desk, now=town.now, policy=town.policy)
        link = links.invite(
            session,
            person=person,
            purpose="signing",
            document=document,
            actor=town.desk,
            now=town.now,
            policy=town.policy,
        )
        envelope = links.send(session, link=link, keys=town.keys)
        links.mail_code(session, link=link, now=town.now, policy=town.policy)
        code = links.code_of(link, digits=6)
        token = town.keys.open("signing", envelope, max_age=60)[1]
        cookie = sign_in.start_session(session, person=person, via="link", actor=town.desk, now=town.now)
    told = everything(town)
    assert token not in told and envelope not in told and cookie not in told and hash_of(cookie) in told
    assert not re.search(rf"(?<!\d){code}(?!\d)", told)


def test_what_fails_in_the_worker_says_no_secret(town: Town, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A mailer that repeats the whole message in its error: neither the job nor the record keeps the link or the code."""
    from portal.effects.registry import HANDLERS
    from portal.worker import Worker

    sent: list[str] = []

    class Broken:
        def send(self, message: Any) -> None:
            sent.append(message.text)
            raise OSError("could not connect to the server")

    with town.change() as session:
        person = session.get_one(Person, town.harbor.members["comer"].person_id)
        sign_in.ask_for_link(session, email=person.email, actor=town.desk, now=town.now, policy=town.policy)
    settings = replace(town.context.settings, storage=tmp_path / "storage")
    worker = Worker(
        replace(town.context, settings=settings, sessions=town.sessions, engine=town.engine, mailer=Broken()), HANDLERS
    )
    while worker.run_once():
        pass
    paths = [found for text in sent for found in re.findall(r"/l/sign_in/(\S+)", text)]
    assert paths
    for path in paths:
        assert path not in everything(town) and path not in caplog.text


def test_a_session_handed_to_a_victim_is_not_the_one_that_signs_in(app: Flask, town: Town) -> None:
    """Fixation: what a stranger put into the browser is gone after the code, the CSRF token and the old session included."""
    victim, thief = app.test_client(), app.test_client()
    with thief.session_transaction() as planted:
        planted["_user_id"], planted["_fresh"], planted["planted"] = town.token(town.inland.members["user"]), True, "x"
    with thief.session_transaction() as planted:
        old = dict(planted)
    with victim.session_transaction() as cookie:
        cookie.update(old)
    with town.change() as session:
        person = session.get_one(Person, town.harbor.members["comer"].person_id)
        sign_in.ask_for_link(session, email=person.email, actor=town.desk, now=town.now, policy=town.policy)
        link = session.scalars(select(Link).where(Link.person_id == person.id, Link.purpose == "sign_in")).one()
        envelope = links.send(session, link=link, keys=app.extensions["portal"].keys)
        links.mail_code(session, link=link, now=town.now, policy=town.policy)
        code = links.code_of(link, digits=6)
    answer = victim.post(f"/l/sign_in/{envelope}", data={"csrf_token": csrf(victim), "code": code})
    assert answer.status_code == 302
    with victim.session_transaction() as cookie:
        assert cookie["_user_id"] != old["_user_id"] and "planted" not in cookie
    assert "/sign-in" in thief.get("/me").headers.get("Location", ""), (
        "the session before has ended for everybody who holds it"
    )


def test_a_sign_in_link_is_used_once_and_gives_no_role_of_the_lead(app: Flask, town: Town) -> None:
    with town.change() as session:
        person = session.get_one(Person, town.admin.person_id)
        sign_in.ask_for_link(session, email=person.email, actor=town.desk, now=town.now, policy=town.policy)
        link = session.scalars(select(Link).where(Link.person_id == person.id, Link.purpose == "sign_in")).one()
        envelope = links.send(session, link=link, keys=app.extensions["portal"].keys)
        links.mail_code(session, link=link, now=town.now, policy=town.policy)
        code = links.code_of(link, digits=6)
    client = app.test_client()
    data = {"csrf_token": csrf(client), "code": code}
    assert client.post(f"/l/sign_in/{envelope}", data=data).status_code == 302
    for path in ("/desk", "/desk/audit", "/agency/new", "/desk/evidence"):
        assert client.get(path).status_code in (403, 404)
    other = app.test_client()
    assert other.post(f"/l/sign_in/{envelope}", data={"csrf_token": csrf(other), "code": code}).status_code == 410
    for purpose in ("invitation", "reset", "signing", "x"):
        assert other.get(f"/l/{purpose}/{envelope}").status_code in (404, 410)


def test_the_demonstration_starts_on_this_machine_only(context: Context) -> None:
    for url in (
        "https://portal.example.org",
        "http://192.0.2.7:8000",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
    ):
        with pytest.raises(SettingsError):
            replace(context.settings, demo=True, base_url=url).checked()
    assert not Settings.from_environment({"PORTAL_SECRET_KEY": "k" * 40, "PORTAL_DEMO": "true"}).demo


@pytest.mark.parametrize(
    "environment",
    [{"REMOTE_ADDR": "192.0.2.7"}, {"HTTP_HOST": "portal.example.org"}, {"HTTP_HOST": "127.0.0.1.evil.example.com"}],
)
def test_a_demonstration_bound_to_the_network_by_mistake_signs_nobody_in(
    context: Context, environment: dict[str, str]
) -> None:
    settings = replace(context.settings, demo=True)
    client: FlaskClient = build(settings, replace(context, settings=settings)).test_client()
    assert client.get("/demo").status_code == 200
    for path in ("/demo", "/demo/mail"):
        assert client.get(path, environ_overrides=environment).status_code == 404
    token = csrf(client)
    answer = client.post("/demo/sign-in", data={"csrf_token": token, "person_id": "1"}, environ_overrides=environment)
    assert answer.status_code in (400, 404)


def test_nothing_that_is_logged_names_a_secret_of_a_form() -> None:
    """Log lines are written in three places; none of them takes a request's body, address or headers along."""
    root = Path(__file__).parents[2] / "portal"
    lines = [
        line.strip() for file in root.rglob("*.py") for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"\blog\.(debug|info|warning|error|exception)\(|\bprint\(", line)
    ]  # fmt: skip
    assert lines
    assert not [line for line in lines if re.search(r"request\.|form\.|password|token|code\b|envelope|headers", line)]
