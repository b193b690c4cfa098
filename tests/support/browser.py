"""Chromium with somebody before it, who looks at every page they come to."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from portal.config import ROOT
from tests.support.living import Living

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
WIDE, NARROW = 1280, 390
SCREENSHOTS = ROOT / "var" / "screenshots"
TAKEN = bool(os.environ.get("PORTAL_PICTURES"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WATCH = """
window.__violations = [];
document.addEventListener(
  'securitypolicyviolation', e => window.__violations.push(e.violatedDirective + ' ' + e.blockedURI));
"""
AXE = """async tags => (await axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}))
.violations.map(v => v.id + ': ' + v.help + ' — ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | '))"""


FIELDS = """() => {
const groups = new Set();
const posts = 'main form:not([method=get]) ';
return [...document.querySelectorAll(['input', 'select', 'textarea'].map(kind => posts + kind).join(', '))]
.filter(f => !['hidden', 'submit', 'button', 'file', 'search'].includes(f.type) && f.getClientRects().length)
.map(f => {
  const radio = f.type === 'radio', box = f.type === 'checkbox';
  const first = !groups.has(f.name); groups.add(f.name);
  const same = [...document.getElementsByName(f.name)];
  return {
    id: f.id, name: f.name, tag: f.tagName.toLowerCase(), type: f.type, value: f.value, first, alone: same.length === 1,
    label: f.labels && f.labels[0] ? f.labels[0].textContent.trim() : '',
    filled: radio || box ? same.some(o => o.checked) : f.value !== '',
    options: f.tagName === 'SELECT' ? [...f.options].map(o => o.value) : [],
    mode: f.inputMode || '',
  };
})}"""


def _sensible(one: dict[str, Any]) -> Any:
    """An answer to a field that nobody said anything about."""
    kind, label = one["type"], one["label"].casefold()
    if kind == "radio":
        return one["value"] if one["first"] else None
    if kind == "checkbox":
        return True
    if one["tag"] == "select":
        return next((value for value in one["options"] if value), None)
    if kind == "email" or "e-mail" in label:
        return "office@example.org"
    parts = {"month": "11", "day": "2", "year": "2026"}
    if label in parts:
        return parts[label]
    if kind == "tel" or "phone" in label:
        return "207-555-0123"
    if kind == "number" or one["mode"] == "numeric":
        return "1"
    return "ZZ" if one["name"].startswith("initials-") else "04101" if "zip" in label else "A sample answer"


@cache
def axe_source() -> str:
    found = find_spec("axe_core_python")
    assert found and found.submodule_search_locations
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


@dataclass
class Gallery:
    """Where the screenshots of one journey go, numbered in the order in which the pages were met."""

    journey: str
    taken: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def folder(self) -> Path:
        made = SCREENSHOTS / self.journey
        if not self.taken and made.exists():
            for old in made.glob("*.png"):
                old.unlink()
        made.mkdir(parents=True, exist_ok=True)
        return made

    def name(self, endpoint: str, title: str, heading: str) -> str | None:
        """A file name for a page that was not met before, else None. Two different pages must not share a title."""
        if (endpoint, title, heading) in self.taken:
            return None
        others = {known for known, called, _ in self.taken if called == title and known != endpoint}
        assert not others, f"{endpoint} has the title {title!r}, as {', '.join(sorted(others))} has"
        folder = self.folder()
        slug = re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")[:50]
        self.taken[endpoint, title, heading] = name = f"{len(self.taken) + 1:02}-{slug}"
        return str(folder / name)


class Visitor:
    """One person in a browser of their own. Every page this browser lands on is looked at."""

    def __init__(
        self, living: Living, browser: Browser, gallery: Gallery, name: str, *, width: int = WIDE, script: bool = True
    ) -> None:
        self.living, self.name, self.gallery, self.width, self.script = living, name, gallery, width, script
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=script,
            base_url=living.base_url,
            locale="en-US",
            accept_downloads=True,
        )
        self.context.add_init_script(WATCH)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(8000)
        self.said: list[str] = []
        self.answers: list[Response] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("response", self._answered)

    # --- going about

    def go(self, path: str, expect: int = 200) -> "Visitor":
        self._moving(lambda: self.page.goto(path), expect)
        return self

    def follow(
        self, text: str | re.Pattern[str], expect: int = 200, *, within: str = "body", nth: int = 0
    ) -> "Visitor":
        """Clicks the link that says this."""
        link = self.page.locator(within).get_by_role("link", name=text).nth(nth)
        self._moving(link.click, expect)
        return self

    def press(self, text: str | re.Pattern[str], expect: int = 200, *, within: str = "main", nth: int = 0) -> "Visitor":
        """Clicks the button that says this and looks at where that leads."""
        button = self.page.locator(within).get_by_role("button", name=text, exact=isinstance(text, str)).nth(nth)
        self._moving(button.click, expect)
        return self

    def fill(self, label: str | re.Pattern[str], value: str, *, nth: int = 0) -> "Visitor":
        self._field(label, nth).fill(value)
        return self

    def choose(self, label: str | re.Pattern[str], value: str, *, nth: int = 0) -> "Visitor":
        """In a select box: the option with this text."""
        self._field(label, nth).select_option(label=value)
        return self

    def tick(self, label: str | re.Pattern[str], *, nth: int = 0) -> "Visitor":
        """A check box or radio button by its label."""
        self._click_label(self._field(label, nth))
        return self

    def _click_label(self, field: Locator) -> None:
        """The look draws the boxes itself and hides the real ones, so that people click the label."""
        if not field.is_checked():
            self.page.locator(f"label[for='{field.get_attribute('id')}']").click(position={"x": 12, "y": 12})
        assert field.is_checked()

    def attach(self, label: str | re.Pattern[str], name: str, content: bytes, media_type: str) -> "Visitor":
        self._field(label, 0).set_input_files([{"name": name, "mimeType": media_type, "buffer": content}])
        return self

    def fill_in(self, **known: Any) -> "Visitor":
        """Fills in every empty field of the page, as somebody would who has an answer to everything.

        `known` are answers by the field's name (`-` in it written `_`), a list for check boxes; None leaves a field empty.
        What is not known gets something sensible by its kind.
        """
        for one in self.page.evaluate(FIELDS):
            key = re.sub(r"[^a-z0-9]+", "_", one["name"].lower())
            self._answer(one, known[key] if key in known else _sensible(one), key in known)
        return self

    def _answer(self, one: dict[str, Any], answer: Any, known: bool) -> None:
        if answer is None or (one["filled"] and not known):
            return
        field = self.page.locator(f"[id='{one['id']}']")
        if one["type"] in ("checkbox", "radio"):
            wanted = answer if isinstance(answer, list) else [answer]
            if answer is True or one["value"] in wanted or one["label"] in wanted:
                self._click_label(field)
        elif one["tag"] == "select":
            field.select_option(
                answer if answer in one["options"] else None, label=None if answer in one["options"] else answer
            )
        else:
            field.fill(str(answer))

    def open_details(self) -> "Visitor":
        """Unfolds everything that is folded."""
        folded = self.page.locator("main details:not([open]) > summary")
        while folded.count():
            folded.first.click()
        return self

    def download(self, path: str) -> bytes:
        """A file behind an address, with this browser's own cookies."""
        answer = self.context.request.get(path)
        assert answer.status == 200, f"{path}: {answer.status}"
        return answer.body()

    @property
    def heading(self) -> str:
        return self.page.locator("h1").inner_text().strip()

    @property
    def text(self) -> str:
        return " ".join(self.page.locator("main").inner_text().split())

    @property
    def path(self) -> str:
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def sees(self, *words: str) -> "Visitor":
        """All of these stand on the page, whatever the case and the white space."""
        text = self.text.casefold()
        for word in words:
            assert word.casefold() in text, f"{self.name} does not see {word!r} on {self.path}:\n{self.text}"
        return self

    def does_not_see(self, *words: str) -> "Visitor":
        text = self.text.casefold()
        for word in words:
            assert word.casefold() not in text, f"{self.name} sees {word!r} on {self.path}:\n{self.text}"
        return self

    def close(self) -> None:
        self.context.close()

    # --- looking

    def look(self, expect: int = 200) -> None:
        """What every page owes its visitors; all faults of one page are said at once."""
        page, found = self.page, []
        status = self.answers[-1].status if self.answers else 0
        where = f"{self.name} at {self.path}"
        if status != expect:
            raise AssertionError(f"{where}: status {status}, not {expect}:\n{page.locator('body').inner_text()[:3000]}")
        if not page.title().split("–")[0].strip():
            found.append("no title")
        if page.locator("h1").count() != 1:
            found.append(f"{page.locator('h1').count()} h1 headings")
        if self.script:  # without it Chromium runs no promise, and axe is one
            found += [f"CSP: {said}" for said in page.evaluate("window.__violations || []")]
        name = self.gallery.name(self.living.endpoint(page.url), page.title(), self.heading)
        if name is not None:
            found += self._examine(name)
        found += self.said
        self.said = []
        assert not found, f"{where} ({self.heading}):\n" + "\n".join(found)

    def _examine(self, name: str) -> list[str]:
        """A page met for the first time: axe, and both widths; wider than the window is a fault. `make pictures` keeps them."""
        page, found = self.page, list[str]()
        if self.script:
            page.evaluate(axe_source())
            found += page.evaluate(AXE, RULES)
        for width in (NARROW, WIDE) if self.width == WIDE else (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                found.append(f"at {width} px the page is {wide} px wider than the window")
            if TAKEN:
                page.screenshot(path=f"{name}-{width}.png", full_page=True)
        return found

    def _moving(self, act: Callable[[], Any], expect: int) -> None:
        self.answers = []
        try:
            with self.page.expect_navigation(wait_until="load"):
                act()
        except PlaywrightTimeout as late:
            raise AssertionError(
                f"{self.name} cannot do that at {self.path}: {late.message}\n{self.page.locator('body').inner_text()}"
            ) from None
        self.look(expect)

    def _field(self, label: str | re.Pattern[str], nth: int) -> Locator:
        found = self.page.locator("main").get_by_label(label)
        if found.count() > nth + 1 and isinstance(label, str):
            exact = self.page.locator("main").get_by_label(label, exact=True)
            found = exact if exact.count() > nth else found
        return found.nth(nth)

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium also reports the status of a page that answers 4xx; `expect` decides about that.
        if message.type == "error" and not message.text.startswith(
            "Failed to load resource: the server responded with a status of 4"
        ):
            self.said.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        request = response.request
        if (
            request.is_navigation_request()
            and request.frame == self.page.main_frame
            and not 300 <= response.status < 400
        ):
            self.answers.append(response)
        elif not request.is_navigation_request() and response.status >= 400:
            self.said.append(f"{response.status} for {response.url}")
