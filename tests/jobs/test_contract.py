"""One contract for both queues: what is asked for is done once, in order, under a lease, and never lost from sight."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from portal import jobs
from portal.services.desk import desk_lookups
from tests.jobs.queueing import Queue
from workflows.vocabulary import Effect

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def queue(each_engine: Engine) -> Queue:
    return Queue(each_engine)


class Undone(Exception):
    """What rolls a transaction back."""


# --- asking


def test_what_is_rolled_back_asked_for_nothing(queue: Queue) -> None:
    def change_its_mind() -> None:
        with queue.change() as session:
            jobs.enqueue(session, Effect.MAIL, key="one", now=queue.now)
            jobs.enqueue(session, Effect.MAIL, key="two", now=queue.now, coalesce=False)
            raise Undone

    with pytest.raises(Undone):
        change_its_mind()
    assert queue.rows() == [] and queue.take() is None


def test_a_job_arrives_as_it_was_asked_for(queue: Queue) -> None:
    payload = {"mail": "welcome", "person_id": 7, "names": ["Zoë", "100 % “sure”"], "none": None}
    queue.ask("welcome:7", effect=Effect.MAIL, payload=payload, policy_version="abc")
    job = queue.taken()
    assert (job.effect, job.key, job.payload, job.policy_version) == ("mail", "welcome:7", payload, "abc")
    assert (job.tries, job.enqueued_at) == (1, queue.now)


def test_a_waiting_job_serves_everybody_who_asks_for_the_same(queue: Queue) -> None:
    for _ in range(3):
        queue.ask("account:1")
    queue.ask("account:1", effect=Effect.EXPIRE)
    queue.ask("account:2")
    assert queue.states() == [("account:1", "waiting")] * 2 + [("account:2", "waiting")]


def test_a_caller_whose_job_is_waiting_already_goes_on_in_the_same_transaction(queue: Queue) -> None:
    queue.ask("account:1")
    with queue.change() as session:
        for number in (1, 2, 1, 3):
            jobs.enqueue(session, Effect.PROVISION, key=f"account:{number}", now=queue.now)
    assert [row.key for row in queue.rows()] == ["account:1", "account:2", "account:3"]


def test_each_of_those_who_will_not_share_has_a_job(queue: Queue) -> None:
    for _ in range(2):
        queue.ask("one", coalesce=False)
    queue.ask("one")
    assert len(queue.rows()) == 3


def test_a_running_job_serves_nobody_who_asks_after_it_began(queue: Queue) -> None:
    queue.ask("account:1")
    queue.taken()
    queue.ask("account:1")
    assert queue.states() == [("account:1", "running"), ("account:1", "waiting")]


def test_asking_is_one_statement(queue: Queue) -> None:
    said: list[str] = []
    with queue.change() as session:
        session.connection()
        event.listen(queue.engine, "before_cursor_execute", lambda _c, _k, statement, *_: said.append(statement))
        for number in range(10):
            jobs.enqueue(session, Effect.RECONSIDER, key=f"membership:{number % 5}", now=queue.now)
    assert len([statement for statement in said if "INSERT" in statement]) == len(said) == 10


# --- when


def test_a_planned_job_waits_for_its_moment(queue: Queue) -> None:
    queue.ask("seat:1", effect=Effect.EXPIRE, later=DAY)
    assert queue.take() is None
    queue.now += DAY - timedelta(seconds=1)
    assert queue.take() is None
    queue.now += timedelta(seconds=1)
    assert queue.taken().key == "seat:1"


def test_the_earlier_of_two_moments_wins(queue: Queue) -> None:
    queue.ask("seat:1", later=3 * DAY)
    queue.ask("seat:1", later=2 * DAY)
    queue.ask("seat:1", later=5 * DAY)
    assert [row.run_at for row in queue.rows()] == [queue.now + 2 * DAY]
    queue.now += 2 * DAY
    assert queue.taken().key == "seat:1"


def test_a_sanction_does_not_wait_for_monday(queue: Queue) -> None:
    """The suspension planned for Monday, asked for again at once, runs at once."""
    queue.ask("membership:1", effect=Effect.RECONSIDER, later=3 * DAY)
    queue.ask("membership:1", effect=Effect.RECONSIDER)
    assert queue.taken().key == "membership:1" and len(queue.rows()) == 1


def test_another_effect_of_the_same_key_does_not_wait_for_a_planned_one(queue: Queue) -> None:
    queue.ask("membership:1", effect=Effect.EXPIRE, later=3 * DAY)
    queue.ask("membership:1", effect=Effect.RECONSIDER, later=2 * DAY, coalesce=False)
    queue.ask("membership:1", effect=Effect.RECONSIDER, coalesce=False)
    job = queue.taken()
    assert job.effect == "reconsider" and queue.finish(job) and queue.take() is None
    queue.now += 2 * DAY
    assert queue.finish(queue.taken()) and queue.take() is None


def test_a_sanction_does_not_wait_for_a_job_in_back_off(queue: Queue) -> None:
    queue.ask("account:1")
    assert not queue.fail(queue.taken())
    assert queue.take() is None
    queue.ask("account:1")
    job = queue.taken()
    assert job.tries == 1 and queue.finish(job)
    queue.now += timedelta(seconds=10)
    again = queue.taken()
    assert (again.key, again.tries) == ("account:1", 2)


# --- in order


def test_jobs_of_one_key_run_one_after_the_other_in_the_order_they_were_asked_for(queue: Queue) -> None:
    for number in range(3):
        queue.ask("account:1", coalesce=False, payload={"number": number})
    order = []
    for _ in range(3):
        job = queue.taken()
        assert queue.take() is None, "two jobs of one key at a time"
        order.append(job.payload["number"])
        assert queue.finish(job)
    assert order == [0, 1, 2] and queue.take() is None


def test_a_key_is_busy_for_every_effect(queue: Queue) -> None:
    queue.ask("membership:1", effect=Effect.RECONSIDER)
    queue.ask("membership:1", effect=Effect.EXPIRE)
    job = queue.taken()
    assert queue.take() is None and queue.finish(job)
    assert queue.taken().effect == "expire"


def test_different_keys_run_at_the_same_time(queue: Queue) -> None:
    for number in range(3):
        queue.ask(f"account:{number}")
    queue.ask("account:0")
    assert {queue.taken().key for _ in range(3)} == {"account:0", "account:1", "account:2"} and queue.take() is None


def test_a_failing_job_lets_the_others_of_its_key_pass(queue: Queue) -> None:
    queue.ask("account:1", coalesce=False, payload={"number": 1})
    queue.ask("account:1", coalesce=False, payload={"number": 2})
    queue.fail(queue.taken())
    assert queue.taken().payload == {"number": 2}


# --- under a lease


def test_a_job_whose_worker_is_lost_is_taken_again_after_the_lease(queue: Queue) -> None:
    queue.ask("account:1")
    lost = queue.taken()
    queue.now += jobs.LEASE - timedelta(seconds=1)
    assert queue.take() is None
    queue.now += timedelta(seconds=1)
    again = queue.taken()
    assert again.id == lost.id and again.tries == 2 and again.lease != lost.lease
    assert queue.take() is None


def test_a_lease_may_be_short(queue: Queue) -> None:
    queue.ask("account:1")
    short = timedelta(seconds=2)
    lost = queue.taken(short)
    queue.now += short
    assert queue.taken(short).id == lost.id


def test_a_lost_job_is_taken_again_although_another_of_its_key_waits(queue: Queue) -> None:
    queue.ask("account:1")
    lost = queue.taken()
    queue.ask("account:1")
    queue.now += jobs.LEASE
    again = queue.taken()
    assert again.id == lost.id and queue.take() is None and queue.finish(again)
    assert queue.finish(queue.taken()) and queue.count("done") == 2


def test_a_worker_that_outlived_its_lease_commits_nothing(queue: Queue) -> None:
    queue.ask("account:1")
    late = queue.taken()
    queue.now += jobs.LEASE
    taken = queue.taken()
    with queue.change() as session:
        assert not jobs.holds(session, late)
        assert not jobs.keep(session, late, now=queue.now)
        assert not jobs.finish(session, late, now=queue.now)
        assert not jobs.fail(session, late, now=queue.now, error="late", tries=1)
    with queue.change() as session:
        assert jobs.holds(session, taken)
    assert queue.finish(taken) and [row.error for row in queue.rows()] == [""]
    with queue.change() as session:
        assert not jobs.holds(session, taken) and not jobs.holds(session, late)


def test_a_sign_of_life_begins_the_lease_anew(queue: Queue) -> None:
    queue.ask("account:1")
    job = queue.taken()
    for _ in range(3):
        queue.now += jobs.LEASE - timedelta(seconds=1)
        with queue.change() as session:
            assert jobs.keep(session, job, now=queue.now)
    queue.now += jobs.LEASE - timedelta(seconds=1)
    assert queue.take() is None and queue.finish(job)


def test_a_short_lease_stays_short_when_it_is_kept(queue: Queue) -> None:
    queue.ask("account:1")
    short = timedelta(seconds=3)
    job = queue.taken(short)
    queue.now += timedelta(seconds=2)
    with queue.change() as session:
        assert jobs.keep(session, job, now=queue.now)
    queue.now += timedelta(seconds=2)
    assert queue.take(short) is None
    queue.now += timedelta(seconds=1)
    assert queue.taken(short).id == job.id


# --- when it fails


def test_a_failing_job_is_tried_again_at_growing_distances_and_then_given_up_in_sight(queue: Queue) -> None:
    queue.ask("account:1", payload={"number": 1})
    waits = []
    for attempt in range(1, jobs.TRIES + 1):
        job = queue.taken()
        assert job.tries == attempt
        ended = queue.fail(job)
        assert ended == (attempt == jobs.TRIES)
        (row,) = queue.rows()
        assert row.tries == attempt and row.error == "It does not answer."
        if not ended:
            waits.append(int((row.run_at - queue.now).total_seconds()))
            queue.now = row.run_at - timedelta(seconds=1)
            assert queue.take() is None
            queue.now = row.run_at
    assert waits == [10, 20, 40, 80, 160, 320, 640]
    with queue.change() as session:
        (failed,) = jobs.list_failed(session)
        assert (failed.key, failed.state, failed.tries, failed.ended_at) == ("account:1", "failed", 8, queue.now)
        assert jobs.overview(session, now=queue.now)["failed"] == 1
    queue.now += 30 * DAY
    assert queue.take() is None


def test_back_off_is_never_longer_than_an_hour() -> None:
    assert jobs.job.next_try(Queue.now, 30) == Queue.now + HOUR


def test_a_failed_job_is_tried_again_when_somebody_asks_for_it(queue: Queue) -> None:
    queue.ask("account:1", payload={"number": 1})
    assert queue.fail(queue.taken(), tries=1)
    (failed,) = queue.rows()
    with queue.change() as session:
        assert jobs.retry(session, failed.id, now=queue.now)
    with queue.change() as session:
        assert not jobs.retry(session, failed.id, now=queue.now), "it waits already"
        assert not jobs.retry(session, failed.id + 1, now=queue.now), "there is no such job"
    job = queue.taken()
    assert (job.id, job.tries, job.payload) == (failed.id, 1, {"number": 1}) and queue.finish(job)
    (done,) = queue.rows()
    assert (done.state, done.ended_at, done.tries) == ("done", queue.now, 1)


def test_a_retried_job_and_a_waiting_one_of_its_key_both_run(queue: Queue) -> None:
    queue.ask("account:1")
    queue.fail(queue.taken(), tries=1)
    queue.ask("account:1")
    with queue.change() as session:
        jobs.retry(session, queue.rows()[0].id, now=queue.now)
    assert queue.finish(queue.taken()) and queue.finish(queue.taken()) and queue.take() is None


def test_an_error_is_kept_to_a_length_and_without_what_a_database_cannot_hold(queue: Queue) -> None:
    queue.ask("one")
    job = queue.taken()
    with queue.change() as session:
        jobs.fail(session, job, now=queue.now, error="a\0b" + "x" * 5000)
    (row,) = queue.rows()
    assert len(row.error) == 2000 and row.state == "waiting"


# --- what is seen of it


def test_the_overview_counts_what_is_open_and_says_how_late_it_is(queue: Queue) -> None:
    queue.ask("late", effect=Effect.MAIL)
    queue.now += timedelta(seconds=90)
    for key in ("a", "b", "c"):
        queue.ask(key, effect=Effect.MAIL, later=DAY)
    queue.ask("gone", effect=Effect.EXPIRE)
    with queue.change() as session:
        seen = jobs.overview(session, now=queue.now)
    assert seen == {"waiting": 5, "running": 0, "failed": 0, "oldest_seconds": 90.0}
    assert queue.taken().key == "late"
    queue.finish(queue.taken())
    with queue.change() as session:
        seen = jobs.overview(session, now=queue.now)
    assert seen == {"waiting": 3, "running": 1, "failed": 0, "oldest_seconds": 0.0}


def test_the_desk_sees_what_failed_and_what_is_late_and_nothing_else(queue: Queue) -> None:
    queue.ask("broken")
    queue.fail(queue.taken(), tries=1)
    queue.ask("late")
    queue.ask("planned", later=DAY)
    queue.now += timedelta(minutes=6)
    queue.ask("young")
    with queue.change() as session:
        seen = desk_lookups.late_jobs(session, now=queue.now)
        assert [(job.key, job.state, job.error) for job in seen] == [
            ("broken", "failed", "It does not answer."),
            ("late", "waiting", ""),
        ]


def test_jobs_that_were_done_long_ago_are_deleted_and_failed_ones_are_not(queue: Queue) -> None:
    for key in ("old", "broken", "new", "waits"):
        queue.ask(key, later=30 * DAY + HOUR if key == "waits" else None)
    done, broken = queue.taken(), queue.taken()
    assert (done.key, broken.key) == ("old", "broken")
    assert queue.finish(done) and queue.fail(broken, tries=1)
    queue.now += timedelta(seconds=1)
    assert queue.finish(queue.taken())
    queue.now += 30 * DAY
    with queue.change() as session:
        assert jobs.prune(session, now=queue.now) == 1 and jobs.prune(session, now=queue.now) == 0
    assert queue.states() == [("broken", "failed"), ("new", "done"), ("waits", "waiting")]
