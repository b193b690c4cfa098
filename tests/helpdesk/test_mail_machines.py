"""What machines write is kept, counted and never answered; what people write is acknowledged once, with the time that is due."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.models import AuditEntry, Job, Membership
from portal.services.helpdesk.mail import arriving
from portal.services.helpdesk.tickets import moves
from tests.helpdesk.mailing import Mailing
from tests.helpdesk.mails.machines import dsn
from tests.helpdesk.mails.sample import DESK, mail
from tests.services.world import World
from workflows.ticket_clock import moment_in_words
from workflows.vocabulary import Effect


@pytest.fixture
def desk(each_engine: Engine, tmp_path: Path) -> Mailing:
    return Mailing(World(each_engine), tmp_path / "inbox")


# --- what nobody answers


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto_reply"), ({"Precedence": "bulk"}, "list"),
        ({"List_Id": "<news.example>"}, "list"), ({"From": f"Desk <{DESK}>"}, "loop"),
        ({"From": "MAILER-DAEMON@mx.example", "Subject": "failure notice", "Return_Path": "<>"}, "bounce"),
    ],
)  # fmt: skip
def test_what_a_machine_wrote_is_kept_and_never_answered(desk: Mailing, headers: dict[str, str], outcome: str) -> None:
    before = desk.counted()
    arrival = desk.arrive(desk.from_asker(**headers))
    assert (arrival.outcome, arrival.ticket_id) == (outcome, None)
    assert arrival.raw_file_id is not None and desk.counted() == before and desk.send() == []


def test_our_own_message_that_comes_back_by_another_address_is_a_loop(desk: Mailing) -> None:
    _, message = desk.answered()
    before = desk.counted()
    arrival = desk.arrive(desk.from_stranger(Message_ID=f"<{message.message_id}>"))
    assert arrival.outcome == "loop" and desk.counted() == before and desk.send() == []


def test_an_automatic_reply_stands_in_its_ticket_as_a_note_and_opens_nothing(desk: Mailing) -> None:
    ticket, message = desk.answered()
    desk.do(moves.solve, ticket)
    arrival = desk.arrive(
        desk.from_asker("Away until Monday.", Auto_Submitted="auto-replied", In_Reply_To=f"<{message.message_id}>")
    )
    assert (arrival.outcome, arrival.ticket_id) == ("auto_reply", ticket.id)
    note = next(each for each in desk.entries(ticket) if each.id == arrival.entry_id)
    assert note.kind == "note" and "Away until Monday." in note.body
    assert desk.read(ticket).status == "solved" and desk.send() == []


def test_a_bounce_marks_the_answer_that_did_not_arrive(desk: Mailing) -> None:
    ticket, message = desk.answered()
    raw = dsn().replace(b"<ours.1@example.org>", f"<{message.message_id}>".encode())
    arrival = desk.arrive(raw)
    assert (arrival.outcome, arrival.ticket_id) == ("bounce", ticket.id)
    out = [each for each in desk.entries(ticket) if each.kind == "out"][-1]
    assert out.delivery == "failed"
    assert any("jamie@shelter.example.org: failed. 550 5.1.1" in each.body for each in desk.entries(ticket))


def test_a_bounce_that_says_later_marks_nothing(desk: Mailing) -> None:
    ticket, message = desk.answered()
    desk.arrive(dsn("delayed").replace(b"<ours.1@example.org>", f"<{message.message_id}>".encode()))
    assert [each for each in desk.entries(ticket) if each.kind == "out"][-1].delivery == "sent"
    assert any("goes on trying" in each.body for each in desk.entries(ticket))


def test_a_forged_bounce_marks_nothing(desk: Mailing) -> None:
    ticket, _ = desk.answered()
    assert desk.arrive(dsn()).ticket_id is None
    assert [each for each in desk.entries(ticket) if each.kind == "out"][-1].delivery == "sent"


def test_an_answer_through_a_list_is_an_answer_all_the_same(desk: Mailing) -> None:
    ticket, message = desk.answered()
    arrival = desk.arrive(desk.from_asker("Yes.", List_Id="<staff.shelter.example>", In_Reply_To=f"<{message.message_id}>"))  # fmt: skip
    assert (arrival.outcome, arrival.ticket_id) == ("entry", ticket.id)


def test_who_asks_for_no_automatic_answer_gets_none(desk: Mailing) -> None:
    arrival = desk.arrive(desk.from_asker(X_Auto_Response_Suppress="All"))
    assert arrival.outcome == "entry" and desk.send() == []


def test_a_message_without_a_sender_is_held(desk: Mailing) -> None:
    arrival = desk.arrive(mail(drop=("From",)))
    assert arrival.waits and arrival.ticket_id is None and desk.send() == []


def test_too_many_messages_of_one_address_are_held_and_the_acknowledgements_stop_before(desk: Mailing) -> None:
    most = desk.world.policy.helpdesk.loop_mails
    desk.put(*(desk.from_stranger(f"Message {n}.") for n in range(most + 3)))
    desk.fetch()
    outcomes = [each.outcome for each in desk.arrivals()]
    assert outcomes == ["entry"] * most + ["spam_guard"] * 3
    assert len(desk.send()) == arriving.ACKNOWLEDGED_AN_HOUR
    assert desk.arrive(desk.from_asker()).outcome == "entry"  # others are not held for it
    desk.world.now += timedelta(hours=1, seconds=1)
    assert desk.arrive(desk.from_stranger("Later.")).outcome == "entry"
    with desk.world.look() as session:
        assert len(session.scalars(select(AuditEntry.id).where(AuditEntry.act == "mail.held")).all()) == 3


# --- the acknowledgement


def test_a_new_ticket_is_acknowledged_once_with_the_time_that_is_due(desk: Mailing) -> None:
    arrival = desk.arrive(desk.from_asker(Message_ID="<own.9@shelter.example.org>"))
    ticket = desk.ticket_of(arrival)
    [message] = desk.send()
    with desk.world.look() as session:
        from portal.services.helpdesk.tickets import clock

        due = moment_in_words(ticket.answer_due, clock.calendar(session, policy=desk.world.policy))  # type: ignore[arg-type]
    assert f"Somebody answers by {due}." in message.text and ticket.reference in message.subject
    assert message.automatic == "auto-replied" and message.in_reply_to == "own.9@shelter.example.org"
    assert desk.read(ticket).first_answered_at is None
    desk.arrive(desk.from_asker("More.", References="<own.9@shelter.example.org>"))
    assert desk.send() == []


def test_a_message_at_night_is_acknowledged_with_the_business_time(desk: Mailing) -> None:
    desk.world.now = desk.world.now.replace(day=28, hour=3)  # a Friday, ten at night in Maine; Monday is a business day
    ticket = desk.ticket_of(desk.arrive(desk.from_asker()))
    [message] = desk.send()
    assert "Monday, November 30" in message.text and ticket.answer_due is not None
    assert ticket.answer_due.day == 30


def test_what_looks_like_a_client_is_marked_on_arrival(desk: Mailing) -> None:
    ticket = desk.ticket_of(desk.arrive(desk.from_asker("Her social security number is 078-05-1120.")))
    assert desk.read(ticket).to_redact


def test_no_job_of_the_arrival_is_left_when_nothing_is_to_be_said(desk: Mailing) -> None:
    desk.arrive(desk.from_asker(Precedence="bulk"))
    with desk.world.look() as session:
        assert not session.scalars(select(Job.id).where(Job.effect == Effect.TICKET_MAIL)).all()
        assert session.scalar(select(Membership.id).where(Membership.id == desk.asker.id))
