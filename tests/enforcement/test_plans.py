"""A plan goes from its draft through feedback and the Board's vote into force, by two people, and no other way."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from portal.models import AuditEntry, PlanComment, PlanResubmission, PlanTask
from portal.refusals import Refused
from portal.services.security.plans import plan_approval, plan_feedback, plan_lists, plan_upkeep, plans
from tests.enforcement.planning import SECURITY, Planning, pdf
from tests.services.world import World
from workflows.processes import PLAN
from workflows.vocabulary import Reason, Role


@pytest.fixture
def here(engine: Engine) -> Planning:
    return Planning(World(engine))


@pytest.fixture
def each(each_engine: Engine) -> Planning:
    return Planning(World(each_engine))


def refusal(act, *args, **more) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.field


def test_a_plan_comes_into_force_step_by_step_on_both_databases(each: Planning) -> None:
    row = each.draft()
    each.ask(row)
    said = each.say(row)
    assert refusal(each.do, plans.submit, row)[0] is Reason.CONFLICT  # the round is open
    each.later(15)
    assert refusal(each.do, plans.submit, row)[0] is Reason.CONFLICT  # a comment waits
    with each.world.change() as session:
        plan_feedback.answer(
            session, session.get_one(PlanComment, said.id), taken_up="yes", text="Every 45 days.", actor=each.world.admin, now=each.world.now,
            policy=each.world.policy,
        )  # fmt: skip
    each.do(plans.submit, row)
    each.vote(row)
    voted = each.read(row)
    assert (voted.status, voted.voted_by, voted.votes_for) == ("implementing", each.officer.person_id, 9)
    task = each.do(
        plan_approval.add_task, row, what="Tell the Agencies.", owner_id=each.officer.person_id, due=each.world.today
    )
    assert refusal(each.do, plan_approval.enforce, row, since=each.world.today)[0] is Reason.CONFLICT
    with each.world.change() as session:
        plan_approval.finish_task(
            session, session.get_one(PlanTask, task.id), note="By mail.", actor=each.world.desk, now=each.world.now, policy=each.world.policy
        )  # fmt: skip
    each.do(plan_approval.enforce, row, since=each.world.today)
    held = each.read(row)
    assert (held.status, held.in_force_from) == ("in_force", each.world.today)
    assert held.review_due == date(held.voted_on.year + 1, held.voted_on.month, held.voted_on.day)
    with each.world.look() as session:
        acts = [
            entry.act
            for entry in session.query(AuditEntry).filter(AuditEntry.act.like("plan.%")).order_by(AuditEntry.id)
        ]
    assert acts == [
        "plan.draft", "plan.ask", "plan.comment", "plan.answer", "plan.submit", "plan.approve", "plan.task", "plan.task_done", "plan.enforce",
    ]  # fmt: skip


def test_no_way_through_the_machine_leads_into_force_without_a_vote() -> None:
    def ways(status: str, moves: tuple[str, ...]) -> list[tuple[str, ...]]:
        if status == "in_force":
            return [moves]
        found = []
        for name in PLAN.possible(status):
            if name not in moves:
                found += ways(PLAN.move(status, name).target, (*moves, name))
        return found

    all_ways = ways(PLAN.initial, ())
    assert len(all_ways) == 2
    assert all("approve" in way for way in all_ways)


def test_who_wrote_it_does_not_record_the_vote(here: Planning) -> None:
    row = here.draft()
    here.do(plans.revise, row, here.officer, changes="Clearer now.", body="# Aim\n\nKeep it very safe.", file=None)
    here.ask(row)
    here.later(15)
    here.do(plans.submit, row)
    for writer in (here.world.admin, here.officer):
        assert refusal(here.vote, row, writer)[0] is Reason.NOT_ALLOWED
    for stranger in (here.world.desk, here.director):
        assert refusal(here.vote, row, stranger)[0] is Reason.NOT_ALLOWED
    here.vote(row, here.board)
    assert here.read(row).voted_by == here.board.person_id


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"votes_for": 4, "against": 4}, "votes_for"),
        ({"votes_for": 0, "against": 0, "abstained": 0, "approved": False}, "votes_for"),
        ({"on": date(2026, 12, 9)}, "voted_on"),
        ({"on": date(2026, 12, 7)}, "voted_on"),
    ],
)
def test_a_vote_that_cannot_be_is_refused(here: Planning, wrong: dict, field: str) -> None:
    row = here.submitted()
    assert here.world.today == date(2026, 12, 8)
    assert refusal(here.vote, row, **wrong) == (Reason.BAD_INPUT, field)
    assert here.read(row).status == "submitted"


def test_sent_back_the_next_version_starts_from_it(here: Planning) -> None:
    row = here.submitted()
    assert refusal(here.draft)[0] is Reason.ALREADY_DONE
    here.vote(row, approved=False, votes_for=2, against=7, note="Say more about paper.")
    assert here.read(row).status == "sent_back" and here.read(row).implement_by is None
    assert here.draft(changes="More about paper.").number == 2


@pytest.mark.parametrize(
    ("voted", "by"),
    [
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 3, 31), date(2027, 9, 30)),
        (date(2026, 12, 1), date(2027, 6, 1)),
    ],
)
def test_six_months_end_with_the_month(here: Planning, voted: date, by: date) -> None:
    here.world.now = datetime(voted.year, voted.month, voted.day, 15) - timedelta(15)
    row = here.submitted()
    here.vote(row)
    assert here.read(row).implement_by == by
    with here.world.change() as session:
        made = plan_upkeep.enter_change(
            session, what="A new version of the software.", changed_on=voted, kinds=[SECURITY], actor=here.officer, now=here.world.now,
            policy=here.world.policy,
        )  # fmt: skip
    with here.world.look() as session:
        assert session.query(PlanResubmission).filter_by(change_id=made.id).one().due == by


def test_the_next_version_supersedes_and_one_that_waits_is_overtaken(here: Planning) -> None:
    first = here.in_force()
    second = here.submitted()
    here.vote(second)
    assert here.read(first).review_due == date(2027, 12, 23)  # the vote was a look at the plan
    third = here.submitted()
    here.vote(third)
    assert here.read(second).status == "overtaken"
    here.do(plan_approval.enforce, third, since=here.world.today)
    former = here.read(first)
    assert (former.status, former.ended_on) == ("superseded", here.world.today)
    assert refusal(here.do, plan_approval.enforce, second, since=here.world.today)[0] is Reason.ILLEGAL_MOVE


def test_comments_are_taken_until_the_last_day_and_from_whom_it_concerns(here: Planning) -> None:
    row = here.draft()
    assert refusal(here.say, row)[0] is Reason.NOT_ALLOWED  # a draft is the Lead's alone
    here.ask(row, days=14)
    committee, user = here.world.staff(Role.COMMITTEE_MEMBER), here.world.actor(here.world.member(here.harbor))
    here.say(row, here.board)
    here.say(row, committee)
    for other in (user, here.world.desk, here.world.admin):
        assert refusal(here.say, row, other)[0] is Reason.NOT_ALLOWED
    assert refusal(here.say, row, agency_id=here.harbor.id + 1) == (Reason.BAD_INPUT, "agency_id")
    here.later(14)
    here.say(row)
    here.later(1)
    assert refusal(here.say, row)[0] is Reason.CONFLICT
    here.do(plans.extend, row, until=here.world.today + timedelta(3))
    here.say(row, text="Too late before, in time now.")


def test_nobody_reads_a_stranger_s_name_beside_a_comment(here: Planning) -> None:
    row = here.draft()
    here.ask(row)
    here.say(row)
    here.say(row, here.board, text="The Board asks for a summary.")
    inland = here.world.agency("Sample Inland", licences_=0)
    other = here.world.actor(here.world.member(inland, None, Role.SECURITY_OFFICER))
    with here.world.look() as session:
        people = (here.world.admin, here.director, other, here.board)
        seen = {who.name: [said.who for said in plan_feedback.heard(session, row, actor=who)] for who in people}
    assert seen[here.world.admin.name] == [
        f"{here.director.name}, Executive director, Sample Harbor",
        f"{here.board.name}, Board member",
    ]
    assert seen[here.director.name] == [f"{here.director.name}, Executive director, Sample Harbor", "Board member"]
    assert seen[other.name] == seen[here.board.name] == ["An Agency", "Board member"]


def test_the_text_stays_while_others_comment_and_once_it_is_with_the_board(here: Planning) -> None:
    row, new = here.draft(), {"changes": "Another text.", "body": "Another text.", "file": None}
    was = row.sha256
    here.do(plans.revise, row, **new)
    assert here.read(row).sha256 == plans.fingerprint("Another text.") != was
    here.ask(row)
    assert refusal(here.do, plans.revise, row, **new)[0] is Reason.CONFLICT
    here.later(15)
    here.do(plans.revise, row, **new | {"file": pdf(mark="c")})
    assert here.read(row).sha256 == plans.fingerprint("Another text.", "c" * 64)
    here.do(plans.revise, row, **new)  # without a file the one that is there stays
    assert here.read(row).sha256 == plans.fingerprint("Another text.", "c" * 64)
    here.do(plans.submit, row)
    assert refusal(here.do, plans.revise, row, **new)[0] is Reason.ILLEGAL_MOVE


def test_a_plan_from_before_the_portal_is_taken_over_with_its_vote(here: Planning) -> None:
    row = here.draft()
    here.do(plans.take_over, row)
    assert refusal(here.vote, row, here.world.admin)[0] is Reason.NOT_ALLOWED
    here.vote(row, on=date(2026, 2, 10))
    taken = here.read(row)
    assert (taken.from_before, taken.implement_by, taken.feedback_until) == (True, date(2026, 8, 10), None)
    here.do(plan_approval.enforce, row, since=date(2026, 3, 1))
    assert here.read(row).review_due == date(2027, 2, 10)
    second = here.draft(changes="More.")
    assert refusal(here.do, plans.take_over, second)[0] is Reason.CONFLICT


def test_reviewed_without_a_change_by_another(here: Planning) -> None:
    row, words = here.in_force(), {"note": "Read it whole; nothing in the law or the HMIS changed."}
    here.later(100)
    assert refusal(here.do, plan_upkeep.reviewed, row, on=here.world.today, **words)[0] is Reason.NOT_ALLOWED
    too_early = row.in_force_from - timedelta(1)
    for wrong in (too_early, here.world.today + timedelta(1)):
        assert refusal(here.do, plan_upkeep.reviewed, row, here.officer, on=wrong, **words) == (Reason.BAD_INPUT, "on")
    assert refusal(here.do, plan_upkeep.reviewed, row, here.officer, on=here.world.today, note=" ") == (
        Reason.BAD_INPUT,
        "note",
    )
    here.do(plan_upkeep.reviewed, row, here.officer, on=here.world.today, **words)
    assert here.read(row).review_due == here.world.today.replace(year=here.world.today.year + 1)


def test_a_change_of_the_hmis_is_met_by_what_is_written_after_it(here: Planning) -> None:
    early = here.draft()
    here.later(1)
    with here.world.change() as session:
        plan_upkeep.enter_change(
            session, what="Sharing between Agencies was switched on.", changed_on=here.world.today, kinds=[SECURITY, "privacy_policy"],
            actor=here.world.admin, now=here.world.now, policy=here.world.policy,
        )  # fmt: skip
    here.ask(early)
    here.later(15)
    here.do(plans.submit, early)
    assert open_changes(here) == {SECURITY, "privacy_policy"}  # it was written before
    here.vote(early, approved=False, votes_for=0, against=3)
    here.submitted()
    assert open_changes(here) == {"privacy_policy"}
    for wrong in (
        {"kinds": []},
        {"kinds": ["disaster_recovery_plan"]},
        {"changed_on": here.world.today + timedelta(1)},
    ):
        values = {"what": "Anything.", "changed_on": here.world.today, "kinds": [SECURITY]} | wrong
        with here.world.change() as session:
            assert refusal(
                plan_upkeep.enter_change, session, actor=here.officer, now=here.world.now, policy=here.world.policy, **values
            ) == (Reason.BAD_INPUT, next(iter(wrong)))  # fmt: skip


def open_changes(here: Planning) -> set[str]:
    with here.world.look() as session:
        return {row.kind for row in session.query(PlanResubmission).filter(PlanResubmission.met_by.is_(None))}


def test_what_is_no_plan_or_says_nothing_is_refused(here: Planning) -> None:
    assert refusal(here.draft, "no_such_plan")[0] is Reason.NOT_FOUND
    assert refusal(here.draft, body="  ") == (Reason.BAD_INPUT, "body")
    assert refusal(here.draft, changes=" ") == (Reason.BAD_INPUT, "changes")
    assert refusal(here.draft, body="x" * 200_001) == (Reason.BAD_INPUT, "body")
    for who in (here.world.desk, here.director, here.board):
        assert refusal(here.draft, actor=who)[0] is Reason.NOT_ALLOWED
    row = here.draft()
    for wrong in (0, 184):
        assert refusal(here.ask, row, wrong) == (Reason.BAD_INPUT, "until")


def test_the_public_library_holds_what_is_in_force_and_public(here: Planning) -> None:
    shown = here.in_force()
    here.in_force("disaster_recovery_plan")
    draft = here.draft()
    with here.world.look() as session:
        assert [(plan.id, row.id) for plan, row in plan_lists.library(session, policy=here.world.policy)] == [
            (SECURITY, shown.id)
        ]
        for kind, number, there in (
            (SECURITY, 1, True),
            (SECURITY, draft.number, False),
            ("disaster_recovery_plan", 1, False),
        ):
            assert (plan_lists.in_library(session, kind, number, policy=here.world.policy) is not None) is there


def test_what_may_be_seen_of_a_plan_follows_its_status(here: Planning) -> None:
    draft, held = here.draft("privacy_policy"), here.in_force()
    end_user = here.world.actor(here.world.member(here.harbor))
    for who, drafts, in_force in (
        (here.world.admin, True, True), (here.world.desk, True, True), (here.director, False, True), (here.board, False, True),
        (end_user, None, None), (here.world.staff(Role.TRAINER), None, None),
    ):  # fmt: skip
        with here.world.look() as session:
            if drafts is None:
                assert refusal(plan_lists.board, session, who, policy=here.world.policy)[0] is Reason.NOT_ALLOWED
                continue
            board = plan_lists.board(session, who, policy=here.world.policy)
            seen = {row.id for each in board for row in (each.in_force, *each.coming) if row is not None}
        assert (draft.id in seen, held.id in seen) == (drafts, in_force), who.name


def test_every_status_has_its_words() -> None:
    from portal.web.security.plans.plans import WORDS

    assert set(WORDS) == set(PLAN.states)
    assert len({said for _, said in WORDS.values()}) == len(WORDS)
