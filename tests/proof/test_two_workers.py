"""Two workers and one account: the core HMIS is never told two things at once, and in the end it is told the last one."""

import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from portal.db import utc_now
from portal.effects.registry import HANDLERS
from portal.models import Account, Membership
from portal.worker import Worker
from tests.proof.core import Core
from tests.proof.racing import PATIENCE, problems, wide
from tests.services.world import World
from workflows.vocabulary import About, Effect, Kind


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with wide(database_url, 6) as engine:
        yield World(engine, now=utc_now() - timedelta(seconds=1))


@contextmanager
def two_workers(world: World, core: Core, *, lease: float) -> Iterator[None]:
    """In threads of their own, by the real clock; mail has tests of its own."""
    context = dataclasses.replace(world.context, clock=utc_now, core_hmis=core)
    handlers = {**HANDLERS, Effect.MAIL: lambda _context, _job: None}
    stop = threading.Event()
    workers = [Worker(context, handlers, lease=timedelta(seconds=lease)) for _ in range(2)]
    threads = [threading.Thread(target=w.run, args=(stop,), kwargs={"idle": 0.02}, daemon=True) for w in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)


def settled(world: World, member: Membership, *, live: bool) -> None:
    """Waits until the account is what its grant says and nothing is on its way."""
    wanted = ("active", "live") if live else ("suspended", "suspended")
    until = time.monotonic() + PATIENCE
    seen = ("", "")
    while time.monotonic() < until:
        world.now = utc_now()
        if world.count(Account):
            seen = (world.account_of(member).status, world.status(member))
        if seen == wanted and not _under_way(world):
            return
        time.sleep(0.05)
    raise AssertionError(f"{seen} instead of {wanted}: {_under_way(world)}")


def _under_way(world: World) -> int:
    from portal import jobs
    from portal.db import reading

    with reading(world.sessions) as session:
        counts = jobs.overview(session, now=utc_now())
    return counts["running"] + (counts["oldest_seconds"] > 0)


def flip(world: World, member: Membership) -> None:
    world.now = utc_now()
    world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)


def lift(world: World, member: Membership) -> None:
    world.now = utc_now()
    assert world.withdraw(Kind.SANCTION, About.PERSON, member.person_id) == 1


def test_two_workers_never_tell_the_core_hmis_about_one_account_at_once(world: World) -> None:
    core, member = Core(), world.ready(world.agency())
    with two_workers(world, core, lease=60):
        settled(world, member, live=True)
        for n in range(12):
            (lift if n % 2 else flip)(world, member)
            time.sleep(0.01 * (n % 5))
        flip(world, member)
        settled(world, member, live=False)
        lift(world, member)
        settled(world, member, live=True)
    assert core.together == 0
    assert [version for _, version in core.told] == sorted(version for _, version in core.told), core.told
    assert len(core.accounts) == 1
    assert problems(world, core=core.listed) == []


def test_a_worker_that_sleeps_through_its_lease_undoes_nothing(world: World) -> None:
    core, member = Core(), world.ready(world.agency())
    with two_workers(world, core, lease=1):
        settled(world, member, live=True)
        core.takes = [3.5]  # the first call about the sanction hangs; the other worker takes over and is done before it
        flip(world, member)
        settled(world, member, live=False)
        core.takes = [3.5]
        lift(world, member)
        settled(world, member, live=True)
        time.sleep(4)
        settled(world, member, live=True)
    assert len(core.accounts) == 1 and [each.active for each in core.listed] == [True]
    assert problems(world, core=core.listed) == []
