"""Killed at every single statement on the way from the last evidence to the account: nothing half-done, nothing lost."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from portal.effects.registry import HANDLERS
from portal.models import AccessRequest, Account, Agency, Decision, Grant, Job, Membership, Seat
from portal.worker import Worker
from tests.proof.core import Core
from tests.proof.racing import holes, problems, reconsider
from tests.services.world import World
from workflows.vocabulary import About, Effect, Kind

TABLES = (Grant, Account, Decision, Seat, Job)
PER_AGENCY = 8


class Killed(BaseException):
    """What SIGKILL leaves behind: nothing after it runs."""


@contextmanager
def killed_at(engine: Engine, nth: int) -> Iterator[list[int]]:
    """Ends whatever runs inside just before its nth statement; the list says how many there were."""
    seen = [0]

    def count(*_args: Any) -> None:
        seen[0] += 1
        if seen[0] == nth:
            raise Killed

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", count)


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def counted(world: World) -> dict[str, int]:
    return {table.__tablename__: world.count(table) for table in TABLES}


def test_issuing_is_whole_or_not_at_all_wherever_it_is_killed(world: World) -> None:
    """One and the same person: each kill must leave everything as it was."""
    member = world.ready(world.agency())
    act, nth = reconsider(world, member.id), 0
    before = counted(world)
    while True:
        nth += 1
        with killed_at(world.engine, nth):
            try:
                said = act()
            except Killed:
                said = None
        if said is not None:
            break
        assert counted(world) == before, f"killed before statement {nth}"
    assert (said, nth > 20) == ("permitted", True)
    assert holes(world) == []
    assert {p.check for p in problems(world)} <= {"job-late"}


def test_the_way_to_the_account_survives_a_kill_at_some_statements(world: World) -> None:
    every_so_often(world, step=11)


@pytest.mark.proof
def test_the_way_to_the_account_survives_a_kill_at_every_statement(world: World) -> None:
    every_so_often(world, step=1)


def every_so_often(world: World, *, step: int) -> None:
    """For every nth statement somebody new is let in, by a worker that dies there and one that comes after its lease."""
    core, agency, nth = Core(takes=[0.0] * 100_000), None, 1
    work(world, core)
    while True:
        if nth // step % PER_AGENCY == 0 or agency is None:
            agency = world.agency(licences_=PER_AGENCY + 1)
            work(world, core)
        member = somebody(world, agency, core)
        with killed_at(world.engine, nth):
            try:
                work(world, core)
                died = False
            except Killed:
                died = True
        world.now += timedelta(minutes=3)
        work(world, core)
        let_in_once(world, core, member, nth)
        if not died:
            break
        nth += step
    assert nth > 60
    assert problems(world, core=core.listed) == []


def somebody(world: World, agency: Agency, core: Core) -> Membership:
    """Ready but for one thing, which has just come: the worker has everything before it."""
    member = world.ready(agency, request=False)
    work(world, core)
    with world.change() as session:
        session.add(
            AccessRequest(
                membership_id=member.id, agency_id=agency.id, purpose="To enter intakes", access_level="case_manager_1",
                worker="staff", project_ids=[], start_on=world.today, requested_at=world.now,
            )
        )  # fmt: skip
    world.record(Kind.REQUEST, About.MEMBERSHIP, member.id)
    return member


def work(world: World, core: Core) -> None:
    handlers = {**HANDLERS, Effect.MAIL: lambda _context, _job: None}
    worker = Worker(dataclasses.replace(world.context, core_hmis=core), handlers)
    while worker.run_once():
        pass


def let_in_once(world: World, core: Core, member: Membership, nth: int) -> None:
    account = world.account_of(member)
    assert (world.status(member), account.status) == ("live", "active"), f"killed before statement {nth}"
    assert core.accounts[account.external_id][1:] == (True, account.user_id), f"killed before statement {nth}"
    assert len(core.accounts) == world.count(Account)
