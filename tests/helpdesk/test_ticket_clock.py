"""The clock of a ticket as it is kept: started, stopped, resumed; days the desk closes or works; whether it was solved well."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from portal.models import AuditEntry, Closure, Ticket, TicketPause
from portal.refusals import Refused
from portal.services.helpdesk.tickets import clock, closures, conversation, moves, rating
from tests.helpdesk.ticketing import Ticketing, refused
from tests.services.world import World
from tests.web.browsing import statements
from workflows.ticket_clock import Pause
from workflows.vocabulary import Reason, Role


@pytest.fixture
def desk(each_engine: Engine) -> Ticketing:
    return Ticketing(World(each_engine))  # Monday, November 23, 2026, 10:00 a.m. in Maine


def explained(desk: Ticketing, ticket: Ticket) -> list[str]:
    with desk.world.look() as session:
        return clock.explained(session, session.get_one(Ticket, ticket.id), policy=desk.world.policy)


def test_it_is_due_by_kind_and_priority(desk: Ticketing):
    row = desk.read(desk.open())
    assert row.answer_due == datetime(2026, 11, 24, 15, 0)  # 8 hours: six today, two tomorrow
    assert row.solve_due == datetime(2026, 12, 2, 15, 0)  # 40 hours, over Thanksgiving and the Friday after it
    urgent = desk.read(desk.open(kind="lock_out"))
    assert urgent.answer_due == datetime(2026, 11, 23, 17, 0)  # a kind's own two hours instead of four


def test_another_priority_or_kind_is_reckoned_from_when_it_was_opened(desk: Ticketing):
    ticket = desk.open()
    desk.world.now += timedelta(hours=3)
    desk.do(moves.set_priority, ticket, priority="urgent")
    assert desk.read(ticket).answer_due == datetime(2026, 11, 23, 16, 0)
    desk.do(moves.set_kind, ticket, kind="feature")
    assert desk.read(ticket).answer_due == datetime(2026, 11, 23, 16, 0)


def test_the_first_answers_time_is_kept_once_it_was_given(desk: Ticketing):
    ticket = desk.open()
    due = desk.read(ticket).answer_due
    desk.answer(ticket, after="wait")
    desk.world.now += timedelta(days=2)
    desk.receive(ticket)
    row = desk.read(ticket)
    assert (row.answer_due, row.answer_left) == (due, None)


def test_while_it_waits_nothing_is_due_and_the_wait_is_not_counted(desk: Ticketing):
    ticket = desk.open()
    desk.answer(ticket, after="wait")
    row = desk.read(ticket)
    assert (row.solve_due, row.solve_left, row.clock_stopped_at) == (None, 2400, desk.world.now)
    assert "Left when it runs again: 40 hours." in explained(desk, ticket)[0]
    desk.world.now += timedelta(days=1)
    desk.receive(ticket)
    row = desk.read(ticket)
    assert (row.solve_due, row.solve_left, row.clock_stopped_at) == (datetime(2026, 12, 3, 15, 0), None, None)
    assert "waiting for the sender from Monday, November 23, 10:00 a.m. to Tuesday, November 24, 10:00 a.m." in explained(desk, ticket)[0]  # fmt: skip
    with desk.world.look() as session:
        assert clock.pauses(session, [row.id])[row.id] == [
            Pause(row.opened_at, row.opened_at + timedelta(days=1), clock.WAITING)
        ]


def test_what_waits_and_is_then_solved_has_two_pauses_after_each_other(desk: Ticketing):
    ticket = desk.open()
    desk.answer(ticket, after="wait")
    desk.world.now += timedelta(hours=1)
    desk.solve(ticket)
    desk.world.now += timedelta(hours=2)
    desk.receive(ticket)
    with desk.world.look() as session:
        [waited, solved] = clock.pauses(session, [ticket.id])[ticket.id]
    assert (waited.why, solved.why, waited.ended) == (clock.WAITING, clock.SOLVED, solved.began)
    assert solved.ended == desk.world.now


def test_what_is_late_when_it_stops_has_less_than_nothing_left(desk: Ticketing):
    ticket = desk.open(kind="lock_out")
    desk.world.now += timedelta(days=30)
    desk.do(moves.wait, ticket)
    row = desk.read(ticket)
    assert row.answer_left < row.solve_left < 0


def test_a_ticket_has_one_open_pause_at_most_and_none_that_ends_before_it_began(desk: Ticketing):
    ticket = desk.open()
    desk.do(moves.wait, ticket)
    for began, ended in ((desk.world.now, None), (desk.world.now, desk.world.now - timedelta(minutes=1))):
        with pytest.raises(DBAPIError), desk.world.change() as session:
            session.add(TicketPause(ticket_id=ticket.id, began_at=began, ended_at=ended, why="no"))


def test_the_minutes_left_are_of_what_is_due_next(desk: Ticketing):
    ticket = desk.open()
    with desk.world.look() as session:
        desk_days = clock.calendar(session, policy=desk.world.policy)
    assert clock.minutes_left(desk.read(ticket), now=desk.world.now, calendar=desk_days) == 480
    desk.answer(ticket)
    assert clock.minutes_left(desk.read(ticket), now=desk.world.now, calendar=desk_days) == 2400
    late = clock.minutes_left(desk.read(ticket), now=datetime(2026, 12, 2, 16, 0), calendar=desk_days)
    assert late == -60
    desk.do(moves.wait, ticket)
    assert clock.minutes_left(desk.read(ticket), now=desk.world.now, calendar=desk_days) is None


# --- days the desk closes or works


def close(desk: Ticketing, day: date, name: str = "Closed for snow", **more):
    with desk.world.change() as session:
        values = {"actor": desk.world.desk, "now": desk.world.now, "policy": desk.world.policy} | more
        return closures.add(session, day=day, name=name, **values)


def test_a_day_on_which_the_desk_closes_moves_what_is_due_and_says_so(desk: Ticketing):
    ticket, later = desk.open(), desk.open()
    desk.do(moves.wait, later)
    row, moved = close(desk, date(2026, 11, 24))
    assert (row.worked, moved) == (False, 1)
    assert desk.read(ticket).answer_due == datetime(2026, 11, 25, 15, 0)
    assert "Tuesday, November 24 is closed (Closed for snow)" in explained(desk, ticket)[0]
    desk.do(moves.resume, later)
    assert desk.read(later).answer_due == datetime(2026, 11, 25, 15, 0)


def test_a_holiday_may_be_worked_and_the_day_be_taken_back(desk: Ticketing):
    ticket = desk.open()
    row, moved = close(desk, date(2026, 11, 27), "Working on the Friday after Thanksgiving")
    assert (row.worked, moved) == (True, 1)
    assert desk.read(ticket).solve_due == datetime(2026, 12, 1, 15, 0)
    with desk.world.change() as session:
        assert closures.remove(
            session, row.id, actor=desk.world.desk, now=desk.world.now, policy=desk.world.policy
        ) == (date(2026, 11, 27), 1)
    assert desk.read(ticket).solve_due == datetime(2026, 12, 2, 15, 0)
    with desk.world.look() as session:
        acts = session.scalars(
            select(AuditEntry.act).where(AuditEntry.act.startswith("closure")).order_by(AuditEntry.seq)
        )
        assert acts.all() == ["closure.add", "closure.remove"]


@pytest.mark.parametrize(
    ("day", "name", "reason", "field"),
    [
        (date(2026, 11, 20), "Snow", Reason.BAD_INPUT, "day"),  # past
        (date(2026, 11, 28), "Snow", Reason.BAD_INPUT, "day"),  # a Saturday
        (date(2030, 1, 2), "Snow", Reason.BAD_INPUT, "day"),  # too far away
        (date(2026, 11, 24), "  ", Reason.BAD_INPUT, "name"),
        (date(2026, 11, 24), "S" * 101, Reason.BAD_INPUT, "name"),
        (date(2026, 12, 1), "Again", Reason.ALREADY_DONE, "day"),
    ],
)
def test_a_day_that_makes_no_sense_is_refused(desk: Ticketing, day: date, name: str, reason: Reason, field: str):
    close(desk, date(2026, 12, 1))
    assert refused(close, desk, day, name) == (reason, field)


def test_the_day_that_is_past_is_not_taken_back_and_one_that_is_gone_is_named(desk: Ticketing):
    row, _ = close(desk, date(2026, 11, 24))
    desk.world.now += timedelta(days=2)
    for each, reason in ((row.id, Reason.BAD_INPUT), (999, Reason.NOT_FOUND)):
        with pytest.raises(Refused) as no, desk.world.change() as session:
            closures.remove(session, each, actor=desk.world.desk, now=desk.world.now, policy=desk.world.policy)
        assert no.value.reason is reason


@pytest.mark.parametrize("role", [Role.TRAINER, Role.AUDITOR, Role.LEAD_SECURITY])
def test_only_the_desk_enters_such_a_day(desk: Ticketing, role: Role):
    assert refused(close, desk, date(2026, 11, 24), actor=desk.world.staff(role))[0] is Reason.NOT_ALLOWED
    assert refused(close, desk, date(2026, 11, 24), actor=desk.actor(desk.asker))[0] is Reason.NOT_ALLOWED
    with desk.world.look() as session:
        assert session.scalar(select(func.count()).select_from(Closure)) == 0


def test_reckoning_anew_costs_the_same_for_many(desk: Ticketing):
    desk.open()
    with statements(desk.world.engine) as few:
        close(desk, date(2026, 12, 8))
    for _ in range(12):
        desk.open()
    with statements(desk.world.engine) as many:
        close(desk, date(2026, 12, 9))
    selects = [len([each for each in said if each.lstrip().startswith("SELECT")]) for said in (few, many)]
    assert selects[0] == selects[1]


# --- was it solved well?


def solved(desk: Ticketing) -> Ticket:
    ticket = desk.open()
    desk.solve(ticket)
    return desk.read(ticket)


def by_link(desk: Ticketing, envelope: str):
    with desk.world.look() as session:
        return rating.by_link(session, keys=desk.world.keys, envelope=envelope, policy=desk.world.policy)


def test_by_the_link_it_is_said_without_signing_in_and_the_last_word_counts(desk: Ticketing):
    ticket = solved(desk)
    envelope = rating.envelope(ticket, keys=desk.world.keys)
    assert by_link(desk, envelope).rating == ""  # opening it says nothing
    desk.do(rating.rate, ticket, rating="bad", said=" It took\nlong. ", actor=rating.BY_LINK)
    desk.do(rating.rate, ticket, rating="good", said="", actor=rating.BY_LINK)
    row = desk.read(ticket)
    assert (row.rating, row.rating_said, row.rated_at) == ("good", "", desk.world.now)
    with desk.world.look() as session:
        said = session.scalars(select(AuditEntry).where(AuditEntry.act == "ticket.rate").order_by(AuditEntry.seq)).all()
        assert [(each.before, each.after) for each in said] == [
            ({"rating": ""}, {"rating": "bad"}),
            ({"rating": "bad"}, {"rating": "good"}),
        ]
        assert "long" not in "".join(each.said for each in said)


def test_a_link_of_before_it_was_opened_again_a_forged_and_an_old_one_open_nothing(desk: Ticketing, monkeypatch):
    ticket = solved(desk)
    envelope = rating.envelope(ticket, keys=desk.world.keys)
    desk.world.now += timedelta(hours=1)
    desk.receive(ticket)
    assert refused(by_link, desk, envelope)[0] is Reason.LINK_SPENT
    assert refused(desk.do, rating.rate, ticket, rating="good", said="", actor=rating.BY_LINK)[0] is Reason.CONFLICT
    desk.solve(ticket)
    assert refused(by_link, desk, envelope)[0] is Reason.LINK_SPENT  # solved once more: another message, another link
    fresh = rating.envelope(desk.read(ticket), keys=desk.world.keys)
    assert by_link(desk, fresh).id == ticket.id
    for wrong in (
        fresh[:-2],
        desk.world.keys.envelope("survey", [ticket.id, ""]),
        desk.world.keys.envelope(rating.PURPOSE, "x"),
    ):
        assert refused(by_link, desk, wrong)[0] is Reason.LINK_SPENT
    later = desk.world.policy.helpdesk.rating.total_seconds() + 60
    import time

    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + later)
    assert refused(by_link, desk, fresh)[0] is Reason.LINK_SPENT


def test_only_who_asked_rates_and_only_with_a_word_that_there_is(desk: Ticketing):
    ticket = solved(desk)
    other = desk.world.member(desk.agency, None, Role.END_USER)
    for actor in (desk.actor(other), desk.world.desk):
        assert refused(desk.do, rating.rate, ticket, rating="good", said="", actor=actor)[0] is Reason.NOT_ALLOWED
    mine = desk.actor(desk.asker)
    assert refused(desk.do, rating.rate, ticket, rating="superb", said="", actor=mine) == (Reason.BAD_INPUT, "rating")
    assert refused(desk.do, rating.rate, ticket, rating="good", said="x" * 1001, actor=mine) == (
        Reason.BAD_INPUT,
        "said",
    )
    desk.do(rating.rate, ticket, rating="good", said="x" * 1000, actor=mine)
    assert desk.read(ticket).rating == "good"


def test_an_answer_after_the_rating_is_read_by_the_desk_again(desk: Ticketing):
    ticket = solved(desk)
    desk.do(rating.rate, ticket, rating="bad", said="", actor=rating.BY_LINK)
    desk.do(conversation.receive, ticket, text="It is still empty.", actor=desk.actor(desk.asker))
    assert (desk.read(ticket).status, desk.read(ticket).rating) == ("open", "bad")
