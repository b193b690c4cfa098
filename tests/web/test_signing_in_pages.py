"""The pages around signing in: help from others, recovery codes, sessions, what was typed too late, another address."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from portal.models import Credential, Draft, EmailChange, Link, Membership, WebSession
from portal.services import packs
from portal.services.account import second_factor
from portal.services.people import mailbox
from portal.services.security.sanctions import sanctions
from portal.services.security.sanctions.sanction_measures import Measure
from portal.web.account.sessions import browser as named
from portal.web.app import build
from tests.services.doors import GOOD, Doors
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from workflows.policy import MAINE, load, text_of
from workflows.vocabulary import Role

HOW = "Called back on the number on file and know the voice."
MANUAL = load(text_of(MAINE).replace('profile          = "nist-63b4"', 'profile = "manual"'))


@pytest.fixture
def app(doors: Doors) -> Flask:
    return build(context=doors.world.context)


def at(doors: Doors, app: Flask, name: str) -> ClientRequest:
    """A browser in which this person has come all the way in."""
    return browser_of(doors.world, doors.actor(name), app)


def page_of(doors: Doors, name: str) -> str:
    return f"/people/{doors.members[name].id}"


def come(doors: Doors, app: Flask, name: str, password: str = GOOD, expect: int = 302) -> tuple[ClientRequest, Page]:
    browser = ClientRequest(app.test_client())
    page = browser.submit(
        browser.get("/sign-in"), expect, having="password", email=doors.person(name).email, password=password
    )
    return browser, page


def links(page: Page) -> list[str]:
    return [href for href in page.document.xpath("//main//a/@href") if href.startswith("/")]


# --- help from others


def test_an_administrator_unlocks_after_saying_why(doors: Doors, app: Flask) -> None:
    doors.lock("user")
    admin = at(doors, app, "admin")
    page = admin.get(page_of(doors, "user"))
    assert "The account is locked" in page.text and f"{page_of(doors, 'user')}/unlock" in links(page)
    page = admin.get(f"{page_of(doors, 'user')}/unlock")
    assert "Locked since" in page.text
    refused = admin.submit(page, 400, reason="")
    assert "Say why" in refused.text and doors.locked("user")
    done = admin.follow(admin.submit(page, reason="Called back on the number on file."))
    assert "can sign in again" in done.text and not doors.locked("user")
    assert f"{page_of(doors, 'user')}/unlock" not in links(done)
    admin.get(f"{page_of(doors, 'user')}/unlock", 409)


def test_an_administrator_signs_somebody_out_everywhere(doors: Doors, app: Flask) -> None:
    admin, place = at(doors, app, "admin"), f"{page_of(doors, 'user')}/sign-out"
    assert place not in links(admin.get(page_of(doors, "user")))
    admin.get(place, 409)
    browser, _ = come(doors, app, "user")
    browser.get("/me")
    assert place in links(admin.get(page_of(doors, "user")))
    page = admin.get(place)
    assert "Say why" in admin.submit(page, 400, reason="").text
    browser.get("/me")
    assert "is signed out everywhere" in admin.follow(admin.submit(page, reason="Lost the phone on the bus.")).text
    browser.get("/me", 302)
    assert "Lost the phone on the bus." in doors.said("session.end")[-1].said
    for name, expect in (("director", 403), ("admin_elsewhere", 404), ("colleague", 403)):
        at(doors, app, name).get(place, expect)


@pytest.mark.parametrize("what", ["unlock", "reset-password", "email"])
def test_of_another_administrator_they_neither_see_a_button_nor_open_the_page(
    doors: Doors, app: Flask, what: str
) -> None:
    doors.lock("second_admin")
    admin = at(doors, app, "admin")
    assert f"{page_of(doors, 'second_admin')}/{what}" not in links(admin.get(page_of(doors, "second_admin")))
    admin.get(f"{page_of(doors, 'second_admin')}/{what}", 403)
    assert doors.locked("second_admin")
    lead = at(doors, app, "lead")
    if what != "reset-password":  # a locked account is unlocked first
        assert f"{page_of(doors, 'second_admin')}/{what}" in links(lead.get(page_of(doors, "second_admin")))


def test_staff_have_a_link_mailed_and_see_nothing_of_it(doors: Doors, app: Flask) -> None:
    admin = at(doors, app, "admin")
    page = admin.get(f"{page_of(doors, 'user')}/reset-password")
    assert "You never see the password" in page.text
    done = admin.follow(admin.submit(page, reason="Forgot it and called."))
    assert f"A link to choose a new password goes to {doors.person('user').email}" in done.text
    with doors.world.look() as session:
        link = session.scalars(select(Link).where(Link.purpose == "reset")).one()
    assert link.person_id == doors.members["user"].person_id
    assert "/l/reset/" not in done.response.get_data(as_text=True)


def test_two_people_vouch_on_the_persons_page(doors: Doors, app: Flask) -> None:
    doors.set_up_factor("admin")
    first, second = at(doors, app, "director"), at(doors, app, "desk")
    path = f"{page_of(doors, 'admin')}/vouch"
    assert path in links(first.get(page_of(doors, "admin")))
    page = first.get(path)
    assert "a second person has to vouch" in page.text
    first.submit(page, 400, recognised="short")
    assert "A second person has to vouch" in first.follow(first.submit(page, recognised=HOW)).text
    assert "You have vouched already" in first.get(path, 409).text
    page = second.get(path)
    assert "has vouched" in page.text and HOW in page.text and "Yours is the second voice" in page.text
    listed = at(doors, app, "lead").get("/desk/sign-in")
    assert doors.person("admin").name in listed.text and doors.person("director").name in listed.text
    assert "is taken away" in second.follow(second.submit(page, recognised=HOW)).text
    with doors.world.look() as session:
        assert not second_factor.is_set_up(session, doors.members["admin"].person_id)


def test_the_desk_lists_who_is_locked(doors: Doors, app: Flask) -> None:
    lead = at(doors, app, "lead")
    assert "Nobody is locked out" in lead.get("/desk/sign-in").text
    for name in ("user", "colleague", "director"):
        doors.lock(name)
    page = lead.get("/desk/sign-in")
    assert "Somebody may be trying to get in" in page.text
    for name in ("user", "colleague", "director"):
        assert doors.person(name).name in page.text
    found = lead.get(f"/desk/sign-in?q={doors.person('user').last_name}").text
    assert doors.person("user").name in found and doors.person("director").name not in found
    table = lead.client.get("/desk/sign-in?format=csv").get_data(as_text=True)
    assert len(table.strip().splitlines()) == 4
    assert "3 accounts locked within a day" in lead.get("/").text
    at(doors, app, "admin").get("/desk/sign-in", 403)


def test_the_list_costs_the_same_however_many_are_locked(doors: Doors, app: Flask, engine: Engine) -> None:
    lead = at(doors, app, "lead")
    lead.get("/desk/sign-in")
    counts = []
    for more in (3, 40):
        for _ in range(more):
            person_id = doors.world.member(doors.agency).person_id
            with doors.world.change() as session:
                now = doors.world.now
                session.add(
                    Credential(
                        person_id=person_id, password_hash="x", changed_at=now, failures=3, locked_since=now, totp_last_step=0
                    )
                )  # fmt: skip
        with statements(engine) as run:
            lead.get("/desk/sign-in")
        counts.append(len(run))
    assert counts[0] == counts[1]


# --- who needs a second factor


@pytest.mark.parametrize(
    ("name", "needs"), [("user", False), ("admin", True), ("director", True), ("desk", True), ("lead", True)]
)
def test_whoever_holds_an_office_sets_up_a_second_factor_first(
    doors: Doors, app: Flask, name: str, needs: bool
) -> None:
    browser, moved = come(doors, app, name)
    assert moved.location == ("/sign-in/second-factor?next=/" if needs else "/")
    if needs:
        for path in ("/", "/me", "/people", "/account/sessions", "/account/second-factor", "/account/email"):
            assert browser.client.get(path).location.startswith("/sign-in/second-factor"), path
        assert "Key:" in browser.follow(moved).text


def test_an_officer_without_a_password_still_comes_by_link_and_code(doors: Doors, app: Flask) -> None:
    """Executive directors and others who come rarely: no password, no app; a mailbox and a code."""
    director = doors.world.member(doors.agency, None, Role.EXECUTIVE_DIRECTOR)
    with doors.world.change() as session:
        from portal.models import Person
        from portal.services.account import sign_in

        token = sign_in.start_session(
            session, person=session.get_one(Person, director.person_id), via="link", actor=doors.actor("desk"), now=doors.world.now
        )  # fmt: skip
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    assert client.get("/people").status_code == 200


def test_with_a_password_a_mailed_link_is_no_way_around_the_second_factor(doors: Doors, app: Flask) -> None:
    doors.set_up_factor("admin")
    doors.start("admin", via="link")
    with doors.world.change() as session:
        row = session.scalars(select(WebSession).order_by(WebSession.id.desc()).limit(1)).one()
        from portal.secrets import hash_of

        row.token_hash = hash_of("by link")
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "by link"
    assert client.get("/people").location.startswith("/sign-in/second-factor")
    assert client.get("/sign-in/second-factor").status_code == 200


# --- recovery codes


def test_codes_are_shown_once_used_once_and_counted(doors: Doors, app: Flask) -> None:
    seed = doors.set_up_factor("admin")
    doors.world.now += timedelta(seconds=30)
    browser, moved = come(doors, app, "admin")
    browser.submit(browser.follow(moved), code=doors.totp(seed))
    page = browser.get("/account/second-factor")
    assert "0 of 10" in page.text and "You have no recovery codes" in page.text
    shown = browser.submit(page, 200)
    codes = re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){5}", shown.text)
    assert len(set(codes)) == 10 and "shown once" in shown.text
    again = browser.get("/account/second-factor")
    assert codes[0] not in again.text and "10 of 10" in again.text

    other, moved = come(doors, app, "admin")
    page = other.follow(moved)
    path = next(href for href in links(page) if href.startswith("/sign-in/recovery"))
    page = other.get(path)
    assert "none of your recovery codes" in other.submit(page, 400, code="aaaa-bbbb-cccc-dddd").text
    home = other.follow(other.submit(page, code=codes[0].upper()))
    assert "9 of your codes are left" in home.text
    third, moved = come(doors, app, "admin")
    third.follow(moved)
    third.submit(third.get("/sign-in/recovery"), 400, code=codes[0])
    assert doors.mails("recovery_used")


def test_setting_up_leads_on_to_the_recovery_codes(doors: Doors, app: Flask) -> None:
    browser, moved = come(doors, app, "admin")
    page = browser.follow(moved)
    found = re.search(r"Key: ([A-Z2-7]{32})", page.text)
    assert found
    moved = browser.submit(page, code=doors.totp(found.group(1)))
    assert moved.location == "/account/second-factor?next=/"
    page = browser.follow(moved)
    assert "Show ten new recovery codes" in page.text and "/" in links(page)


# --- sessions


def test_one_sees_where_one_is_signed_in_and_ends_it(doors: Doors, app: Flask) -> None:
    first, second, third = (at(doors, app, "user") for _ in range(3))
    doors.start("colleague")
    page = first.get("/account/sessions")
    assert page.text.count("Password") == 3 and page.text.count("This browser") == 1
    ends = page.document.xpath("//main//form[contains(@action, '/end') and not(contains(@action, 'others'))]")
    assert len(ends) == 2
    first.post(ends[0].get("action"), dict(ends[0].form_values()))
    states = [browser.client.get("/me").status_code for browser in (first, second, third)]
    assert sorted(states) == [200, 200, 302] and states[0] == 200
    page = first.get("/account/sessions")
    others = page.document.xpath("//main//form[contains(@action, 'end-others')]")[0]
    first.post(others.get("action"), dict(others.form_values()))
    assert [browser.client.get("/me").status_code for browser in (first, second, third)] == [200, 302, 302]
    assert doors.live("colleague") == 1, "nobody else's"
    assert len(doors.said("session.end")) == 2


def test_nobody_ends_anybody_elses_session(doors: Doors, app: Flask) -> None:
    other, browser = doors.start("colleague"), at(doors, app, "user")
    token = browser.get("/account/sessions").document.xpath("//input[@name='csrf_token']/@value")[0]
    browser.post(f"/account/sessions/{other}/end", {"csrf_token": token}, 404)
    assert doors.live("colleague") == 1


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Version/18 Safari/604", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150) Gecko Firefox/150", "Firefox on Linux"),
        ("curl/8", "curl/8"),
        ("", "An unknown browser"),
    ],
)
def test_browsers_are_named(agent: str, said: str) -> None:
    assert named(agent) == said


def test_a_suspension_signs_the_person_out(doors: Doors, app: Flask) -> None:
    browser = at(doors, app, "user")
    assert browser.client.get("/me").status_code == 200
    terms, officer = {"now": doors.world.now, "policy": doors.world.policy}, doors.world.staff(Role.LEAD_SECURITY)
    with doors.world.change() as session:
        member = session.get_one(Membership, doors.members["user"].id)
        row = sanctions.draft(
            session, subject=sanctions.of_person(member), violation="look-up", facts="Looked up a record without need.",
            measure=Measure(measure="suspension", remedy="Talk with the director."), actor=doors.actor("lead"), **terms,
        )  # fmt: skip
        sanctions.decide(session, row, reason="Found as drafted.", actor=officer, **terms)
    assert browser.client.get("/me").status_code == 302


def test_the_idle_warning_knows_the_packs_minutes(doors: Doors, app: Flask) -> None:
    browser = at(doors, app, "user")
    page = browser.get("/me")
    dialog = page.document.xpath("//dialog[@data-idle]")[0]
    assert dialog.get("data-idle") == "1800"
    token = dialog.get("data-token")
    doors.world.now += timedelta(minutes=29)
    assert browser.client.post("/account/alive", headers={"X-CSRFToken": token}).status_code == 204
    assert browser.client.post("/account/alive").status_code == 400
    doors.world.now += timedelta(minutes=29)
    assert browser.client.get("/me").status_code == 200, "stayed signed in"
    assert not ClientRequest(app.test_client()).get("/sign-in").document.xpath("//dialog")


# --- what was typed


def test_what_was_sent_too_late_is_kept_and_sent_after_signing_in(doors: Doors, app: Flask) -> None:
    doors.lock("user")
    seed = doors.set_up_factor("admin")
    browser = at(doors, app, "admin")
    page = browser.get(f"{page_of(doors, 'user')}/unlock")
    doors.world.now += timedelta(minutes=31)
    moved = browser.submit(page, reason="Called back on the number on file.")
    assert moved.location == "/sign-in?next=/account/typed" and doors.locked("user")
    page = browser.follow(moved)
    moved = browser.submit(page, having="password", email=doors.person("admin").email, password=GOOD)
    moved = browser.submit(browser.follow(moved), code=doors.totp(seed))
    assert moved.location == "/account/typed"
    page = browser.follow(moved)
    assert "Called back on the number on file." in page.text
    done = browser.submit(page, having="reason")
    assert not doors.locked("user") and "can sign in again" in browser.follow(done).text


def test_it_is_given_to_nobody_else_and_holds_no_secret(doors: Doors, app: Flask) -> None:
    browser = at(doors, app, "admin")
    page = browser.get(f"{page_of(doors, 'user')}/reset-password")
    token = page.document.xpath("//main//input[@name='csrf_token']/@value")[0]
    doors.world.now += timedelta(minutes=31)
    data = {"csrf_token": token, "reason": "Forgot.", "temporary_password": "Harbor42Lights", "code": "123456"}
    browser.post(f"{page_of(doors, 'user')}/reset-password", data)
    with doors.world.look() as session:
        kept = session.scalars(select(Draft)).one()
    assert kept.person_id == doors.members["admin"].person_id
    assert (
        "Harbor42Lights" not in str(kept.fields) and "123456" not in str(kept.fields) and token not in str(kept.fields)
    )
    assert at(doors, app, "second_admin").get("/account/typed", 302).location == "/"


def test_a_session_that_was_ended_keeps_nothing(doors: Doors, app: Flask) -> None:
    browser = at(doors, app, "admin")
    page = browser.get(f"{page_of(doors, 'user')}/reset-password")
    with doors.world.change() as session:
        from portal.services.account import sessions

        sessions.end_sessions(session, person_id=doors.members["admin"].person_id, now=doors.world.now)
    assert browser.submit(page, reason="Forgot.").location == "/sign-in?next=/"
    assert doors.world.count(Draft) == 0


def test_the_script_keeps_and_fetches_what_stands_in_a_form(doors: Doors, app: Flask) -> None:
    browser, path = at(doors, app, "admin"), f"{page_of(doors, 'user')}/reset-password"
    token = browser.get(path).document.xpath("//dialog/@data-token")[0]
    headers = {"X-CSRFToken": token}
    sent = {"page": path, "fields": {"reason": ["Half a sent"], "password": ["secret"]}}
    assert browser.client.post("/account/draft", json=sent, headers=headers).status_code == 204
    assert browser.client.get(f"/account/draft?page={path}").get_json() == {"reason": ["Half a sent"]}
    assert at(doors, app, "second_admin").client.get(f"/account/draft?page={path}").get_json() == {}
    for wrong in (
        {"page": "/nowhere", "fields": {}}, {"page": "//evil.example", "fields": {"a": "b"}}, {"page": path, "fields": "x"},
        {"page": path, "fields": {"a": 1}}, {"page": path, "fields": {"a": "x" * 70_000}}, [],
    ):  # fmt: skip
        assert browser.client.post("/account/draft", json=wrong, headers=headers).status_code == 400, wrong


# --- a password that has run out


def test_a_password_that_has_run_out_opens_one_page_alone(doors: Doors, app: Flask) -> None:
    with doors.world.change() as session:
        packs.adopt(session, MANUAL, now=doors.world.now)
    app = build(context=replace(doors.world.context, policy=MANUAL))
    doors.set_password("user", "velvet7onion4", MANUAL)
    doors.world.now += timedelta(days=45)
    browser, moved = come(doors, app, "user", "velvet7onion4")
    assert moved.location == "/"
    doors.world.now += timedelta(days=1)
    browser, moved = come(doors, app, "user", "velvet7onion4")
    assert moved.location == "/account/password?next=/"
    for path in ("/", "/me", "/account/sessions", "/account/email"):
        assert browser.client.get(path).location.startswith("/account/password"), path
    page = browser.follow(moved)
    assert "Your password has run out" in page.text and "8 to 50 characters, at least 2 digits" in page.text
    refused = browser.submit(page, 400, current="velvet7onion4", password="velvet7onion4", again="velvet7onion4")
    assert "used lately" in refused.text
    browser.submit(page, current="velvet7onion4", password="quarry3mosaic9", again="quarry3mosaic9")
    assert browser.client.get("/me").status_code == 200


# --- forgot it


def test_forgot_password_mails_a_link_that_works_once(doors: Doors, app: Flask) -> None:
    browser = ClientRequest(app.test_client())
    page = browser.submit(browser.get("/sign-in/forgot"), 200, mailbox=doors.person("user").email)
    other = browser.submit(browser.get("/sign-in/forgot"), 200, mailbox="nobody@example.org")
    assert page.text.replace(doors.person("user").email, "") == other.text.replace("nobody@example.org", "")
    assert doors.world.count(Link) == 0, "the worker finds out whose address it is"
    assert [mail["purpose"] for mail in doors.mails("knock")] == ["reset", "reset"]


def test_a_reset_link_of_a_locked_account_does_not_open(doors: Doors, app: Flask) -> None:
    from portal.services import links as mailed

    with doors.world.change() as session:
        from portal.models import Person

        person = session.get_one(Person, doors.members["user"].person_id)
        link = mailed.invite(
            session, person=person, purpose="reset", actor=doors.actor("desk"), now=doors.world.now, policy=doors.world.policy
        )  # fmt: skip
        envelope = mailed.send(session, link=link, keys=doors.world.keys)
    browser = ClientRequest(app.test_client())
    browser.get(f"/l/reset/{envelope}")
    doors.lock("user")
    assert "nobody can unlock their own" in browser.get(f"/l/reset/{envelope}", 409).text
    doors.unlock("user", "admin")
    browser.get(f"/l/reset/{envelope}")


def test_too_many_from_one_network_get_a_sentence_and_429(doors: Doors, app: Flask) -> None:
    for number in range(10):
        come_wrong(app, f"nobody{number}@example.org", 400)
    page = come_wrong(app, doors.person("user").email, 429)
    assert "from your network" in page.text
    for number in range(35):
        browser = ClientRequest(app.test_client())
        page = browser.submit(
            browser.get("/sign-in/forgot"), 200 if number < 30 else 429, mailbox=f"nobody{number}@example.org"
        )
    assert "from your network" in page.text and "nobody34@example.org" in page.response.get_data(as_text=True)


@pytest.mark.parametrize(("proxies", "refused"), [(0, True), (1, False)])
def test_a_made_up_forwarding_header_is_no_other_address(doors: Doors, proxies: int, refused: bool) -> None:
    """Without a trusted proxy the header is anybody's to write; behind one, each visitor has an address of their own."""
    settings = replace(doors.world.context.settings, trusted_proxies=proxies)
    app = build(context=replace(doors.world.context, settings=settings))
    statuses = []
    for number in range(12):
        browser = ClientRequest(app.test_client())
        token = browser.get("/sign-in").form("password").xpath(".//input[@name='csrf_token']/@value")[0]
        data = {"csrf_token": token, "email": f"nobody{number}@example.org", "password": "wrong"}
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        statuses.append(browser.client.post("/sign-in", data=data, headers=headers).status_code)
    assert (statuses[-1] == 429) is refused


def come_wrong(app: Flask, email: str, expect: int) -> Page:
    browser = ClientRequest(app.test_client())
    return browser.submit(browser.get("/sign-in"), expect, having="password", email=email, password="wrong")


# --- another address


def test_ones_own_address_is_confirmed_by_the_new_mailbox(doors: Doors, app: Flask) -> None:
    browser = at(doors, app, "user")
    page = browser.get("/account/email")
    assert "like name@example.org" in browser.submit(page, 400, email="nothing", current=GOOD).text
    wrong = browser.submit(page, 400, email="new.address@example.org", current="not this one")
    assert "not your present password" in wrong.text
    with doors.world.look() as session:
        assert session.scalars(select(EmailChange)).first() is None
    done = browser.follow(browser.submit(page, email="new.address@example.org", current=GOOD))
    assert "Waiting for new.address@example.org" in done.text
    with doors.world.change() as session:
        change = session.scalars(select(EmailChange)).one()
        envelope = mailbox.send(session, change=change, keys=doors.world.keys)
    visitor = ClientRequest(app.test_client())
    page = visitor.get(f"/l/mailbox/{envelope}")
    assert doors.person("user").email != "new.address@example.org", "opening changes nothing"
    assert "is your address" in visitor.follow(visitor.submit(page)).text
    assert doors.person("user").email == "new.address@example.org"
    assert browser.client.get("/me").status_code == 302, "signed out everywhere"
    visitor.get(f"/l/mailbox/{envelope}", 410)
    visitor.get("/l/mailbox/nonsense", 410)


def test_staff_correct_an_address_with_a_reason(doors: Doors, app: Flask) -> None:
    admin = at(doors, app, "admin")
    page = admin.get(f"{page_of(doors, 'user')}/email")
    admin.submit(page, 400, email="new.address@example.org", reason="")
    done = admin.follow(admin.submit(page, email="new.address@example.org", reason="The Agency's domain is new."))
    assert "once its mailbox has confirmed it" in done.text
    assert doors.person("user").email != "new.address@example.org"


# --- by invitation only


def test_a_lead_administrator_invites_a_colleague_and_a_board_member(doors: Doors, app: Flask) -> None:
    lead = at(doors, app, "lead")
    page = lead.get("/desk/colleagues")
    assert doors.person("desk").name in page.text and doors.person("admin").name not in page.text
    values = {"first_name": "Robin", "last_name": "Sample", "email": "robin@example.org", "role": "help_desk"}
    assert "Choose a role" in lead.submit(page, 400, **(values | {"role": ""})).text
    done = lead.follow(lead.submit(page, **values))
    assert "The invitation goes to robin@example.org" in done.text and "Robin Sample" in done.text
    lead.submit(page, **(values | {"email": "blake@example.org", "first_name": "Blake", "role": "board_member"}))
    assert [mail["mail"] for mail in doors.mails("invite_staff")] == ["invite_staff"] * 2
    own = lead.submit(page, 400, **(values | {"email": doors.person("lead").email}))
    assert "Another administrator" in own.text
    for name in ("desk", "admin", "user"):
        at(doors, app, name).get("/desk/colleagues", 403)


@pytest.mark.parametrize("path", ["/register", "/sign-up", "/account/new", "/sign-in/register", "/people/register"])
def test_nobody_registers_themselves(doors: Doors, app: Flask, path: str) -> None:
    client = app.test_client()
    assert client.get(path).status_code == 404
    before = doors.world.count(Credential)
    browser = ClientRequest(client)
    for page in ("/sign-in", "/sign-in/forgot"):
        browser.submit(browser.get(page), 200, having="mailbox", mailbox="stranger@example.org")
    assert doors.world.count(Credential) == before


def test_a_locked_person_signs_nothing_by_link_either(doors: Doors, app: Flask) -> None:
    from portal.models import Person
    from portal.services import links as mailed
    from portal.services.paperwork import prepare

    world, membership = doors.world, doors.members["user"]
    with world.change() as session:
        person = session.get_one(Person, membership.person_id)
        document = prepare(
            session, kind="user_agreement", agency=doors.agency, membership=membership, actor=doors.world.desk, now=world.now
        )  # fmt: skip
        link = mailed.invite(
            session, person=person, purpose="signing", document=document, actor=world.desk, now=world.now, policy=world.policy
        )  # fmt: skip
        envelope = mailed.send(session, link=link, keys=world.keys)
        mailed.mail_code(session, link=link, now=world.now, policy=world.policy)
        code = mailed.code_of(link, digits=6)
    doors.lock("user")
    browser = ClientRequest(app.test_client())
    page = browser.get(f"/s/{envelope}")
    token = page.document.xpath("//input[@name='csrf_token']/@value")[0]
    assert "unlock" in browser.post(f"/s/{envelope}/code", {"csrf_token": token, "code": code}, 409).text
    doors.unlock("user", "admin")
    browser.post(f"/s/{envelope}/code", {"csrf_token": token, "code": code}, 302)
