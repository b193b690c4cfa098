"""Entries are sealed with their transaction: none without a key, none that was taken back, all under the key in force."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal import audit, record_keeping
from portal.actors import PORTAL, Actor
from portal.audit import form, verifying
from portal.audit.sealing import NotSealed
from portal.db import Sessions, make_sessionmaker, transaction
from portal.models import Agency, AuditEntry, Evidence, Person
from portal.secrets import RecordKeys
from tests.house.test_migrations import a_row_of
from tests.record.test_tampers import without_triggers
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import LEAD, About, Kind, Role

FIRST, SECOND, THIRD = (f"a key of the tests, number {n}, thirty-two long" for n in (1, 2, 3))


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def put(session: Any, said: str = "Something.", **more: Any) -> int:
    return audit.record(session, actor=PORTAL, now=World.now, act="test.act", said=said, **more)


def on_record(engine: Engine) -> list[str]:
    with make_sessionmaker(engine)() as session:
        return list(
            session.scalars(select(AuditEntry.said).where(AuditEntry.act == "test.act").order_by(AuditEntry.seq))
        )


def sound(engine: Engine, *keys: str) -> Any:
    with engine.connect() as connection:
        return verifying.verify(connection, keys=RecordKeys(keys))


def with_keys(engine: Engine, *keys: str) -> Sessions:
    return make_sessionmaker(engine, record_keys=RecordKeys(keys))


def test_a_transaction_is_sealed_at_once_and_in_order(world: World) -> None:
    with statements(world.engine) as said, world.change() as session:
        for number in range(5):
            put(session, f"{number}")
        audit.record_all(
            session, [audit.entry(actor=PORTAL, now=world.now, act="test.act", said=f"all {n}") for n in range(2)]
        )
        assert not [one for one in said if "audit_entry" in one], "nothing is written before the end"
    written = [one for one in said if "audit_entry" in one]
    assert len(written) == 2 and sum(one.lstrip().startswith("INSERT") for one in written) == 1, written
    assert on_record(world.engine) == ["0", "1", "2", "3", "4", "all 0", "all 1"]


def test_what_was_taken_back_is_not_on_record(each_engine: Engine) -> None:
    sessions = with_keys(each_engine, FIRST)
    with transaction(sessions) as session:
        put(session, "stays")
        not_whole, divided = pytest.raises(IntegrityError), pytest.raises(ZeroDivisionError)
        with not_whole, session.begin_nested():
            put(session, "goes with its savepoint")
            session.add(AuditEntry(**a_row_of(AuditEntry.__table__, {"actor_id": 999_999})))
            session.flush()
        with session.begin_nested():
            put(session, "stays, too")
            with divided, session.begin_nested():
                put(session, "goes")
                with session.begin_nested():
                    put(session, "goes with the one around it")
                raise ZeroDivisionError
        put(session, "last")
    with sessions() as session:
        put(session, "never committed")
        session.rollback()
        put(session, "committed by hand")
        session.commit()
        put(session, "closed")
    divided = pytest.raises(ZeroDivisionError)
    with divided, transaction(sessions) as session:
        put(session, "goes with all")
        raise ZeroDivisionError
    assert on_record(each_engine) == ["stays", "stays, too", "last", "committed by hand"]
    assert sound(each_engine, FIRST).sound


def test_no_record_no_act(each_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = with_keys(each_engine, FIRST)
    with transaction(sessions) as session:
        put(session)

    def fails(*_: Any) -> str:
        raise OSError("the key is on a disk that is gone")

    agency = {
        "name": "Sample House",
        "name_key": "sample house",
        "mandated_by": [],
        "cells": {},
        "entered_at": World.now,
    }
    with monkeypatch.context() as patched:
        patched.setattr(RecordKeys, "mac", fails)
        gone = pytest.raises(OSError, match="gone")
        with gone, transaction(sessions) as session:
            session.add(Agency(**agency))
            put(session, "never")
    without = pytest.raises(NotSealed, match="PORTAL_AUDIT_KEY")
    with without, transaction(with_keys(each_engine)) as session:
        session.add(Agency(**agency))
        put(session, "never")
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Agency)) == 0
    assert on_record(each_engine) == ["Something."]


def test_what_json_makes_of_a_value_is_what_is_sealed(each_engine: Engine) -> None:
    with transaction(with_keys(each_engine, FIRST)) as session:
        put(
            session,
            'é \u2028 “ \\ "',
            after={1: "a", "10": (1, 2), "z": None, "ü": 1.10, "n": 10**18},
            before={"b": {"d": 1, "c": 0.1 + 0.2}},
        )
        session.execute(text("SELECT 1"))
    assert sound(each_engine, FIRST).sound


def test_another_key_takes_over_and_says_so(each_engine: Engine) -> None:
    with transaction(with_keys(each_engine, FIRST)) as session:
        put(session, "one")
    with transaction(with_keys(each_engine, SECOND, FIRST)) as session:
        put(session, "two")
    assert sound(each_engine, FIRST, SECOND).sound, "the order of the keys does not matter to whoever verifies"
    with each_engine.connect() as connection:
        acts = connection.execute(select(AuditEntry.act, AuditEntry.key_id).order_by(AuditEntry.seq)).all()
    first, second = RecordKeys([FIRST]).active, RecordKeys([SECOND]).active
    assert [tuple(row) for row in acts] == [
        ("record.begin", first), ("test.act", first), ("record.key", second), ("test.act", second),
    ]  # fmt: skip
    for late in (
        (FIRST,),
        (FIRST, SECOND),
        (THIRD,),
    ):  # a process that was not started again, or with the keys the wrong way round
        with (
            pytest.raises(NotSealed, match="newest PORTAL_AUDIT_KEY first"),
            transaction(with_keys(each_engine, *late)) as session,
        ):
            put(session, "never")
    gone = sound(each_engine, SECOND)
    assert [(each.seq, each.kind) for each in gone.breaks] == [(1, "key")]
    with transaction(with_keys(each_engine, THIRD, SECOND)) as session:
        put(session, "three")
    assert sound(each_engine, THIRD, SECOND, FIRST).sound
    assert on_record(each_engine) == ["one", "two", "three"]


def test_a_key_that_was_left_seals_nothing_any_more(each_engine: Engine) -> None:
    """Whoever got hold of an old key can make seals with it that fit: they are found without any anchor."""
    first = RecordKeys([FIRST])
    for keys in ((FIRST,), (SECOND, FIRST)):
        with transaction(with_keys(each_engine, *keys)) as session:
            put(session, "one")
    with without_triggers(each_engine) as connection:
        *_, before, last = connection.execute(select(AuditEntry.__table__).order_by(AuditEntry.seq)).mappings()
        forged = dict(last) | {"said": "Another.", "key_id": first.active}
        mac = first.mac(first.active, form.sealed_bytes(before["mac"], forged | {"at": form.moment(forged["at"])}))
        values = {"said": "Another.", "key_id": first.active, "mac": mac}
        connection.execute(update(AuditEntry.__table__).where(AuditEntry.id == last["id"]).values(values))
        (found,) = verifying.verify(connection, keys=RecordKeys([SECOND, FIRST])).breaks
    assert (found.seq, found.kind) == (last["seq"], "key")


def test_the_key_of_the_portal_comes_from_its_settings(world: World) -> None:
    settings = world.context.settings
    assert settings.record_keys.active == RecordKeys([settings.audit_keys[0]]).active
    assert RecordKeys([settings.secret_keys[0]]).active in settings.record_keys, (
        "what a secret key sealed is still verified"
    )
    for secret in (*settings.audit_keys, *settings.record_keys.in_hex.values()):
        assert secret not in repr(settings)


def test_what_is_older_than_the_seals_is_covered_by_the_first(each_engine: Engine) -> None:
    older = [a_row_of(AuditEntry.__table__, {"id": n, "said": f"Older {n}", "after": {"n": n}}) for n in (3, 4, 9)]
    with each_engine.begin() as connection:
        connection.execute(insert(AuditEntry.__table__), older)
    with each_engine.connect() as connection:
        (unsealed,) = verifying.verify(connection, keys=RecordKeys([FIRST])).breaks
    assert unsealed.kind == "unsealed"
    sessions = with_keys(each_engine, FIRST)
    if each_engine.dialect.name == "postgresql":
        with each_engine.begin() as connection:
            connection.exec_driver_sql("SELECT setval(pg_get_serial_sequence('audit_entry', 'id'), 9)")
    with transaction(sessions) as session:
        assert audit.begin(session, now=World.now)
    with transaction(sessions) as session:
        assert not audit.begin(session, now=World.now)
        put(session)
    outcome = sound(each_engine, FIRST)
    assert outcome.sound and (outcome.entries, outcome.earlier, outcome.last) == (5, 3, 2)
    with each_engine.begin() as connection:
        connection.execute(
            insert(AuditEntry.__table__), [a_row_of(AuditEntry.__table__, {"id": 2, "said": "Older still"})]
        )
    assert [each.kind for each in sound(each_engine, FIRST).breaks] == ["earlier"]


def test_verifying_can_begin_later(world: World) -> None:
    world.agency()
    settings = world.context.settings
    assert record_keeping.anchor(world.sessions, settings, now=world.now)
    whole = record_keeping.verified(world.engine, settings)
    part = record_keeping.verified(world.engine, settings, since=10)
    assert whole.sound and part.sound and part.entries == whole.last - 9 and part.mac == whole.mac
    (beyond,) = record_keeping.verified(world.engine, settings, since=whole.last + 2).breaks
    assert beyond.kind == "missing"


FORGED = (
    "INSERT INTO audit_entry (at, actor, via, address, act, thing, said, before, after, refused, seq) "
    "VALUES ('2026-11-23 00:00:00.000000', '', '', '', '', '', '', '{}', '{}', '', "
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET said = 'x' WHERE seq = 3",
        "DELETE FROM audit_entry WHERE seq = 3",
        FORGED + "3)",
        FORGED + "100000)",
        "UPDATE decision SET outcome = 'denied'",
        "DELETE FROM decision",
    ],
)
def test_triggers_refuse_what_is_no_addition(world: World, statement: str) -> None:
    world.let_in(world.ready(world.agency()))
    with pytest.raises(DBAPIError, match=r"never|after the one before"), world.engine.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("table", ["audit_entry", "decision", "evidence"])
def test_nothing_kept_is_replaced_or_emptied_out(world: World, table: str) -> None:
    world.let_in(world.ready(world.agency()))
    how = {
        "sqlite": f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE id = (SELECT min(id) FROM {table})",
        "postgresql": f"TRUNCATE {table} CASCADE",
    }[world.engine.dialect.name]
    with pytest.raises(DBAPIError, match=r"never replaced|after the one before"), world.engine.begin() as connection:
        connection.exec_driver_sql(how)


def test_an_entry_that_others_rest_on_has_the_number_it_was_promised(world: World) -> None:
    with world.change() as session:
        put(session, "before")
        divided = pytest.raises(ZeroDivisionError)
        with divided, session.begin_nested():
            put(session, "gone", numbered=True)
            raise ZeroDivisionError
        promised = put(session, "promised", numbered=True)
        put(session, "after")
        other = put(session, "other", numbered=True)
    with world.look() as session:
        found = dict(session.execute(select(AuditEntry.said, AuditEntry.id).where(AuditEntry.act == "test.act")).all())
    assert (
        found["promised"] == promised
        and found["other"] == other
        and set(found) == {"before", "promised", "after", "other"}
    )


def test_for_whom_somebody_acted(world: World) -> None:
    agency = world.agency()
    own = Actor(person_id=1, name="Own", roles=frozenset({(agency.id, Role.AGENCY_ADMIN)}))
    delegate = Actor(person_id=2, name="Delegate", roles=own.roles, on_behalf="Jamie Sample, executive director")
    for actor, act, expected in (
        (world.desk, "device.enter", audit.ITS_AGENCY), (world.desk, "document.verify", ""), (own, "device.enter", ""),
        (delegate, "device.enter", "Jamie Sample, executive director"), (PORTAL, "device.enter", ""),
    ):  # fmt: skip
        assert audit.entry(actor=actor, now=world.now, act=act, said="", thing=agency)["on_behalf"] == expected, (
            actor,
            act,
        )
    assert not audit.on_behalf(world.desk, "device.enter", LEAD)


def test_every_act_that_stands_for_an_agency_is_one_that_is_written() -> None:
    here = "".join(path.read_text(encoding="utf-8") for path in Path("portal/services").rglob("*.py"))
    machines = Path("workflows/processes.py").read_text(encoding="utf-8")
    for act in sorted(audit._AN_AGENCYS_OWN):
        machine, _, move = act.partition(".")
        moved = re.search(rf'Machine\("{machine}".*?"{move}": Move', machines, re.DOTALL) if move else None
        # An act of the record has two words; a request's `act="add"` is another thing.
        assert move and (f'act="{act}"' in here or moved), act


def test_the_world_of_the_other_tests_is_sealed(world: World) -> None:
    """One more guard: what the services do in all other tests goes through the seal."""
    world.let_in(world.ready(world.agency()))
    with world.look() as session:
        loose = session.scalar(select(func.count()).where(AuditEntry.seq.is_(None)))
        kept = session.scalar(select(func.count()).select_from(Evidence))
        assert session.scalar(select(func.count()).select_from(Person)) and kept
    assert loose == 0
    world.now += timedelta(1)
    assert world.record(Kind.SANCTION, About.AGENCY, world.agency().id, detail="reprimand")
    assert record_keeping.verified(world.engine, world.context.settings).sound
