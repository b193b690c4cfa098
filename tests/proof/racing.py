"""Many at once: threads and processes that start at one moment, and the auditor who looks afterwards."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine

from portal.auditor import CoreAccount, Problem, audit
from portal.db import make_engine, transaction
from portal.services.people import grants
from tests.services.world import World

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0

Act = Callable[[], object]


def together(*acts: Act) -> list[Any]:
    """Starts all at one moment, each in a thread of its own; what they gave back, or the exception that ended them."""
    gate = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(n: int, act: Act) -> None:
        gate.wait()
        try:
            results[n] = act()
        except BaseException as error:
            results[n] = error

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return results


def reconsider(world: World, membership_id: int) -> Act:
    def act() -> object:
        with transaction(world.sessions) as session:
            said = grants.reconsider(session, membership_id=membership_id, now=world.now, policy=world.policy)
            return "nothing" if said is None else said.value

    return act


def problems(
    world: World, *, core: Sequence[CoreAccount] | None = None, grace: timedelta = timedelta(0)
) -> list[Problem]:
    """What the auditor finds, with nothing forgiven for being under way."""
    given = (world.policy.version, world.policy.text)
    return audit(world.engine, now=world.now, in_force=given, core_accounts=core, grace=grace).problems


def holes(world: World) -> list[Problem]:
    """Decisions that let somebody in although something was not met by then."""
    return [problem for problem in problems(world) if problem.check.startswith(("decision", "grant", "seat"))]


@contextmanager
def wide(url: str, at_once: int) -> Iterator[Engine]:
    """An engine with a connection for everybody: waiting for one would put the racers in line."""
    engine = make_engine(url, pool_size=at_once, max_overflow=5)
    try:
        yield engine
    finally:
        engine.dispose()


def in_processes(url: str, now: datetime, shares: Sequence[Sequence[int]]) -> list[str]:
    """Reconsiders each share of memberships in a process of its own, a thread for each; what came of all of them."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.proof.racer"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in shares
    ]  # fmt: skip
    try:
        for racer, share in zip(racers, shares, strict=True):
            assert racer.stdin and racer.stdout
            racer.stdin.write(json.dumps({"url": url, "now": now.isoformat(), "memberships": list(share)}) + "\n")
            racer.stdin.flush()
        for racer in racers:
            assert racer.stdout and racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin
            racer.stdin.write("go\n")
            racer.stdin.flush()
        return [word for racer in racers for word in json.loads(racer.communicate(timeout=PATIENCE)[0])]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()


def locks_waited_for(url: str) -> int:
    """How many PostgreSQL sessions wait for somebody's lock at this moment."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        with engine.connect() as connection:
            return connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).scalar_one()
    finally:
        engine.dispose()
