"""What the worker does for the record by itself: anchors, the nightly verification, and the alarm."""

import json
import re
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal import audit, record_keeping
from portal.actors import PORTAL
from portal.audit import anchors
from portal.db import reading
from portal.effects.registry import HANDLERS
from portal.models import TRIGGERS, AuditEntry, RecordCheck
from portal.services import record_checks
from portal.services.home import home_desk
from portal.worker import Worker, drain
from tests.services.world import World
from workflows.vocabulary import Effect


@pytest.fixture
def world(each_engine: Engine) -> World:
    world = World(each_engine)
    world.agency()
    return world


def lines(world: World) -> list[dict[str, Any]]:
    path = world.context.settings.anchors
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def on_record(world: World, act: str) -> int:
    return world.count(AuditEntry, AuditEntry.act == act)


def falsify(world: World, statement: str) -> None:
    """Changes the record for good, as somebody does who takes the triggers away and puts them back."""
    guards = [trigger for trigger in TRIGGERS if trigger.table == "audit_entry"]
    with world.engine.begin() as connection:
        if world.engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            guards = []
        for name in re.findall(r"TRIGGER (\w+)", " ".join(text for guard in guards for text in guard.sqlite)):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql(statement)
        for text in [text for guard in guards for text in guard.sqlite]:
            connection.exec_driver_sql(text)


def test_the_worker_anchors_the_head_where_it_has_moved(world: World) -> None:
    worker = Worker(world.context)
    worker.see_to_duties()
    (first,) = lines(world)
    assert on_record(world, anchors.ANCHORED) == 1, "that anchors are kept is itself on record"
    assert stat.S_IMODE(world.context.settings.anchors.stat().st_mode) == 0o600
    world.now += timedelta(minutes=1)
    worker.see_to_duties()
    assert lines(world) == [first], "not yet due"
    world.now += timedelta(minutes=5)
    world.agency()
    worker.see_to_duties()
    assert lines(world)[0] == first and first["seq"] < lines(world)[1]["seq"]
    world.now += timedelta(minutes=6)
    worker.see_to_duties()
    assert len(lines(world)) == 2, "nothing has come since"
    with world.look() as session:
        head = audit.head(session)
    assert head and (head.seq, head.mac) == (lines(world)[1]["seq"], lines(world)[1]["mac"])
    assert on_record(world, anchors.ANCHORED) == 1


def test_a_file_that_cannot_be_written_stops_nothing(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("not a folder")
    world.context = replace(world.context, settings=replace(world.context.settings, audit_anchor=blocked / "anchors"))
    Worker(world.context).see_to_duties()
    assert "could not be written" in caplog.text


def test_a_broken_record_is_an_alarm_until_it_is_sound(world: World) -> None:
    handed: list[Any] = []
    context = replace(world.context, mailer=type("Box", (), {"send": lambda _self, message: handed.append(message)})())
    Worker(context).see_to_duties()
    with world.look() as session:
        check = record_checks.last(session)
        assert check and check.broken == "" and check.last_seq >= 20 and check.checked_at == world.now
        assert not home_desk._record(session)
    falsify(world, "UPDATE audit_entry SET said = 'Nothing happened.' WHERE seq = 5")
    world.now += timedelta(1)
    worker = Worker(context)
    worker.see_to_duties()
    drain(context, handlers={**HANDLERS})
    with world.look() as session:
        check = record_checks.last(session)
        assert check and check.broken.startswith("Entry 5 is not what was sealed")
        (task,) = home_desk.queues(session, actor=world.admin, now=world.now, on=world.today, policy=world.policy)[
            :1
        ] or [None]
        kinds = [
            each["kind"]
            for each in home_desk.queues(session, actor=world.admin, now=world.now, on=world.today, policy=world.policy)
        ]
        assert task and "desk:record" in kinds
        assert (
            session.scalars(select(AuditEntry.said).where(AuditEntry.act == "record.broken"))
            .one()
            .startswith("The record is broken. Entry 5")
        )
    (mail,) = [one for one in handed if one.id.startswith("record_broken.")]
    assert (
        mail.subject == f"{world.policy.lead}: the record of the portal is broken"
        and "Entry 5 is not what was sealed" in mail.text
    )
    assert world.count(RecordCheck) == 2


def test_the_head_is_mailed_where_that_is_set(world: World) -> None:
    handed: list[Any] = []
    context = replace(
        world.context, settings=replace(world.context.settings, audit_mail=True), mailer=type("Box", (), {"send": lambda _self, message: handed.append(message)})(),
    )  # fmt: skip
    Worker(context).see_to_duties()
    drain(
        context,
        handlers={Effect.MAIL: HANDLERS[Effect.MAIL]}
        | {each: lambda _c, _j: None for each in Effect if each is not Effect.MAIL},
    )
    (mail,) = [one for one in handed if one.id.startswith("record_head.")]
    with world.look() as session:
        check = record_checks.last(session)
        mac = session.scalar(select(AuditEntry.mac).where(AuditEntry.seq == check.last_seq)) if check else ""
    assert check and f"number {check.last_seq}" in mail.subject and mac and mac in mail.text


def test_a_torn_line_is_passed_over_and_a_changed_one_is_not(world: World) -> None:
    settings = world.context.settings
    path, keys = settings.anchors, settings.record_keys
    record_keeping.anchor(world.sessions, settings, now=world.now)
    with path.open("ab") as file:
        file.write(b'{"at":"2026-11-23T15:00')  # the power went out
    assert not anchors.read(path, keys=keys).wrong
    world.agency()
    record_keeping.anchor(world.sessions, settings, now=world.now)
    kept = anchors.read(path, keys=keys)
    assert len(kept.kept) == 2 and not kept.wrong
    assert record_keeping.verified(world.engine, settings).sound
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"seq":', b'"seq":1', 1))
    assert "line 1" in anchors.read(path, keys=keys).wrong


def test_a_restored_backup_rings_and_can_be_answered(world: World) -> None:
    """Acts are missing after a restore: that is said; with the file moved aside the worker begins a new one, on record."""
    settings = world.context.settings
    record_keeping.anchor(world.sessions, settings, now=world.now)
    falsify(world, "DELETE FROM audit_entry WHERE seq > 10")
    assert [each.kind for each in record_keeping.verified(world.engine, settings).breaks] == ["cut"]
    assert record_keeping.anchor(world.sessions, settings, now=world.now) is None, "the witness stays as it is"
    settings.anchors.rename(settings.anchors.with_suffix(".aside"))
    assert record_keeping.anchor(world.sessions, settings, now=world.now)
    assert record_keeping.verified(world.engine, settings).sound
    with reading(world.sessions) as session:
        head = audit.head(session)
    assert head and head.seq == 11
    with world.change() as session:
        audit.record(session, actor=PORTAL, now=world.now, act="test.act", said="On it goes.")
    assert record_keeping.verified(world.engine, settings).sound
