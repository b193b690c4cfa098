"""Signing in to the target as an Agency administrator, and what the scanners must not touch so that they stay signed in."""

import re

from lxml import html

from tools.security_scan.browser import TOKEN, Ask, Browser
from tools.security_scan.environment import CannotScan

ROLE = "Agency administrator"

PASSED_OVER = {
    "/demo": "the demonstration's own pages, which exist nowhere else; they would make the scanner somebody else",
    "/sign-out": "ends the session",
    "/l/": "links that a mail brought; they open another session",
    "/s/": "links that a mail brought; they open another session",
    "/account/sessions": "ends sessions, the scanner's own among them",
    "/account/password": "three wrong present passwords lock the account",
    "/sign-in": "signs somebody else in; limits by address answer soon",
}
"""Paths that are not scanned, and why. Tests of their own look after them; see docs/security.md."""

PATTERN = re.compile("|".join(f"{re.escape(path)}" for path in PASSED_OVER))


def sign_in(browser: Browser) -> str:
    """The name that the portal greets its Agency administrator by, signed in with the demonstration's one click."""
    page = html.fromstring(browser.get("/demo").text)
    for form in page.xpath("//form[@action='/demo/sign-in']"):
        fields = dict(form.form_values())
        label = " ".join(form.text_content().split())
        if label.endswith(f", {ROLE}"):
            browser.send(Ask("POST", "/demo/sign-in", tuple(fields.items())))
            return label.removeprefix("Sign in").strip().removeprefix("as ").removesuffix(f", {ROLE}")
    raise CannotScan(f"The demonstration lists no {ROLE}, so nobody can be signed in for the scan.")


def is_signed_in(browser: Browser) -> bool:
    """Whether the home page still opens."""
    answer = browser.get("/me")
    return answer.status == 200 or "/sign-in" not in answer.location


def tokens(browser: Browser) -> str:
    """A CSRF token of the session, from any form."""
    page = html.fromstring(browser.get("/me").text)
    return str(next(iter(page.xpath(f"//input[@name='{TOKEN}']/@value")), ""))
