"""Mails about tickets that are not conversation: sent while they are true, with nothing in them that should not go around."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, delete, select

from portal.effects import ticket_duties
from portal.models import Job, MessageSeen, Ticket
from portal.services.helpdesk.mail import answering
from portal.services.helpdesk.tickets import asking, following, moves, rating, telling
from portal.worker import drain
from tests.helpdesk.mailing import Mailing
from tests.helpdesk.test_ladder import ask, without_admin
from tests.helpdesk.ticketing import Ticketing
from tests.services.asking import admin_of
from tests.services.world import World
from workflows.vocabulary import Effect


@pytest.fixture
def desk(engine: Engine) -> Ticketing:
    made = Ticketing(World(engine))
    made.admin = admin_of(made.world, made.agency)
    return made


def sent(desk: Ticketing, about: str):
    """What the worker has handed over, of those mails whose subject says this."""
    drain(desk.world.context)
    return [message for message in desk.world.context.mailer.sent if about in message.subject]


def test_the_solved_mail_carries_the_link_that_rates_it_and_the_day_it_closes(desk: Ticketing):
    ticket = ask(desk, direct=True)
    desk.solve(ticket)
    [message] = sent(desk, "is your question solved?")
    assert message.subject == f"[HD-{ticket.id}] {desk.agency.name}: is your question solved?"
    assert message.to_email == ticket.requester_email and "December 2, 2026" in message.text
    envelope = message.text.split(rating.PATH)[1].split()[0]
    with desk.world.look() as session:
        assert (
            rating.by_link(session, keys=desk.world.keys, envelope=envelope, policy=desk.world.policy).id == ticket.id
        )


def test_a_stranger_gets_it_at_their_own_address_and_the_desk_does_not(desk: Ticketing):
    ticket = desk.unknown()
    desk.solve(ticket)
    [message] = sent(desk, "is your question solved?")
    assert (message.to_email, message.to_name) == ("stranger@example.org", "A Stranger")


def test_a_flagged_subject_is_not_sent_around_once_more(desk: Ticketing):
    named = ask(desk, direct=True, subject="SSN 123-45-6789 is not taken", text="The SSN is 123-45-6789.")
    plain = ask(desk, direct=True, subject="The bed list")
    for ticket in (named, plain):
        desk.solve(ticket)
    flagged, other = sent(desk, "is your question solved?")
    assert "123-45-6789" not in flagged.text + flagged.html and named.reference in flagged.text
    assert "The bed list" in other.text


def test_what_is_no_longer_so_is_not_told(desk: Ticketing):
    passed, opened, gone = ask(desk), ask(desk, direct=True), ask(desk)
    desk.do(asking.pass_on, passed, words="Tried it.", actor=desk.admin)
    desk.solve(passed)
    desk.solve(opened)
    desk.receive(opened)
    without_admin(desk, desk.agency)
    drain(desk.world.context)
    said = [message.subject.split(": ")[1] for message in desk.world.context.mailer.sent]
    assert said == [
        "is your question solved?"
    ]  # of the first; nobody is told that it is theirs to answer, or on its way
    assert gone.rung == "agency_admin"


def test_the_overdue_mail_lists_the_oldest_first_and_who_has_it(desk: Ticketing):
    for subject in ("One", "Two"):
        ask(desk, direct=True, subject=subject)
        desk.world.now += timedelta(minutes=30)
    desk.world.now = datetime(2026, 11, 25, 14, 0)
    ticket_duties.see_to(desk.world.context, now=desk.world.now, policy=desk.world.policy)
    [message] = sent(desk, "2 tickets are overdue")
    first, second = (message.text.index(f"HD-{n}") for n in (1, 2))
    assert first < second and "nobody has it" in message.text and "Tuesday, November 24, 10:00 a.m." in message.text


def test_a_ticket_with_which_something_is_wrong_holds_up_no_other(desk: Ticketing, monkeypatch, caplog):
    first, second = ask(desk), ask(desk)
    real, failed = ticket_duties.ladder.move_on, []

    def breaks_once(session, ticket_id, **more):
        done = real(session, ticket_id, **more)
        if ticket_id == first.id:
            failed.append(ticket_id)
            raise RuntimeError("a fault in the middle")
        return done

    monkeypatch.setattr(ticket_duties, "DUTIES", ((ticket_duties.ladder.due_to_move, breaks_once),))
    desk.world.now += timedelta(hours=4)
    with caplog.at_level(logging.ERROR, "portal.worker"):
        assert ticket_duties.see_to(desk.world.context, now=desk.world.now, policy=desk.world.policy) == 1
    assert failed == [first.id] and f"ticket {first.id} could not be moved on" in caplog.text
    with desk.world.look() as session:
        assert [session.get_one(Ticket, each.id).rung for each in (first, second)] == ["agency_admin", "lead"]


# --- as part of the conversation


@pytest.fixture
def mail_desk(engine: Engine, tmp_path: Path) -> Mailing:
    return Mailing(World(engine), tmp_path / "inbox")


def test_an_answer_that_solves_is_one_message_with_the_link_that_rates_it(mail_desk: Mailing):
    desk = mail_desk
    ticket = desk.ticket_of(desk.arrive(desk.from_asker()))
    desk.send()
    desk.answer(ticket, after="solve")
    [message] = desk.send()
    assert "Choose the project first." in message.text and "it is closed on December 2, 2026" in message.text
    assert "Say whether it was solved well" in message.html
    with desk.world.look() as session:
        content = message.text.split(rating.PATH)[1].split()[0]
        assert rating.by_link(session, keys=desk.world.keys, envelope=content, policy=desk.world.policy).id == ticket.id


def test_where_others_get_the_answer_too_nobody_else_can_rate_it(mail_desk: Mailing):
    desk = mail_desk
    ticket = desk.ticket_of(desk.arrive(desk.from_asker()))
    desk.send()
    desk.do(following.follow, ticket, email="kim@shelter.example")
    desk.answer(ticket, after="solve")
    [message] = desk.send()
    assert "closed on December 2" in message.text and rating.PATH not in message.text + message.html
    assert f"/help/{ticket.id}" in message.text


def test_an_answer_sent_after_the_ticket_was_opened_again_says_nothing_of_solved(mail_desk: Mailing):
    desk = mail_desk
    ticket = desk.ticket_of(desk.arrive(desk.from_asker()))
    desk.send()
    desk.answer(ticket, after="solve")
    desk.receive(ticket)
    [message] = desk.send()
    assert "solved" not in message.text and rating.PATH not in message.text


@pytest.mark.parametrize("name", ["ticket_solved", "ticket_moved"])
def test_an_answer_to_a_mail_about_a_ticket_lands_there_by_its_signed_id(mail_desk: Mailing, name: str):
    desk = mail_desk
    ticket = desk.ticket_of(desk.arrive(desk.from_asker(Message_ID="<first@shelter.example.org>")))
    desk.send()
    with desk.world.change() as session:
        row = session.get_one(Ticket, ticket.id)
        if name == "ticket_solved":
            moves.solve(session, row, actor=desk.world.desk, now=desk.world.now, policy=desk.world.policy)
        else:
            telling.moved(session, row, now=desk.world.now)
    [message] = sent(desk, f"[{ticket.reference}] {desk.agency.name}")
    assert message.in_reply_to == "first@shelter.example.org" and message.in_reply_to in message.references
    with desk.world.change() as session:  # nothing but the signature leads there
        session.execute(delete(MessageSeen))
    back = desk.arrive(desk.from_stranger("It is not solved.", Subject="Hello", In_Reply_To=f"<{message.message_id}>"))
    assert back.ticket_id == ticket.id
    forged = message.message_id.replace(".", ".x", 1)
    assert (
        desk.arrive(desk.from_stranger("It is not.", Subject="Hello", In_Reply_To=f"<{forged}>")).ticket_id != ticket.id
    )


def test_a_mail_about_a_ticket_that_is_sent_twice_keeps_its_id(mail_desk: Mailing):
    desk = mail_desk
    tickets = [desk.ticket_of(desk.arrive(desk.from_asker(Subject=f"Question {each}"))) for each in (1, 2)]
    desk.send()
    for ticket in tickets:
        desk.solve(ticket)
    with desk.world.look() as session:
        ids = session.scalars(select(Job.id).where(Job.effect == Effect.MAIL).order_by(Job.id)).all()
    first = sent(desk, "is your question solved?")
    again = []
    for ticket, job_id in zip(tickets, ids, strict=True):  # as after a kill: another process, another moment
        with desk.world.change() as session, time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)):
            row = session.get_one(Ticket, ticket.id)
            again.append(
                answering.notice_id(session, row, job_id, keys=desk.world.keys, host="example.org", now=desk.world.now)
            )
    assert again == [each.id for each in first] and len({each.id for each in first}) == 2
