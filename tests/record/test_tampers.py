"""Row 17 of the table of attacks: the record edited, cut or rewritten is found each time, and an honest one never accused."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, select

from portal import audit, record_keeping
from portal.actors import PORTAL
from portal.audit import anchors, verifying
from portal.audit.verifying import Outcome
from portal.db import transaction
from portal.models import AuditEntry
from tests.record.tampering import WAYS, Forger, edit
from tests.services.world import World

LEAST = 300
TAMPERS = {"sqlite": 1000, "postgresql": 200}
HISTORIES = 100
ROOT = Path(__file__).parents[2]


def how_many(name: str, otherwise: int) -> int:
    return int(os.environ.get(f"PORTAL_PROOF_{name}", otherwise))


def history(engine: Engine) -> World:
    """Agencies, people and access as the services make them: more than 300 entries, anchored as they come."""
    world = World(engine)
    for _ in range(4):
        agency = world.agency()
        for _ in range(3):
            world.ready(agency)
            anchored(world)
        world.drain()
        anchored(world)
    return world


def anchored(world: World) -> None:
    assert record_keeping.anchor(world.sessions, world.context.settings, now=world.now)


def verified(connection: Connection, world: World) -> Outcome:
    settings = world.context.settings
    kept = anchors.read(settings.anchors, keys=settings.record_keys)
    return verifying.verify(connection, keys=settings.record_keys, anchors=kept)


@contextmanager
def without_triggers(engine: Engine) -> Iterator[Connection]:
    """A transaction in which nothing guards the record, taken back at its end."""
    with engine.connect() as connection, connection.begin() as change:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            triggers = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'"
            )
            for (name,) in triggers.all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        yield connection
        change.rollback()


def test_each_of_a_thousand_random_tampers_is_found(each_engine: Engine) -> None:
    found_each(each_engine, TAMPERS[each_engine.dialect.name])


@pytest.mark.proof
def test_each_of_ten_thousand_random_tampers_is_found(each_engine: Engine) -> None:
    found_each(each_engine, 10_000)


def found_each(engine: Engine, tampers: int) -> None:
    """Falsifies a real record so many times, each time taken back, and verifies it."""
    world = history(engine)
    path = world.context.settings.anchors
    kept = path.read_bytes()
    with engine.connect() as connection:
        honest = verified(connection, world)
        assert honest.sound and honest.entries > LEAST and honest.anchors > 3, honest
        assert len(kept.splitlines()) == honest.anchors
    seed = how_many("SEED", 17)
    rng, seen = random.Random(seed), set()
    for number in range(how_many("TAMPERS", tampers)):
        with without_triggers(engine) as connection:
            forger = Forger(connection, path, rng)
            said = forger.tamper()
            outcome = verified(connection, world)
        path.write_bytes(kept)
        assert not outcome.sound, f"tamper {number} of seed {seed} was not found: {said}"
        seen.add(said.partition(":")[0])
    assert seen == set(WAYS)
    with engine.connect() as connection:
        assert verified(connection, world) == honest, "what was taken back was reported"


def test_every_column_of_an_entry_is_sealed(each_engine: Engine) -> None:
    world = history(each_engine)
    path, rng = world.context.settings.anchors, random.Random(3)
    for name in AuditEntry.__table__.c.keys() * 3:
        with without_triggers(each_engine) as connection:
            forger = Forger(connection, path, rng)
            edit(forger, name)
            assert not verified(connection, world).sound, forger.done


def test_what_is_broken_is_named_with_its_number(each_engine: Engine) -> None:
    world = history(each_engine)

    def found(sql: str) -> Any:
        with without_triggers(each_engine) as connection:
            connection.exec_driver_sql(sql)
            (only,) = verified(connection, world).breaks
            return only.seq, only.kind

    assert found("UPDATE audit_entry SET said = 'x' WHERE seq = 40") == (40, "changed")
    assert found("UPDATE audit_entry SET mac = '' WHERE seq = 40") == (40, "changed")
    assert found("DELETE FROM audit_entry WHERE seq = 40") == (40, "missing")
    assert found("DELETE FROM audit_entry WHERE seq = 1") == (1, "missing")
    assert found("DELETE FROM audit_entry WHERE seq > 40") == (41, "cut")
    assert found("DELETE FROM audit_entry") == (1, "cut")
    assert found("UPDATE audit_entry SET key_id = 'x' WHERE seq = 40") == (40, "key")
    assert (
        found("UPDATE audit_entry SET seq = NULL, mac = '' WHERE seq = (SELECT max(seq) FROM audit_entry)")[1]
        == "earlier"
    )


def test_who_holds_the_key_is_found_by_an_anchor(each_engine: Engine) -> None:
    """All of it sealed again, rightly: only what was written down outside knows better."""
    world = history(each_engine)
    with without_triggers(each_engine) as connection:
        forger = Forger(connection, world.context.settings.anchors, random.Random(1))
        forger.fake = world.context.settings.record_keys
        WAYS["write_anew"](forger)
        settings = world.context.settings
        assert verifying.verify(connection, keys=settings.record_keys).sound, "the forger is to do it well"
        assert verified(connection, world).breaks[0].kind == "anchor"


def test_an_honest_history_is_never_accused(each_engine: Engine) -> None:
    never_accused(each_engine, HISTORIES)


@pytest.mark.proof
def test_a_long_honest_history_is_never_accused(each_engine: Engine) -> None:
    never_accused(each_engine, 1_000)


def never_accused(engine: Engine, rounds: int) -> None:
    """Rounds of writers at once, some of whom fail, half of them inside a savepoint; verified after each round."""
    world = World(engine)
    rng = random.Random(how_many("SEED", 29))
    expected = 0
    with ThreadPoolExecutor(4) as pool:
        for number in range(how_many("HISTORIES", rounds)):
            expected += sum(pool.map(lambda seed: act(world, seed), [rng.randrange(10**9) for _ in range(4)]))
            if number % 5 == 0:
                anchored(world)
            with engine.connect() as connection:
                outcome = verified(connection, world)
            assert outcome.sound, f"round {number}: {outcome.breaks}"
    with world.look() as session:
        there = session.scalar(select(func.count()).where(AuditEntry.act == "test.act"))
    assert there == expected


class Fails(Exception):
    """An act that does not come to its end."""


def act(world: World, seed: int) -> int:
    """A transaction with some entries, of which some are taken back with their savepoint or all with the whole; how many stay."""
    rng = random.Random(seed)
    stay = 0

    def put(session: Any) -> None:
        audit.record(
            session, actor=PORTAL, now=world.now, act="test.act", said=f"Zoë “{rng.random()}” \\ \n ünïcode",
            after={"n": rng.choice([1, 1.5, None, True, "é", [1, {"b": 2, "a": "\u2028"}]]), "z": rng.random()},
        )  # fmt: skip

    try:
        with transaction(world.sessions) as session:
            for _ in range(rng.randrange(1, 4)):
                if rng.random() < 0.5:
                    put(session)
                    stay += 1
                    continue
                back = rng.random() < 0.5
                try:
                    with session.begin_nested():
                        put(session)
                        with session.begin_nested():
                            put(session)
                        if back:
                            raise Fails
                        stay += 2
                except Fails:
                    pass
            if rng.random() < 0.2:
                raise Fails
    except Fails:
        return 0
    return stay


WRITER = """
import sys
from datetime import datetime
from portal import audit
from portal.actors import PORTAL
from portal.db import make_engine, make_sessionmaker, transaction
from portal.secrets import RecordKeys
engine = make_engine(sys.argv[1])
sessions = make_sessionmaker(engine, record_keys=RecordKeys([sys.argv[2]]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    with transaction(sessions) as session:
        for part in range(3):
            audit.record(session, actor=PORTAL, now=datetime(2026, 11, 23), act="test.act", said=f"{number} {part}")
"""


def test_two_processes_write_one_chain(each_engine: Engine) -> None:
    world = World(each_engine)
    anchored(world)
    times = 40
    key = world.context.settings.audit_keys[0]
    url = each_engine.url.render_as_string(hide_password=False)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, key, str(times)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in both:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=120)
        assert process.returncode == 0
    with each_engine.connect() as connection:
        outcome = verified(connection, world)
        numbers = connection.scalars(select(AuditEntry.seq).order_by(AuditEntry.seq)).all()
        ids = connection.scalars(select(AuditEntry.id).order_by(AuditEntry.seq)).all()
    assert outcome.sound and numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 2 * 3 * times
    assert ids == sorted(ids), "the order of ids is the order in which it happened: the auditor reads it so"
