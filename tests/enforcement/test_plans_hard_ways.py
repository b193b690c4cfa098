"""Plans on the ways that are seldom taken: three who write, a withdrawal, a change entered late, a pack without the plan."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from portal.models import PlanResubmission, PlanVersion
from portal.refusals import Refused
from portal.services.home import duties
from portal.services.security.plans import plan_approval, plan_upkeep, plans
from tests.enforcement.planning import SECURITY, Planning, pdf
from tests.services.world import World
from workflows.vocabulary import Reason, Role


@pytest.fixture
def here(engine: Engine) -> Planning:
    return Planning(World(engine))


@pytest.fixture
def each(each_engine: Engine) -> Planning:
    return Planning(World(each_engine))


NEW = {"changes": "Clearer now.", "body": "# Aim\n\nKeep it very safe.", "file": None}


def changed(here: Planning, on: date, *kinds: str) -> None:
    with here.world.change() as session:
        plan_upkeep.enter_change(
            session, what="Another vendor.", changed_on=on, kinds=kinds or [SECURITY], actor=here.officer, now=here.world.now,
            policy=here.world.policy,
        )  # fmt: skip


def met_by(here: Planning) -> list[int | None]:
    with here.world.look() as session:
        return [row.met_by for row in session.query(PlanResubmission).order_by(PlanResubmission.id)]


def test_two_who_write_in_turns_record_each_other_s_votes(here: Planning) -> None:
    """Whoever wrote the version before may record the vote on the next one, by which the earlier is overtaken."""
    first = here.submitted()
    here.vote(first, here.officer)
    second = here.draft(actor=here.officer)
    here.do(plans.ask_for_feedback, second, here.officer, until=here.world.today + timedelta(14))
    here.later(15)
    here.do(plans.submit, second, here.officer)
    here.vote(second, here.world.admin)
    assert [here.read(row).status for row in (first, second)] == ["overtaken", "implementing"]


def test_whoever_once_revised_it_does_not_record_the_vote_though_another_wrote_last(here: Planning) -> None:
    row = here.draft()
    here.do(plans.revise, row, here.officer, **NEW)
    here.do(plans.revise, row, **NEW | {"body": "Shorter."})
    third = here.world.staff(Role.LEAD_SECURITY)
    with pytest.raises(Refused, match="Two people have written") as no:
        here.do(plans.revise, row, third, **NEW)
    assert no.value.reason is Reason.CONFLICT
    here.ask(row)
    here.later(15)
    here.do(plans.submit, row)
    for writer in (here.world.admin, here.officer):
        with pytest.raises(Refused):
            here.vote(row, writer)
    here.vote(row, third)
    assert here.read(row).voted_by == third.person_id


def test_the_text_does_not_change_under_the_board_while_two_press_at_once(each: Planning) -> None:
    """Whoever loaded the version before it went to the Board is refused: what counts is where it stands by now."""
    row = each.draft()
    each.ask(row)
    each.later(15)
    world = each.world
    with world.sessions() as early:
        loaded = early.get_one(PlanVersion, row.id)
        early.commit()
        assert loaded.status == "feedback"
        each.do(plans.submit, row)
        for verb, more in ((plans.revise, NEW), (plans.extend, {"until": world.today + timedelta(9)})):
            with pytest.raises(Refused) as no:
                verb(early, loaded, actor=world.admin, now=world.now, policy=world.policy, **more)
            assert no.value.reason is Reason.ILLEGAL_MOVE
            early.rollback()
    assert each.read(row).sha256 == row.sha256


def test_a_plan_from_before_is_taken_over_again_after_a_wrong_file(here: Planning) -> None:
    """What was withdrawn or sent back leaves no plan behind, so the next version may be the one from before the portal."""
    wrong = here.draft(file=pdf("wrong.pdf"))
    here.do(plans.take_over, wrong)
    here.do(plans.withdraw, wrong, reason="The wrong file.")
    right = here.draft(file=pdf("right.pdf", "d"))
    here.do(plans.take_over, right)
    here.vote(right, on=date(2026, 2, 10))
    here.do(plan_approval.enforce, right, since=here.world.today)
    after = here.draft()
    with pytest.raises(Refused) as no:
        here.do(plans.take_over, after)
    assert no.value.reason is Reason.CONFLICT


def test_a_version_that_was_withdrawn_hands_nothing_in(here: Planning) -> None:
    changed(here, here.world.today)
    row = here.submitted()
    assert met_by(here) == [row.id]
    here.do(plans.withdraw, row, reason="Half of it was missing.")
    assert met_by(here) == [None]
    again = here.submitted()
    assert met_by(here) == [again.id]


def test_a_change_that_is_entered_late_is_met_by_what_went_to_the_board_after_it(here: Planning) -> None:
    day = here.world.today
    row = here.submitted()
    changed(here, day)
    changed(here, day + timedelta(1))  # it was written on the day before
    changed(here, day, "privacy_policy")
    assert met_by(here) == [row.id, None, None]
    held = here.taken_over("privacy_policy")
    changed(here, day, held.kind)  # nobody knows when the text of then was written
    assert met_by(here)[-1] is None


def test_nobody_is_reminded_of_a_plan_that_the_pack_has_no_more(here: Planning) -> None:
    row = here.in_force()
    changed(here, here.world.today)
    here.world.now += here.read(row).review_due - here.world.today
    assert len(waiting(here)) == 2
    pack = here.world.policy.plans
    left = tuple(plan for plan in pack.plans if plan.id != SECURITY)
    here.world.policy = replace(here.world.policy, plans=replace(pack, plans=left))
    assert waiting(here) == []


def waiting(here: Planning) -> list[str]:
    with here.world.look() as session:
        found = duties.for_person(
            session, person_id=here.officer.person_id, roles=here.officer.roles, on=here.world.today, policy=here.world.policy
        )  # fmt: skip
    return [duty.title for duty in found]
