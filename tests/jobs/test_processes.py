"""Real worker processes: killed in mid-job, and two that race for the same keys."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine

from portal import jobs
from portal.config import Settings
from portal.db import transaction, utc_now
from portal.wiring import Context, make_context
from portal.worker import Worker, drain
from tests.jobs.queueing import Queue
from tests.support.record import AUDIT_KEY
from tests.support.workers import Start, starting, until
from workflows.vocabulary import Effect


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting("tests.jobs.a_worker", tmp_path) as start:
        yield start


def test_a_worker_that_is_killed_in_mid_job_is_followed_by_another_after_the_lease(
    each_engine: Engine, start: Start, tmp_path: Path
) -> None:
    """SIGKILL inside the transaction of an effect: nothing of it stays, and it is done once more, once."""
    queue = Queue(each_engine, utc_now())
    queue.ask("account:1")
    lease = 3.0
    began = utc_now()
    first = start(each_engine, lease, "hang")
    until((tmp_path / "reached").exists, "the first worker is in the middle of its job")
    (running,) = queue.rows()
    assert running.state == "running" and queue.entries("test.begun") == []
    first.kill()
    first.wait()
    start(each_engine, lease)
    until(lambda: queue.count("done") == 1, "a second worker does the job")
    (row,) = queue.rows()
    assert row.id == running.id and row.tries == 2
    assert row.ended_at is not None and row.ended_at - began > timedelta(seconds=lease)
    for act in ("test.begun", "test.done"):
        assert [entry.after["job"] for entry in queue.entries(act)] == [row.id]


def test_two_processes_do_each_job_once_and_never_two_of_a_key_at_a_time(
    postgres_engine: Engine, start: Start, tmp_path: Path
) -> None:
    queue = Queue(postgres_engine, utc_now())
    keys, each = 10, 20
    workers = [start(postgres_engine, 60.0) for _ in range(2)]
    until(lambda: len(list(tmp_path.glob("ready.*"))) == 2, "both workers are ready")
    for _ in range(each):
        with transaction(queue.sessions) as session:
            for key in range(keys):
                jobs.enqueue(session, Effect.PROVISION, key=f"account:{key}", now=queue.now, coalesce=False)
    until(lambda: queue.count("done") == keys * each, "all jobs are done")
    acts = ("test.begun", "test.done")
    entries = sorted((entry for act in acts for entry in queue.entries(act)), key=lambda entry: entry.id)
    assert len(entries) == 2 * keys * each and {entry.after["by"] for entry in entries} == {w.pid for w in workers}
    for key in range(keys):
        mine = [(entry.act, entry.after["job"]) for entry in entries if entry.said == f"account:{key}"]
        asked = sorted({job for _, job in mine})
        assert mine == [(act, job) for job in asked for act in acts], f"account:{key} was not done in order"
    overlaps = sum(1 for one, two in pairwise(entries) if one.act == two.act == "test.begun")
    assert overlaps, "different keys never ran at the same time"


def context_on(engine: Engine, clock: Callable[[], datetime]) -> Context:
    url = engine.url.render_as_string(hide_password=False)
    return make_context(
        Settings(database_url=url, secret_keys=("for tests alone " * 3,), audit_keys=(AUDIT_KEY,)), clock=clock
    )


def test_a_job_that_no_worker_lives_through_is_given_up_in_sight(each_engine: Engine) -> None:
    queue = Queue(each_engine)
    queue.ask("account:1")
    for _ in range(jobs.TRIES):
        queue.taken()
        queue.now += jobs.LEASE
    context = context_on(each_engine, lambda: queue.now)
    calls: list[int] = []
    drain(context, queue.now, {Effect.PROVISION: lambda _context, job: calls.append(job.id)})
    context.engine.dispose()
    (row,) = queue.rows()
    assert row.state == "failed" and "lost" in row.error and calls == []
    (entry,) = queue.entries("job.failed")
    assert entry.thing == "job" and entry.thing_id == row.id


def test_old_jobs_go_with_the_duties_of_a_new_day(each_engine: Engine) -> None:
    queue = Queue(each_engine)
    queue.ask("account:1")
    assert queue.finish(queue.taken())
    context = context_on(each_engine, lambda: queue.now)
    worker = Worker(context)
    for days, left in ((29, 1), (2, 0)):
        queue.now += timedelta(days=days)
        worker.see_to_duties()
        assert queue.count("done") == left
    context.engine.dispose()
