"""A standard that cannot be met for now (S5): asked for, accepted by another until a day, open again afterwards."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import CorrectiveAction, SecurityReview
from portal.services.security.actions import actions, exceptions
from tests.enforcement.acting import Acting, found, mails, refusal
from tests.services.world import World
from workflows.vocabulary import LEAD, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def here(world: World) -> Acting:
    return Acting(world)


@pytest.fixture
def review(here: Acting) -> SecurityReview:
    return here.at.begun()


def test_an_exception_is_accepted_by_another_for_no_longer_than_was_asked(here: Acting, review: SecurityReview) -> None:
    world, row = here.world, here.opened(review)
    year = world.policy.corrective.exception.after(world.today)
    assert refusal(here.ask, row, until=year + timedelta(1)) == (Reason.BAD_INPUT, "until")
    assert refusal(here.ask, row, until=world.today) == (Reason.BAD_INPUT, "until")
    assert refusal(here.ask, row, justification="") == (Reason.BAD_INPUT, "justification")
    assert refusal(here.ask, row, mitigation="") == (Reason.BAD_INPUT, "mitigation")
    assert refusal(here.ask, row, steps=[]) == (Reason.BAD_INPUT, "steps")
    here.ask(row, actor=here.lead)
    assert refusal(here.accept, row) == (Reason.NOT_ALLOWED, "")  # who asked does not accept
    assert refusal(here.accept, row, actor=here.officer) == (Reason.NOT_ALLOWED, "")
    until = here.read(row).until
    assert until is not None
    assert refusal(here.accept, row, actor=world.admin, until=until + timedelta(1)) == (Reason.BAD_INPUT, "until")
    here.accept(row, actor=world.admin, until=until - timedelta(1))
    kept = here.read(row)
    assert (kept.status, kept.until, kept.accepted_by) == ("accepted", until - timedelta(1), world.admin.person_id)
    with world.look() as session:
        held = exceptions.in_force(session, agencies=[review.agency_id], on=kept.until)
        assert list(held) == [(review.agency_id, "PHY3")]
        assert not exceptions.in_force(session, agencies=[review.agency_id], on=until)


def test_a_refused_or_withdrawn_question_leaves_the_action_open(here: Acting, review: SecurityReview) -> None:
    row = here.opened(review)
    here.ask(row)
    here.act(exceptions.refuse, row, here.lead, reason="A screen lock costs nothing.")
    assert (here.read(row).status, here.read(row).accepted_by) == ("open", None)
    here.ask(row)
    with here.world.change() as session:
        exceptions.take_back(session, session.get_one(CorrectiveAction, row.id), actor=here.officer, now=here.world.now)
    assert here.read(row).status == "open"
    here.closed(row)


def test_the_lead_s_own_exception_is_the_auditor_s_to_accept(here: Acting) -> None:
    world = here.world
    review, auditor = here.at.lead_review(), world.staff(Role.AUDITOR)
    row = here.opened(review, "ACC5", owner_id=here.lead.person_id)
    here.ask(row, actor=here.lead)
    assert refusal(here.accept, row, actor=world.admin) == (Reason.NOT_ALLOWED, "")
    here.accept(row, actor=auditor)
    assert here.read(row).agency_id == LEAD and here.read(row).status == "accepted"


def test_an_exception_that_ran_out_opens_the_action_again(here: Acting, review: SecurityReview) -> None:
    world, row = here.world, here.opened(review)
    here.ask(row, until=world.today + timedelta(40), steps=here.steps(30))
    here.accept(row)
    until = here.read(row).until
    assert until is not None
    world.now += timedelta(days=40)
    with world.change() as session:
        assert exceptions.lapse(session, now=world.now, policy=world.policy) == 0  # its last day still counts
    world.now += timedelta(days=1)
    with world.change() as session:
        assert exceptions.lapse(session, now=world.now, policy=world.policy) == 1
        assert exceptions.lapse(session, now=world.now, policy=world.policy) == 0
    again = here.read(row)
    assert (again.status, again.due, again.accepted_by) == ("open", until, None)
    assert mails(world)[-1] == ("ran_out", here.owner_id)


def test_an_exception_and_an_unfinished_action_answer_the_next_year_s_finding(here: Acting) -> None:
    at, world = here.at, here.world
    first = at.begun()
    at.fill(first, PHY1="no", PHY3="no")
    excepted, unfinished = here.opened(first, "PHY3"), here.opened(first, "PHY1")
    here.ask(excepted, until=world.today + timedelta(300))
    here.accept(excepted)
    at.send(first)
    at.attest(first)
    at.sign_off(first)
    world.now += timedelta(days=280)
    at.officer, at.lead = world.actor(_as(here, here.officer)), world.actor(_as(here, here.lead))
    second = at.begun()
    at.fill(second, PHY1="no", PHY3="no")
    findings = [("GOV6", "contradicted"), ("PHY1", "no"), ("PHY3", "no")]  # an action of last year is not closed
    assert found(world, second, only_open=False) == findings
    assert found(world, second) == findings[:1]
    here.act(actions.withdraw, unfinished, here.lead, reason="Opened by mistake.")
    assert found(world, second) == findings[:2]
    world.now += timedelta(days=21)
    assert found(world, second) == findings  # the exception is over


def _as(here: Acting, actor):  # the membership behind an actor
    from portal.models import Membership

    with here.world.look() as session:
        return session.scalars(select(Membership).where(Membership.person_id == actor.person_id)).first()
