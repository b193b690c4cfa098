"""Surveys (R5): asked once each, answered without anything that leads to somebody, shown only where enough answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import DBAPIError

from portal import jobs
from portal.actors import Actor
from portal.effects import survey_mail
from portal.effects.mails import facts
from portal.models import AuditEntry, Job, Membership, SignInLimit, Survey, SurveyAnswer, SurveyInvite
from portal.services.helpdesk.feedback import answering, counting, survey_lists, surveys
from portal.services.helpdesk.feedback.surveys import Drafted
from tests.helpdesk.front_world import NOBODY, SCALE, WORDS, a_survey, refused
from tests.services.world import World
from tests.web.browsing import statements
from workflows.survey_questions import Question
from workflows.vocabulary import Effect, Reason, Role

ADDRESS = "192.0.2.77"


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def answer(
    world: World, survey: Survey, given: dict[str, str], invite: SurveyInvite | None = None, **more: Any
) -> None:
    values = {"address": ADDRESS, "actor": NOBODY} | more
    with world.change() as session:
        answering.answer(
            session, session.get_one(Survey, survey.id), given=given, now=world.now, policy=world.policy,
            invite=session.get_one(SurveyInvite, invite.id) if invite else None, **values,
        )  # fmt: skip


def results(world: World, survey: Survey, actor: Actor | None = None) -> counting.Results:
    with world.look() as session:
        return counting.results(
            session, session.get_one(Survey, survey.id), actor=actor or world.admin, policy=world.policy
        )


def doubted(world: World, survey: Survey) -> list[counting.Doubtful]:
    with world.look() as session:
        own = session.get_one(Survey, survey.id)
        return counting.to_redact(session, own, actor=world.admin, policy=world.policy)


def users(world: World, count: int) -> list[Membership]:
    agency = world.agency()
    return [world.member(agency) for _ in range(count)]


def invites(world: World) -> list[SurveyInvite]:
    with world.look() as session:
        return list(session.scalars(select(SurveyInvite).order_by(SurveyInvite.person_id)))


def mails(world: World) -> list[Any]:
    with world.look() as session:
        return [
            row.payload
            for row in session.scalars(select(Job).where(Job.effect == Effect.MAIL))
            if row.payload.get("invite_id")
        ]


@contextmanager
def slices_of_three(world: World) -> Iterator[None]:
    """The pack lets three mails go off together: its text is one for all, so what it was is put back."""
    pack = world.policy.front.surveys
    before = pack.slice
    object.__setattr__(pack, "slice", 3)
    try:
        yield
    finally:
        object.__setattr__(pack, "slice", before)


# --- nothing leads to anybody


def test_an_answer_holds_nothing_but_what_was_answered_and_the_month(world: World) -> None:
    survey = a_survey(world)
    answer(world, survey, {"q1": "4", "q3": "More beds."})
    with world.look() as session:
        [row] = session.execute(text("SELECT * FROM survey_answer")).mappings()
        columns = {each["name"] for each in inspect(world.engine).get_columns("survey_answer")}
        keys = {(each["constrained_columns"][0], each["referred_table"]) for each in inspect(world.engine).get_foreign_keys("survey_answer")}  # fmt: skip
        kept = session.scalars(select(AuditEntry)).all()
        limited = session.scalars(select(SignInLimit.key)).all()
    assert columns == {"id", "survey_id", "month", "answers", "to_redact"} and keys == {("survey_id", "survey")}
    assert str(row["month"])[:10] == "2026-11-01"
    assert all(
        ADDRESS not in f"{entry.said}{entry.address}{entry.after}" and "answer" not in entry.act for entry in kept
    )
    assert len(limited) == 2 and not any(ADDRESS in key for key in limited)


def test_a_page_that_is_sent_twice_is_counted_once(world: World) -> None:
    survey = a_survey(world)
    assert refused(answer, world, survey, {"q1": "9"}, once="drawn")[0] == Reason.BAD_INPUT  # may be sent again
    for word in ("drawn", "drawn", "another"):
        answer(world, survey, {"q1": "4"}, once=word)
    with world.look() as session:
        assert len(session.scalars(select(SurveyAnswer)).all()) == 2
        pages = session.scalars(select(SignInLimit).where(SignInLimit.key.startswith("survey-page:"))).all()
    assert not any("drawn" in page.key for page in pages)
    assert {page.since for page in pages} == {world.now.replace(hour=0, minute=0)}, "of a page the day is kept alone"


def test_ids_of_answers_are_in_no_order(world: World) -> None:
    survey = a_survey(world)
    for number in range(8):
        answer(world, survey, {"q1": "4", "q3": str(number)})
    with world.look() as session:
        rows = session.scalars(select(SurveyAnswer).order_by(SurveyAnswer.id)).all()
    assert [row.answers["q3"] for row in rows] != [str(number) for number in range(8)]
    assert rows[0].id > 8 and len({row.id for row in rows}) == 8


def test_whoever_is_asked_by_mail_leaves_only_that_they_answered(world: World) -> None:
    users(world, 2)
    survey = a_survey(world, "users")
    world.drain()
    first, *_ = invites(world)
    answer(world, survey, {"q1": "2"}, first)
    with world.look() as session:
        assert session.get_one(SurveyInvite, first.id).used
        columns = {each["name"] for each in inspect(world.engine).get_columns("survey_invite")}
    assert columns == {"id", "survey_id", "person_id", "used"}
    assert refused(answer, world, survey, {"q1": "2"}, first)[0] == Reason.LINK_SPENT
    assert refused(answer, world, survey, {"q1": "2"})[0] == Reason.NOT_ALLOWED  # without a link
    public = a_survey(world)
    assert refused(answer, world, public, {"q1": "2"}, invites(world)[1])[0] == Reason.NOT_ALLOWED


def test_a_refused_answer_uses_no_link_up(world: World) -> None:
    users(world, 1)
    survey = a_survey(world, "users")
    world.drain()
    [first, *_] = invites(world)
    assert refused(answer, world, survey, {"q1": "9"}, first) == (Reason.BAD_INPUT, "q1")
    assert refused(answer, world, survey, {}, first)[0] == Reason.BAD_INPUT
    assert refused(answer, world, survey, {"q9": "4"}, first)[0] == Reason.BAD_INPUT
    answer(world, survey, {"q2": "On the street"}, first)


# --- what is shown


def test_fewer_than_five_answers_are_never_shown(world: World) -> None:
    survey = a_survey(world)
    assert results(world, survey).answers == 0
    for number in range(1, 5):
        answer(world, survey, {"q1": "5", "q3": f"Words {number}"})
        found = results(world, survey)
        assert found.answers is None and not found.tallies and not found.months
    answer(world, survey, {"q1": "1"})
    found = results(world, survey)
    scale, choice, words = found.tallies
    assert found.answers == 5 and scale.mean == 420 and dict(scale.counts) == {"1": 1, "2": 0, "3": 0, "4": 0, "5": 4}
    assert (words.answered, words.said) == (4, ()) and (choice.answered, choice.counts) == (0, ())
    answer(world, survey, {"q3": "A fifth"})
    assert results(world, survey).tallies[2].said == ("A fifth", "Words 1", "Words 2", "Words 3", "Words 4")


def test_a_month_with_too_few_answers_cannot_be_worked_out(world: World) -> None:
    survey = a_survey(world, closes_on=world.today + timedelta(80))
    for days, count in ((0, 6), (15, 2), (31, 4), (20, 3)):
        world.now += timedelta(days)
        for _ in range(count):
            answer(world, survey, {"q1": "3"})
    found = results(world, survey)
    assert found.answers == 15
    assert [(str(each.first), str(each.last), each.tally.answered) for each in found.months["q1"]] == [
        ("2026-11-01", "2026-11-01", 6), ("2026-12-01", "2027-01-01", 9),
    ]  # fmt: skip


def test_a_question_that_few_answered_in_a_month_cannot_be_worked_out_either(world: World) -> None:
    """What the other months leave of the whole is one month's: there too, never fewer than five."""
    survey = a_survey(world, closes_on=world.today + timedelta(80))
    for days, answers in ((0, ({"q2": "On the street"},) * 6 + ({"q1": "1"},) * 2), (25, ({"q1": "5"},) * 6)):
        world.now += timedelta(days)
        for number, each in enumerate(answers):
            answer(world, survey, each, address=f"198.51.100.{number}")
    found = results(world, survey)
    assert found.answers == 14 and found.months == {}
    world.now += timedelta(20)
    for number in range(5):
        answer(world, survey, {"q1": "4", "q2": "At a shelter"}, address=f"203.0.113.{number}")
    months = results(world, survey).months
    for key, tally in zip(("q1", "q2"), results(world, survey).tallies[:2], strict=True):
        counts = [each.tally.answered for each in months[key]]
        assert min(counts) >= 5 and sum(counts) == tally.answered, key


def test_who_sees_results(world: World) -> None:
    survey = a_survey(world)
    for actor in (world.admin, world.desk, world.staff(Role.AUDITOR), world.staff(Role.COMMITTEE_MEMBER)):
        assert results(world, survey, actor).answers == 0
    director = world.actor(world.member(world.agency(), None, Role.EXECUTIVE_DIRECTOR))
    assert refused(results, world, survey, director)[0] == Reason.NOT_ALLOWED
    draft = a_survey(world, open_=False)
    with world.look() as session:
        for actor, seen in ((world.admin, {survey.id, draft.id}), (world.desk, {survey.id})):
            page, numbers = survey_lists.page(session, actor)
            assert {row.id for (row,) in page.rows} == seen == set(numbers)


# --- when and how often


def test_a_survey_takes_answers_on_its_days_and_while_it_is_open(world: World) -> None:
    survey = a_survey(world, closes_on=world.today + timedelta(3))
    world.now += timedelta(3)
    answer(world, survey, {"q1": "4"})
    world.now += timedelta(1)
    assert refused(answer, world, survey, {"q1": "4"})[0] == Reason.LINK_SPENT
    with world.change() as session:
        assert surveys.run_out(session, now=world.now, policy=world.policy) == 1
        assert surveys.run_out(session, now=world.now, policy=world.policy) == 0
    with world.look() as session:
        assert session.get_one(Survey, survey.id).status == "closed"
        assert survey_lists.for_everybody(session, now=world.now, policy=world.policy) == ([], [])


def test_a_survey_that_opens_later_takes_no_answer_today(world: World) -> None:
    days = {"opens_on": world.today + timedelta(5), "closes_on": world.today + timedelta(9)}
    drafted = Drafted(title="Next month", asked="lived_experience", questions=(SCALE,), **days)
    with world.change() as session:
        survey = surveys.draft(session, None, drafted=drafted, actor=world.admin, now=world.now, policy=world.policy)
        surveys.open_survey(session, survey, actor=world.admin, now=world.now, policy=world.policy)
    assert refused(answer, world, survey, {"q1": "4"})[0] == Reason.LINK_SPENT
    with world.look() as session:
        assert answering.in_public(session, survey.id, now=world.now, policy=world.policy) is None
    world.now += timedelta(5)
    answer(world, survey, {"q1": "4"})


def test_a_network_answers_so_often_and_no_more(world: World) -> None:
    survey, most = a_survey(world), world.policy.front.surveys.address_answers
    for _ in range(most):
        answer(world, survey, {"q1": "4"})
    assert refused(answer, world, survey, {"q1": "4"})[0] == Reason.CONFLICT
    answer(world, survey, {"q1": "4"}, address="198.51.100.7")
    world.now += timedelta(hours=2)
    answer(world, survey, {"q1": "4"})
    with world.look() as session:
        assert len(session.scalars(select(SurveyAnswer.id)).all()) == most + 2


# --- by mail


def test_everybody_who_is_asked_gets_one_mail_and_nobody_who_left(world: World) -> None:
    from workflows.vocabulary import About, Kind

    members = users(world, 7)
    gone = members.pop()
    world.record(Kind.DEPARTURE, About.MEMBERSHIP, gone.id, valid_from=world.today - timedelta(1))
    twice = world.member(world.agency(), None, Role.AGENCY_ADMIN)
    with slices_of_three(world):
        survey = a_survey(world, "users")
        with world.look() as session:
            expected = surveys.how_many(session, "users", on=world.today)
        world.drain()
        assert len(invites(world)) == len(mails(world)) == expected
        people = {invite.person_id for invite in invites(world)}
        assert len(people) == expected and {each.person_id for each in members} <= people
        assert gone.person_id not in people and twice.person_id in people
        with world.change() as session:  # asked to begin once more
            jobs.enqueue(session, Effect.SURVEY_MAIL, key=f"survey:{survey.id}", now=world.now)
        world.drain()
        assert len(invites(world)) == len(mails(world)) == expected


def test_a_worker_that_dies_between_two_slices_leaves_nobody_out_and_asks_nobody_twice(world: World) -> None:
    users(world, 8)
    with slices_of_three(world):
        survey = a_survey(world, "users")
        with world.change() as session:
            assert surveys.invite_some(session, survey.id, now=world.now, policy=world.policy)
        with world.sessions() as session:  # goes down before it is committed
            assert surveys.invite_some(session, survey.id, now=world.now, policy=world.policy)
        assert len(invites(world)) == len(mails(world)) == 3
        world.drain()
        with world.look() as session:
            assert len(invites(world)) == len(mails(world)) == surveys.how_many(session, "users", on=world.today)


def test_a_survey_closed_meanwhile_mails_nobody_else(world: World) -> None:
    users(world, 3)
    survey = a_survey(world, "users")
    with world.change() as session:
        surveys.close(
            session, session.get_one(Survey, survey.id), reason="A question is wrong.", actor=world.admin, now=world.now
        )
    world.drain()
    assert invites(world) == [] and mails(world) == []


def test_nobody_is_mailed_at_night(world: World) -> None:
    users(world, 1)
    world.now = world.now.replace(hour=4)
    a_survey(world, "users")
    with world.look() as session:
        [job] = session.scalars(select(Job).where(Job.effect == Effect.SURVEY_MAIL))
    assert job.run_at == world.now.replace(hour=13, minute=0)  # 8:00 a.m. Eastern


def test_the_mail_carries_a_link_that_opens_the_survey_until_it_is_answered(world: World) -> None:
    users(world, 1)
    survey = a_survey(world, "users")
    world.drain()
    [payload, *_] = mails(world)
    with world.change() as session:
        known = facts.load(session, payload, world.context)
        assert known is not None
        envelope = known["link_href"].rpartition("/feedback/")[2]
        found, invite = answering.by_link(session, envelope, keys=world.keys, now=world.now, policy=world.policy)
        assert found.id == survey.id and invite.id == payload["invite_id"]
    answer(world, survey, {"q1": "3"}, invite)
    with world.change() as session:
        assert facts.load(session, payload, world.context) is None  # nothing to ask any more
    with world.look() as session:
        unknown = [world.keys.envelope("survey", content) for content in ([survey.id, 999], [1], "text")]
        for wrong in (envelope, "none", *unknown, world.keys.envelope("report", [survey.id, invite.id])):
            act = refused(answering.by_link, session, wrong, keys=world.keys, now=world.now, policy=world.policy)
            assert act[0] == Reason.LINK_SPENT
    assert survey_mail.handle


# --- writing one


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"), ({"asked": "clients"}, "asked"), ({"questions": ()}, "questions"), ({"intro": "x" * 1001}, "intro"),
        ({"questions": (Question("", "scale", "ok"),)}, "questions"), ({"questions": (Question("", "drawing", "Draw it"),)}, "questions"),
        ({"questions": (Question("", "choice", "Which one?", ("One",)),)}, "questions"), ({"questions": (SCALE,) * 11}, "questions"),
        ({"closes_on": date(2026, 11, 1)}, "closes_on"), ({"closes_on": date(2028, 11, 1)}, "closes_on"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_by_field(world: World, change: dict[str, Any], field: str) -> None:
    values = {"title": "A survey", "asked": "users", "questions": (SCALE, WORDS), "opens_on": world.today, "closes_on": world.today + timedelta(9)}  # fmt: skip
    with world.change() as session:
        act = refused(
            surveys.draft, session, None, drafted=Drafted(**values | change), actor=world.admin, now=world.now, policy=world.policy
        )  # fmt: skip
    assert act == (Reason.BAD_INPUT, field)


def test_once_it_is_open_its_questions_stay(world: World) -> None:
    survey = a_survey(world)
    drafted = Drafted(
        title="Other", asked="users", questions=(SCALE,), opens_on=world.today, closes_on=world.today + timedelta(9)
    )
    with world.change() as session:
        act = refused(
            surveys.draft, session, session.get_one(Survey, survey.id), drafted=drafted, actor=world.admin, now=world.now,
            policy=world.policy,
        )  # fmt: skip
    assert act[0] == Reason.ILLEGAL_MOVE
    for actor in (world.desk, world.staff(Role.LEAD_SECURITY), NOBODY):
        with world.change() as session:
            act = refused(
                surveys.draft, session, None, drafted=drafted, actor=actor, now=world.now, policy=world.policy
            )
        assert act[0] == Reason.NOT_ALLOWED


# --- a client's data, and what was done


def test_a_clients_data_is_blacked_out_for_good(world: World) -> None:
    survey = a_survey(world)
    answer(world, survey, {"q1": "4", "q3": "Client Jamie Sample was born on 3/4/1980."})
    [row] = doubted(world, survey)
    assert row.words == []  # one answer alone is shown to nobody, not even to whoever blacks it out
    with world.change() as session:
        own = session.get_one(Survey, survey.id)
        assert (
            refused(answering.redact, session, own, row.id, reason="Data", actor=world.desk, now=world.now)[0]
            == Reason.NOT_ALLOWED
        )
        answering.redact(session, own, row.id, reason="A client is named.", actor=world.admin, now=world.now)
    with world.look() as session:
        kept = session.get_one(SurveyAnswer, row.id)
        assert "Sample" not in str(kept.answers) and "1980" not in str(kept.answers) and kept.answers["q1"] == "4"
        assert not kept.to_redact
    assert doubted(world, survey) == []


def test_words_that_may_name_a_client_are_shown_to_nobody_until_they_were_looked_at(world: World) -> None:
    survey = a_survey(world)
    for number in range(5):
        answer(world, survey, {"q1": "4", "q3": f"Plain {number}"})
    answer(world, survey, {"q1": "4", "q3": "Guest Harbor Lightfoot is the name of our boat."})
    assert not any("Lightfoot" in said for said in results(world, survey).tallies[2].said)
    [row] = doubted(world, survey)
    assert "Lightfoot" in row.words[0]
    with world.change() as session:
        own = session.get_one(Survey, survey.id)
        act = {"actor": world.desk, "now": world.now}
        assert refused(answering.keep, session, own, row.id, **act)[0] == Reason.NOT_ALLOWED
        assert refused(answering.keep, session, own, row.id + 1, **act | {"actor": world.admin})[0] == Reason.NOT_FOUND
        answering.keep(session, own, row.id, actor=world.admin, now=world.now)
    assert doubted(world, survey) == []
    assert any("Lightfoot" in said for said in results(world, survey).tallies[2].said)
    with world.look() as session:
        assert session.scalars(select(AuditEntry.said).where(AuditEntry.act == "survey.keep")).one()


def test_what_was_done_is_public_where_it_says_so_and_stays(world: World) -> None:
    survey = a_survey(world)
    with world.change() as session:
        own = session.get_one(Survey, survey.id)
        surveys.tell(session, own, said="The intake page is shorter.", public=True, actor=world.admin, now=world.now)
        surveys.tell(session, own, said="The vendor costs too much.", public=False, actor=world.admin, now=world.now)
    with world.look() as session:
        _, done = survey_lists.for_everybody(session, now=world.now, policy=world.policy)
        assert [each.id for each in done] == [survey.id]
        told = surveys.follow_ups(session, [survey.id], public=True)
        assert [row.said for row in told[survey.id]] == ["The intake page is shorter."]
        assert len(surveys.follow_ups(session, [survey.id], public=False)[survey.id]) == 2
    with pytest.raises(DBAPIError, match="never changed"), world.change() as session:
        session.execute(text("DELETE FROM survey_follow_up"))


def test_the_list_costs_the_same_for_five_and_for_sixty(world: World) -> None:
    def cost() -> int:
        with statements(world.engine) as said, world.look() as session:
            page, numbers = survey_lists.page(session, world.admin, limit=60)
            assert len(numbers) == len(page.rows)
        return len(said)

    for _ in range(5):
        a_survey(world)
    few = cost()
    for _ in range(55):
        a_survey(world)
    assert cost() == few
