"""What an enemy types into an address or a form: numbers no row has, methods nobody asked for, other people's ids."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.models import AccessRequest, Device, Evidence, Membership, Person, Project, WorkOrder
from portal.web.app import build
from portal.wiring import Context
from tests.factories import Town
from tests.support import town as shared
from tests.support.town import WORDS, Browser, csrf
from workflows.vocabulary import Kind, Role

TOO_LARGE = (2**31, 2**63, 2**70)
ODD = (
    "?agency=99999999999999999999999",
    "?agency=-1",
    "?after=99999999999999999999999",
    "?after=name~99999999999999999999999",
    "?after=" + "9" * 5000,
    "?after=%00",
    "?q=%00",
    "?q=%25_%27%22--",
    "?sort=password&standing=x&state=x",
)


def fingerprint(town: Town) -> str:
    with town.look() as session:
        return shared.fingerprint(session)


@pytest.mark.parametrize("who", ["admin", "desk"])
def test_a_number_that_no_row_can_have_is_an_address_where_nothing_is(
    app: Flask, town: Town, browser: Browser, who: str
) -> None:
    client = browser(town.desk if who == "desk" else town.harbor.members["admin"])
    token, wrong = csrf(client), []
    for rule in app.url_map.iter_rules():
        numbers = rule.arguments - set(WORDS)
        if rule.endpoint == "static" or not numbers:
            continue
        for large in TOO_LARGE:
            path = rule.build({name: WORDS.get(name, large) for name in rule.arguments}, append_unknown=False)
            assert path
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                answer = client.open(path[1], method=method, data={"csrf_token": token} if method == "POST" else None)
                if answer.status_code not in (404, 405):
                    wrong.append(f"{method} {path[1]} answers {answer.status}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ["admin", "desk"])
def test_what_is_typed_after_the_question_mark_never_breaks_a_page(
    app: Flask, town: Town, browser: Browser, who: str
) -> None:
    client = browser(town.desk if who == "desk" else town.harbor.members["admin"])
    wrong = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.arguments or "GET" not in (rule.methods or ()):
            continue
        for query in ODD:
            answer = client.get(rule.rule + query)
            if answer.status_code >= 500:
                wrong.append(f"{rule.rule}{query[:40]} answers {answer.status}")
    assert not wrong, "\n".join(wrong)


def test_other_methods_do_nothing(app: Flask, town: Town, browser: Browser) -> None:
    client, before, wrong = browser(town.harbor.members["admin"]), fingerprint(town), []
    given = WORDS | shared.NUMBERS | {key: str(value) for key, value in town.harbor.ids.items()}
    for rule in app.url_map.iter_rules():
        path = rule.build({name: given.get(name, 1) for name in rule.arguments}, append_unknown=False)
        for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"):
            answer = client.open(path[1] if path else rule.rule, method=method)
            if answer.status_code >= 500 or (method not in {"HEAD", "OPTIONS"} and answer.status_code != 405):
                wrong.append(f"{method} {rule.rule} answers {answer.status}")
    assert not wrong, "\n".join(wrong)
    assert fingerprint(town) == before


# --- ids in what is sent


def theirs(town: Town) -> dict[str, int]:
    side = town.inland
    return {
        "project_ids": side.ids["project_id"], "device_id": side.ids["device_id"], "replaces": side.members["user"].id,
        "membership_id": side.members["user"].id, "who": side.members["user"].id, "instead_of": side.members["director"].id,
        "agency": side.agency_id, "agency_id": side.agency_id, "person_id": side.members["user"].person_id,
        "document_id": side.ids["document_id"], "file_id": side.ids["file_id"],
    }  # fmt: skip


def request_form(town: Town, **more: Any) -> dict[str, Any]:
    with town.look() as session:
        project = session.scalars(select(Project.id).where(Project.agency_id == town.harbor.agency_id)).first()
    return {
        "agency": town.harbor.agency_id, "first_name": "Casey", "last_name": "Newcomer", "email": "casey.newcomer@example.org",
        "purpose": "Enters intakes at the night shelter.", "project_ids": project, "access_level": "case_manager_1", "worker": "staff",
        "start_on": town.today.isoformat(), "device_id": 0, "act": "add", "replaces": 0, "step": "send",
    } | more  # fmt: skip


@pytest.mark.parametrize(
    "field",
    [
        {"project_ids": "project_ids"},
        {"device_id": "device_id"},
        {"replaces": "replaces", "act": "replace"},
        {"agency": "agency"},
    ],
)
def test_a_request_takes_nothing_of_another_agency(town: Town, browser: Browser, field: dict[str, str]) -> None:
    client, before = browser(town.harbor.members["admin"]), fingerprint(town)
    foreign = {key: theirs(town).get(value, value) for key, value in field.items()}
    answer = client.post("/people/new", data=request_form(town, csrf_token=csrf(client), **foreign))
    assert answer.status_code in (400, 404)
    assert town.inland.ids_of_people[0] not in answer.get_data(as_text=True)
    assert without_drafts(town) and fingerprint_without_drafts(town, before)


def without_drafts(town: Town) -> bool:
    with town.look() as session:
        return not session.scalar(
            select(func.count()).select_from(Person).where(Person.email == "casey.newcomer@example.org")
        )


def fingerprint_without_drafts(town: Town, before: str) -> bool:
    from portal.models import Draft

    with town.change() as session:
        for draft in session.scalars(select(Draft)):
            session.delete(draft)
    return fingerprint(town) == before


def test_the_same_request_without_foreign_ids_is_taken(town: Town, browser: Browser) -> None:
    """Otherwise the refusals above would prove nothing."""
    client = browser(town.harbor.members["admin"])
    answer = client.post("/people/new", data=request_form(town, csrf_token=csrf(client)))
    assert answer.status_code == 302 and not without_drafts(town)


def test_columns_that_no_form_has_are_not_taken(town: Town, browser: Browser) -> None:
    """Every column of the tables behind, sent along with an honest request: none of them arrives."""
    client, columns = browser(town.harbor.members["admin"]), {}
    for model in (AccessRequest, Person, Membership, Evidence, Device):
        columns |= dict.fromkeys(model.__table__.columns.keys(), "77777")
    more = {
        "status": "issued",
        "basis": "lead",
        "requested_by": "77777",
        "role": "agency_admin",
        "detail": "lead_admin",
        "lms_uid": "evil",
    }
    answer = client.post("/people/new", data={**columns, **more, **request_form(town, csrf_token=csrf(client))})
    assert answer.status_code == 302
    with town.look() as session:
        person = session.scalars(select(Person).where(Person.email == "casey.newcomer@example.org")).one()
        request = session.scalars(select(AccessRequest).join(Membership).where(Membership.person_id == person.id)).one()
        roles = session.scalars(
            select(Evidence.detail).where(
                Evidence.kind == Kind.ROLE, Evidence.about == "membership", Evidence.subject_id == request.membership_id
            )
        ).all()
    assert (request.status, request.basis, request.agency_id) == ("open", "agency_admin", town.harbor.agency_id)
    assert request.requested_by == town.harbor.members["admin"].person_id and person.lms_uid is None
    assert roles == [Role.END_USER] and person.id != 77777


def test_a_device_of_another_agency_is_not_chosen_for_ones_own_person(town: Town, browser: Browser) -> None:
    client, before = browser(town.harbor.members["admin"]), fingerprint(town)
    member = town.harbor.members["user"].id
    answer = client.post(
        f"/people/{member}/device", data={"csrf_token": csrf(client), "device_id": theirs(town)["device_id"]}
    )
    assert answer.status_code in (400, 404) and fingerprint(town) == before


@pytest.mark.parametrize("field", ["who"])
def test_an_office_is_not_given_to_another_agencys_member(town: Town, browser: Browser, field: str) -> None:
    client, before = browser(town.harbor.members["director"]), fingerprint(town)
    data = {"csrf_token": csrf(client), "office": "both", field: theirs(town)[field], "purpose": ""}
    answer = client.post(f"/agency/{town.harbor.agency_id}/officers/name", data=data)
    assert answer.status_code in (400, 404) and fingerprint(town) == before


def test_things_of_two_agencies_do_not_mix_in_one_address(app: Flask, town: Town, browser: Browser) -> None:
    """One's own Agency in the path, another one's thing behind it, for everything that is addressed by two numbers."""
    client, before = browser(town.harbor.members["admin"]), fingerprint(town)
    token, seen = csrf(client), 0
    for rule in app.url_map.iter_rules():
        two = {name for name in rule.arguments if name.endswith("_id")}
        if len(two) < 2 or rule.defaults:
            continue
        first = re.findall(r"<int:(\w+)>", rule.rule)[0]
        given = WORDS | {name: town.inland.ids[name] for name in two} | {first: town.harbor.ids[first]}
        path = rule.build({name: given[name] for name in rule.arguments}, append_unknown=False)
        assert path
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            answer = client.open(path[1], method=method, data={"csrf_token": token} if method == "POST" else None)
            seen += 1
            assert answer.status_code in (403, 404), f"{method} {path[1]} answers {answer.status}"
    assert seen > 5 and fingerprint(town) == before


# --- over HTTPS, as in production


def test_over_https_forms_are_taken_with_what_a_browser_sends(context: Context) -> None:
    """The referrer policy has to leave what the check of forms asks for: with `no-referrer` every form was refused."""
    settings = replace(context.settings, base_url="https://portal.example.org")
    client = build(settings, replace(context, settings=settings)).test_client()
    base = "https://portal.example.org"
    page = client.get("/sign-in", base_url=base)
    sends = page.headers["Referrer-Policy"] in {"same-origin", "strict-origin", "strict-origin-when-cross-origin"}
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.get_data(as_text=True))
    assert token
    data = {"csrf_token": token.group(1), "email": "nobody@example.org", "password": "wrong and long enough"}
    answer = client.post("/sign-in", base_url=base, data=data, headers={"Referer": f"{base}/sign-in"} if sends else {})
    assert "do not belong together" in answer.get_data(as_text=True)
    for foreign in ("https://evil.example.com/", "https://portal.example.org.evil.example.com/", ""):
        answer = client.post("/sign-in", base_url=base, data=data, headers={"Referer": foreign})
        assert answer.status_code == 400 and "came from another window" in answer.get_data(as_text=True)
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=") and all(
        part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/")
    )


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example.com",
        "https://evil.example.com",
        "/\\evil.example.com",
        "/\t/evil.example.com",
        "javascript:alert(1)",
        "\\/evil",
    ],
)
def test_nobody_is_sent_to_another_site_after_signing_in(app: Flask, town: Town, browser: Browser, path: str) -> None:
    from portal.web.account import enter

    answer = browser(town.desk).get("/sign-in/second-factor", query_string={"next": path})
    assert answer.status_code == 302 and answer.headers["Location"] == "/"
    page = app.test_client().get("/sign-in", query_string={"next": path}).get_data(as_text=True)
    assert re.search(r'name="next"[^>]*value="/"', page) and "evil.example" not in page
    with app.test_request_context("/sign-in"):
        assert enter(town.token(town.harbor.members["user"]), path).headers["Location"] == "/"


def test_the_host_a_browser_names_is_in_no_link(town: Town, browser: Browser) -> None:
    client = browser(town.desk)
    for path in ("/", "/desk", "/people"):
        answer = client.get(path, headers={"Host": "evil.example.com"}, follow_redirects=False)
        assert "evil.example.com" not in answer.get_data(as_text=True) + answer.headers.get("Location", "")


def test_an_open_order_is_confirmed_by_nobody_of_another_agency(town: Town, browser: Browser) -> None:
    client, before = browser(town.inland.members["admin"]), fingerprint(town)
    data = {"csrf_token": csrf(client), "typed_user_id": "x", "temporary_password": "Harbor42Lights"}
    answer = client.post(f"/desk/orders/{town.harbor.ids['order_id']}", data=data)
    assert answer.status_code == 404 and fingerprint(town) == before
    with town.look() as session:
        assert session.get_one(WorkOrder, town.harbor.ids["order_id"]).status == "open"
