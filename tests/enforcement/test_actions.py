"""Corrective actions (S1): opened from what a review found, planned, completed, verified by another; exceptions (S5)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from portal import jobs
from portal.effects import mail
from portal.models import AuditEntry, CorrectiveAction, CorrectiveStep, Job, ReviewAnswer, SecurityReview
from portal.refusals import Refused
from portal.services.home.home import waiting
from portal.services.security import action_duties, action_lists, actions, duties, exceptions, review_findings
from portal.services.security.actions import Source, Step
from portal.worker import drain
from tests.enforcement.acting import Acting, scan
from tests.enforcement.reviewing import Reviewing
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import LEAD, About, Effect, Kind, Reason, Role

WORDS = {
    "opened": "a corrective action was opened", "planned": "a corrective action was planned", "verified": "a corrective action is closed",
    "sent_back": "a corrective action was sent back", "reopened": "a corrective action is open again",
    "withdrawn": "a corrective action was withdrawn", "accepted": "an exception was accepted", "refused": "an exception was refused",
    "ran_out": "an exception has run out",
}  # fmt: skip


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def here(world: World) -> Acting:
    return Acting(world)


@pytest.fixture
def review(here: Acting) -> SecurityReview:
    return here.at.begun()


def refusal(act, *args, **more) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.field


def found(world: World, review: SecurityReview, only_open: bool = True) -> list[tuple[str, str]]:
    with world.look() as session:
        row = session.get_one(SecurityReview, review.id)
        look = review_findings.unanswered if only_open else review_findings.of
        return [(each.item.id, each.kind) for each in look(session, row, now=world.now, policy=world.policy)]


def mails(world: World) -> list[tuple[str, int]]:
    with world.look() as session:
        rows = session.scalars(select(Job).where(Job.effect == Effect.MAIL.value).order_by(Job.id))
        return [(j.payload["news"], j.payload["person_id"]) for j in rows if j.payload["mail"] == "corrective_action"]


def test_a_review_is_signed_off_once_every_finding_has_an_action_or_an_exception(here: Acting) -> None:
    at, world = here.at, here.world
    review = at.begun()
    at.fill(review, PHY1="no", PHY3="partial")
    at.send(review)
    at.attest(review)
    assert found(world, review) == [("PHY1", "no"), ("PHY3", "partial")]
    assert refusal(at.sign_off, review) == (Reason.BAD_INPUT, "note")
    here.opened(review, "PHY1")
    assert refusal(at.sign_off, review) == (Reason.BAD_INPUT, "note")
    excepted = here.opened(review, "PHY3")
    here.ask(excepted)
    at.sign_off(review)
    assert at.read(review).status == "signed_off"
    assert found(world, review) == [] and len(found(world, review, only_open=False)) == 2


def test_what_the_records_and_a_visit_gainsay_is_found_too(here: Acting) -> None:
    at, world = here.at, here.world
    review = at.begun()
    at.fill(review)
    assert found(world, review) == []
    world.withdraw(Kind.SECURITY_OFFICER_ACCEPTANCE, About.MEMBERSHIP, _officer_membership(here))
    at.save(review, "GOV2", "yes", "She is named.")
    with world.change() as session:
        row = session.scalars(
            select(ReviewAnswer).where(ReviewAnswer.review_id == review.id, ReviewAnswer.item == "PHY1")
        ).one()
        row.observed, row.observed_note = "no", "Nobody sat there."
    with world.look() as session:
        rows = review_findings.of(
            session, session.get_one(SecurityReview, review.id), now=world.now, policy=world.policy
        )
        assert [(each.item.id, each.kind) for each in rows] == [("GOV2", "contradicted"), ("PHY1", "observed")]
        assert "Nobody sat there." in rows[1].wrong and rows[1].due == world.today + timedelta(30)


def _officer_membership(here: Acting) -> int:
    with here.world.look() as session:
        query = text("SELECT id FROM membership WHERE agency_id = :a AND person_id = :p")
        return int(session.execute(query, {"a": here.at.agency.id, "p": here.owner_id}).scalar_one())


def test_from_open_to_closed_with_everybody_told_and_everything_on_record(here: Acting, review: SecurityReview) -> None:
    world, row = here.world, here.opened(review)
    director = here.at.director
    assert here.read(row).status == "open"
    here.plan(row, owner_id=director.person_id)
    assert refusal(here.complete, row) == (Reason.BAD_INPUT, "statement")  # its steps are not done
    here.do_steps(row)
    with world.change() as session:
        kept = actions.add_file(
            session, session.get_one(CorrectiveAction, row.id), scan(), note="The setting", actor=here.officer, now=world.now
        )  # fmt: skip
        assert kept.stored.agency_id == here.at.agency.id
    here.complete(row)
    here.act(actions.send_back, row, here.lead, reason="One screen is not on the picture.")
    assert here.read(row).status == "planned"
    here.complete(row)
    here.verify(row)
    done = here.read(row)
    assert (done.status, done.verified_by, done.completed_by) == (
        "verified",
        here.lead.person_id,
        here.officer.person_id,
    )
    assert done.verified_how == "Seen on both screens." and len(done.files) == 1
    assert mails(world) == [
        ("opened", here.owner_id), ("planned", director.person_id), ("sent_back", here.owner_id), ("sent_back", director.person_id),
        ("verified", here.owner_id), ("verified", director.person_id),
    ]  # fmt: skip
    with world.look() as session:
        said = session.scalars(
            select(AuditEntry.act).where(AuditEntry.thing == "corrective_action").order_by(AuditEntry.id)
        ).all()
    assert set(said) >= {
        "corrective.open",
        "corrective.plan",
        "corrective.step",
        "corrective.file",
        "corrective action.verify",
    }
    here.act(actions.reopen, row, here.lead, reason="It unlocks again.", due=world.today + timedelta(9))
    again = here.read(row)
    assert (again.status, again.verified_by, again.completed_by, again.statement) == ("open", None, None, "")


def test_nobody_verifies_what_they_did_or_own(here: Acting, review: SecurityReview) -> None:
    world = here.world
    row = here.opened(review)
    here.plan(row)
    here.do_steps(row)
    here.complete(row, actor=here.lead)
    assert refusal(here.verify, row) == (Reason.NOT_ALLOWED, "")
    for nobody in (here.officer, here.at.director, world.desk):
        assert refusal(here.verify, row, actor=nobody) == (Reason.NOT_ALLOWED, "")
    here.verify(row, actor=world.admin)
    assert here.read(row).verified_by == world.admin.person_id


def test_whoever_of_the_lead_belongs_to_the_agency_does_not_decide_there(here: Acting, review: SecurityReview) -> None:
    world = here.world
    with world.look() as session:
        from portal.models import Agency, Person

        person, agency = session.get_one(Person, here.lead.person_id), session.get_one(Agency, here.at.agency.id)
    membership = world.member(agency, person)
    row = here.opened(review)
    here.plan(row)
    here.do_steps(row)
    here.complete(row)
    both = world.actor(membership)
    assert refusal(here.verify, row, actor=both) == (Reason.SAME_PERSON, "")
    asked = here.opened(review, "PHY1")
    here.ask(asked)
    assert refusal(here.accept, asked, actor=both) == (Reason.SAME_PERSON, "")


@pytest.mark.parametrize(
    "values",
    [
        "status = 'verified', completed_by = :officer, completed_at = :now, verified_by = :officer, verified_at = :now, owner_id = :lead",
        "status = 'verified', completed_by = :lead, completed_at = :now, verified_by = :officer, verified_at = :now, owner_id = :officer",
        "status = 'accepted', asked_by = :officer, asked_at = :now, accepted_by = :officer, accepted_at = :now, until = :day, owner_id = NULL",
        "status = 'accepted', asked_by = :lead, asked_at = :now, accepted_by = :officer, accepted_at = :now, until = :day",
        "status = 'planned', owner_id = NULL",
        "status = 'completed'",
        "status = 'accepted'",
        "owner_id = :stranger",
        "source = 'incident'",
    ],
)
def test_the_database_refuses_it_too(here: Acting, review: SecurityReview, values: str) -> None:
    row = here.opened(review)
    given = {
        "officer": here.owner_id, "lead": here.lead.person_id, "stranger": here.world.person().id, "now": here.world.now,
        "day": here.world.today, "id": row.id,
    }  # fmt: skip
    with pytest.raises(DBAPIError), here.world.engine.begin() as connection:
        connection.execute(text(f"UPDATE corrective_action SET {values} WHERE id = :id"), {k: v for k, v in given.items() if f":{k}" in f"{values} :id"})  # fmt: skip
    assert here.read(row).status == "open"


def test_two_actions_for_one_finding_are_refused_in_the_service_and_the_database(
    here: Acting, review: SecurityReview
) -> None:
    row = here.opened(review)
    assert refusal(here.opened, review)[0] == Reason.ALREADY_DONE
    with pytest.raises(DBAPIError), here.world.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO corrective_action (agency_id, source, review_id, item, category, wrong, doing, due, opened_at, status, statement,"
                " verified_how, justification, mitigation, accepted_reason) VALUES (:a, 'review', :r, 'PHY3', 'x', 'x', '', :d, :n, 'open', '', '', '', '', '')"
            ),
            {"a": review.agency_id, "r": review.id, "d": here.world.today, "n": here.world.now},
        )
    here.act(actions.withdraw, row, here.lead, reason="Opened twice.")
    assert here.opened(review).id != row.id  # what was withdrawn is in nobody's way


def test_bad_words_days_and_owners_are_refused_and_nothing_is_half_done(here: Acting, review: SecurityReview) -> None:
    world, today = here.world, here.world.today
    stranger = world.person().id
    gone = world.member(here.at.agency)
    world.record(Kind.DEPARTURE, About.MEMBERSHIP, gone.id)
    for more, field in (
        ({"wrong": " "}, "wrong"), ({"wrong": "x" * 2001}, "wrong"), ({"due": today - timedelta(1)}, "due"),
        ({"due": today + timedelta(2000)}, "due"), ({"owner_id": stranger}, "owner"), ({"owner_id": gone.person_id}, "owner"),
    ):  # fmt: skip
        assert refusal(here.opened, review, **more) == (Reason.BAD_INPUT, field)
    row = here.opened(review)
    for more, field in (
        ({"doing": ""}, "doing"), ({"steps": []}, "steps"), ({"steps": [Step("Late", today + timedelta(21))]}, "steps"),
        ({"steps": here.steps(*[1] * 21)}, "steps"), ({"due": today + timedelta(31)}, "due"), ({"owner_id": stranger}, "owner"),
    ):  # fmt: skip
        assert refusal(here.plan, row, **more) == (Reason.BAD_INPUT, field)
    kept = here.read(row)
    assert (kept.status, kept.doing, kept.steps) == ("open", "", [])
    here.plan(row, actor=here.lead, due=today + timedelta(60))  # the Lead may give more time
    assert here.read(row).due == today + timedelta(60)


def test_a_new_plan_keeps_what_was_done(here: Acting, review: SecurityReview) -> None:
    row = here.opened(review)
    here.plan(row)
    first = here.read(row).steps[0]
    with here.world.change() as session:
        held = session.get_one(CorrectiveAction, row.id)
        actions.step_done(session, held, first.id, note="By hand", actor=here.officer, now=here.world.now)
    assert refusal(_step, here, row, first.id)[0] == Reason.ALREADY_DONE
    assert refusal(_step, here, row, 999_999)[0] == Reason.NOT_FOUND
    here.plan(row, steps=[Step("Another way", here.world.today + timedelta(10))])
    assert [(step.text, step.done_at is not None) for step in here.read(row).steps] == [
        ("Step 1", True),
        ("Another way", False),
    ]


def _step(here: Acting, row: CorrectiveAction, step_id: int) -> None:
    with here.world.change() as session:
        held = session.get_one(CorrectiveAction, row.id)
        actions.step_done(session, held, step_id, note="", actor=here.officer, now=here.world.now)


def test_a_step_of_another_action_is_not_marked(here: Acting, review: SecurityReview) -> None:
    one, other = here.opened(review), here.opened(review, "PHY1")
    here.plan(one)
    here.plan(other)
    assert refusal(_step, here, one, here.read(other).steps[0].id)[0] == Reason.NOT_FOUND
    with here.world.look() as session:
        assert session.scalars(select(CorrectiveStep.done_at).where(CorrectiveStep.done_at.is_not(None))).all() == []


def test_the_same_file_is_kept_once_and_a_closed_action_takes_none(here: Acting, review: SecurityReview) -> None:
    row = here.opened(review)
    _file(here, row, 1)
    assert refusal(_file, here, row, 1) == (Reason.ALREADY_DONE, "file")
    for number in range(2, 21):
        _file(here, row, number)
    assert refusal(_file, here, row, 99) == (Reason.BAD_INPUT, "file")
    here.closed(row)
    assert refusal(_file, here, row, 99)[0] == Reason.ILLEGAL_MOVE


def _file(here: Acting, row: CorrectiveAction, number: int) -> None:
    with here.world.change() as session:
        held = session.get_one(CorrectiveAction, row.id)
        actions.add_file(session, held, scan(number), note="", actor=here.officer, now=here.world.now)


# --- exceptions -------------------------------------------------------------------------------------------------------


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


# --- what falls due ---------------------------------------------------------------------------------------------------


def due(world: World, person_id: int | None = None) -> list[str]:
    with world.look() as session:
        if person_id is None:
            return [each.title for each in action_duties.due(session, world.today, world.policy, None)]
        from portal.actors import roles_of

        roles = roles_of(session, person_id, world.today)
        rows = duties.for_person(session, person_id=person_id, roles=roles, on=world.today, policy=world.policy)
        return [each.title for each in rows if "corrective" in each.key or "exception" in each.key]


def test_owner_and_officer_are_reminded_and_nobody_else(here: Acting, review: SecurityReview) -> None:
    world, director = here.world, here.at.director
    row = here.opened(review, due=world.today + timedelta(31))
    assert due(world) == []
    world.now += timedelta(days=1)
    assert due(world) == [f"Plan corrective action {row.number}"]
    assert due(world, here.owner_id) == [f"Plan corrective action {row.number}"]
    assert due(world, director.person_id) == []
    here.plan(row, owner_id=director.person_id)
    assert due(world, director.person_id) == [f"Finish corrective action {row.number}"]
    with world.change() as session:
        assert duties.tell(session, now=world.now, policy=world.policy) >= 2
        assert duties.tell(session, now=world.now, policy=world.policy) == 0  # once for each day of warning
    other = Reviewing(world)
    assert due(world, other.officer.person_id) == []
    here.do_steps(row)
    here.complete(row)
    assert due(world) == []  # it is the Lead's turn


def test_an_exception_that_ends_soon_is_told(here: Acting, review: SecurityReview) -> None:
    row = here.opened(review)
    here.ask(row, until=here.world.today + timedelta(60), steps=here.steps(60))
    here.accept(row)
    assert due(here.world) == []
    here.world.now += timedelta(days=40)
    assert due(here.world) == [f"The exception for {row.number} ends"]


def test_lists_count_and_filter_as_far_as_somebody_may_see(here: Acting, review: SecurityReview) -> None:
    world = here.world
    late = here.opened(review, due=world.today)
    done, fresh = here.opened(review, "PHY1"), here.opened(review, "NET1", category="network")
    here.closed(done)
    other = Acting(world, Reviewing(world))
    theirs = other.opened(other.at.begun())
    world.now += timedelta(days=1)

    def shown(actor, **more) -> list[int]:
        with world.look() as session:
            return [row.id for (row,) in action_lists.page(session, actor, on=world.today, **more).rows]

    assert shown(here.lead) == [late.id, fresh.id, theirs.id]
    assert shown(here.officer) == [late.id, fresh.id]
    assert shown(here.officer, agency_id=theirs.agency_id) == []
    assert shown(here.lead, show="overdue") == [late.id]
    assert shown(here.lead, show="verified") == [done.id]
    assert shown(here.lead, category="network") == [fresh.id]
    assert shown(here.lead, search=late.number) == [late.id]
    assert shown(here.lead, search="screens NEVER", show="all") == [late.id, fresh.id, theirs.id, done.id]
    assert shown(here.lead, search=other.at.agency.name.upper()) == [theirs.id]
    with world.look() as session:
        counts = action_lists.counted(session, here.officer, on=world.today)
    assert (counts.living, counts.overdue, counts.verified) == (2, 1, 1)


def test_a_list_and_the_day_s_duties_take_as_many_statements_for_many_agencies(
    here: Acting, review: SecurityReview
) -> None:
    world = here.world
    here.plan(here.opened(review))
    counts = []
    for _ in range(2):
        with world.look() as session, statements(world.engine) as said:
            action_lists.page(session, here.lead, on=world.today)
            action_lists.counted(session, here.lead, on=world.today)
            action_duties.due(session, world.today, world.policy, None)
        counts.append(len(said))
        for _ in range(6):
            other = Acting(world, Reviewing(world))
            other.plan(other.opened(other.at.begun()))
    assert counts[0] == counts[1]


def test_an_action_may_come_from_an_incident_s_plan_and_end_users_own_some(
    here: Acting, review: SecurityReview
) -> None:
    world = here.world
    user = world.member(here.at.agency)
    row = here.opened(review, owner_id=user.person_id)
    here.plan(row, actor=world.actor(user), owner_id=user.person_id)
    here.do_steps(row, actor=world.actor(user))
    here.complete(row, actor=world.actor(user))
    stranger = world.actor(world.member(world.agency()))
    assert refusal(here.plan, row, actor=stranger)[0] == Reason.NOT_ALLOWED
    assert refusal(here.opened, review, "NET1", actor=here.officer)[0] == Reason.NOT_ALLOWED
    assert Source(incident_id=3).word == "incident" and Source(plan_id=1).word == "plan"


def test_the_worker_s_morning_opens_again_what_ran_out_and_reminds(here: Acting, review: SecurityReview) -> None:
    world, row = here.world, here.opened(review)
    here.ask(row, until=world.today + timedelta(40), steps=here.steps(30))
    here.accept(row)
    world.now += timedelta(days=42)
    with world.change() as session:
        jobs.enqueue(session, Effect.EXPIRE, key="lapses:0", now=world.now)
    world.drain()
    assert here.read(row).status == "open"
    with world.look() as session:
        told = session.scalars(select(Job).where(Job.effect == Effect.MAIL.value)).all()
    assert here.owner_id in {job.payload["person_id"] for job in told if job.payload["mail"] == "runs_out"}


def test_the_first_page_says_what_waits_for_whom(here: Acting, review: SecurityReview) -> None:
    world = here.world
    planned, fresh = here.opened(review), here.opened(review, "PHY1", due=world.today)
    here.plan(planned)
    helper = world.member(here.at.agency)
    theirs = here.opened(review, "NET1", owner_id=helper.person_id)
    world.now += timedelta(days=1)

    def waits(actor) -> dict[str, str]:
        with world.look() as session:
            found = waiting(session, actor=actor, now=world.now, policy=world.policy)
            return {task.title: task.status for task in (*found.mine, *found.soon) if "corrective" in task.title}

    assert waits(here.officer) == {
        f"Finish corrective action {planned.number}": "in_progress", f"Plan corrective action {fresh.number}": "overdue",
        f"Plan corrective action {theirs.number}": "to_do",
    }  # fmt: skip
    assert waits(world.actor(helper)) == {f"Plan corrective action {theirs.number}": "to_do"}
    assert waits(here.lead) == {"1 corrective action is overdue": "overdue"}
    assert waits(world.actor(world.member(world.agency()))) == {}


def test_two_who_decide_at_once_decide_once(here: Acting, review: SecurityReview) -> None:
    """Both have read that it waits to be verified; the second finds it decided."""
    world, row = here.world, here.opened(review)
    here.plan(row)
    here.do_steps(row)
    here.complete(row)
    others, said = [here.lead, world.admin, world.staff(Role.AUDITOR)], []

    def decide(actor) -> None:
        try:
            here.verify(row, actor=actor)
            said.append("verified")
        except Refused as no:
            said.append(no.reason.value)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(decide, others))
    assert sorted(said) == ["illegal_move", "illegal_move", "verified"]


@pytest.mark.parametrize(
    "news", ["opened", "planned", "verified", "sent_back", "reopened", "withdrawn", "accepted", "refused", "ran_out"]
)
def test_every_message_about_an_action_has_its_words_and_no_secrets(here: Acting, review: SecurityReview, news: str) -> None:
    world, row = here.world, here.opened(review)
    payload = {"mail": "corrective_action", "person_id": here.owner_id, "agency_id": row.agency_id, "action_id": row.id, "news": news}
    with world.change() as session:
        jobs.enqueue(session, Effect.MAIL, key=f"test:{news}", now=world.now, payload=payload)
    drain(world.context, handlers={Effect.MAIL: mail.handle})
    sent = [message for message in world.context.mailer.sent if row.number in message.text]
    assert {message.subject.partition(": ")[2] for message in sent} >= {WORDS[news]}
    for message in sent:
        assert f"/security/actions/{row.id}" in message.text and "never lock" not in message.text + message.html
