"""The demonstration's pages: one click for whoever is listed and nobody else, and no trace of it anywhere else."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from lxml import html
from sqlalchemy import func, select

from portal.config import ROOT
from portal.models import Document, Membership, Person, WebSession
from portal.web import demo
from portal.web.app import build
from tests.demo.conftest import PRESENT, without_demo
from tests.demo.crawler import signed_in, walk
from tests.support.pages import ClientRequest, problems_of

ROLES = {
    "Lead administrator",
    "Second Lead administrator",
    "Help desk",
    "Lead security officer",
    "Trainer",
    "Board member of the Continuum",
    "Data committee member",
    "Security compliance auditor",
    "Executive director, just invited",
    "Executive director",
    "Agency administrator",
    "Security officer",
    "Three offices in one person",
    "End user with access",
    "End user on the way",
    "End user, agreement to sign",
}


@pytest.fixture
def browser(demo_app):
    return ClientRequest(demo_app.test_client())


def test_one_person_for_each_role_is_listed_with_what_to_try(browser, cast):
    page = browser.get("/demo")
    assert {one.role for one in cast} == ROLES
    assert len({one.person_id for one in cast}) == len(ROLES)
    for one in cast:
        assert one.name in page.text
        assert one.to_try in page.text
    assert "Made-up people: demonstration." in page.response.get_data(as_text=True)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_one_click_signs_in_and_no_second_factor_is_asked_for(demo_app, cast, role):
    [one] = [one for one in cast if one.role == role]
    client = signed_in(demo_app, one.person_id)
    page = ClientRequest(client).get("/")
    assert one.name in page.document.xpath("string(//header)")


def test_somebody_who_is_not_listed_is_refused(demo_app, small_community, cast):
    listed = {one.person_id for one in cast}
    with small_community.sessions() as session:
        other = session.scalars(select(Person.id).where(Person.id.not_in(listed)).limit(1)).one()
        before = session.scalar(select(func.count()).select_from(WebSession))
    client = demo_app.test_client()
    [token] = set(
        html.fromstring(client.get("/demo").text).xpath(
            "//form[@action='/demo/sign-in']//input[@name='csrf_token']/@value"
        )
    )
    for person_id in (other, 0, 10**9):
        assert client.post("/demo/sign-in", data={"csrf_token": token, "person_id": person_id}).status_code == 404
    for wrong in ("", "1 or 1", "-1"):
        assert client.post("/demo/sign-in", data={"csrf_token": token, "person_id": wrong}).status_code in (400, 404)
    assert client.post("/demo/sign-in", data={"person_id": cast[0].person_id}).status_code == 400
    with small_community.sessions() as session:
        assert session.scalar(select(func.count()).select_from(WebSession)) == before
    assert client.get("/people", follow_redirects=False).status_code == 302


@pytest.mark.parametrize("path", ["/demo", "/demo/mail"])
def test_outside_the_demonstration_there_is_no_such_page(small_community, path):
    app = build(context=without_demo(small_community))
    assert app.test_client().get(path).status_code == 404
    assert not [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/demo")]
    assert "demo" not in app.blueprints


def test_outside_the_demonstration_nobody_is_signed_in_by_a_click(small_community, cast):
    app = build(context=without_demo(small_community))
    client = app.test_client()
    [token] = set(
        html.fromstring(client.get("/sign-in").text).xpath(
            "//form[@action='/sign-in']//input[@name='csrf_token']/@value"
        )
    )
    answer = client.post("/demo/sign-in", data={"csrf_token": token, "person_id": cast[0].person_id})
    assert answer.status_code == 404
    assert client.get("/desk").status_code == 302


def test_outside_the_demonstration_its_module_is_not_even_imported():
    code = (
        "import sys\n"
        "from portal.config import Settings\n"
        "from portal.web.app import build\n"
        "build(Settings(database_url='sqlite://', secret_keys=('x' * 40,)))\n"
        "print([name for name in sys.modules if name == 'portal.web.demo' or name.startswith('portal.demo')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_mail_is_shown_newest_first_and_links_lead_into_this_portal_only(browser):
    page = browser.get("/demo/mail")
    links = page.document.xpath("//main//div[contains(@class, 'measure')]//a/@href")
    assert links
    assert all(link.startswith("/") and not link.startswith("//") for link in links)
    shown = [datetime.strptime(found.replace("a.m.", "AM").replace("p.m.", "PM"), "%B %d, %Y at %I:%M %p") for found in
             re.findall(r"(\w+ \d+, \d{4} at \d+:\d\d [ap]\.m\.) Eastern", page.text)]  # fmt: skip
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == demo.PAGE
    assert "executed copy" not in page.text.lower()


def test_the_mail_pages_on_and_is_found_by_addressee(browser, small_community):
    everything, path = [], "/demo/mail?copies=y"
    while path:
        page = browser.get(path)
        everything += page.document.xpath("//section[contains(@class, 'portal-card')]//h2/text()")
        path = next(iter(page.document.xpath("//a[@rel='next']/@href")), "")
    assert len(everything) == len(list(small_community.mailer.folder.glob("*.eml")))
    with small_community.sessions() as session:
        to = session.scalars(
            select(Person.email)
            .join(Membership)
            .join(Document, Document.membership_id == Membership.id)
            .where(Document.status == "prepared")
            .limit(1)
        ).first()
    page = browser.get(f"/demo/mail?to={to}")
    assert {found.strip("<>") for found in re.findall(r"To [^,]*?(\S+@example\.org)", page.text)} == {to}
    assert "/s/" in page.response.get_data(as_text=True)


def test_a_live_link_from_the_mail_opens_what_is_to_be_signed(demo_app, small_community):
    with small_community.sessions() as session:
        to = session.scalars(
            select(Person.email)
            .join(Membership)
            .join(Document, Document.membership_id == Membership.id)
            .where(Document.status == "prepared", Document.kind == "user_agreement")
            .limit(1)
        ).one()
    page = html.fromstring(demo_app.test_client().get(f"/demo/mail?to={to}").text)
    [link] = [link for link in page.xpath("//main//a/@href") if link.startswith("/s/")][:1]
    answer = demo_app.test_client().get(link)
    assert answer.status_code == 200
    assert problems_of(answer.text) == []


def test_an_address_elsewhere_is_text_and_no_link(demo_app):
    base = demo_app.extensions["portal"].settings.base_url
    with demo_app.test_request_context():
        pieces = demo._pieces(f"See {base}/me and https://elsewhere.example.org/me or {base}//elsewhere.example.org.")
        assert [path for _, path in pieces if path] == ["/me", "/"]
        assert "".join(text for text, _ in pieces).startswith(f"See {base}/me and https://elsewhere")


def test_kept_messages_carry_no_code_and_none_is_older_than_three_weeks(small_community):
    files = sorted(small_community.mailer.folder.glob("*.eml"))
    assert files
    for file in files:
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert not str(message["Message-ID"]).startswith("<code.")
        assert (PRESENT.replace(tzinfo=UTC) - message["Date"].datetime).days <= 21


@pytest.mark.parametrize("same", [1, pytest.param(2, marks=pytest.mark.proof)])
def test_every_page_opens_for_everybody_listed(demo_app, cast, same):
    """Whoever is listed follows every link there is: no page fails, and none offers what it then refuses."""
    found = []
    for one in cast:
        visit = walk(signed_in(demo_app, one.person_id), same=same)
        assert sum(visit.seen.values()) > 3, one.role
        found += [f"{one.role}: {path} (from {origin}) {what}" for origin, path, what in visit.surprises]
    assert not found, "\n".join(found)
