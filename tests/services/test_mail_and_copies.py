"""What the worker sends and makes: every mail, the link and the code it carries, the executed copy."""

import io
from dataclasses import replace
from datetime import timedelta
from email.utils import parseaddr

import pikepdf
import pypdf
import pytest
from sqlalchemy import func, select

from portal import jobs
from portal.adapters.storage import Storage
from portal.config import Settings
from portal.db import transaction
from portal.effects import executed_copy, mail
from portal.models import (
    Account,
    Agency,
    AuditEntry,
    Checklist,
    CorrectiveAction,
    Document,
    EmailChange,
    Incident,
    Job,
    Lapse,
    Link,
    RecordCheck,
    Sanction,
    SecurityReview,
    StoredFile,
    SweepStop,
    Waiver,
)
from portal.refusals import Refused
from portal.services import links, paperwork
from portal.wiring import make_context
from tests.services.paper import AGREEMENT, KEYS, NOW, POLICY, USER, build, prove
from tests.support.mails import about_ticket
from tests.support.outage_mail import about_outage
from tests.support.record import AUDIT_KEY
from tests.support.service_mail import about_service
from tests.support.survey_mail import about_survey
from workflows.vocabulary import Effect

KEY = "k" * 40


class Outbox:
    def __init__(self):
        self.sent = []

    def send(self, message):
        self.sent.append(message)


@pytest.fixture
def here(engine, sessions, tmp_path):
    settings = Settings(
        database_url=str(engine.url), secret_keys=(KEY,), audit_keys=(AUDIT_KEY,), storage=tmp_path / "storage", mail_url=f"file:{tmp_path / 'mail'}",
        base_url="https://portal.example.org",
    )  # fmt: skip
    return replace(
        make_context(settings, clock=lambda: NOW), sessions=sessions, engine=engine, mailer=Outbox(), keys=KEYS
    )


@pytest.fixture
def world(here):
    with transaction(here.sessions) as session:
        made = build(session)
        session.add(
            Account(
                id=1, person_id=made.people["user"].id, user_id="jsimple", external_id="x", version=1, created_at=NOW
            )
        )
    return made


def work(context):
    """Carries out everything that is due, as the worker does."""
    handlers = {Effect.MAIL: mail.handle, Effect.EXECUTED_COPY: executed_copy.handle}
    while True:
        with transaction(context.sessions) as session:
            for job in session.scalars(select(Job).where(Job.effect == Effect.RECONSIDER, Job.state == "waiting")):
                session.delete(job)
        with transaction(context.sessions) as session:
            job = jobs.claim(session, now=context.clock())
        if job is None:
            return context.mailer.sent
        handlers[Effect(job.effect)](context, job)
        with transaction(context.sessions) as session:
            assert jobs.finish(session, job, now=context.clock())


def in_session(context, world, act):
    with transaction(context.sessions) as session:
        world.session = session
        return act()


def ids(world):
    return {
        "membership_id": world.memberships["user"].id, "agency_id": world.agency.id, "account_id": 1, "request_id": None, "order_ids": [3, 4],
    }  # fmt: skip


LINKED = {
    "invite_director": "signing",
    "sign_request": "signing",
    "invite_staff": "invitation",
    "sign_in_link": "sign_in",
    "password_reset": "reset",
    "sanction_appealable": "sign_in",
}
WITHOUT_A_BUTTON = ("code", "sanction_letter")
TO_EVERYBODY = ("outage_said",)
"""Mails that tell everybody the same, and are about no Agency and nobody."""


def other_subjects(world, name):
    """What a mail may be about besides people and documents, by the ids that its payload has."""
    session, person = world.session, world.people["user"]
    stop = SweepStop(day=NOW.date(), pulled_at=NOW, would_close=9, live=20, allowed=3, share=5)
    lapse = Lapse(
        about="agency", subject_id=world.agency.id, agency_id=world.agency.id, prerequisite="participation-agreement",
        on_lapse="suspend", due=NOW.date() + timedelta(7), found_at=NOW,
    )  # fmt: skip
    waiver = Waiver(
        agency_id=world.agency.id, prerequisite="security-review", reason="The visit is booked.",
        until=NOW.date() + timedelta(30), asked_by=person.id, asked_at=NOW,
    )  # fmt: skip
    check = RecordCheck(checked_at=NOW, entries=9, anchors=1, last_seq=9, broken="Entry 7 is not what was sealed.")
    change = EmailChange(
        person_id=person.id, was="was@example.org", email="new@example.org", asked_by=world.actor("desk").person_id,
        asked_at=NOW, expires_at=NOW + timedelta(1), token_hash="x" * 64,
    )  # fmt: skip
    action = CorrectiveAction(
        agency_id=world.agency.id, source="plan", category="governance", wrong="No officer is named.", due=NOW.date() + timedelta(30), opened_at=NOW
    )  # fmt: skip
    incident = Incident(said="A screen was left open.", reported_at=NOW)
    checklist = Checklist(version="x" * 64, items=[], kept_at=NOW)
    sanction = Sanction(
        about="agency", agency_id=world.agency.id, violation="policies", violation_title="Not following the policies", severity="minor",
        facts="Notes were kept on paper.", measure="reprimand", drafted_by=person.id, drafted_at=NOW,
    )  # fmt: skip
    session.add_all([incident, stop, lapse, waiver, check, change, action, checklist, sanction])
    session.flush()
    review = SecurityReview(
        agency_id=world.agency.id, checklist_id=checklist.id, due=NOW.date() + timedelta(60), opened_at=NOW, returned_reason="One thing is unclear."
    )  # fmt: skip
    session.add(review)
    session.flush()
    about = {"incident_id": incident.id, "review_id": review.id, "sanction_id": sanction.id}
    about |= {
        "action_id": action.id,
        "news": "opened",
        "check_id": check.id,
        "seq": 9,
        "mac": "0" * 64,
        "stop_id": stop.id,
        "waiver_id": waiver.id,
    }
    about |= about_ticket(
        session, name, agency_id=world.agency.id, asker_id=person.id, asker=person.name, admin_id=world.people["manager"].id, now=NOW
    )  # fmt: skip
    about |= about_outage(session, name, now=NOW)
    about |= about_survey(session, name, person_id=person.id, now=NOW)
    about |= about_service(session, name, person_id=person.id, agency_id=world.agency.id, now=NOW)
    return about | ({"change_id": change.id} if name.startswith("email_") else {})


@pytest.mark.parametrize("name", sorted(mail.MAILS))
def test_every_mail_has_a_subject_without_names_a_text_part_one_action_and_no_secret(here, world, name):
    def ask():
        session, person = world.session, world.people["user"]
        document = world.prepare("user_agreement", "user", USER)
        payload = {"mail": name, "person_id": person.id, "document_id": document.id, **ids(world)}
        if name in LINKED:
            purpose = LINKED[name]
            about = document if purpose == "signing" else None
            link = links.invite(
                session,
                person=person,
                purpose=purpose,
                document=about,
                actor=world.actor("desk"),
                now=NOW,
                policy=POLICY,
                mail=name,
                more=other_subjects(world, name) if name == "sanction_appealable" else None,
            )
            return {"link_id": link.id}
        if name == "code":
            link = world.link(document, "user", proven=False)
            session.query(Job).filter(Job.key == f"link:{link.id}").delete()
            links.mail_code(session, link=link, now=NOW, policy=POLICY)
            return {"link_id": link.id}
        if name == "executed_copy":
            world.sign(document, "user")
            session.query(Job).filter(Job.effect == "mail").delete()
            return payload
        document.rejected_reason = "The ZIP code is wrong."
        payload |= other_subjects(world, name)
        jobs.enqueue(session, Effect.MAIL, key="one", now=NOW, payload=payload)
        return payload

    in_session(here, world, ask)
    [message] = work(here)
    assert "\n" not in message.subject
    assert "Jesse" not in message.subject
    assert "Simple" not in message.subject
    about_somebody = "Sample Shelter" in message.subject or "J. S." in message.subject
    assert about_somebody or name in TO_EVERYBODY, message.subject
    for part in (message.text, message.html):
        assert part.count("https://portal.example.org/") >= (0 if name in WITHOUT_A_BUTTON else 1)
        assert "password is:" not in part.lower()
        assert "{{" not in part
        assert "{%" not in part
        assert "None" not in part
    actions = {word for word in message.text.split() if word.startswith("https://portal.example.org/")}
    assert len(actions) == (0 if name in WITHOUT_A_BUTTON else 1)
    assert "client information" in message.text
    assert message.sender == here.settings.mail_from
    assert bool(message.attachments) == (name == "executed_copy")


def test_an_unknown_mail_is_an_error(here, world):
    in_session(
        here,
        world,
        lambda: jobs.enqueue(
            world.session, Effect.MAIL, key="x", now=NOW, payload={"mail": "love_letter", "person_id": 1}
        ),
    )
    with pytest.raises(KeyError, match="love_letter"):
        work(here)


def test_mail_for_the_lead_goes_to_the_help_desk_where_nobody_is_named(here, world):
    in_session(
        here,
        world,
        lambda: jobs.enqueue(
            world.session, Effect.MAIL, key="x", now=NOW, payload={"mail": "order_overdue", "order_ids": []}
        ),
    )
    [message] = work(here)
    assert message.to_email == parseaddr(here.settings.mail_from)[1]


def test_hostile_names_are_escaped_in_html_and_kept_in_text(here, world):
    def ask():
        world.person("odd", "<script>alert(1)</script>", "{{ 7 * 7 }}", world.agency)
        world.session.get_one(Agency, world.agency.id).name = "A & B\r\nBcc: thief@example.org"
        links.invite(
            world.session, person=world.people["odd"], purpose="invitation", actor=world.actor("desk"), now=NOW, policy=POLICY
        )  # fmt: skip

    in_session(here, world, ask)
    [message] = work(here)
    assert "<script>" not in message.html
    assert "&lt;script&gt;" in message.html
    assert "{{ 7 * 7 }}" in message.text
    assert "\n" not in message.subject
    assert "\r" not in message.subject


def signing(here, world):
    def ask():
        document = world.prepare("user_agreement", "user", USER)
        return world.link(document, "user", proven=False).id

    return in_session(here, world, ask)


def address(message):
    return next(word for word in message.text.split() if word.startswith("https://portal.example.org/s/"))


def test_the_mailed_link_opens_and_only_its_hash_is_kept(here, world):
    number = signing(here, world)
    [message] = work(here)
    envelope = address(message).removeprefix("https://portal.example.org/s/")
    token = KEYS.open("signing", envelope, max_age=60)[1]
    with transaction(here.sessions) as session:
        assert links.open_link(session, keys=KEYS, envelope=envelope, purpose="signing", now=NOW).id == number
        assert token not in str([job.payload for job in session.scalars(select(Job))])


def test_the_mailed_code_is_the_one_that_counts(here, world):
    number = signing(here, world)
    work(here)
    here.mailer.sent.clear()

    def ask():
        links.mail_code(world.session, link=world.session.get_one(Link, number), now=NOW, policy=POLICY)

    in_session(here, world, ask)
    [message] = work(here)
    code = "".join(next(line for line in message.text.splitlines() if line.replace(" ", "").isdigit()).split())
    assert code not in message.subject
    with transaction(here.sessions) as session:
        assert links.prove_code(session, link=session.get_one(Link, number), code=code, now=NOW, policy=POLICY).proven


def test_nothing_is_mailed_for_a_link_or_a_code_that_no_longer_counts(here, world):
    number = signing(here, world)

    def spoil():
        link = world.session.get_one(Link, number)
        links.mail_code(world.session, link=link, now=NOW - timedelta(minutes=20), policy=POLICY)

    in_session(here, world, spoil)
    in_session(here, world, lambda: setattr(world.session.get_one(Link, number), "revoked_at", NOW))
    assert work(here) == []


def test_a_worker_that_lost_its_lease_sends_nothing(here, world):
    signing(here, world)
    with transaction(here.sessions) as session:
        session.query(Job).filter(Job.effect == Effect.RECONSIDER).delete()
        mine = jobs.claim(session, now=NOW)
    with transaction(here.sessions) as session:
        others = jobs.claim(session, now=NOW + jobs.LEASE)
    assert (others.id, others.effect) == (mine.id, "mail")
    mail.handle(here, mine)
    assert here.mailer.sent == []


def executed(here, world, *, paper=False):
    """A participation agreement, executed on either route; its id."""

    def ask():
        document = world.prepare("participation_agreement", "director", {} if paper else AGREEMENT)
        if paper:
            sha256 = Storage(here.settings.storage).put(b"%PDF the scan")
            paperwork.upload_scan(
                world.session, document=document, scan=paperwork.Scan(sha256, "application/pdf", 13, 1, "scan of it.pdf"), signed_on=NOW.date(),
                by_hand={"executive_director": paperwork.ByHand("Jamie Sample", "Director")}, actor=world.actor("manager"), now=NOW, policy=POLICY,
            )  # fmt: skip
            paperwork.verify(world.session, document=document, how="submitted", actor=world.actor("desk"), now=NOW)
        else:
            world.sign(document, "director")
        paperwork.countersign(
            world.session, document=document, name="Lee Leader", title="Manager", authority=True, consent=True, actor=world.actor("admin"),
            now=NOW, policy=POLICY,
        )  # fmt: skip
        return document.id

    return in_session(here, world, ask)


def pages(content):
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())


def test_the_executed_copy_is_kept_by_its_hash_and_mailed_to_both_sides(here, world):
    number = executed(here, world)
    sent = [message for message in work(here) if message.id.startswith("executed_copy")]
    assert {message.to_email for message in sent} == {"director@example.org", "admin@example.org"}
    with transaction(here.sessions) as session:
        document = session.get_one(Document, number)
        content = Storage(here.settings.storage).get(document.executed_sha256)
        text = paperwork.text_of(document)
        hashes = [signature.consent_sha256 for signature in document.signatures]
    assert {message.attachments[0].content for message in sent} == {content}
    read = pages(content)
    for said in (
        "Jamie Sample",
        "Lee Leader",
        "Sample Shelter",
        "not yet verified",
        "director@example.org",
        "second factor",
        "192.0.2.1",
    ):
        assert said in read, said
    folded = read.replace(" ", "")
    assert text.sha256 in folded
    assert hashes[0] in folded
    with pikepdf.open(io.BytesIO(content)) as opened:
        assert len(opened.pages) > 5


def test_making_the_copy_again_changes_nothing_and_mails_nobody(here, world):
    number = executed(here, world)
    work(here)
    before = len(here.mailer.sent)
    with transaction(here.sessions) as session:
        sha256 = session.get_one(Document, number).executed_sha256
        jobs.enqueue(session, Effect.EXECUTED_COPY, key=f"document:{number}", now=NOW, payload={"document_id": number})
    work(here)
    with transaction(here.sessions) as session:
        assert session.get_one(Document, number).executed_sha256 == sha256
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 1
        assert session.scalar(select(func.count()).where(AuditEntry.act == "document.copy")) == 1
    assert len(here.mailer.sent) == before


def test_after_verification_the_certificate_says_who_verified_the_authority(here, world):
    number = executed(here, world)
    work(here)
    before = len(here.mailer.sent)
    in_session(
        here, world,
        lambda: paperwork.verify(world.session, document=world.session.get_one(Document, number), how="viewed on site", actor=world.actor("desk"), now=NOW),
    )  # fmt: skip
    work(here)
    with transaction(here.sessions) as session:
        read = pages(Storage(here.settings.storage).get(session.get_one(Document, number).executed_sha256))
    assert "verified by Dana Desk on November 23, 2026" in read
    assert len(here.mailer.sent) == before, "the first copy was mailed; the newer one lies in the portal"


def test_the_copy_of_a_paper_document_comes_with_its_scan(here, world):
    executed(here, world, paper=True)
    sent = [message for message in work(here) if message.id.startswith("executed_copy")]
    names = [attached.name for attached in sent[0].attachments]
    assert names == ["participation_agreement-2026-1.pdf", "scan of it.pdf"]
    read = pages(sent[0].attachments[0].content)
    assert "Signed by hand" in read
    assert "checked by Dana Desk" in read
    assert "As written by hand" in read


def test_an_unexecuted_document_has_no_copy(here, world):
    def ask():
        document = world.prepare("user_agreement", "user", USER)
        jobs.enqueue(
            world.session, Effect.EXECUTED_COPY, key="document:1", now=NOW, payload={"document_id": document.id}
        )
        return document.id

    number = in_session(here, world, ask)
    work(here)
    with transaction(here.sessions) as session:
        assert session.get_one(Document, number).executed_sha256 == ""


@pytest.mark.parametrize(
    ("kind", "who", "answers"),
    [("user_agreement", "user", USER), ("laptop_statement", "user", {"asset_tag": "7", "locations": "Office"})],
)
def test_what_people_signed_by_link_becomes_a_copy_with_initials(here, world, kind, who, answers):
    def ask():
        document = world.prepare(kind, who, answers, device=kind == "laptop_statement")
        world.sign(document, who)
        if document.status == "signed":
            world.sign(document, "director")
        return document.id

    number = in_session(here, world, ask)
    work(here)
    with transaction(here.sessions) as session:
        document = session.get_one(Document, number)
        assert document.status == "executed"
        assert "JS" in pages(Storage(here.settings.storage).get(document.executed_sha256))


def test_a_spent_link_refuses_even_with_its_code(here, world):
    number = signing(here, world)

    def spend():
        link = world.session.get_one(Link, number)
        prove(world.session, link)
        world.sign(world.session.get_one(Document, link.document_id), "user", link)
        with pytest.raises(Refused):
            links.mail_code(world.session, link=link, now=NOW, policy=POLICY, asked=True)

    in_session(here, world, spend)
