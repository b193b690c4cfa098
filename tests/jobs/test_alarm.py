"""An idle worker is woken by a new job on PostgreSQL, and looks again by itself on both."""

import fcntl
import sys
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine, text

from portal.jobs.alarm import CHANNEL, Alarm
from tests.jobs.queueing import Queue

LONG = 60.0


@dataclass
class Sleeper:
    """An alarm, and threads that wait with it one after the other; each is alive as long as it waits."""

    engine: Engine
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alarm = Alarm(self.engine)

    def waits(self, seconds: float) -> threading.Thread:
        thread = threading.Thread(target=self.alarm.wait, args=(self.stop, seconds), daemon=True)
        thread.start()
        self.threads.append(thread)
        return thread

    def told(self, times: int) -> None:
        """PostgreSQL tells of that many new jobs; returns when all of it lies unread at this end of the line."""
        with self.engine.begin() as connection:
            tell = text("SELECT pg_notify(:channel, lpad(n::text, 9, '0')) FROM generate_series(1, :times) n")
            connection.execute(tell, {"channel": CHANNEL, "times": times}).all()
        assert self.alarm._line is not None
        line = self.alarm._line.connection.driver_connection
        each = 1 + 4 + 4 + len(CHANNEL) + 1 + 9 + 1  # kind, length, sender, and two texts that end with a zero
        ends, unread = time.monotonic() + LONG, bytearray(4)
        while int.from_bytes(unread, sys.byteorder) < times * each:
            assert time.monotonic() < ends, "it does not arrive"
            time.sleep(0.02)
            fcntl.ioctl(line.fileno(), termios.FIONREAD, unread)

    def close(self) -> None:
        """Gets up whoever still waits: a test that failed must not leave a connection behind for another one."""
        self.stop.set()
        if any(thread.is_alive() for thread in self.threads):
            Queue(self.engine).ask("time to get up")
        for thread in self.threads:
            thread.join(LONG / 3)
        self.alarm.close()


@pytest.fixture
def listening(postgres_engine: Engine) -> Iterator[Sleeper]:
    sleeper = Sleeper(postgres_engine)
    sleeper.alarm.wait(sleeper.stop, LONG)  # the first time opens the line and returns at once
    yield sleeper
    sleeper.close()


def awake(thread: threading.Thread) -> bool:
    thread.join(LONG / 3)
    return not thread.is_alive()


def test_a_new_job_wakes_the_worker(listening: Sleeper, postgres_engine: Engine) -> None:
    sleeper = listening.waits(LONG)
    Queue(postgres_engine).ask("account:1")
    assert awake(sleeper)


def test_many_new_jobs_wake_it_once(listening: Sleeper, postgres_engine: Engine) -> None:
    listening.told(1000)  # the driver takes them up by a few hundred at a time
    assert awake(listening.waits(LONG))
    sleeper = listening.waits(3 * LONG)
    sleeper.join(0.5)
    assert sleeper.is_alive()
    Queue(postgres_engine).ask("one more")
    assert awake(sleeper)


def test_a_line_that_is_cut_is_laid_anew(listening: Sleeper, postgres_engine: Engine) -> None:
    # In this database alone: on the same server, other tests listen at the same time.
    ours = "datname = current_database() AND query LIKE 'LISTEN%'"
    with postgres_engine.begin() as connection:
        cut = connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")).all()
    assert len(cut) == 1
    for _ in range(2):  # one finds it cut, one lays it
        listening.alarm.wait(listening.stop, 0.01)
    sleeper = listening.waits(LONG)
    Queue(postgres_engine).ask("account:1")
    assert awake(sleeper)


def test_without_new_jobs_it_waits_as_long_as_it_is_told_and_no_longer(each_engine: Engine) -> None:
    alarm = Alarm(each_engine)
    alarm.wait(threading.Event(), 0.0)
    began = time.monotonic()
    alarm.wait(threading.Event(), 0.3)
    assert time.monotonic() - began >= 0.25
    alarm.close()
