"""A browser without JavaScript that keeps its cookies, and a visitor who collects every request that pages offer."""

import http.client
import re
from collections import deque
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

from lxml import html

FILLED = {
    "email": "someone@example.org",
    "number": "1",
    "date": "2026-11-23",
    "tel": "207 555 0100",
    "url": "https://example.org/",
}
TYPED = "not(@type='checkbox' or @type='radio' or @type='file' or @type='submit')"
TOKEN = "csrf_token"
UNTOUCHED = frozenset({TOKEN, "csrf"})
"""Fields that a request is refused without: they are sent as they are."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that a page offers: method, path with query, and the fields of its form."""

    method: str
    path: str
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """The same for requests that differ in numbers and values only: 'POST /people/0/ends day,why'."""
        parts = urlsplit(self.path)
        plain = re.sub(r"/[A-Za-z0-9_.=-]{40,}", "/…", re.sub(r"/\d+(?=/|$)", "/0", parts.path))
        names = {name for name, _ in (*parse_qsl(parts.query, keep_blank_values=True), *self.fields)}
        return f"{self.method} {plain} {','.join(sorted(names))}"

    @property
    def has_fields(self) -> bool:
        return bool(urlsplit(self.path).query or set(dict(self.fields)) - UNTOUCHED)


@dataclass
class Answer:
    status: int
    kind: str
    text: str
    location: str


@dataclass
class Browser:
    """Talks to a port of this machine; `cookies` hold what the server set."""

    port: int
    agent: str = "the scan's own visitor"
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(self, ask: Ask) -> Answer:
        """The answer to one request; redirects are not followed."""
        headers = {"User-Agent": self.agent, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        body = None
        if ask.method == "POST":
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Referer": self.base + "/"}
            body = urlencode(ask.fields)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(ask.method, ask.path, body, headers)
            found = connection.getresponse()
            content = found.read()
        finally:
            connection.close()
        for cookie in found.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        kind = found.headers.get_content_type()
        text = content.decode("utf-8", "replace") if kind == "text/html" else ""
        return Answer(found.status, kind, text, found.headers.get("Location", ""))

    def get(self, path: str) -> Answer:
        return self.send(Ask("GET", path))


@dataclass
class Visit:
    """What a visitor found: the pages that opened, one request of each kind, and the links to more of the same kinds."""

    pages: list[str] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    more: set[str] = field(default_factory=set)

    def trimmed(self) -> None:
        """Leaves out pages and links whose fields another request to the same page has too: they would be tried twice."""
        full = [_fields_at(ask.path) for ask in self.asks if ask.method == "GET"]
        lesser = {
            path for path in (*self.pages, *(ask.path for ask in self.asks if ask.method == "GET"))
            if any(at == other and names < more for (at, names) in [_fields_at(path)] for (other, more) in full) and "?" in path
        }  # fmt: skip
        self.pages = [path for path in self.pages if path not in lesser]
        self.asks = [ask for ask in self.asks if ask.method == "POST" or ask.path not in lesser]
        self.more |= lesser


def _fields_at(path: str) -> tuple[str, frozenset[str]]:
    """A page without its numbers, and the names of its query's fields."""
    parts = urlsplit(path)
    return re.sub(r"/\d+(?=/|$)", "/0", parts.path), frozenset(
        name for name, _ in parse_qsl(parts.query, keep_blank_values=True)
    )


def walk(browser: Browser, starts: list[str], *, passed_over: re.Pattern[str], most: int = 250) -> Visit:
    """Opens one page of each kind that links lead to; forms are collected and never sent."""
    visit, queue, kinds = Visit(), deque(starts), set[str]()
    while queue and len(visit.pages) < most:
        ask = Ask("GET", queue.popleft())
        if ask.kind in kinds or passed_over.match(ask.path):
            continue
        kinds.add(ask.kind)
        answer = browser.send(ask)
        if answer.status in (301, 302, 303, 307, 308):
            queue.append(_inside(browser.base, ask.path, answer.location))
            continue
        if answer.status != 200:
            continue
        visit.pages.append(ask.path)
        if ask.has_fields:
            visit.asks.append(ask)
        if answer.text:
            links, forms = offered(browser.base, ask.path, answer.text)
            queue.extend(link for link in links if link)
            visit.more |= set(filter(None, links))
            for form in forms:
                if form.kind not in kinds and not passed_over.match(form.path):
                    kinds.add(form.kind)
                    visit.asks.append(form)
    visit.more -= {*visit.pages, *(ask.path for ask in visit.asks)}
    return visit


def offered(base: str, path: str, text: str) -> tuple[list[str], list[Ask]]:
    """The links of a page within the site, and its forms filled in with something plausible."""
    document = html.fromstring(text)
    links = [_inside(base, path, href) for href in document.xpath("//a/@href")]
    return links, [ask for form in document.forms if (ask := _form(base, path, form))]


def _form(base: str, path: str, form: html.FormElement) -> Ask | None:
    action = _inside(base, path, form.get("action") or path)
    if not action:
        return None
    values = [(name, value if value.strip() else _filled(form, name)) for name, value in form.form_values()]
    values += [
        (e.get("name"), _filled(form, e.get("name"))) for e in form.xpath(f".//input[@name][not(@value)][{TYPED}]")
    ]
    values += [(e.get("name"), e.get("value", "")) for e in form.xpath(".//button[@name][1]")]
    values += [(e.get("name"), "1") for e in form.xpath(".//input[@type='checkbox'][@name][not(@checked)]")[:3]]
    if (form.method or "GET").upper() == "GET":
        return Ask("GET", f"{urlsplit(action).path}?{urlencode(values)}") if values else None
    return Ask("POST", action, tuple(values))


def _filled(form: html.FormElement, name: str) -> str:
    """Something plausible for an empty field: the first choice of a list, or what fits its type."""
    for element in form.xpath(".//*[@name=$name]", name=name):
        choices = [value for value in element.xpath(".//option/@value") if value]
        if choices:
            return str(choices[0])
        return FILLED.get(element.get("type", "text"), "Sample")
    return "Sample"


def _inside(base: str, page: str, link: str) -> str:
    """The link as a path of this site; '' for what leads elsewhere, to a file of the look, or nowhere."""
    target = urlsplit(urldefrag(urljoin(base + page, link))[0])
    if f"{target.scheme}://{target.netloc}" != base or target.path.startswith("/static/"):
        return ""
    return target.path + (f"?{target.query}" if target.query else "")
