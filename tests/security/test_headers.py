"""Row 7's other half: the strict headers are on every answer there is, whoever asks, whatever comes of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.config import Settings, SettingsError
from portal.web.app import build
from portal.web.headers import HTTPS_ONLY, POLICY
from portal.wiring import Context
from tests.factories import Town
from tests.support.clock import Clock
from tests.support.town import Browser, csrf, routes, url

HTTPS = "https://portal.example.org"


def directives(policy: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in policy.split(";") if part.strip())}


def faults_of(answer: TestResponse, *, static: bool = False, secure: bool = False) -> list[str]:
    """What is wrong with the headers of one answer, in words."""
    said, found = answer.headers, []
    policy = directives(said.get("Content-Security-Policy", ""))
    if len(said.getlist("Content-Security-Policy")) != 1 or policy.get("default-src") != ["'none'"]:
        found.append("no policy that begins with nothing")
    if re.search(r"unsafe|\*|https?:|blob:|strict-dynamic", said.get("Content-Security-Policy", "")):
        found.append("a policy that lets strangers in")
    closed = dict.fromkeys(("frame-ancestors", "base-uri"), "'none'")
    own = dict.fromkeys(("script-src", "style-src", "form-action", "connect-src"), "'self'")
    found += [f"{name} is open" for name, value in (closed | own).items() if policy.get(name) != [value]]
    wanted = {
        "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
    }  # fmt: skip
    wanted |= {} if static else {"Cache-Control": "no-store"}
    wanted |= {"Strict-Transport-Security": HTTPS_ONLY} if secure else {}
    found += [f"{name} is {said.getlist(name)}" for name, value in wanted.items() if said.getlist(name) != [value]]
    if not secure and "Strict-Transport-Security" in said:
        found.append("HSTS over plain HTTP")
    found += [f"{name} tells what runs here" for name in ("Server", "X-Powered-By", "Via") if name in said]
    if answer.mimetype.startswith("text/") and answer.mimetype_params.get("charset") != "utf-8":
        found.append(f"the letters of {said.get('Content-Type')} are not named")
    if said.get("Access-Control-Allow-Origin"):
        found.append("other sites may read it")
    return found


def everything(client: FlaskClient, app: Flask, town: Town, part: slice) -> Iterator[tuple[str, TestResponse]]:
    """An answer of these routes by every method, well and badly asked."""
    token = csrf(client)
    for rule in routes(app)[part]:
        if rule.endpoint in ("account.sign_out", "account.end_others", "account.end_session"):
            continue  # nobody would be signed in for the rest
        path = url(rule, town.harbor)
        for method in ("GET", "HEAD", "PUT", "OPTIONS", "TRACE"):
            yield f"{method} {path}", client.open(path, method=method)
        for data in ({}, {"csrf_token": token}):
            yield f"POST {path}", client.post(path, data=data)


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.proof)], ids=["a third", "all"])
@pytest.mark.parametrize("who", ["stranger", "admin", "lead"])
def test_every_answer_of_every_route_carries_the_strict_headers(
    app: Flask, town: Town, browser: Browser, who: str, whole: bool
) -> None:
    """Row 7, and 3.4 and 14.3.2 of the standard: pages, tables, downloads, redirects, refusals, wrong methods.

    A third of the routes for each of three, since what adds the headers stands behind all of them.
    """
    part = slice(None) if whole else slice(["stranger", "admin", "lead"].index(who), None, 3)
    client = browser({"admin": town.harbor.members["admin"], "lead": town.admin}.get(who))
    statuses, found = set(), []
    for asked, answer in everything(client, app, town, part):
        statuses.add(answer.status_code)
        found += [f"{asked} ({answer.status_code}): {fault}" for fault in faults_of(answer)]
    assert not found, "\n".join(found[:40])
    assert statuses >= ({200, 302, 400, 405} if who == "stranger" else {200, 302, 400, 403, 404, 405})


MAY_BE_KEPT = {
    "feedback.index", "feedback.thanks", "knowledge.index", "library.index", "outages.calendar", "outages.feed", "outages.history",
    "outages.index", "outages.one", "public.index", "public.join", "public.trainings",
}  # fmt: skip
"""What everybody reads and what sets no cookie, by name: a page that caches may keep and that is not meant so is noticed here."""


WITH_A_FORM = {
    "account.confirm_email", "account.forgot", "account.sign_in", "help.rate_by_link", "report.by_link", "report.new",
}  # fmt: skip
"""The only pages that set a cookie before anybody has signed in: a form that is posted carries a token."""


def test_over_https_browsers_are_told_to_come_by_https_alone(context: Context, town: Town) -> None:
    app = build(context=replace(context, settings=replace(context.settings, base_url=HTTPS)))
    kept, cookies = set(), set()
    for rule in routes(app):
        for method in ("GET", "POST", "PUT"):
            # Nobody's browser: whoever has a cookie gets no page that a cache may keep.
            answer = app.test_client().open(url(rule, town.harbor), method=method, base_url=HTTPS)
            cookies |= {rule.endpoint} if "Set-Cookie" in answer.headers else set()
            open_to_caches = method == "GET" and rule.endpoint in MAY_BE_KEPT
            if answer.headers.get("Cache-Control") != "no-store":
                kept.add(rule.endpoint)
                assert "Set-Cookie" not in answer.headers, f"{method} {rule.rule}"
            assert faults_of(answer, static=open_to_caches, secure=True) == [], f"{method} {rule.rule}"
    assert kept == MAY_BE_KEPT
    assert cookies == WITH_A_FORM


def test_what_goes_wrong_carries_them_too(app: Flask, browser: Browser, town: Town) -> None:
    def broken() -> str:
        raise RuntimeError("a fault of a test")

    client = browser(town.harbor.members["admin"])
    token = csrf(client)
    app.view_functions["public.index"] = broken
    answers = {
        404: client.get("/nowhere"),
        405: client.delete("/sign-in"),
        413: client.post("/sign-in", data={"csrf_token": token, "email": "x" * (17 * 1024 * 1024)}),
        500: browser().get("/welcome"),
        400: client.post("/sign-in", data={}),
        308: client.get("/agency//1"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert faults_of(answer) == [], status


def test_signing_out_leaves_nothing_in_the_browser(town: Town, browser: Browser) -> None:
    client = browser(town.harbor.members["admin"])
    answer = client.post("/sign-out", data={"csrf_token": csrf(client)})
    assert answer.status_code == 302 and faults_of(answer) == []
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get("/sign-in").headers


def test_the_cookie_is_signed_with_sha_256(client: FlaskClient) -> None:
    csrf(client)
    cookie = client.get_cookie("session")
    assert cookie is not None and len(cookie.value.rsplit(".", 1)[1]) == 43, "32 bytes in base 64"


def test_trace_gives_nothing_back(client: FlaskClient) -> None:
    answer = client.open("/sign-in", method="TRACE", headers={"Cookie": "session=secret"})
    assert answer.status_code == 405 and "secret" not in answer.text


def test_static_files_are_guarded_and_may_be_kept(client: FlaskClient) -> None:
    answer = client.get("/static/portal.css", buffered=True)
    assert answer.status_code == 200 and faults_of(answer, static=True) == []
    assert "no-store" not in answer.headers.get("Cache-Control", "")
    assert faults_of(client.get("/static/nothing.css", buffered=True), static=True) == []


def test_the_policy_lets_nothing_run_that_is_not_the_portals_own() -> None:
    assert "unsafe" not in POLICY and "'none'" in directives(POLICY)["default-src"]
    assert directives(POLICY)["script-src"] == ["'self'"]


def test_a_weakness_can_be_reported(client: FlaskClient, context: Context, clock: Clock) -> None:
    """RFC 9116: where, and until when that is said."""
    answer = client.get("/.well-known/security.txt")
    assert answer.status_code == 200 and answer.mimetype == "text/plain"
    said = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert said["Contact"] == "mailto:hmis-help@example.org"
    assert said["Canonical"] == f"{context.settings.base_url}/.well-known/security.txt"
    until = clock() + timedelta(days=180)
    assert said["Expires"].startswith(f"{until:%Y-%m-%d}")
    own = replace(context, settings=replace(context.settings, security_contact="https://example.org/report"))
    assert (
        "Contact: https://example.org/report\n"
        in build(context=own).test_client().get("/.well-known/security.txt").text
    )


@pytest.mark.parametrize("contact", ["security@example.org", "mailto:nobody", "http://example.org", "mailto:a@b\nX: y"])
def test_a_contact_that_nobody_could_use_stops_the_start(contact: str) -> None:
    with pytest.raises(SettingsError, match="SECURITY_CONTACT"):
        Settings.from_environment({"PORTAL_SECRET_KEY": "k" * 40, "PORTAL_SECURITY_CONTACT": contact})
