"""Signing as people do it: from the mailed link through code, text and check answers to the executed copy, and on paper."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from sqlalchemy import select

from portal import jobs
from portal.db import transaction
from portal.effects import executed_copy, mail
from portal.models import Document, Evidence, Job, Link, WebSession
from portal.services import paperwork
from portal.services.account import sign_in
from tests.services.paper import AGREEMENT, NOW, POLICY, USER, build
from tests.support.pages import ClientRequest
from workflows.vocabulary import Effect


@pytest.fixture
def world(context):
    with transaction(context.sessions) as session:
        return build(session)


@pytest.fixture
def prepared(context, world):
    """A user agreement that was sent to be signed; its purpose is left for the signer to fill in."""
    return sent(context, world, "user_agreement", "user", USER | {"purpose": ""})


def sent(context, world, kind, who, answers):
    with transaction(context.sessions) as session:
        world.session = session
        document = world.prepare(kind, who, answers)
        world.link(document, who, proven=False)
        return document.id


def work(context):
    """What the worker does, for mail and copies."""
    handlers = {Effect.MAIL: mail.handle, Effect.EXECUTED_COPY: executed_copy.handle}
    while True:
        with transaction(context.sessions) as session:
            for job in session.scalars(select(Job).where(Job.effect == Effect.RECONSIDER, Job.state == "waiting")):
                session.delete(job)
        with transaction(context.sessions) as session:
            job = jobs.claim(session, now=context.clock())
        if job is None:
            return
        handlers[Effect(job.effect)](context, job)
        with transaction(context.sessions) as session:
            jobs.finish(session, job, now=context.clock())


def mails(context, to):
    """The texts of the mails to somebody, the newest last."""
    folder = Path(context.settings.mail_url.removeprefix("file:"))
    work(context)
    found = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(folder.glob("*.eml"), key=lambda p: p.stat().st_mtime_ns)
    ]
    return [mail for mail in found if mail["To"].addresses[0].addr_spec == f"{to}@example.org"]


def text(mail):
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def link_to(context, who):
    return re.search(r"(/s/\S+)", text([m for m in mails(context, who) if "/s/" in text(m)][-1]))[1]


def code_to(context, who):
    return re.search(
        r"^(\d{3} \d{3})$", text([m for m in mails(context, who) if "one-time code is" in text(m)][-1]), re.M
    )[1]


def mailed_codes(context, who):
    return sum("one-time code is" in text(mail) for mail in mails(context, who))


def proven(context, browser, who):
    """The page to read and sign, reached with the link and the code from the mailbox."""
    landing = browser.get(link_to(context, who))
    return browser.follow(browser.submit(landing, having="code", code=code_to(context, who)))


def filled(page, name, **more):
    form = page.form()
    initials = {field: "JS" for field in form.xpath(".//*[@name]/@name") if field.startswith("initials-")}
    return initials | {"name": name, "authority": "y", "consent": "y"} | more


def signed_in(context, app, world, who):
    """A browser in which somebody has signed in with password and second factor."""
    with transaction(context.sessions) as session:
        world.session = session
        token = sign_in.start_session(
            session, person=world.people[who], via="password", actor=world.actor(who), now=NOW
        )
        session.flush()
        session.scalars(select(WebSession).order_by(WebSession.id.desc())).first().second_factor_at = NOW
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    return ClientRequest(client)


def document(context, number):
    with transaction(context.sessions) as session:
        return session.get_one(Document, number)


def test_from_the_link_to_the_executed_copy(context, client_request, prepared, clock):
    page = proven(context, client_request, "user")
    assert page.heading.startswith("HMIS User Policy")
    assert "In plain words" in page.text
    assert "I use only my own login" in page.text
    wrong = client_request.submit(
        page, 400, **filled(page, "Robin Other", **{"answer-purpose": "Intake of families", "initials-own_login": ""})
    )
    assert "Put your initials beside" in wrong.text
    assert "Intake of families" in wrong.response.get_data(as_text=True), "nothing typed is lost"
    wrong = client_request.submit(wrong, 400, **{"initials-own_login": "JS"})
    assert "Type your name as the portal knows it: Jesse Simple" in wrong.text
    assert document(context, prepared).status == "prepared"
    check = client_request.follow(client_request.submit(wrong, name="Jesse Simple"))
    assert "Intake of families" in check.text
    assert document(context, prepared).status == "prepared", "checking signs nothing"
    done = client_request.follow(client_request.submit(check))
    assert done.heading == "You have signed"
    assert document(context, prepared).status == "executed"
    work(context)
    copy = client_request.get(f"/documents/{prepared}/executed.pdf").response
    assert copy.mimetype == "application/pdf"
    assert copy.headers["Content-Disposition"].startswith("attachment")
    read = " ".join(PdfReader(io.BytesIO(copy.data)).pages[0].extract_text().split())
    assert "Jesse Simple" in read
    assert [m for m in mails(context, "user") if list(m.iter_attachments())]
    with transaction(context.sessions) as session:
        gave = set(
            session.scalars(
                select(Evidence.kind).where(Evidence.rests_on_id == prepared, Evidence.rests_on == "document")
            )
        )
    assert gave == {"user_agreement", "privacy_pledge"}


def test_scanners_and_prefetching_browsers_cost_no_code_and_consume_nothing(context, app, prepared):
    address, scanner = link_to(context, "user"), app.test_client()
    for _ in range(3):
        assert scanner.head(address).status_code == 200
        assert scanner.get(address, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 200
    assert mailed_codes(context, "user") == 0
    for _ in range(10):
        assert scanner.get(address).status_code == 200
    assert mailed_codes(context, "user") == 1
    proven(context, ClientRequest(app.test_client()), "user")


def test_a_forwarded_link_is_of_no_use_without_the_mailbox(context, app, prepared):
    thief = ClientRequest(app.test_client())
    page = thief.get(link_to(context, "user"))
    assert "user@example.org" in page.text
    code = code_to(context, "user")
    thief.get(f"/documents/{prepared}/sign", 302)
    for _ in range(5):
        page = thief.submit(page, 400, having="code", code="000 001")
    assert "too often" in page.text
    page = thief.submit(page, 400, having="code", code=code)
    assert "no code to enter any more" in page.text
    assert document(context, prepared).status == "prepared"


def test_another_code_is_mailed_on_demand_after_a_minute(context, client_request, prepared, clock):
    page = client_request.get(link_to(context, "user"))
    again = page.document.xpath("//form[contains(@action, '/send')]/@action")[0]
    token = page.document.xpath("//form[contains(@action, '/send')]//input[@name='csrf_token']/@value")[0]
    soon = client_request.follow(client_request.post(again, {"csrf_token": token}))
    assert "less than a minute ago" in soon.text
    assert mailed_codes(context, "user") == 1
    clock.now = NOW.replace(minute=NOW.minute + 2)
    later = client_request.follow(client_request.post(again, {"csrf_token": token}))
    assert "A new code is on its way" in later.text
    assert mailed_codes(context, "user") == 2


def test_a_used_link_says_so(context, client_request, prepared):
    address = link_to(context, "user")
    page = proven(context, client_request, "user")
    check = client_request.follow(
        client_request.submit(page, **filled(page, "Jesse Simple", **{"answer-purpose": "Intake"}))
    )
    client_request.submit(check)
    spent = client_request.get(address, 410)
    assert "used already" in spent.text
    client_request.get(f"/documents/{prepared}/sign", 302)


@pytest.mark.parametrize("address", ["/s/nonsense", "/s/" + "A" * 3000, "/s/%00"])
def test_a_broken_link_is_a_page_and_no_fault(client_request, address):
    assert "not complete" in client_request.get(address, 410).text


def test_a_signature_pressed_twice_and_fifty_times_is_one(context, app, prepared):
    browser = ClientRequest(app.test_client())
    page = proven(context, browser, "user")
    check = browser.follow(browser.submit(page, **filled(page, "Jesse Simple", **{"answer-purpose": "Intake"})))
    token = check.form().xpath(".//input[@name='csrf_token']/@value")[0]
    cookie = browser.client.get_cookie("session").value

    def press(_):
        client = app.test_client()
        client.set_cookie("session", cookie)
        return client.post(check.path, data={"csrf_token": token}).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(press, range(16)))
    assert set(codes) <= {302, 409, 410}
    with transaction(context.sessions) as session:
        assert len(session.get_one(Document, prepared).signatures) == 1
        assert session.scalars(select(Link)).one().used_at is not None


def test_the_director_signs_and_the_lead_countersigns(context, app, world):
    number = sent(context, world, "participation_agreement", "director", AGREEMENT)
    director, lead = ClientRequest(app.test_client()), signed_in(context, app, world, "admin")
    page = proven(context, director, "director")
    check = director.follow(director.submit(page, **filled(page, "Jamie Sample", title="Executive director")))
    assert "The Lead countersigns" in director.follow(director.submit(check)).text
    shown = lead.get(f"/documents/{number}")
    assert "Countersign" in shown.text
    page = lead.get(f"/documents/{number}/countersign")
    page = lead.submit(page, 400, name="Somebody Else", title="Manager", authority="y", consent="y")
    assert "Type your name" in page.text
    shown = lead.follow(lead.submit(page, name="Lee Leader"))
    assert "the document is executed" in shown.text
    desk = signed_in(context, app, world, "desk")
    desk.submit(desk.get(f"/desk/documents/{number}"), having="how", how="viewed on site")
    assert "Verified" in desk.get(f"/documents/{number}").text
    assert document(context, number).verified_how == "viewed on site"
    assert len([m for m in mails(context, "director") if list(m.iter_attachments())]) == 1


def pdf_file():
    made = PdfWriter()
    made.add_blank_page(612, 792)
    content = io.BytesIO()
    made.write(content)
    return content.getvalue()


def test_on_paper_print_scan_and_verify(context, app, world, prepared):
    manager, desk = signed_in(context, app, world, "manager"), signed_in(context, app, world, "desk")
    blank = manager.get(f"/documents/{prepared}/blank.pdf").response
    assert blank.data.startswith(b"%PDF")
    page = manager.get(f"/documents/{prepared}/scan")
    about = {"signed_on": "11/20/2026", "name-user": "Jesse Simple", "title-user": ""}
    bad = manager.submit(page, 400, file=(io.BytesIO(b"<html>no PDF</html>"), "scan.pdf"), **about)
    assert "11/20/2026" in bad.response.get_data(as_text=True) or "2026-11-20" in bad.response.get_data(as_text=True)
    assert document(context, prepared).status == "prepared", "nothing half-done"
    later = manager.submit(
        page, 400, file=(io.BytesIO(pdf_file()), "scan.pdf"), **(about | {"signed_on": "11/24/2026"})
    )
    assert "not after today" in later.text
    shown = manager.follow(manager.submit(page, file=(io.BytesIO(pdf_file()), "../../scan.pdf"), **about))
    assert "The scan has arrived" in shown.text
    assert document(context, prepared).status == "scanned"
    shown = desk.get(f"/documents/{prepared}")
    scan = shown.document.xpath("//a[contains(@href, '/files/')]/@href")[0]
    assert desk.get(scan).response.data == pdf_file()
    desk.submit(desk.get(f"/desk/documents/{prepared}"), having="reason", reason="The last page is missing.")
    assert "The last page is missing." in desk.get(f"/documents/{prepared}").text
    manager.submit(page, file=(io.BytesIO(pdf_file()), "scan.pdf"), **about)
    desk.submit(desk.get(f"/desk/documents/{prepared}"), having="how", how="submitted")
    assert document(context, prepared).status == "executed"
    with transaction(context.sessions) as session:
        rows = session.scalars(
            select(Evidence).where(Evidence.rests_on == "document", Evidence.rests_on_id == prepared)
        ).all()
    assert {row.kind for row in rows} == {"user_agreement", "privacy_pledge"}
    assert {row.valid_from.isoformat() for row in rows} == {"2026-11-20"}


def test_whoever_is_signed_in_signs_here_with_the_code_from_the_mailbox(context, app, world):
    with transaction(context.sessions) as session:
        world.session = session
        protocols = {f"{field.name}": "2026-01-01" if field.type == "date" else "Handbook" for field in paperwork.text_of(
            world.prepare("security_protocols")).fields if field.name != "agency_name"}  # fmt: skip
        number = world.prepare("security_protocols", None, protocols).id
    director = signed_in(context, app, world, "director")
    shown = director.get(f"/documents/{number}")
    action = shown.document.xpath("//form[contains(@action, 'sign-here')]/@action")[0]
    token = shown.document.xpath("//form[contains(@action, 'sign-here')]//input[@name='csrf_token']/@value")[0]
    landing = director.follow(director.post(action, {"csrf_token": token}))
    page = director.follow(director.submit(landing, having="code", code=code_to(context, "director")))
    check = director.follow(director.submit(page, **filled(page, "Jamie Sample", title="Executive director")))
    assert director.follow(director.submit(check)).heading == "You have signed"
    assert document(context, number).status == "executed"
    director.get(f"/documents/{number}")


def test_other_people_see_no_document_and_none_of_its_files(context, app, world, prepared):
    with transaction(context.sessions) as session:
        world.session = session
        world.person("stranger", "Alex", "Stranger", world.lead)
    for browser in (signed_in(context, app, world, "stranger"),):
        for path in ("", "/blank.pdf", "/executed.pdf", "/files/1", "/sign", "/signed", "/scan"):
            assert browser.client.get(f"/documents/{prepared}{path}").status_code in {403, 404}, path


def test_the_copy_that_is_not_made_yet_says_when(context, app, world, prepared):
    assert (
        "not there yet" in signed_in(context, app, world, "desk").get(f"/documents/{prepared}/executed.pdf", 409).text
    )


def test_what_changed_since_the_version_signed_before_is_shown(context, client_request, world):
    with transaction(context.sessions) as session:
        world.session = session
        old = paperwork.prepare(
            session, kind="user_agreement", agency=world.agency, membership=world.memberships["user"], version="2025-1", answers={
                key: value for key, value in USER.items() if key in {f.name for f in paperwork.texts.documents.text("user_agreement", "2025-1").fields}
            }, actor=world.actor("desk"), now=NOW,
        )  # fmt: skip
        world.sign(old, "user")
    sent(context, world, "user_agreement", "user", USER)
    page = proven(context, client_request, "user")
    assert "What changed since version 2025-1" in page.text
    assert "Security training is now due every year" in page.text
    assert POLICY.name
