"""Tickets: opened, answered, moved, merged, split, redacted; on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from portal.actors import PORTAL
from portal.models import Job, TicketEntry, TicketFollower, TicketWord
from portal.services.helpdesk.tickets import conversation, joining, moves, redaction
from tests.helpdesk.ticketing import SAID, Ticketing, refused
from tests.services.world import World
from workflows.vocabulary import Effect, Reason, Role


@pytest.fixture
def desk(each_engine: Engine) -> Ticketing:
    return Ticketing(World(each_engine))


def test_a_ticket_is_opened_with_its_first_message_and_its_clock(desk: Ticketing):
    row = desk.read(desk.open())
    assert (row.status, row.reference, row.priority) == ("new", f"HD-{row.id}", "normal")
    assert row.answer_due and row.solve_due
    assert desk.world.now < row.answer_due < row.solve_due
    [entry] = desk.entries(row)
    assert (entry.kind, entry.body, entry.author_id) == ("in", SAID, row.requester_id)


def test_an_answer_is_queued_once_and_the_ticket_is_open(desk: Ticketing):
    ticket = desk.open()
    entry = desk.answer(ticket)
    assert entry.delivery == "queued"
    assert desk.read(ticket).status == "open"
    with desk.world.look() as session:
        jobs = session.scalars(select(Job).where(Job.effect == Effect.TICKET_MAIL)).all()
        assert [job.payload for job in jobs] == [{"entry_id": entry.id}]


def test_a_question_to_the_sender_stops_the_clock_and_the_answer_starts_it_again(desk: Ticketing):
    ticket = desk.open()
    desk.answer(ticket, after="wait")
    row = desk.read(ticket)
    assert (row.status, row.solve_due) == ("waiting", None)
    assert row.clock_stopped_at == desk.world.now
    desk.world.now += timedelta(hours=1)
    desk.receive(ticket)
    row = desk.read(ticket)
    assert (row.status, row.clock_stopped_at) == ("open", None)
    assert row.solve_due is not None


@pytest.mark.parametrize("closed", [False, True])
def test_an_answer_of_the_sender_opens_a_solved_ticket_again(desk: Ticketing, closed: bool):
    ticket = desk.open()
    desk.solve(ticket)
    if closed:
        desk.do(moves.close, ticket, actor=PORTAL)
    desk.receive(ticket)
    row = desk.read(ticket)
    assert (row.status, row.solved_at, row.closed_at) == ("open", None, None)


def test_a_second_answer_is_told_of_the_first(desk: Ticketing):
    ticket = desk.open()
    seen = desk.read(ticket).last_entry_id
    desk.answer(ticket, last_seen=seen)
    assert refused(desk.answer, ticket, last_seen=seen, actor=desk.world.admin) == (Reason.CONFLICT, "text")
    assert len([entry for entry in desk.entries(ticket) if entry.kind == "out"]) == 1


def test_a_merged_ticket_is_read_in_the_other_and_its_people_follow(desk: Ticketing):
    first, second = desk.open(), desk.unknown()
    desk.do(joining.merge, second, into=first)
    assert [entry.ticket_id for entry in desk.entries(first, notes=False)] == [first.id, second.id]
    with desk.world.look() as session:
        assert list(session.scalars(select(TicketFollower.email))) == ["stranger@example.org"]
    entry = desk.receive(second, text="One more thing.", author_name="A Stranger")
    assert entry.ticket_id == first.id


def test_a_split_ticket_has_copies_and_knows_where_it_came_from(desk: Ticketing):
    ticket = desk.open()
    [entry] = desk.entries(ticket)
    made = desk.do(joining.split, ticket, entries=[entry.id], subject="The second question")
    assert desk.read(made).split_from_id == ticket.id
    assert [each.body for each in desk.entries(made, notes=False)] == [SAID]


def test_what_is_redacted_is_gone_for_good(desk: Ticketing):
    ticket = desk.open(text="Client Robin Sample was born on 04/05/1990.")
    [entry] = desk.entries(ticket)
    assert entry.to_redact
    desk.do(redaction.redact, ticket, entry=entry, text="Client [removed] was born on [removed].")
    assert not desk.read(ticket).to_redact
    with desk.world.look() as session:
        assert not session.scalars(select(TicketWord).where(TicketWord.word == "robin")).all()
        assert not session.scalars(select(TicketEntry).where(TicketEntry.body.contains("Robin"))).all()


def test_an_unknown_sender_belongs_nowhere(desk: Ticketing):
    row = desk.read(desk.open(requester=None, email="stranger@example.org"))
    assert (row.requester_id, row.agency_id, row.membership_id, row.rung) == (None, None, None, "lead")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ticket_entry",
        "DELETE FROM ticket",
        "UPDATE ticket_entry SET body = 'otherwise'",
        "UPDATE ticket_entry SET author_name = 'Somebody else'",
        "UPDATE ticket SET status = 'merged'",
        "UPDATE ticket SET requester_id = NULL",
    ],
)
def test_the_database_keeps_what_was_written(desk: Ticketing, statement: str):
    desk.open()
    with pytest.raises(DBAPIError), desk.world.change() as session:
        session.execute(text(statement))


def test_only_the_staff_work_on_it_and_another_agency_sees_nothing(desk: Ticketing):
    ticket = desk.open()
    stranger = desk.actor(desk.world.member(desk.world.agency("Sample Elsewhere"), None, Role.AGENCY_ADMIN))
    own_admin = desk.actor(desk.world.member(desk.agency, None, Role.AGENCY_ADMIN))
    for actor in (stranger, own_admin):
        assert refused(desk.answer, ticket, actor=actor)[0] == Reason.NOT_ALLOWED
        assert refused(desk.do, conversation.note, ticket, text="A note.", actor=actor)[0] == Reason.NOT_ALLOWED
    assert refused(desk.open, agency_id=stranger_agency(stranger), actor=desk.actor(desk.asker))[0] == Reason.NOT_FOUND
    assert desk.open(actor=desk.actor(desk.asker), channel="portal").id


def stranger_agency(actor) -> int:
    return min(agency for agency, _ in actor.roles)
