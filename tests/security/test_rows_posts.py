"""Rows 9, 14 and 15: nobody is led to another site, nothing is sent from one, and what no form has is not taken."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from portal.db import Base
from portal.web import kernel, origin
from tests.factories import Town
from tests.security.matrix import DONE, Kept, Watch
from tests.support import town as shared
from tests.support.town import Browser, csrf, having, methods, routes, url

FOREIGN: tuple[dict[str, str], ...] = (
    {"Origin": "https://evil.example.com"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example.com"},
    {"Origin": "https://localhost:444"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
)
OURS: tuple[dict[str, str], ...] = (
    {},
    {"Origin": "http://localhost"},
    {"Origin": "http://127.0.0.1:8000"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
)


def fingerprint(town: Town) -> str:
    with town.look() as session:
        return shared.fingerprint(session)


# --- row 14


def test_row_14_no_post_of_another_site_is_taken_even_with_a_good_token(
    app: Flask, town: Town, browser: Browser
) -> None:
    client, before, wrong = browser(town.harbor.members["admin"]), fingerprint(town), []
    token = csrf(client)
    for number, rule in enumerate(having(routes(app), "POST")):
        # Every route by one of them in turn, and the first by each: the check stands before all routes.
        for headers in FOREIGN if number == 0 else (FOREIGN[number % len(FOREIGN)],):
            answer = client.post(url(rule, town.harbor), data={"csrf_token": token}, headers=headers)
            if answer.status_code != 400 or "from another site" not in answer.get_data(as_text=True):
                wrong.append(f"{rule.rule} answers {headers} {answer.status}")
    assert not wrong, "\n".join(wrong)
    assert fingerprint(town) == before


@pytest.mark.parametrize("headers", OURS)
def test_row_14_what_our_own_pages_send_is_taken(town: Town, browser: Browser, headers: dict[str, str]) -> None:
    client = browser(town.harbor.members["admin"])
    answer = client.post("/sign-out", data={"csrf_token": csrf(client)}, headers=headers)
    assert answer.status_code == 302


def test_row_14_no_route_is_left_out_of_the_tokens(app: Flask, town: Town, browser: Browser) -> None:
    """Every POST, as an administrator of the Lead whom the table lets do nearly everything: 400 without a token."""
    assert not app.extensions["csrf"]._exempt_views and not app.extensions["csrf"]._exempt_blueprints
    assert frozenset() == origin.WEBHOOKS
    client, wrong = browser(town.admin), []
    for rule in having(routes(app), "POST"):
        for data in ({}, {"csrf_token": "ImZha2Ui.aQ.x"}):
            answer = client.post(url(rule, town.harbor), data=data)
            if answer.status_code != 400:
                wrong.append(f"{rule.rule} answers {answer.status}")
    assert not wrong, "\n".join(wrong)


# --- row 9


@pytest.mark.parametrize(
    "there",
    ["//evil.example.com", "https://evil.example.com/", "/\\evil.example.com", "/\t/evil.example.com", "javascript:alert(1)", "\\\\evil.example.com"],
)  # fmt: skip
def test_row_9_nothing_but_a_path_of_ours_is_gone_on_to(there: str) -> None:
    assert kernel.safe_next(there) == "/"


@pytest.mark.parametrize("there", ["//evil.example.com", "/\\evil.example.com"])
def test_row_9_no_page_leads_to_another_site(app: Flask, town: Town, browser: Browser, there: str) -> None:
    """Every page that takes a `next` or the like: none of them hands it on to the browser's address or to a link."""
    names = ("next", "back", "return", "url", "to", "target", "redirect")
    for client in (browser(), browser(town.harbor.members["admin"])):
        token = csrf(client)
        for rule in routes(app):
            if rule.arguments or rule.endpoint == "account.sign_out":
                continue
            for method in methods(rule):
                values = dict.fromkeys(names, there)
                more: Any = {"data": {"csrf_token": token, **values}} if method == "POST" else {}
                answer = client.open(rule.rule, method=method, query_string=values, **more)
                assert "evil.example.com" not in answer.headers.get("Location", "").partition("?")[0], rule.rule
                assert f'href="{there}"' not in shared.text_of(answer), rule.rule
                if answer.status_code < 400:
                    client = client if method == "GET" else browser(town.harbor.members["admin"])


# --- row 15

TAKEN = "77777"
WORDS_POSTED = {
    "status": "issued", "basis": "lead", "role": "lead_admin", "detail": "lead_admin", "outcome": "permitted", "via": "password",
    "executed_sha256": "f" * 64, "email": "taken.over@example.org", "email_key": "taken.over@example.org", "agency": TAKEN, "is_admin": "1",
    "roles": "lead_admin", "permissions": "*",
}  # fmt: skip


def every_column() -> dict[str, str]:
    """Every column of every table, each with a value that no row of the town has."""
    columns = {column.name for table in Base.metadata.tables.values() for column in table.columns}
    return dict.fromkeys(sorted(columns), TAKEN) | WORDS_POSTED


FIELDS_ELSEWHERE = {
    "/desk/training/<int:result_id>/refuse": {"note", "reason"},
    "/security/actions/<int:action_id>/steps/<int:number>": {"note"},
    "/help/<int:ticket_id>/add": {"text"},
    "/tickets/<int:ticket_id>/follow": {"email"},
    "/tickets/<int:ticket_id>/draft": {"body", "text", "note"},
    "/help/<int:ticket_id>/answer": {"text", "after"},
    "/help/<int:ticket_id>/pass-on": {"words"},
    "/security/reviews/<int:review_id>/items/<item>/comment": {"text"},
}
"""Routes of which the form stands on another page, and what it has."""


def own_fields(client: FlaskClient, rule: Rule, address: str) -> set[str]:
    """The fields that the page's own form has: those are to be taken, if they are in order."""
    page = client.get(address) if "GET" in (rule.methods or ()) else None
    elsewhere = FIELDS_ELSEWHERE.get(rule.rule, set())
    return elsewhere if page is None else elsewhere | set(re.findall(r'name="([^"]+)"', page.get_data(as_text=True)))


@pytest.mark.parametrize("who", ["admin", "director", "lead"])
def test_row_15_no_column_posted_along_is_taken_by_any_route(
    app: Flask, town: Town, browser: Browser, who: str
) -> None:
    """Whatever a POST does, no row of any table holds the planted number, and nobody has another role, owner or state."""
    client = browser(town.admin if who == "lead" else town.harbor.members[who])
    token, columns, wrong, done = csrf(client), every_column(), [], 0
    engine = app.extensions["portal"].engine
    kept, watch = Kept(engine), Watch(engine)
    with client.session_transaction() as cookie:
        known = dict(cookie)
    before = planted(town)
    for rule in having(routes(app), "POST"):
        address = url(rule, town.harbor)
        asked = own_fields(client, rule, address)
        sent = {name: value for name, value in columns.items() if name not in asked}
        watch.taken()
        answer = client.post(address, data=sent | {"csrf_token": token})
        wrote = watch.taken()
        if answer.status_code >= 500:
            wrong.append(f"{rule.rule} answers {answer.status}")
        if wrote and (new := planted(town) - before):
            wrong.append(f"{rule.rule} took {sorted(new)}")
        if wrote or rule.endpoint.startswith("account."):
            done += bool(wrote) and answer.status_code in DONE
            kept.put_back()
            with client.session_transaction() as cookie:
                cookie.clear()
                cookie.update(known)
    kept.close()
    assert not wrong, "\n".join(wrong)
    assert done >= 2, "some of the posts have to do something, or this proves nothing"


def planted(town: Town) -> set[str]:
    """Where the planted values stand, in tables that are not the record of what was tried."""
    found = set()
    with town.look() as session:
        for name, table in Base.metadata.tables.items():
            if name in shared.KEPT_APART | {"draft"}:
                continue
            for row in session.execute(select(table)).mappings():
                found |= {
                    f"{name}.{key}" for key, value in row.items() if str(value) in (TAKEN, "taken.over@example.org")
                }
    return found
