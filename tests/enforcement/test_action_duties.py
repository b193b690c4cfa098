"""What corrective actions leave for whom: reminders, first pages, lists, messages; at the same cost for many Agencies."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal import jobs
from portal.effects import mail
from portal.models import Job, SecurityReview
from portal.services.home import duties
from portal.services.home.home import waiting
from portal.services.security.actions import action_duties, action_lists
from portal.worker import drain
from tests.enforcement.acting import Acting
from tests.enforcement.reviewing import Reviewing
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import Effect

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


@pytest.mark.parametrize(
    "news", ["opened", "planned", "verified", "sent_back", "reopened", "withdrawn", "accepted", "refused", "ran_out"]
)
def test_every_message_about_an_action_has_its_words_and_no_secrets(
    here: Acting, review: SecurityReview, news: str
) -> None:
    world, row = here.world, here.opened(review)
    payload = {
        "mail": "corrective_action",
        "person_id": here.owner_id,
        "agency_id": row.agency_id,
        "action_id": row.id,
        "news": news,
    }
    with world.change() as session:
        jobs.enqueue(session, Effect.MAIL, key=f"test:{news}", now=world.now, payload=payload)
    drain(world.context, handlers={Effect.MAIL: mail.handle})
    sent = [message for message in world.context.mailer.sent if row.number in message.text]
    assert {message.subject.partition(": ")[2] for message in sent} >= {WORDS[news]}
    for message in sent:
        assert f"/security/actions/{row.id}" in message.text and "never lock" not in message.text + message.html
