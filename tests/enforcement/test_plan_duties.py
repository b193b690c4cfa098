"""Reminders of what falls due: 30, 7 and 1 day ahead and once it is overdue, in the one digest of the day."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from portal import jobs
from portal.effects import expire, mail
from portal.effects.mails.facts import load
from portal.models import Job
from portal.services import daily
from portal.services.home import duties, home
from portal.services.security.plans import board_records, plan_approval, plan_upkeep
from portal.worker import drain
from tests.enforcement.planning import SECURITY, Planning
from tests.services.world import World
from workflows.vocabulary import Effect, Role


@pytest.fixture
def here(engine: Engine) -> Planning:
    return Planning(World(engine))


def told(here: Planning) -> set[int]:
    """Who gets the day's digest, after the morning's duties have run."""
    with here.world.change() as session:
        session.query(Job).filter(Job.effect == Effect.MAIL.value).delete()
        daily.look_ahead(session, now=here.world.now, policy=here.world.policy)
    drain(
        here.world.context,
        handlers={Effect.EXPIRE: expire.handle, Effect.RECONSIDER: lambda *_: None, Effect.MAIL: lambda *_: None},
    )
    with here.world.look() as session:
        rows = session.query(Job).filter(Job.effect == Effect.MAIL.value)
        return {row.payload["person_id"] for row in rows if row.payload["mail"] == "runs_out"}


def on(here: Planning, day: date) -> None:
    here.later((day - here.world.today).days)


def keep(here: Planning, held_on: date) -> None:
    with here.world.change() as session:
        board_records.keep(
            session, kind="lead_monitoring", about="", held_on=held_on, due_again=None, file=None, filed_at="Binder 3", note="",
            actor=here.world.admin, now=here.world.now, policy=here.world.policy,
        )  # fmt: skip


def test_a_record_is_told_of_at_thirty_seven_one_and_when_it_is_overdue(here: Planning) -> None:
    due = date(2027, 10, 14)  # a Thursday: none of the days of warning is one on which no mail goes out
    keep(here, date(2026, 10, 14))
    stewards, days = {here.world.admin.person_id, here.officer.person_id}, []
    on(here, due - timedelta(33))
    while here.world.today < due + timedelta(5):
        if found := told(here):
            assert found == stewards
            days.append((due - here.world.today).days)
        here.later(1)
    assert days == [30, 7, 1, -1]


def test_who_commented_is_reminded_no_more_and_a_round_that_is_over_is_not_told(here: Planning) -> None:
    row = here.draft()
    here.ask(row, days=14)
    admin = next(iter(told(here) - {here.director.person_id, here.board.person_id}))
    assert told(here) == set()  # once a step
    here.say(row)
    here.later(7)
    assert told(here) == {admin, here.board.person_id}
    here.later(10)
    assert told(here) == set()


def test_a_task_is_its_owner_s_and_a_plan_to_be_implemented_the_stewards(here: Planning) -> None:
    row = here.submitted()
    here.vote(row)
    task_due = here.world.today + timedelta(20)
    here.do(plan_approval.add_task, row, what="Tell the Agencies.", owner_id=here.world.desk.person_id, due=task_due)
    assert told(here) == {here.world.desk.person_id}
    on(here, here.read(row).implement_by - timedelta(29))  # a Monday
    assert told(here) == {here.world.admin.person_id, here.officer.person_id, here.world.desk.person_id}


def test_a_review_is_told_of_until_it_is_done(here: Planning) -> None:
    row = here.in_force()
    on(here, here.read(row).review_due + timedelta(1))
    stewards = {here.world.admin.person_id, here.officer.person_id}
    assert told(here) == stewards
    here.later(1)
    assert told(here) == set()
    here.do(plan_upkeep.reviewed, row, here.officer, on=here.world.today, note="Nothing changed.")
    with here.world.look() as session:
        left = duties.for_person(
            session, person_id=here.officer.person_id, roles=here.officer.roles, on=here.world.today, policy=here.world.policy
        )  # fmt: skip
    assert left == []


def test_after_a_change_of_the_hmis_the_lead_is_told_before_six_months_are_over(here: Planning) -> None:
    with here.world.change() as session:
        plan_upkeep.enter_change(
            session, what="Another vendor.", changed_on=date(2026, 8, 31), kinds=[SECURITY, "privacy_policy"], actor=here.officer,
            now=here.world.now, policy=here.world.policy,
        )  # fmt: skip
    on(here, date(2027, 2, 26))
    assert told(here) == {here.world.admin.person_id, here.officer.person_id}
    with here.world.look() as session:
        soon = home.waiting(session, actor=here.officer, now=here.world.now, policy=here.world.policy).soon
    assert [task.title for task in soon] == [
        "Put the plan to the Board again: " + each for each in ("Privacy policy", "Security plan")
    ]
    assert {task.due for task in soon} == {date(2027, 2, 28)}
    on(here, date(2027, 3, 1))
    with here.world.look() as session:
        found = home.waiting(session, actor=here.officer, now=here.world.now, policy=here.world.policy)
    assert [task.title for task in found.mine[:2] if task.status == "overdue"] == [task.title for task in soon]
    assert not found.soon, "what is overdue no longer runs out: it waits for somebody"


def test_what_comes_up_after_the_day_s_message_waits_for_the_next_morning(here: Planning) -> None:
    """Somebody runs the morning's work again at noon: nobody gets a second message, and nothing is left untold."""
    keep(here, date(2026, 10, 14))
    on(here, date(2027, 9, 14))
    stewards = {here.world.admin.person_id, here.officer.person_id}
    assert told(here) == stewards
    with here.world.change() as session:
        plan_upkeep.enter_change(
            session, what="Another vendor.", changed_on=date(2027, 4, 1), kinds=[SECURITY], actor=here.officer, now=here.world.now,
            policy=here.world.policy,
        )  # fmt: skip
    assert told(here) == set()
    here.later(1)
    assert told(here) == stewards


def test_the_digest_says_what_is_due_and_by_when(here: Planning) -> None:
    here.ask(here.draft(), days=10)
    payload = {"mail": "runs_out", "person_id": here.board.person_id}
    with here.world.look() as session:
        facts = load(session, payload, here.world.context)
        assert facts is not None and facts["items"] == []
        assert [(duty.title, when) for duty, when in facts["duties"]] == [
            ("Comment on the plan: Security plan, version 1", "By December 3, 2026")
        ]
    nobody = here.world.actor(here.world.member(here.harbor))
    with here.world.look() as session:
        assert load(session, payload | {"person_id": nobody.person_id}, here.world.context) is None


def test_the_board_sees_what_waits_for_its_vote(here: Planning) -> None:
    here.submitted()
    with here.world.look() as session:
        mine = home.waiting(session, actor=here.board, now=here.world.now, policy=here.world.policy).mine
        other = home.waiting(
            session, actor=here.world.staff(Role.COMMITTEE_MEMBER), now=here.world.now, policy=here.world.policy
        )
    assert [task.title for task in mine] == ["Record the Board's vote: Security plan, version 1"]
    assert other.mine == []


def test_the_message_is_one_a_day_and_reads_well(here: Planning) -> None:
    """Whoever is told of a lapse on the same day gets no second message: both have one key."""
    keep(here, date(2026, 10, 14))
    on(here, date(2027, 10, 13))
    today, stewards = here.world.today, (here.world.admin, here.officer)
    with here.world.change() as session:
        key = f"runs_out:{here.officer.person_id}:{today}"
        payload = {"mail": "runs_out", "person_id": here.officer.person_id}
        jobs.enqueue(session, Effect.MAIL, key=key, now=here.world.now, payload=payload)
        assert duties.tell(session, now=here.world.now, policy=here.world.policy) == 2
    quiet = {effect: lambda *_: None for effect in Effect} | {Effect.MAIL: mail.handle}
    drain(here.world.context, handlers=quiet)
    sent = [message for message in here.world.context.mailer.sent if "due soon" in message.subject]
    assert sorted(message.to_name for message in sent) == sorted(who.name for who in stewards)
    [message] = [message for message in sent if message.to_name == here.officer.name]
    assert message.subject == f"{here.world.policy.lead}: one thing is due soon"
    assert "This is due soon, or overdue:" in message.text
    assert "- By October 14, 2027: Renew the record: The Board's monitoring of the HMIS Lead." in message.text
    assert "<li>By October 14, 2027: Renew the record" in message.html and "runs out soon" not in message.text
