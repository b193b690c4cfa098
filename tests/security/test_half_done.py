"""Whole or not at all: whichever of a service's many steps fails, not one row of any table is different afterwards."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal import audit, jobs
from portal.adapters import hmis_csv
from portal.db import Base
from portal.models import Agency, Evidence, Membership, Person, WorkOrder
from portal.services.agencies import directors, officers
from portal.services.desk import import_hmis, import_training, record_evidence, work_orders
from portal.services.people import departures, grants, people, requests
from portal.services.people.particulars import PersonFields
from tests.services.asking import admin_of, device_of, director_of, work
from tests.services.world import World
from workflows.vocabulary import About, Kind

SAMPLE = Path(__file__).parents[1] / "data" / "hmis-sample"
Step = Callable[[Any], Any]
MOST = 6


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


class Fault(Exception):
    """What nobody foresaw."""


def fingerprint(world: World) -> str:
    found = hashlib.sha256()
    with world.look() as session:
        for name, table in sorted(Base.metadata.tables.items()):
            found.update(
                f"{name}{[tuple(r) for r in session.execute(select(table).order_by(*table.primary_key))]}".encode()
            )
    return found.hexdigest()


def whole_or_not_at_all(world: World, monkeypatch: pytest.MonkeyPatch, act: Step, at_least: int) -> None:
    """Lets the act fail at entries of its record and at its jobs, from the first to the last, and at its very end; then lets it through."""
    before = fingerprint(world)
    for module, name in ((audit, "entry"), (jobs, "_queue")):
        with monkeypatch.context() as patched:
            steps = _fails_at(world, patched, module, name, act, 0)
        assert steps >= (at_least if name == "entry" else 1), f"{name}: {steps} steps"
        for failing in sorted({1, *range(2, steps, max(1, steps // MOST)), steps}):
            with monkeypatch.context() as patched:
                assert _fails_at(world, patched, module, name, act, failing) == failing
            assert fingerprint(world) == before, f"{name} number {failing} of {steps} left something behind"
    with world.change() as session:
        act(session)
    assert fingerprint(world) != before


def _fails_at(world: World, patched: pytest.MonkeyPatch, module: Any, name: str, act: Step, failing: int) -> int:
    """Carries the act out until its call of that number, or (0) to the end, and then lets it fail; how many calls there were."""
    real, called = getattr(module, name), []

    def fails(*args: Any, **kwargs: Any) -> Any:
        called.append(name)
        if len(called) == failing:
            raise Fault
        return real(*args, **kwargs)

    def to_the_end() -> None:
        with world.change() as session:
            act(session)
            session.flush()
            raise Fault

    patched.setattr(module, name, fails)
    with pytest.raises(Fault):
        to_the_end()
    return len(called)


def fields(number: int = 1) -> PersonFields:
    return PersonFields(first_name="Casey", last_name="Newcomer", email=f"casey{number}@example.org")


def test_a_request_with_a_replacement(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    agency = world.agency()
    leaver = world.ready(agency)
    world.let_in(leaver)
    asked = work(world, agency, device=device_of(world, agency))
    actor = admin_of(world, agency)

    def act(session: Any) -> None:
        requests.submit(
            session, agency=session.get_one(Agency, agency.id), work=asked, person=fields(), act="replace",
            replaces=session.get_one(Membership, leaver.id), actor=actor, now=world.now, policy=world.policy,
        )  # fmt: skip

    whole_or_not_at_all(world, monkeypatch, act, 15)


def test_a_departure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    agency = world.agency()
    leaver = world.ready(agency)
    world.let_in(leaver)
    actor = admin_of(world, agency)

    def act(session: Any) -> None:
        member = session.get_one(Membership, leaver.id)
        departures.deactivate(
            session, membership=member, reason="Left", actor=actor, now=world.now, policy=world.policy
        )

    whole_or_not_at_all(world, monkeypatch, act, 6)


def test_naming_the_officers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    agency = world.agency()
    actor = director_of(world, agency)

    def act(session: Any) -> None:
        officers.name_officers(
            session, agency=session.get_one(Agency, agency.id), admin=fields(1), security_officer=fields(2), actor=actor, now=world.now,
            policy=world.policy,
        )  # fmt: skip

    whole_or_not_at_all(world, monkeypatch, act, 12)


def test_inviting_a_director(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    agency = world.agency()

    def act(session: Any) -> None:
        directors.invite_director(
            session,
            agency=session.get_one(Agency, agency.id),
            person=fields(),
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )

    whole_or_not_at_all(world, monkeypatch, act, 3)


def test_confirming_a_work_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    member = world.ready(world.agency())
    world.drain()
    order, user_id = world.open_order(member), world.account_of(member).user_id

    def act(session: Any) -> None:
        work_orders.confirm(
            session, order=session.get_one(WorkOrder, order.id), actor=world.desk, now=world.now, policy=world.policy, keys=world.keys,
            typed_user_id=user_id + "2", really_made=user_id + "2", temporary_password="Harbor42Lights",
        )  # fmt: skip

    whole_or_not_at_all(world, monkeypatch, act, 4)


def test_issuing_access(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    member = world.ready(world.agency())

    def act(session: Any) -> None:
        grants.reconsider(session, membership_id=member.id, now=world.now, policy=world.policy)

    whole_or_not_at_all(world, monkeypatch, act, 4)


def test_importing_hmis_csv(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = hmis_csv.read(SAMPLE)

    def act(session: Any) -> None:
        import_hmis.import_reading(session, read, actor=world.desk, now=world.now, policy=world.policy)

    whole_or_not_at_all(world, monkeypatch, act, 3)


def test_importing_quiz_results(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    agency = world.agency()
    people_ = [world.member(agency) for _ in range(3)]
    with world.look() as session:
        emails = [session.get_one(Person, member.person_id).email for member in people_]
    lines = "".join(f"{email},security,9{number},100,2026-11-2{number},1\n" for number, email in enumerate(emails))
    data = f"email,course,score,max_score,taken_at,attempt\n{lines}stranger@example.org,security,90,100,2026-11-20,1\n".encode()

    def act(session: Any) -> None:
        report = import_training.import_file(
            session, data, "results.csv", actor=world.desk, now=world.now, policy=world.policy
        )
        assert report.changes, [problem.sentence for problem in report.problems]

    whole_or_not_at_all(world, monkeypatch, act, 4)


def test_a_new_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    member = world.ready(world.agency())
    world.let_in(member)

    def act(session: Any) -> None:
        people.change_name(
            session, person=session.get_one(Person, member.person_id), first_name="Another", last_name="Name", actor=world.desk, now=world.now,
            policy=world.policy,
        )  # fmt: skip

    whole_or_not_at_all(world, monkeypatch, act, 2)


def test_ending_evidence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Withdrawn and written again with an end: the one is never there without the other."""
    agency = world.agency()
    row = world.record(Kind.SANCTION, About.AGENCY, agency.id, detail="reprimand")

    def act(session: Any) -> None:
        record_evidence.end(
            session,
            row=session.get_one(Evidence, row.id),
            last_day=world.today,
            reason="Lifted",
            actor=world.admin,
            now=world.now,
        )

    whole_or_not_at_all(world, monkeypatch, act, 2)
