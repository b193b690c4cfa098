"""Every route, whoever knocks: it declares a permission, tells a stranger nothing, and a refusal changes nothing."""

import re
from collections.abc import Callable
from functools import partial

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from portal.models import Agency, Person
from portal.services.account import sign_in
from portal.web.app import build, refuse_unclassified
from portal.wiring import Context
from tests.factories import Side, Town
from tests.support import town as shared
from tests.support.pages import problems_of
from tests.support.town import csrf, declared, having, is_public, leaks, text_of, url, with_things
from workflows.actions import Action
from workflows.vocabulary import Role

Fingerprint = Callable[[], str]
PARTS = ("director", "admin", "officer", "user", "comer")
built, engine, town = shared.built, shared.engine, shared.town
browser = shared.signed_in


@pytest.fixture
def rules(app: Flask) -> list[Rule]:
    return shared.routes(app)


@pytest.fixture
def fingerprint(context: Context) -> Fingerprint:
    """A hash of everything in the database but the record and the sessions."""

    return shared.Fingerprints(context.engine, context.sessions)


class Faults(list[str]):
    """Everything that is wrong, said at once at the end of the block."""

    def __enter__(self) -> "Faults":
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        assert kind is not None or not self, "\n" + "\n".join(self)

    def unless(self, fine: object, said: str) -> None:
        if not fine:
            self.append(said)


# --- declarations


def test_every_route_declares_an_action_or_says_why_it_needs_none(app: Flask, rules: list[Rule]) -> None:
    for rule in rules:
        said = declared(app, rule)
        assert isinstance(said, Action) or re.fullmatch(r"public: .{10,}", said), rule.rule
    assert len(rules) > 60


def test_a_route_without_a_permission_stops_the_start(
    app: Flask, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = Blueprint("planted", __name__)
    planted.add_url_rule("/planted", "bare", lambda: "open to all")
    fresh = Flask("fresh")
    fresh.register_blueprint(planted)
    with pytest.raises(RuntimeError, match=r"planted\.bare"):
        refuse_unclassified(fresh)

    from portal.web import app as web_app

    real = web_app._blueprints
    monkeypatch.setattr(
        web_app, "_blueprints", lambda app, settings: (real(app, settings), app.register_blueprint(planted))
    )
    with pytest.raises(RuntimeError, match=r"planted\.bare"):
        build(context=context)


def test_the_public_routes_are_these_and_no_more(app: Flask, rules: list[Rule]) -> None:
    public = {rule.endpoint for rule in rules if is_public(app, rule)}
    assert {name for name in public if name.split(".")[0] not in {"account", "signing", "public", "library"}} <= {
        "home.index", "report.new", "report.by_link", "report.sent",
        "outages.index", "outages.history", "outages.one", "outages.feed", "outages.calendar",
        "knowledge.index", "knowledge.article", "knowledge.helped", "knowledge.thanks",
        "help.rate_by_link", "help.rated", "feedback.index", "feedback.answer", "feedback.by_link", "feedback.thanks",
    }  # fmt: skip


def test_nothing_is_changed_by_get_alone(app: Flask, rules: list[Rule]) -> None:
    """Where the name of a route is a verb of change, GET must not carry it out: it shows a form, or does not exist."""
    for rule in rules:
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        assert methods in ({"GET"}, {"POST"}, {"GET", "POST"}), rule.rule


def test_the_demonstration_is_not_there(app: Flask, client: FlaskClient, rules: list[Rule]) -> None:
    assert not [rule.rule for rule in rules if "demo" in rule.rule or rule.endpoint.startswith("demo")]
    for path in ("/demo", "/demo/", "/demo/mail"):
        assert client.get(path).status_code == 404
    assert client.post("/demo/sign-in", data={"person_id": "1"}).status_code in (400, 404)


# --- strangers


def test_a_stranger_is_sent_to_sign_in_and_learns_nothing(
    app: Flask, town: Town, rules: list[Rule], fingerprint: Fingerprint
) -> None:
    before, client = fingerprint(), browser(app, town)
    with Faults() as faults:
        for rule in having(rules, "GET"):
            answer = client.get(url(rule, town.harbor))
            faults.unless(not leaks(answer, town.harbor), f"{rule.rule} tells a stranger {leaks(answer, town.harbor)}")
            if not is_public(app, rule):
                sent = answer.status_code == 302 and answer.location.startswith("/sign-in?next=")
                faults.unless(sent, f"{rule.rule} answers a stranger {answer.status}")
                faults.unless(fingerprint() == before, f"{rule.rule} changed the database")


def test_a_stranger_posts_nothing(app: Flask, town: Town, rules: list[Rule], fingerprint: Fingerprint) -> None:
    client = browser(app, town)
    token, before = csrf(client), fingerprint()
    with Faults() as faults:
        for rule in having(rules, "POST"):
            if not is_public(app, rule):
                answer = client.post(url(rule, town.harbor), data={"csrf_token": token})
                sent = answer.status_code == 302 and answer.location.startswith("/sign-in")
                faults.unless(sent, f"{rule.rule} answers a stranger {answer.status}")
                faults.unless(
                    not leaks(answer, town.harbor), f"{rule.rule} tells a stranger {leaks(answer, town.harbor)}"
                )
                faults.unless(fingerprint() == before, f"{rule.rule} changed the database")


def test_without_a_csrf_token_nobody_posts_anything(
    app: Flask, town: Town, rules: list[Rule], fingerprint: Fingerprint
) -> None:
    people = {"a stranger": None, "the Lead": town.admin, "the help desk": town.desk, **town.harbor.members}
    clients, before = {name: browser(app, town, who) for name, who in people.items()}, fingerprint()
    tokens: list[dict[str, str]] = [{}, {"csrf_token": ""}, {"csrf_token": "ImZha2Ui.aQ.x"}]
    with Faults() as faults:
        for turn, rule in enumerate(having(rules, "POST")):
            for place, (name, client) in enumerate(clients.items()):
                # In turns: the check stands before all routes, and every route is tried by everybody and in each way.
                answer = client.post(url(rule, town.harbor), data=tokens[(turn + place) % len(tokens)])
                faults.unless(answer.status_code == 400, f"{rule.rule} answers {name} {answer.status}")
            faults.unless(fingerprint() == before, f"{rule.rule} changed the database")


# --- another Agency


def of_an_agency(rules: list[Rule]) -> list[Rule]:
    """The routes to things of an Agency: articles are everybody's."""
    return [rule for rule in with_things(rules) if not rule.endpoint.startswith("knowledge.")]


@pytest.fixture(params=PARTS)
def part(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_another_agencys_things_are_not_there(
    app: Flask, town: Town, rules: list[Rule], fingerprint: Fingerprint, part: str
) -> None:
    client, before, looked = browser(app, town, town.harbor.members[part]), fingerprint(), 0
    with Faults() as faults:
        for rule in of_an_agency(having(rules, "GET")):
            answer, own = client.get(url(rule, town.inland)), client.get(url(rule, town.harbor))
            looked += own.status_code == 200
            fine = {404} if own.status_code == 200 else {403, 404}
            faults.unless(
                answer.status_code in fine,
                f"{rule.rule} answers {part} {answer.status}; for the own Agency {own.status}",
            )
            faults.unless(not leaks(answer, town.inland), f"{rule.rule} tells {part} {leaks(answer, town.inland)}")
        faults.unless(fingerprint() == before, "looking changed the database")
    assert looked > 5 or part != "admin", "the comparison has to have something to compare"


def test_another_agencys_things_cannot_be_changed(
    app: Flask, town: Town, rules: list[Rule], fingerprint: Fingerprint, part: str
) -> None:
    client = browser(app, town, town.harbor.members[part])
    token, before = csrf(client), fingerprint()
    with Faults() as faults:
        for rule in of_an_agency(having(rules, "POST")):
            answer = client.post(url(rule, town.inland), data={"csrf_token": token})
            faults.unless(answer.status_code in (403, 404), f"{rule.rule} answers {part} {answer.status}")
            faults.unless(not leaks(answer, town.inland), f"{rule.rule} tells {part} {leaks(answer, town.inland)}")
            faults.unless(fingerprint() == before, f"{rule.rule} changed the database")


def test_lists_show_nothing_of_another_agency(app: Flask, town: Town, rules: list[Rule], part: str) -> None:
    client, shown = browser(app, town, town.harbor.members[part]), 0
    with Faults() as faults:
        for rule in having(rules, "GET"):
            if rule.arguments:
                continue
            for query in ("", "?format=csv", "?q=Sample", "?sort=-name"):
                answer = client.get(rule.rule + query, follow_redirects=True)
                faults.unless(answer.status_code < 500, f"{rule.rule}{query} answers {part} {answer.status}")
                faults.unless(
                    not leaks(answer, town.inland), f"{rule.rule}{query} shows {part} {leaks(answer, town.inland)}"
                )
                shown += town.harbor.name in text_of(answer)
    assert shown


# --- without the role


def test_whoever_holds_no_office_changes_nobody_elses_things(
    app: Flask, town: Town, rules: list[Rule], fingerprint: Fingerprint
) -> None:
    """Somebody with access of their own at the same Agency, on a colleague's and the Agency's things."""
    client = browser(app, town, town.harbor.members["user"])
    token, before = csrf(client), fingerprint()
    with Faults() as faults:
        for rule in of_an_agency(rules):
            if rule.endpoint.startswith("help."):
                continue  # the town's question is this person's own
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                answer = client.open(
                    url(rule, town.harbor), method=method, data={"csrf_token": token} if method == "POST" else None
                )
                faults.unless(
                    answer.status_code in (403, 404), f"{method} {rule.rule} answers a colleague {answer.status}"
                )
                faults.unless(fingerprint() == before, f"{method} {rule.rule} changed the database")


def test_nobody_of_an_agency_comes_to_the_desk(
    app: Flask, town: Town, rules: list[Rule], fingerprint: Fingerprint, part: str
) -> None:
    client = browser(app, town, town.harbor.members[part])
    token, before = csrf(client), fingerprint()
    with Faults() as faults:
        for rule in rules:
            if not rule.rule.startswith("/desk") or declared(app, rule) in {
                Action.ORDER_LIST,
                Action.ORDER_SEE,
                Action.ORDER_CONFIRM,
            }:
                continue
            for ask in (client.get, partial(client.post, data={"csrf_token": token})):
                answer = ask(url(rule, town.harbor))
                faults.unless(answer.status_code in (403, 404, 405), f"{rule.rule} answers {part} {answer.status}")
            faults.unless(fingerprint() == before, f"{rule.rule} changed the database")


def test_a_mailed_link_opens_no_desk(app: Flask, town: Town, rules: list[Rule], fingerprint: Fingerprint) -> None:
    """The Lead's own administrator, come by a link: a mailbox is no second factor."""
    client = browser(app, town, town.admin, via="link")
    token, before = csrf(client), fingerprint()
    with Faults() as faults:
        for rule in rules:
            if is_public(app, rule) or declared(app, rule) in {Action.HOME_SEE} or rule.endpoint == "account.again":
                continue  # whoever came by a link has a new one mailed there
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                answer = client.open(
                    url(rule, town.harbor), method=method, data={"csrf_token": token} if method == "POST" else None
                )
                # The forms of one's own things (a certificate, a revealed password) may answer that something is missing.
                own_question = rule.endpoint == "help.ask"
                allowed = {403, 404} if rule.arguments and not own_question else {200, 302, 400, 403, 404, 409}
                faults.unless(answer.status_code in allowed, f"{method} {rule.rule} answers {answer.status}")
                faults.unless(not leaks(answer, town.harbor), f"{rule.rule} tells {leaks(answer, town.harbor)}")
                faults.unless(fingerprint() == before, f"{method} {rule.rule} changed the database")


def test_before_the_second_factor_the_lead_sees_nothing(app: Flask, town: Town, rules: list[Rule]) -> None:
    client = app.test_client()
    with town.change() as session:
        person = session.get_one(Person, town.admin.person_id)
        token = sign_in.start_session(session, person=person, via="password", actor=town.desk, now=town.now)
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    with Faults() as faults:
        for rule in having(rules, "GET"):
            if rule.endpoint.startswith("account."):
                continue
            answer = client.get(url(rule, town.harbor))
            if not is_public(app, rule) or rule.endpoint == "home.index":
                sent = answer.status_code == 302 and answer.location.startswith("/sign-in/second-factor")
                faults.unless(sent, f"{rule.rule} answers {answer.status}")
            faults.unless(not leaks(answer, town.harbor), f"{rule.rule} tells {leaks(answer, town.harbor)}")


# --- for whom it is there


@pytest.mark.parametrize("role", [Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.TRAINER])
def test_every_page_opens_for_the_leads_staff_or_refuses_in_a_sentence(
    app: Flask, town: Town, rules: list[Rule], role: Role
) -> None:
    who = {Role.LEAD_ADMIN: town.admin, Role.HELP_DESK: town.desk, Role.TRAINER: town.trainer}.get(role) or town.staff(
        role
    )
    assert looked_over(app, rules, browser(app, town, who), town.harbor) > 5


def test_every_page_of_ones_own_agency_is_well_made(app: Flask, town: Town, rules: list[Rule], part: str) -> None:
    assert looked_over(app, rules, browser(app, town, town.harbor.members[part]), town.harbor) >= 2


def looked_over(app: Flask, rules: list[Rule], client: FlaskClient, side: Side) -> int:
    """How many pages opened; every one of them, and every refusal, is a well-made page."""
    opened = 0
    with Faults() as faults:
        for rule in having(rules, "GET"):
            if rule.endpoint.startswith(
                (
                    "account.",
                    "signing.landing",
                    "report.by_link",
                    "report.sent",
                    "feedback.by_link",
                    "help.rate_by_link",
                    "help.rated",
                )
            ):
                continue
            answer = client.get(url(rule, side))
            faults.unless(answer.status_code in (200, 302, 303, 403, 404, 409), f"{rule.rule} answers {answer.status}")
            if answer.mimetype == "text/html" and answer.status_code not in (302, 303):
                opened += answer.status_code == 200
                faults.unless(not problems_of(text_of(answer)), f"{rule.rule}: {problems_of(text_of(answer))}")
    return opened


def test_the_town_is_as_told(town: Town) -> None:
    """The comparison above means something only where both Agencies are there and alike."""
    with town.look() as session:
        assert set(session.scalars(select(Agency.name))) >= {"Sample Harbor", "Sample Inland"}
    assert town.harbor.ids.keys() == town.inland.ids.keys()
    assert not set(town.harbor.words) & set(town.inland.words)
