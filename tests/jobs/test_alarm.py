"""An idle worker is woken by a new job on PostgreSQL, and looks again by itself on both."""

import threading
import time

import pytest
from sqlalchemy import Engine, text

from portal.jobs.alarm import Alarm
from tests.jobs.queueing import Queue

LONG = 60.0


def waiting(alarm: Alarm, seconds: float) -> threading.Thread:
    """A thread that waits; it is alive as long as it does."""
    thread = threading.Thread(target=alarm.wait, args=(threading.Event(), seconds), daemon=True)
    thread.start()
    return thread


@pytest.fixture
def listening(postgres_engine: Engine) -> Alarm:
    alarm = Alarm(postgres_engine)
    alarm.wait(threading.Event(), LONG)  # the first time opens the line and returns at once
    return alarm


def awake(thread: threading.Thread) -> bool:
    thread.join(LONG / 3)
    return not thread.is_alive()


def test_a_new_job_wakes_the_worker(listening: Alarm, postgres_engine: Engine) -> None:
    sleeper = waiting(listening, LONG)
    Queue(postgres_engine).ask("account:1")
    assert awake(sleeper)
    listening.close()


def test_many_new_jobs_wake_it_once(listening: Alarm, postgres_engine: Engine) -> None:
    queue = Queue(postgres_engine)
    for number in range(20):
        queue.ask(f"account:{number}")
    assert awake(waiting(listening, LONG))
    sleeper = waiting(listening, 3 * LONG)
    sleeper.join(0.5)
    assert sleeper.is_alive()
    queue.ask("one more")
    assert awake(sleeper)
    listening.close()


def test_a_line_that_is_cut_is_laid_anew(listening: Alarm, postgres_engine: Engine) -> None:
    with postgres_engine.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"))
    for _ in range(2):  # one finds it cut, one lays it
        listening.wait(threading.Event(), 0.01)
    sleeper = waiting(listening, LONG)
    Queue(postgres_engine).ask("account:1")
    assert awake(sleeper)
    listening.close()


def test_without_new_jobs_it_waits_as_long_as_it_is_told_and_no_longer(each_engine: Engine) -> None:
    alarm = Alarm(each_engine)
    alarm.wait(threading.Event(), 0.0)
    began = time.monotonic()
    alarm.wait(threading.Event(), 0.3)
    assert time.monotonic() - began >= 0.25
    alarm.close()
