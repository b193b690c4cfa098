"""The order of support: who has a question first, when it moves on by itself, and never at night."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from portal.actors import PORTAL, Actor
from portal.effects import ticket_duties
from portal.models import Agency, AuditEntry, Job, Membership, Person, Ticket
from portal.services.helpdesk.tickets import asking, clock, closing, conversation, ladder, moves
from tests.helpdesk.ticketing import Ticketing, refused
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import About, Effect, Kind, Reason, Role

EVENING = datetime(2026, 11, 25, 20, 30)  # half an hour before the desk closes for Thanksgiving


@pytest.fixture
def desk(each_engine: Engine) -> Ticketing:
    made = Ticketing(World(each_engine))
    with made.world.look() as session:
        admins = ladder.admins_of(session, made.agency.id, now=made.world.now, policy=made.world.policy)
        made.admin = made.actor(_member(session, made, admins[0].id))
    return made


def _member(session, desk: Ticketing, person_id: int) -> Membership:
    query = select(Membership).where(Membership.agency_id == desk.agency.id, Membership.person_id == person_id)
    return session.scalars(query).one()


def ask(desk: Ticketing, *, member: Membership | None = None, **more) -> Ticket:
    """A question in the portal; by the end user of the Agency where no other member of it is named."""
    values = {
        "kind": "how_to",
        "subject": "The report",
        "text": "How do I run it?",
        "answers": {},
        "agency_id": desk.agency.id,
    } | more
    with desk.world.change() as session:
        actor = desk.actor(member or desk.asker)
        return asking.ask(session, actor=actor, now=desk.world.now, policy=desk.world.policy, **values)


def without_admin(desk: Ticketing, agency: Agency) -> None:
    """Nobody is Agency Administrator there any more."""
    with desk.world.look() as session:
        found = session.scalars(select(Membership.id).where(Membership.agency_id == agency.id)).all()
    assert sum(desk.world.withdraw(Kind.ROLE, About.MEMBERSHIP, each, Role.AGENCY_ADMIN) for each in found) == 1


def mails(desk: Ticketing, name: str) -> list[int]:
    with desk.world.look() as session:
        jobs = session.scalars(select(Job).where(Job.effect == Effect.MAIL).order_by(Job.id))
        return [job.payload["person_id"] for job in jobs if job.payload["mail"] == name]


def work(desk: Ticketing, now: datetime) -> int:
    desk.world.now = now
    return ticket_duties.see_to(desk.world.context, now=now, policy=desk.world.policy)


def test_a_how_to_goes_to_the_agency_admin_who_is_told(desk: Ticketing):
    row = desk.read(ask(desk))
    assert (row.rung, row.channel, row.requester_id) == ("agency_admin", "portal", desk.asker.person_id)
    assert mails(desk, "ticket_for_admin") == [desk.admin.person_id]


@pytest.mark.parametrize("kind", ["incident", "outage", "user_agreement", "departure", "why_not_yet", "feature"])
def test_what_the_pack_keeps_for_the_lead_goes_there_at_once(desk: Ticketing, kind: str):
    row = desk.read(ask(desk, kind=kind))
    assert row.rung == "lead"
    assert mails(desk, "ticket_for_admin") == []


def test_an_agency_admin_who_asks_or_is_locked_out_goes_straight_to_the_lead(desk: Ticketing):
    with desk.world.look() as session:
        mine = _member(session, desk, desk.admin.person_id)
    assert [desk.read(ask(desk, member=mine, kind=kind)).rung for kind in ("how_to", "lock_out", "reset")] == [
        "lead"
    ] * 3


@pytest.mark.parametrize("text", ["I think {first} {last} reads my notes.", "{last}, {first}: see the roster", "Is {first}  {last}'s login shared?"])  # fmt: skip
def test_what_names_the_agency_admin_never_goes_to_that_person(desk: Ticketing, text: str):
    first, _, last = desk.admin.name.partition(" ")
    row = desk.read(ask(desk, kind="other", text=text.format(first=first, last=last)))
    assert row.rung == "lead"
    assert refused(desk.do, conversation.answer, row, text="Let me see.", actor=desk.admin)[0] is Reason.NOT_ALLOWED


def test_the_first_name_alone_does_not_keep_it_from_the_agency_admin(desk: Ticketing):
    assert desk.read(ask(desk, kind="other", text="Maybe it is in the manual.")).rung == "agency_admin"


def test_whoever_asks_may_leave_the_agency_admin_out(desk: Ticketing):
    assert desk.read(ask(desk, direct=True)).rung == "lead"


def test_an_agency_without_an_agency_admin_and_no_agency_go_to_the_lead(desk: Ticketing):
    other = desk.world.agency()
    without_admin(desk, other)
    alone = desk.world.member(other, None, Role.END_USER)
    assert desk.read(ask(desk, member=alone, agency_id=other.id)).rung == "lead"
    assert desk.read(ask(desk, agency_id=None)).rung == "lead"


def test_nobody_asks_for_an_agency_that_is_not_theirs(desk: Ticketing):
    other = desk.world.agency()
    assert refused(ask, desk, agency_id=other.id)[0] is Reason.NOT_FOUND


def test_answers_to_the_kinds_own_questions_stand_below_the_text_and_others_do_not(desk: Ticketing):
    row = ask(desk, answers={"screen": "The intake tab", "tried": "  ", "report": "not asked of this kind"})
    [entry] = desk.entries(row, notes=False)
    assert entry.body == "How do I run it?\n\nWhere in the HMIS does it happen?\nThe intake tab"


def test_after_its_time_it_moves_on_and_the_asker_is_told_once(desk: Ticketing):
    ticket = ask(desk)
    until = desk.world.now + timedelta(hours=4)
    assert work(desk, until - timedelta(minutes=1)) == 0
    assert desk.read(ticket).rung == "agency_admin"
    assert work(desk, until) == 1
    row = desk.read(ticket)
    assert (row.rung, row.rung_since) == ("lead", until)
    assert work(desk, until + timedelta(minutes=5)) == 0
    assert mails(desk, "ticket_moved") == [desk.asker.person_id]
    assert "did not answer within 4 hours of business time" in desk.entries(row)[-1].body
    with desk.world.look() as session:
        said = session.scalars(select(AuditEntry.said).where(AuditEntry.act == "ticket.pass_on")).all()
        assert said == [f"{row.reference}: Passed on to the HMIS Lead."]


def test_it_never_moves_at_night_or_on_a_holiday_and_the_night_does_not_count(desk: Ticketing):
    desk.world.now = EVENING
    ticket = ask(desk)
    for hours in range(1, 120):  # through Thanksgiving, the Friday after it and the weekend
        now = EVENING + timedelta(hours=hours)
        work(desk, now)
        if desk.read(ticket).rung == "lead":
            break
    assert now == datetime(2026, 11, 30, 16, 30)  # half an hour on Wednesday, three and a half on Monday


def test_a_lock_out_moves_on_after_half_of_the_time_for_its_answer(desk: Ticketing):
    ticket = ask(desk, kind="lock_out")
    assert work(desk, desk.world.now + timedelta(minutes=59)) == 0
    assert work(desk, desk.read(ticket).opened_at + timedelta(minutes=60)) == 1


def test_an_answer_of_the_agency_admin_stops_it_until_the_asker_writes_again(desk: Ticketing):
    ticket = ask(desk)
    desk.world.now += timedelta(hours=1)
    desk.answer(ticket, actor=desk.admin)
    assert work(desk, desk.world.now + timedelta(days=14)) == 0
    desk.receive(ticket, actor=desk.actor(desk.asker))
    again = desk.world.now
    assert work(desk, again + timedelta(hours=3, minutes=59)) == 0
    assert work(desk, again + timedelta(hours=4)) == 1


def test_what_waits_for_the_asker_does_not_move(desk: Ticketing):
    ticket = ask(desk)
    desk.answer(ticket, actor=desk.admin, after="wait")
    assert work(desk, desk.world.now + timedelta(days=2)) == 0


def test_it_moves_at_once_when_the_last_agency_admin_is_gone(desk: Ticketing):
    ticket = ask(desk)
    without_admin(desk, desk.agency)
    with desk.world.look() as session:
        for night in (datetime(2026, 11, 24, 3), datetime(2026, 11, 26, 15)):
            assert ladder.due_to_move(session, now=night, policy=desk.world.policy) == []
    assert work(desk, desk.world.now + timedelta(hours=22)) == 1
    assert "no Agency Administrator any more" in desk.entries(desk.read(ticket))[-1].body


def test_what_was_answered_between_the_look_and_the_move_stays(desk: Ticketing):
    ticket = ask(desk)
    desk.world.now += timedelta(hours=4)
    with desk.world.look() as session:
        assert ladder.due_to_move(session, now=desk.world.now, policy=desk.world.policy) == [ticket.id]
    desk.answer(ticket, actor=desk.admin)
    with desk.world.change() as session:
        assert not ladder.move_on(session, ticket.id, now=desk.world.now, policy=desk.world.policy)


def test_the_agency_admin_passes_it_on_with_a_word_and_sees_it_no_more(desk: Ticketing):
    ticket = ask(desk)
    assert refused(desk.do, asking.pass_on, ticket, words=" ", actor=desk.admin) == (Reason.BAD_INPUT, "words")
    desk.do(asking.pass_on, ticket, words="The dates are right; it looks like a fault.", actor=desk.admin)
    row = desk.read(ticket)
    assert row.rung == "lead"
    assert "it looks like a fault" in desk.entries(row)[-1].body
    assert mails(desk, "ticket_moved") == [desk.asker.person_id]
    assert (
        refused(desk.do, conversation.answer, ticket, text="One more thing.", actor=desk.admin)[0] is Reason.NOT_ALLOWED
    )


def test_what_is_solved_is_not_passed_on(desk: Ticketing):
    ticket = ask(desk)
    desk.answer(ticket, actor=desk.admin, after="solve")
    no = refused(desk.do, asking.pass_on, ticket, words="Too late.", actor=desk.admin)
    assert no == (Reason.BAD_INPUT, "words")
    assert desk.read(ticket).rung == "agency_admin"


def test_whoever_asked_directs_it_to_the_team_and_nobody_else_does(desk: Ticketing):
    ticket, stranger = ask(desk), desk.world.member(desk.agency, None, Role.END_USER)
    assert refused(desk.do, asking.to_the_team, ticket, actor=desk.actor(stranger))[0] is Reason.NOT_ALLOWED
    desk.do(asking.to_the_team, ticket, actor=desk.actor(desk.asker))
    assert desk.read(ticket).rung == "lead"
    assert refused(desk.do, asking.to_the_team, ticket, actor=desk.actor(desk.asker))[0] is Reason.BAD_INPUT
    assert mails(desk, "ticket_moved") == []  # whoever asked did it, and need not be told


def test_the_asker_cannot_send_it_down_to_the_agency_admin(desk: Ticketing):
    ticket = ask(desk, direct=True)
    assert (
        refused(desk.do, moves.pass_on, ticket, to="agency_admin", actor=desk.actor(desk.asker))[0]
        is Reason.NOT_ALLOWED
    )


# --- what is solved


def test_what_is_solved_closes_on_the_fifth_business_day_and_an_answer_opens_it_again(desk: Ticketing):
    ticket = ask(desk)
    desk.solve(ticket)
    with desk.world.look() as session:
        row = session.get_one(Ticket, ticket.id)
        calendar = clock.calendar(session, policy=desk.world.policy)
        assert closing.closes_on(row, calendar=calendar, policy=desk.world.policy) == date(2026, 12, 2)
    assert work(desk, datetime(2026, 12, 1, 20, 59)) == 0
    assert work(desk, datetime(2026, 12, 2, 12, 59)) == 0  # the day has come, and the desk is not open yet
    assert work(desk, datetime(2026, 12, 2, 13, 0)) == 1
    assert desk.read(ticket).status == "closed"
    desk.receive(ticket)
    assert desk.read(ticket).status == "open"


def test_what_was_opened_again_meanwhile_is_not_closed(desk: Ticketing):
    ticket = ask(desk)
    desk.solve(ticket)
    desk.receive(ticket)
    with desk.world.change() as session:
        assert not closing.close(session, ticket.id, now=datetime(2026, 12, 9, 15), policy=desk.world.policy)
    assert desk.read(ticket).status == "open"


def test_whoever_asked_is_asked_whether_it_was_solved_unless_they_said_so_themselves(desk: Ticketing):
    first, second = ask(desk), ask(desk)
    desk.solve(first)
    desk.do(asking.solved_it, second, actor=desk.actor(desk.asker))
    assert mails(desk, "ticket_solved") == [desk.asker.person_id]
    desk.answer(ask(desk), after="solve")  # whose mail says so itself
    assert mails(desk, "ticket_solved") == [desk.asker.person_id]


def test_a_sender_whom_nobody_knows_is_told_at_their_own_address(desk: Ticketing):
    ticket = desk.unknown()
    desk.solve(ticket)
    with desk.world.look() as session:
        [job] = [job for job in session.scalars(select(Job)) if job.payload.get("mail") == "ticket_solved"]
        assert (job.payload["person_id"], job.payload["ticket_id"]) == (None, ticket.id)


# --- what is overdue


def test_overdue_tickets_are_told_of_once_a_business_morning_to_whoever_has_them_and_the_administrators(
    desk: Ticketing,
):
    mine = ask(desk, direct=True)
    with desk.world.change() as session:
        moves.assign(
            session, session.get_one(Ticket, mine.id), to=session.get_one(Person, desk.world.desk.person_id), actor=desk.world.admin,
            now=desk.world.now, policy=desk.world.policy,
        )  # fmt: skip
    work(desk, datetime(2026, 11, 23, 20, 0))
    assert mails(desk, "tickets_overdue") == []  # not yet
    work(desk, datetime(2026, 11, 25, 3, 0))
    assert mails(desk, "tickets_overdue") == []  # overdue, and it is night
    work(desk, datetime(2026, 11, 25, 14, 0))
    told = sorted({desk.world.desk.person_id, desk.world.admin.person_id})
    assert mails(desk, "tickets_overdue") == told
    work(desk, datetime(2026, 11, 25, 15, 0))
    assert mails(desk, "tickets_overdue") == told
    work(desk, datetime(2026, 11, 30, 14, 0))
    assert sorted(mails(desk, "tickets_overdue")) == sorted([*told, *told])


def test_nothing_overdue_tells_nobody_and_looking_costs_the_same_for_many(desk: Ticketing):
    counts = []
    for many in (1, 12):
        for _ in range(many):
            ask(desk)
        with statements(desk.world.engine) as seen, desk.world.look() as session:
            ladder.due_to_move(session, now=desk.world.now, policy=desk.world.policy)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    work(desk, desk.world.now)
    assert mails(desk, "tickets_overdue") == []


def test_only_the_portal_closes(desk: Ticketing):
    ticket = ask(desk)
    desk.solve(ticket)
    assert refused(desk.do, moves.close, ticket, actor=desk.world.admin)[0] in (Reason.NOT_ALLOWED, Reason.NOT_FOUND)
    desk.do(moves.close, ticket, actor=PORTAL)
    assert isinstance(desk.admin, Actor)
