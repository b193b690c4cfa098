"""An answer goes out once, or its ticket says that nobody knows; whatever happens to server and worker meanwhile."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, select

from portal.adapters.mail import make_mailer
from portal.effects.registry import HANDLERS
from portal.jobs import TRIES
from portal.models import AuditEntry, Job, TicketEntry
from portal.services.helpdesk.tickets import conversation, following, redaction
from portal.worker import Worker, drain
from tests.helpdesk.mailing import Mailing
from tests.helpdesk.ticketing import refused
from tests.services.world import World
from tests.support.post import STAGES, Post, post_office
from workflows.vocabulary import Effect, Reason


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office() as running:
        yield running


@pytest.fixture
def desk(each_engine: Engine, tmp_path: Path, post: Post) -> Mailing:
    made = Mailing(World(each_engine), tmp_path / "inbox")
    made.world.context = dataclasses.replace(made.world.context, mailer=make_mailer(post.url))
    return made


def work(desk: Mailing) -> None:
    """The worker, for as long as something is due; whatever is to be tried again is, up to its last try."""
    for _ in range(TRIES + 1):
        drain(desk.world.context)
        desk.world.now += timedelta(hours=1, seconds=1)


def delivery(desk: Mailing, entry: TicketEntry) -> str:
    return desk.entry(entry).delivery


def test_an_answer_goes_to_who_asked_and_who_follows_with_what_it_answers(desk: Mailing, post: Post) -> None:
    asked = desk.from_asker(Message_ID="<own.1@shelter.example.org>", Subject="Re: APR", X_Auto_Response_Suppress="All")
    ticket = desk.ticket_of(desk.arrive(asked))
    desk.do(following.follow, ticket, email="kim@shelter.example")
    first = desk.answer(ticket, "Choose the project first.\n\nThen <b>press</b> Run & wait.")
    work(desk)
    second = desk.answer(ticket, "Did it work?")
    work(desk)
    one, two = post.taken
    assert one.to == (desk.email, "kim@shelter.example") and one.mail["Subject"] == f"[{ticket.reference}] APR"
    assert one.mail["In-Reply-To"] == two.mail["In-Reply-To"] == "<own.1@shelter.example.org>"
    assert str(two.mail["References"]).split() == ["<own.1@shelter.example.org>", one.mail["Message-ID"]]
    assert one.mail["Auto-Submitted"] is None
    html, text = one.mail.get_body(("html",)), one.mail.get_body(("plain",))
    assert html is not None and "Then &lt;b&gt;press&lt;/b&gt; Run &amp; wait." in html.get_content()
    assert text is not None and "Then <b>press</b> Run & wait." in text.get_content()
    assert delivery(desk, first) == delivery(desk, second) == "sent"


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_breaks_off_before_is_tried_again_until_it_takes_it_once(
    desk: Mailing, post: Post, stage: str
) -> None:
    entry = desk.answer(desk.open())
    post.cut = stage
    drain(desk.world.context)
    assert delivery(desk, entry) == "queued" and post.taken == []
    post.cut = ""
    work(desk)
    assert delivery(desk, entry) == "sent" and len(post.taken) == 1


@pytest.mark.parametrize(("stage", "arrived"), [("answer", 1), ("lost", 0), ("text", 0)])
def test_a_lost_answer_is_in_doubt_and_never_tried_again_by_itself(
    desk: Mailing, post: Post, stage: str, arrived: int
) -> None:
    ticket = desk.open()
    entry = desk.answer(ticket)
    post.cut = stage
    drain(desk.world.context)
    assert delivery(desk, entry) == "uncertain"
    post.cut = ""
    work(desk)
    assert delivery(desk, entry) == "uncertain" and len(post.taken) == arrived
    assert any("is not known" in each.body for each in desk.entries(ticket))
    with desk.world.look() as session:
        assert session.scalars(select(AuditEntry.act).where(AuditEntry.act == "ticket.in_doubt")).all()
        assert not session.scalars(select(Job).where(Job.state == "failed")).all()


def test_somebody_may_send_it_again_under_the_same_id(desk: Mailing, post: Post) -> None:
    """Whoever has it already is not bothered twice: mail programs show one message of one id."""
    ticket = desk.open()
    entry = desk.answer(ticket)
    post.cut = "answer"
    drain(desk.world.context)
    post.cut = ""
    with desk.world.change() as session:
        conversation.send_again(
            session, session.get_one(TicketEntry, entry.id), actor=desk.world.desk, now=desk.world.now
        )
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1)):  # an id made anew would have another date
        work(desk)
    assert delivery(desk, entry) == "sent" and len(post.ids()) == 2 and len(set(post.ids())) == 1
    with desk.world.look() as session:
        row = session.get_one(TicketEntry, entry.id)
        assert refused(conversation.send_again, session, row, actor=desk.world.desk, now=desk.world.now)[0] == Reason.ALREADY_DONE  # fmt: skip


@pytest.mark.parametrize("said", ["554 spam"])
def test_what_is_refused_for_good_failed_at_once_and_the_ticket_says_why(desk: Mailing, post: Post, said: str) -> None:
    ticket = desk.open()
    entry = desk.answer(ticket)
    post.say["text"] = said
    drain(desk.world.context)
    assert delivery(desk, entry) == "failed" and post.connections == 1
    assert any("could not be sent" in each.body and "554" in each.body for each in desk.entries(ticket))


def test_what_is_refused_for_now_is_tried_as_often_as_any_job_and_then_failed(desk: Mailing, post: Post) -> None:
    entry = desk.answer(desk.open())
    post.say["text"] = "451 later"
    work(desk)
    assert delivery(desk, entry) == "failed" and post.connections == TRIES
    assert post.taken == []


def test_a_follower_who_is_refused_is_said_and_the_others_have_it(desk: Mailing, post: Post) -> None:
    ticket = desk.open()
    desk.do(following.follow, ticket, email="nobody@refused.example")
    entry = desk.answer(ticket)
    work(desk)
    assert delivery(desk, entry) == "sent" and post.taken[0].to == (desk.email,)
    assert any("did not take it for nobody@refused.example" in each.body for each in desk.entries(ticket))


class Killed(BaseException):
    """The worker dies here: nothing of it runs on, as nothing does after SIGKILL."""


@pytest.mark.parametrize("before_it_was_taken", [True, False])
def test_a_worker_killed_around_the_handing_over_leaves_it_in_doubt(
    desk: Mailing, post: Post, monkeypatch: pytest.MonkeyPatch, before_it_was_taken: bool
) -> None:
    from portal.adapters.mail.smtp import SmtpMailer

    entry = desk.answer(desk.open())
    whole = SmtpMailer._hand_over

    def dies(self, server, content):  # type: ignore[no-untyped-def]
        if not before_it_was_taken:
            whole(self, server, content)
        raise Killed

    monkeypatch.setattr(SmtpMailer, "_hand_over", dies)
    with pytest.raises(Killed):
        drain(desk.world.context)
    monkeypatch.undo()
    work(desk)
    assert delivery(desk, entry) == "uncertain"
    assert len(post.taken) == (not before_it_was_taken)


def test_a_worker_killed_before_the_handing_over_sends_it_after_all(
    desk: Mailing, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.adapters.mail.smtp import SmtpMailer

    entry = desk.answer(desk.open())

    def dies(self, server, message, foreign):  # type: ignore[no-untyped-def]
        raise Killed

    monkeypatch.setattr(SmtpMailer, "_addressed", dies)
    with pytest.raises(Killed):
        drain(desk.world.context)
    monkeypatch.undo()
    work(desk)
    assert delivery(desk, entry) == "sent" and len(post.taken) == 1


def test_an_answer_that_was_redacted_before_it_went_does_not_go(desk: Mailing, post: Post) -> None:
    ticket = desk.open()
    entry = desk.answer(ticket, "A client was named here.")
    desk.do(redaction.redact, ticket, entry=entry, text="Somebody was named here.")
    work(desk)
    assert post.taken == [] and delivery(desk, entry) == "failed"


def test_the_worker_looks_into_the_mailbox_every_minute_and_no_oftener(desk: Mailing) -> None:
    worker = Worker(desk.world.context, HANDLERS)

    def asked() -> int:
        with desk.world.look() as session:
            return len(session.scalars(select(Job.id).where(Job.effect == Effect.FETCH_MAIL)).all())

    worker.see_to_duties()
    assert asked() == 1
    drain(desk.world.context)
    for seconds, jobs in ((30, 1), (31, 2)):
        desk.world.now += timedelta(seconds=seconds)
        worker.see_to_duties()
        assert asked() == jobs
