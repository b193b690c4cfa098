"""The record taken away: a stranger verifies it with the program in docs/audit-format.md, and nothing else."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from portal.db import reading, transaction
from portal.models import AuditEntry, Person
from portal.refusals import Refused
from portal.secrets import RecordKeys
from portal.services.desk import record_exports
from portal.services.desk.record_lists import Asked
from tests.house.test_migrations import a_row_of
from tests.services.world import World

ROOT = Path(__file__).parents[2]
ZONE = "America/New_York"
NEW = "a later key of the tests, thirty-two long and more"


@pytest.fixture(scope="module")
def program() -> str:
    (found,) = re.findall(
        r"^```python\n(.*?)^```",
        (ROOT / "docs" / "audit-format.md").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    return found


@pytest.fixture
def verify(program: str, tmp_path: Path) -> Callable[..., Any]:
    """Runs the program in a process of its own, with no path to the portal."""
    (tmp_path / "verify.py").write_text(program, encoding="utf-8")

    def run(lines: list[str], keys: RecordKeys, *whole: str) -> Any:
        (tmp_path / "export.jsonl").write_text("".join(lines), encoding="utf-8")
        (tmp_path / "keys.json").write_text(json.dumps(keys.in_hex), encoding="utf-8")
        command = [sys.executable, "-I", "verify.py", "export.jsonl", "keys.json", *whole]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def world(each_engine: Engine) -> World:
    """Older entries, then a sealed record under two keys."""
    older = [a_row_of(AuditEntry.__table__, {"id": n, "said": f"Ölder “{n}”", "after": {"n": n}}) for n in (1, 2)]
    with each_engine.begin() as connection:
        connection.execute(insert(AuditEntry.__table__), older)
        if each_engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT setval(pg_get_serial_sequence('audit_entry', 'id'), 2)")
    world = World(each_engine)
    world.agency("Sample “Harbor” Hoüse")
    world.sessions.configure(info={"record_keys": RecordKeys([NEW, *world.context.settings.audit_keys])})
    world.ready(world.agency())
    return world


def keys_of(world: World) -> RecordKeys:
    return RecordKeys([NEW, *world.context.settings.audit_keys])


def exported(world: World, asked: Asked | None = None, how: str = "jsonl") -> list[str]:
    import io

    out = io.BytesIO()
    with reading(world.sessions) as session:
        count = record_exports.write(session, asked or Asked(), how=how, out=out, zone=ZONE)
    lines = out.getvalue().decode().splitlines(keepends=True)
    assert how != "jsonl" or len(lines) == count
    return lines


def test_the_program_is_short_and_uses_the_standard_library_alone(program: str) -> None:
    assert len(program.splitlines()) <= 40
    assert set(re.findall(r"^import (.*)$", program, re.MULTILINE)) == {"hashlib, hmac, json, sys"}


def test_a_stranger_finds_an_honest_export_sound(world: World, verify: Callable[..., Any]) -> None:
    lines = exported(world)
    said = verify(lines, keys_of(world), "--whole")
    assert (said.returncode, said.stderr) == (0, "")
    assert f"{len(lines)} entries are sound" in said.stdout


def test_a_stranger_finds_each_forgery(world: World, verify: Callable[..., Any]) -> None:
    lines, keys = exported(world), keys_of(world)
    assert len(lines) > 60
    for forged in (
        [*lines[:40], lines[40].replace('"said":"', '"said":"Not '), *lines[41:]],
        [*lines[:40], *lines[41:]],
        [*lines[:40], lines[41], lines[40], *lines[42:]],
        [*lines[:40], lines[40], *lines[40:]],
        lines[1:],
        lines[3:],
        [*lines[:40], re.sub(r'"mac":"[0-9a-f]{64}"', f'"mac":"{"0" * 64}"', lines[40]), *lines[41:]],
        [lines[0].replace("lder", "LDER"), *lines[1:]],
        [*lines[:5], re.sub(r'"key_id":"\w+"', f'"key_id":"{keys.active}"', lines[5]), *lines[6:]],
    ):
        assert forged != lines
        said = verify(forged, keys, "--whole")
        assert (said.returncode, said.stderr) == (1, ""), said.stdout
    other = verify(lines, RecordKeys(["another key altogether, that nobody used"]), "--whole")
    assert (other.returncode, other.stderr) == (1, "")


def test_a_part_can_be_verified_by_itself(world: World, verify: Callable[..., Any]) -> None:
    with reading(world.sessions) as session:
        asked = record_exports.asked(session, agency="Sample “Harbor” Hoüse")
    lines = exported(world, asked)
    assert 3 < len(lines) < len(exported(world)) / 2
    assert all(json.loads(line)["seq"] for line in lines)
    assert verify(lines, keys_of(world)).returncode == 0
    assert verify(lines, keys_of(world), "--whole").returncode == 1, "a part is not the whole"
    forged = [lines[0].replace('"said":"', '"said":"Not '), *lines[1:]]
    assert verify(forged, keys_of(world)).returncode == 1


def test_an_export_is_on_record_with_what_was_asked(world: World) -> None:
    with reading(world.sessions) as session:
        person = session.get_one(Person, world.desk.person_id)
        name = person.name
        asked = record_exports.asked(session, person=person.email, act="person.name", refused=True)
    with world.change() as session:
        record_exports.put_on_record(session, asked, how="csv", actor=world.admin, now=world.now)
    (said,) = [json.loads(line) for line in exported(world, Asked(act="audit.export"))]
    assert said["said"] == f"Downloaded the record as CSV: about or by {name}, of the act person.name, refusals only."
    with pytest.raises(Refused), transaction(world.sessions) as session:
        record_exports.put_on_record(session, asked, how="csv", actor=world.desk, now=world.now)


def test_a_table_to_read_tells_no_whereabouts(world: World) -> None:
    rows = "".join(exported(world, how="csv"))
    assert rows.startswith("\ufeffNumber,At (UTC),Who,On behalf of")
    assert len(rows.splitlines()) > 60
    assert record_exports.said({"street": "1 Hidden Way", "phone": "5"}) == "phone: 5"
