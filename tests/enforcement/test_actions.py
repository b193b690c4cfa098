"""Corrective actions (S1): opened from what a review found, planned, completed, verified by another."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from portal.models import AuditEntry, CorrectiveAction, CorrectiveStep, ReviewAnswer, SecurityReview
from portal.refusals import Refused
from portal.services.security.actions import action_work, actions, review_findings
from portal.services.security.actions.actions import Source, Step
from tests.enforcement.acting import Acting, found, mails, refusal, scan
from tests.services.world import World
from workflows.vocabulary import About, Kind, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def here(world: World) -> Acting:
    return Acting(world)


@pytest.fixture
def review(here: Acting) -> SecurityReview:
    return here.at.begun()


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
        kept = action_work.add_file(
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
        action_work.step_done(session, held, first.id, actor=here.officer, now=here.world.now)
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
        action_work.step_done(session, held, step_id, actor=here.officer, now=here.world.now)


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
        action_work.add_file(session, held, scan(number), note="", actor=here.officer, now=here.world.now)


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
