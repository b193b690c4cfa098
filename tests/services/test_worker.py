"""The worker: killed, late, doubled or failing, it leaves exactly one of everything; and what it does by itself."""

import dataclasses
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select

from portal import jobs, worker
from portal.adapters.core_hmis.port import AccountOrder, CoreHMISError, Outcome
from portal.db import transaction
from portal.effects import provision, reconsider
from portal.effects.registry import HANDLERS
from portal.models import Account, AuditEntry, Decision, Grant, Handover, Job, Membership, WorkOrder
from portal.services import daily, evidence
from portal.services.people import grants
from portal.wiring import Context
from portal.worker import Worker, drain
from tests.services.world import World
from workflows.vocabulary import About, Effect, Kind


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


class Killed(BaseException):
    """What SIGKILL leaves behind: nothing after it runs."""


def claim(world: World, effect: Effect) -> jobs.Job:
    """The job of that effect, as a worker has it that took it; what else waits is put off to tomorrow."""
    with world.change() as session:
        others = list(session.scalars(select(Job).where(Job.state == "waiting", Job.effect != effect.value)))
        for other in others:
            session.execute(delete(Job).where(Job.id == other.id))
            jobs.enqueue(
                session,
                Effect(other.effect),
                key=other.key,
                now=world.now,
                payload=other.payload,
                run_at=world.now + timedelta(days=1),
            )
    with world.change() as session:
        job = jobs.claim(session, now=world.now)
        assert job is not None and job.effect == effect.value
    return job


def issued(world: World) -> Membership:
    """A member whom the portal has let in; the core HMIS has not been told."""
    member = world.ready(world.agency())
    with world.change() as session:
        grants.reconsider(session, membership_id=member.id, now=world.now, policy=world.policy)
    assert world.status(member) == "live"
    return member


class Counting:
    """A core HMIS with an API: it does what it is told at once, or dies just before or after, as asked."""

    def __init__(self, world: World):
        self.world, self.made, self.calls, self.fault = world, {}, 0, ""  # type: ignore[var-annotated]

    def __getattr__(self, act: str) -> Callable[[AccountOrder], Outcome]:
        def answer(order: AccountOrder) -> Outcome:
            self.calls += 1
            if self.fault == "down":
                raise CoreHMISError("The core HMIS does not answer.")
            self.made.setdefault(order.external_id, set()).add((act, order.version))
            if self.fault == "killed":
                raise Killed
            return Outcome(True, order.user_id, "Api99Password" if act == "ensure" else None)

        return answer


def test_a_worker_killed_between_call_and_result_leaves_one_order(world: World) -> None:
    member = issued(world)
    real = world.context.core_hmis

    class Dying:
        def ensure(self, order: AccountOrder) -> Outcome:
            real.ensure(order)
            raise Killed

    job = claim(world, Effect.PROVISION)
    with pytest.raises(Killed):
        provision.handle(dataclasses.replace(world.context, core_hmis=Dying()), job)  # type: ignore[arg-type]
    assert world.orders(member) == [("ensure", "open")]
    world.drain()
    assert (
        world.orders(member) == [("ensure", "open")] and world.count(Job, Job.id == job.id, Job.state == "running") == 1
    )
    world.now += jobs.LEASE
    world.drain()
    assert world.orders(member) == [("ensure", "open")] and world.count(Job, Job.id == job.id, Job.state == "done") == 1


def test_a_worker_killed_before_its_call_is_followed_by_another(world: World) -> None:
    member = issued(world)
    claim(world, Effect.PROVISION)
    world.now += jobs.LEASE
    world.drain()
    assert world.orders(member) == [("ensure", "open")]


def test_an_api_that_is_killed_after_it_made_the_account_is_asked_again_and_makes_no_second(world: World) -> None:
    member = issued(world)
    api = Counting(world)
    api.fault = "killed"
    world.context = dataclasses.replace(world.context, core_hmis=api)  # type: ignore[arg-type]
    with pytest.raises(Killed):
        world.drain()
    api.fault = ""
    world.now += jobs.LEASE
    world.drain()
    assert api.calls == 2 and list(api.made.values()) == [{("ensure", 2)}]
    assert world.account_of(member).status == "active" and world.count(Handover) == 1
    assert world.count(Job, Job.key.like("welcome:%")) == 1


def test_a_lease_that_ran_out_commits_nothing(world: World) -> None:
    """The first worker slept through its lease; the second did the work; what the first brings home is dropped."""
    member = issued(world)
    api = Counting(world)
    world.context = dataclasses.replace(world.context, core_hmis=api)  # type: ignore[arg-type]
    late = claim(world, Effect.PROVISION)
    slept = world.now
    world.now += jobs.LEASE
    world.drain()
    assert world.account_of(member).status == "active"
    decisions, entries = world.count(Decision), world.count(AuditEntry)
    provision.handle(world.context, late)
    reconsider.handle(world.context, jobs.Job(id=late.id, key=f"membership:{member.id}", lease=late.lease))
    with world.change() as session:
        assert not jobs.finish(session, late, now=slept)
    assert api.calls == 1 and (world.count(Decision), world.count(AuditEntry)) == (decisions, entries)


def test_a_result_that_comes_after_the_lease_is_not_written(world: World) -> None:
    member = issued(world)

    class Slow(Counting):
        def __getattr__(self, act: str) -> Callable[[AccountOrder], Outcome]:
            def answer(order: AccountOrder) -> Outcome:
                with world.change() as session:  # meanwhile another worker took the job over
                    taken = jobs.claim(session, now=world.now + jobs.LEASE)
                    assert taken is not None and taken.id == job.id
                return Outcome(True, order.user_id, "Api99Password")

            return answer

    job = claim(world, Effect.PROVISION)
    provision.handle(dataclasses.replace(world.context, core_hmis=Slow(world)), job)  # type: ignore[arg-type]
    assert world.account_of(member).status == "ordered" and world.count(Handover) == 0


def test_the_gate_is_asked_again_just_before_the_call(world: World) -> None:
    member = issued(world)
    api = Counting(world)
    world.context = dataclasses.replace(world.context, core_hmis=api)  # type: ignore[arg-type]
    job = claim(world, Effect.PROVISION)
    with world.change() as session:
        evidence.record(
            session,
            actor=world.desk,
            now=world.now,
            kind=Kind.SANCTION,
            about=About.PERSON,
            subject_id=member.person_id,
            detail="suspension",
            valid_from=world.today,
        )
    provision.handle(world.context, job)
    assert api.calls == 0 and world.status(member) == "suspended"


def test_a_call_that_fails_is_tried_again_later_and_given_up_in_sight(world: World) -> None:
    member = issued(world)
    api = Counting(world)
    api.fault = "down"
    world.context = dataclasses.replace(world.context, core_hmis=api)  # type: ignore[arg-type]
    waits = []
    for _ in range(jobs.TRIES):
        world.drain()
        with world.look() as session:
            row = session.scalars(select(Job).where(Job.effect == Effect.PROVISION.value)).one()
        waits.append((row.run_at - world.now).total_seconds())
        world.now = max(world.now, row.run_at)
    assert api.calls == jobs.TRIES and waits[:3] == [10, 20, 40] and row.state == "failed"
    with world.look() as session:
        (failed,) = jobs.list_failed(session)
        assert "CoreHMISError: The core HMIS does not answer." in failed.error
        assert session.scalars(select(AuditEntry).where(AuditEntry.act == "job.failed")).one().thing_id == failed.id
    api.fault = ""
    with world.change() as session:
        assert jobs.retry(session, failed.id, now=world.now)
    world.drain()
    assert world.account_of(member).status == "active"


def test_one_job_that_fails_does_not_hold_up_the_others(world: World) -> None:
    def broken(_context: Any, _job: jobs.Job) -> None:
        raise ValueError("broken")

    members = [world.ready(world.agency()) for _ in range(2)]
    with world.change() as session:
        jobs.enqueue(session, Effect.MAIL, key="broken", now=world.now - timedelta(hours=1))
    done = drain(world.context, handlers={**HANDLERS, Effect.MAIL: broken})
    assert done > 3 and {world.status(member) for member in members} == {"live"}


def test_jobs_about_one_account_run_one_after_the_other(world: World) -> None:
    issued(world)
    running = claim(world, Effect.PROVISION)
    with world.change() as session:
        jobs.enqueue(session, Effect.PROVISION, key=running.key, now=world.now)
        assert jobs.claim(session, now=world.now) is None
    with world.change() as session:
        assert jobs.finish(session, running, now=world.now)
        following = jobs.claim(session, now=world.now)
        assert following is not None and following.key == running.key


def test_a_core_hmis_that_made_another_user_id_is_believed(world: World) -> None:
    member = issued(world)

    class Renaming(Counting):
        def ensure(self, order: AccountOrder) -> Outcome:
            return Outcome(True, "renamed1", "Api99Password")

    world.context = dataclasses.replace(world.context, core_hmis=Renaming(world))  # type: ignore[arg-type]
    world.drain()
    assert world.account_of(member).user_id == "renamed1"


def test_four_workers_share_the_work_and_double_nothing(world: World) -> None:
    members = [world.ready(world.agency(licences_=2)) for _ in range(8)]
    handlers = {**HANDLERS, Effect.MAIL: lambda _context, _job: None}

    def work() -> None:
        one = Worker(world.context, handlers)
        idle = 0
        while idle < 20:
            idle = 0 if one.run_once() else idle + 1
            if idle:
                threading.Event().wait(0.02)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {world.status(member) for member in members} == {"live"}
    assert world.count(Grant) == world.count(Account) == world.count(WorkOrder) == 8
    assert world.count(Job, Job.state.in_(["waiting", "running", "failed"]), Job.run_at <= world.now) == 0


def test_many_are_reconsidered_by_a_job_each_and_a_lost_worker_costs_one_of_them(world: World) -> None:
    agency = world.agency(licences_=12)
    members = [world.ready(agency) for _ in range(12)]
    with world.change() as session:
        session.execute(delete(Job))
        jobs.enqueue(session, Effect.RECONSIDER, key=f"agency:{agency.id}", now=world.now)
    died: list[str] = []

    def deadly(context: Context, job: jobs.Job) -> None:
        if job.key not in died:
            died.append(job.key)
            raise Killed
        reconsider.handle(context, job)

    worker = Worker(
        world.context, {**HANDLERS, Effect.RECONSIDER: deadly, Effect.PROVISION: lambda _context, _job: None}
    )
    for _ in range(200):
        with suppress(Killed):
            if not worker.run_once():
                world.now += jobs.LEASE
    assert len(died) == 13
    assert {world.status(member) for member in members} == {"live"}
    assert world.count(Job, Job.state == "failed") == 0


def test_who_lost_a_job_about_many_hands_out_nothing(world: World) -> None:
    agency = world.agency()
    members = [world.ready(agency) for _ in range(3)]
    world.drain()
    with world.change() as session:
        jobs.enqueue(session, Effect.RECONSIDER, key=f"agency:{agency.id}", now=world.now)
    late = claim(world, Effect.RECONSIDER)
    world.now += jobs.LEASE
    again = claim(world, Effect.RECONSIDER)
    reconsider.handle(world.context, late)
    assert waiting(world) == []
    reconsider.handle(world.context, again)
    assert waiting(world) == [f"membership:{member.id}" for member in members]


def test_an_office_concerns_the_whole_agency(world: World) -> None:
    agency = world.agency()
    one, two = world.ready(agency), world.ready(agency)
    admin, user = world.member(agency), world.member(agency)
    world.drain()
    world.record(Kind.ROLE, About.MEMBERSHIP, user.id, detail="end_user")
    assert waiting(world) == [f"membership:{user.id}"]
    world.drain()
    world.record(Kind.ROLE, About.MEMBERSHIP, admin.id, detail="agency_admin")
    assert waiting(world) == [f"agency:{agency.id}"]
    with world.look() as session:
        assert grants.concerned(session, f"agency:{agency.id}") == [one.id, two.id]


def waiting(world: World) -> list[str]:
    """The keys of the reconsiderations that are due, in the order in which they will be claimed."""
    with world.look() as session:
        due = select(Job.key).where(
            Job.effect == Effect.RECONSIDER.value, Job.state == "waiting", Job.run_at <= world.now
        )
        return list(session.scalars(due.order_by(Job.run_at, Job.id)))


# --- what comes due by itself


def test_the_sweep_asks_only_for_those_whose_standing_changed(world: World) -> None:
    agency = world.agency()
    stays, lapses, waits = world.ready(agency), world.ready(agency), world.ready(agency)
    world.withdraw(Kind.TRAINING, About.PERSON, lapses.person_id, "security")
    world.record(
        Kind.TRAINING,
        About.PERSON,
        lapses.person_id,
        detail="security",
        value=9000,
        valid_from=world.today - timedelta(360),
    )
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, waits.id)
    world.let_in(stays)
    world.confirm(lapses)

    def sweep() -> list[int]:
        with world.change() as session:
            return daily.sweep(session, now=world.now, policy=world.policy)

    assert sweep() == []
    world.now += timedelta(days=8)
    assert sweep() == [lapses.id]
    world.drain()
    assert world.status(lapses) == "suspended" and sweep() == []
    world.record(Kind.TRAINING, About.PERSON, lapses.person_id, detail="security", value=9000, valid_from=world.today)
    assert sweep() == [lapses.id]
    world.record(Kind.USER_AGREEMENT, About.MEMBERSHIP, waits.id, valid_from=world.today)
    assert sweep() == [lapses.id, waits.id]
    world.drain()
    assert (world.status(stays), world.status(lapses), world.status(waits)) == (
        "live",
        "live",
        "live",
    ) and sweep() == []


def test_duties_come_every_five_minutes_and_the_sweep_once_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(worker.handover, "drop_expired", lambda _s, *, now: done.append("drop"))
    monkeypatch.setattr(worker.work_orders, "alarm_overdue", lambda _s, *, now, policy: done.append("alarm"))
    monkeypatch.setattr(worker.daily, "sweep", lambda _s, *, now, policy: done.append("sweep"))
    one = Worker(world.context)
    for minutes in (0, 1, 4, 5, 24 * 60):
        world.now = datetime(2026, 11, 23, 15, 0) + timedelta(minutes=minutes)
        one.see_to_duties()
    assert done == ["drop", "alarm", "sweep", "drop", "alarm", "drop", "alarm", "sweep"]


def test_the_worker_runs_until_it_is_told_to_stop_and_survives_a_database_that_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = world.ready(world.agency())
    one, stop, tries = Worker(world.context, {**HANDLERS, Effect.MAIL: lambda _c, _j: None}), threading.Event(), []
    real = one.run_once

    def sometimes_away() -> bool:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("the database is away")
        return real()

    monkeypatch.setattr(one, "run_once", sometimes_away)
    thread = threading.Thread(target=one.run, args=(stop,), kwargs={"idle": 0.01})
    thread.start()
    deadline = 400
    while not (orders := world.orders(member)) and deadline:
        deadline -= 1
        stop.wait(0.02)
    stop.set()
    thread.join(10)
    assert not thread.is_alive() and orders == [("ensure", "open")] and len(tries) > 3


def test_every_effect_has_a_handler() -> None:
    assert set(HANDLERS) == set(Effect)


def test_a_queue_that_feeds_itself_is_stopped(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(engine)
    monkeypatch.setattr(worker, "_MOST", 5)

    def again(context: Any, job: jobs.Job) -> None:
        with transaction(context.sessions) as session:
            jobs.enqueue(session, Effect.MAIL, key=job.key, now=context.clock())

    world.drain()
    with world.change() as session:
        jobs.enqueue(session, Effect.MAIL, key="endless", now=world.now)
    with pytest.raises(RuntimeError, match="asks for itself again"):
        drain(world.context, world.now, {**HANDLERS, Effect.MAIL: again})
