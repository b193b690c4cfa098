"""What holds for the queue on PostgreSQL alone: two transactions at once, Procrastinate's workers, the planner."""

from sqlalchemy import Engine, text

from portal import jobs
from tests.jobs.queueing import Queue
from workflows.vocabulary import Effect


def test_a_job_is_there_when_its_transaction_ends_and_not_before(postgres_engine: Engine) -> None:
    queue = Queue(postgres_engine)
    with queue.change() as session:
        jobs.enqueue(session, Effect.MAIL, key="one", now=queue.now)
        assert queue.take() is None
    assert queue.taken().key == "one"


def test_nothing_is_left_of_attempts_that_ended(postgres_engine: Engine) -> None:
    """Each attempt registers as a worker of Procrastinate's; the number of those rows is that of the jobs that run."""
    queue = Queue(postgres_engine)
    for number in range(4):
        queue.ask(f"account:{number}")
    queue.finish(queue.taken())
    queue.fail(queue.taken())
    queue.fail(queue.taken(), tries=1)
    queue.taken()
    queue.now += jobs.LEASE
    while queue.take():
        pass
    with queue.change() as session:
        assert session.scalar(text("SELECT count(*) FROM procrastinate_workers")) == queue.count("running") == 2


def test_a_planner_without_statistics_does_not_read_the_whole_queue_to_take_one(postgres_engine: Engine) -> None:
    queue = Queue(postgres_engine)
    queue.ask("membership:0", effect=Effect.RECONSIDER)
    with queue.change() as session:
        session.execute(text("ANALYZE procrastinate_jobs"))  # after a quiet night, before the sweep of a large Lead
        session.execute(text(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args) "
            "SELECT queue_name, task_name, 'membership:' || n, 'reconsider membership:' || n, args "
            "FROM procrastinate_jobs, generate_series(1, 10000) n"
        ))  # fmt: skip
    touched = text(
        "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'procrastinate_jobs' AND schemaname = 'public'"
    )
    with queue.change() as session:
        before = session.scalar(touched)
        assert jobs.claim(session, now=queue.now)
        assert session.scalar(touched) - before < 50
