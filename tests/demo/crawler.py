"""A visitor who opens every page there is a link to, as one person, and says what is wrong with it."""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from tests.support.pages import problems_of

SAME = 3
"""As many pages of one kind as are opened: the third person's page tells nothing new."""


@dataclass
class Visit:
    """What a visitor saw: how many pages of each kind, and every surprise as (page it was linked from, path, what)."""

    seen: Counter[str] = field(default_factory=Counter)
    surprises: list[tuple[str, str, str]] = field(default_factory=list)


def signed_in(app: Flask, person_id: int) -> FlaskClient:
    """A browser in which a listed person has signed in through the demonstration's own button."""
    client = app.test_client()
    page = html.fromstring(client.get("/demo").get_data(as_text=True))
    [token] = set(page.xpath("//form[@action='/demo/sign-in']//input[@name='csrf_token']/@value"))
    answer = client.post("/demo/sign-in", data={"csrf_token": token, "person_id": person_id})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return client


def walk(client: FlaskClient, start: str = "/", *, same: int = SAME, most: int = 400) -> Visit:
    """Follows every link of every page, within the portal, in order of discovery."""
    visit, queue, known = Visit(), deque([("(start)", start)]), {start}
    while queue and sum(visit.seen.values()) < most:
        origin, path = queue.popleft()
        kind = _kind(path)
        if visit.seen[kind] >= same:
            continue
        visit.seen[kind] += 1
        answer = client.get(path)
        if answer.status_code >= 400:
            visit.surprises.append((origin, path, f"answered {answer.status_code}"))
            continue
        if answer.status_code in (301, 302, 303, 307, 308):
            target = answer.headers["Location"]
            if urlsplit(target).path.startswith("/sign-in"):
                visit.surprises.append((origin, path, f"sent to {target}"))
            found = [target]
        elif answer.mimetype == "text/html":
            text = answer.get_data(as_text=True)
            visit.surprises += [(origin, path, problem) for problem in problems_of(text)]
            found = html.fromstring(text).xpath("//a/@href")
        else:
            found = []
        for link in found:
            target = _inside(path, link)
            if target and target not in known:
                known.add(target)
                queue.append((path, target))
    return visit


def _inside(page: str, link: str) -> str:
    """The link as a path of the portal; '' for what leads elsewhere or is no page."""
    target = urlsplit(urldefrag(urljoin(f"http://localhost{page}", link))[0])
    if target.scheme != "http" or target.netloc != "localhost" or target.path.startswith("/static/"):
        return ""
    return target.path + (f"?{target.query}" if target.query else "")


def _kind(path: str) -> str:
    """The path with its numbers and long tokens left out, and the names of its arguments: pages of one kind."""
    parts = urlsplit(path)
    plain = re.sub(r"/[A-Za-z0-9_.=-]{40,}", "/…", re.sub(r"/\d+", "/0", parts.path))
    arguments = urlencode(sorted({(name, "") for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))
    return f"{plain}?{arguments}" if arguments else plain
