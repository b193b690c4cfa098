"""Letters about sanctions: to whom, what they say, kept by their hash, mailed with a way to appeal, delivered on paper."""

import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from sqlalchemy import Engine

from portal.adapters.storage import Storage
from portal.effects.registry import HANDLERS
from portal.models import Agency, Membership, Sanction, SanctionNotice, StoredFile
from portal.services.security.sanctions.sanction_measures import Measure
from portal.worker import drain
from tests.enforcement.sanctioning import Bench, person, whole
from tests.services.asking import director_of
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of
from tests.web.desk_world import stored
from workflows.vocabulary import Effect, Role

REPRIMAND = Measure(measure="reprimand")


@pytest.fixture
def bench(engine: Engine, tmp_path: Path) -> Bench:
    bench = Bench.on(engine)
    stored(bench.world, tmp_path)
    return bench


@pytest.fixture
def member(bench: Bench) -> Membership:
    made = bench.world.ready(bench.world.agency("Sample Harbor"))
    bench.world.drain()
    return made


def deliver(bench: Bench, **settings: Any) -> list[Any]:
    """The worker with the mail, until nothing is due; what was sent."""
    context = bench.world.context
    context = replace(context, settings=replace(context.settings, **settings)) if settings else context
    drain(context, handlers=HANDLERS)
    return context.mailer.sent


def notices(bench: Bench, row: Sanction) -> dict[str, SanctionNotice]:
    with bench.world.look() as session:
        return {
            each.role: each for each in session.query(SanctionNotice).filter_by(sanction_id=row.id, what="decision")
        }


def agency_of(bench: Bench, member: Membership) -> Agency:
    with bench.world.look() as session:
        return session.get_one(Membership, member.id).agency


def words(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())


def test_a_reprimand_goes_to_the_person_the_director_the_auditor_and_the_board(
    bench: Bench, member: Membership
) -> None:
    director = director_of(bench.world, agency_of(bench, member))
    auditor = bench.world.staff(Role.AUDITOR)
    row = bench.sanction(person(member), REPRIMAND, violation="policies")
    sent = deliver(bench, board_mail="board@example.org")
    found = notices(bench, row)
    assert {role: each.person_id for role, each in found.items()} == {
        "person": member.person_id, "executive_director": director.person_id, "auditor": auditor.person_id, "board": None,
    }  # fmt: skip
    assert all(each.sent_at == bench.world.now and each.channel == "mail" for each in found.values())
    letters = [message for message in sent if message.attachments]
    assert {message.to_email for message in letters} == {each.email for each in found.values()}
    assert found["board"].email == "board@example.org"
    for message in letters:
        assert member.person_id and "Sample Harbor" in message.subject
        text = words(message.attachments[0].content)
        assert "Letter of reprimand" in text and "Two people worked under one login for a week." in text
        assert "You may appeal until December 23, 2026" in text and "Sample text for counsel" in text
    board = next(message for message in letters if message.to_email == "board@example.org")
    assert "http" not in board.text


def test_the_file_is_kept_by_its_hash_and_belongs_to_no_agency(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member), REPRIMAND, violation="policies")
    deliver(bench)
    with bench.world.look() as session:
        [file] = session.query(StoredFile).filter(StoredFile.name.like("Letter of reprimand%"))
        assert (file.agency_id, file.person_id, file.document_id) == (None, None, None)
    content = Storage(bench.world.context.settings.storage).get(file.sha256)
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"] and reader.trailer["/Root"]["/Lang"] == "en-US"
    assert len({each.file_id for each in notices(bench, row).values()}) == 1


def test_without_a_mailbox_or_an_officer_it_is_handed_over_on_paper(bench: Bench, member: Membership) -> None:
    row = bench.sanction(whole(agency_of(bench, member)), REPRIMAND, violation="agreement")
    deliver(bench)
    found = notices(bench, row)
    assert {role: (each.channel, each.sent_at, bool(each.file_id)) for role, each in found.items()} == dict.fromkeys(
        ("executive_director", "auditor", "board"), ("paper", None, True)
    )
    assert found["executive_director"].name == "The executive director of Sample Harbor"


def test_a_repeated_job_sends_nothing_twice(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member))
    before = len(deliver(bench))
    with bench.world.change() as session:
        from portal import jobs

        payload = {"sanction_id": row.id, "what": "decision"}
        jobs.enqueue(
            session, Effect.EXECUTED_COPY, key=f"sanction:{row.id}:decision", now=bench.world.now, payload=payload
        )
    assert len(deliver(bench)) == before


def test_the_outcome_and_the_lifting_are_told_too(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member))
    bench.appeal(row, bench.world.actor(member))
    new = bench.hear(row, "changed", measure=Measure(measure="suspension", days=5))
    bench.lift(new)
    sent = deliver(bench)
    texts = {
        message.attachments[0].name: words(message.attachments[0].content) for message in sent if message.attachments
    }
    assert (
        "was changed. What holds now: suspension of all HMIS access for 5 days"
        in texts[f"Outcome of an appeal_ {new.id}.pdf"]
    )
    assert "no longer holds" in texts[f"A sanction is lifted_ {new.id}.pdf"]
    hearers = {message.to_email for message in sent if "an appeal waits" in message.subject}
    assert len(hearers) == 1  # of the Lead's three, the one without a hand in it


def test_the_letter_s_link_and_code_let_a_suspended_person_in_to_appeal(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member))
    mail = next(
        message
        for message in deliver(bench)
        if message.to_email == notices(bench, row)["person"].email and message.attachments
    )
    [link] = set(re.findall(r"/l/sign_in/\S+", mail.text))
    bench.world.now += timedelta(days=29)
    browser = ClientRequest(browser_of(bench.world, bench.world.desk).client.application.test_client())
    page = browser.get(link)
    [code] = [
        re.search(r"\b\d{3} ?\d{3}\b", message.text)
        for message in deliver(bench)
        if "code" in message.subject.casefold()
    ][-1:]
    assert code is not None
    home = browser.follow(browser.submit(page, having="code", code=code.group(0)))
    assert "Read a decision, and appeal it if you want to" in home.text
    sent = browser.submit(browser.get(f"/security/sanctions/{row.id}/appeal"), text="It was my own record.")
    assert "The appeal is with the HMIS Lead" in browser.follow(sent).text
    assert bench.read(row).appealed_by == member.person_id
    browser.get("/desk", expect=403)


def test_the_link_is_over_when_the_time_to_appeal_is(bench: Bench, member: Membership) -> None:
    row = bench.sanction(person(member))
    mail = next(
        message
        for message in deliver(bench)
        if message.to_email == notices(bench, row)["person"].email and message.attachments
    )
    [link] = set(re.findall(r"/l/sign_in/\S+", mail.text))
    bench.world.now += timedelta(days=31)
    browser = ClientRequest(browser_of(bench.world, bench.world.desk).client.application.test_client())
    assert "has expired" in browser.get(link, expect=410).text
