"""`portal audit`: verify says where the record broke, export takes it away, anchor and keys do what they say."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portal import migrate
from portal.adapters.tables import to_csv
from portal.cli import main
from portal.db import make_engine
from portal.models import TRIGGERS
from tests.services.world import MONDAY, World


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'portal.db'}"
    monkeypatch.setenv("PORTAL_SECRET_KEY", "for-tests-alone-and-nothing-is-signed-with-it")
    monkeypatch.setenv("PORTAL_DATABASE_URL", url)
    return url


@pytest.fixture
def world(url: str) -> World:
    assert portal("migrate").exit_code == 0
    made = World(make_engine(url), now=MONDAY)
    made.agency("Sample House")
    return made


def portal(*arguments: Any) -> Any:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def falsify(world: World, statement: str) -> None:
    with world.engine.begin() as connection:
        for trigger in TRIGGERS:
            if trigger.table == "audit_entry":
                for name in (
                    connection.exec_driver_sql(
                        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'"
                    )
                    .scalars()
                    .all()
                ):
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql(statement)


def test_migrating_begins_the_record_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(url)
    migrate.upgrade(engine, "0003")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO audit_entry (at, actor, via, address, act, thing, said, before, after, refused) "
            "VALUES ('2026-01-02 03:04:05.000000', 'Sample', 'password', '', 'old', '', 'An older entry.', '{}', '{}', '')"
        )
    engine.dispose()
    assert "The sealed record begins" in portal("migrate").output
    assert "begins" not in portal("migrate").output
    said = portal("audit", "verify")
    assert said.exit_code == 0 and "1 of them from before the seals" in said.output, said.output
    for name in ("PORTAL_AUDIT_KEY", "PORTAL_SECRET_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr("portal.config.OWN_KEY", Path("nowhere/at/all"))
    for command in (("migrate",), ("audit", "verify")):
        said = portal(*command)
        assert said.exit_code == 1 and "PORTAL_AUDIT_KEY" in said.output
    assert "SQLite has no roles" in portal("migrate", "--app-role", "someone").output or said.exit_code == 1


def test_verify_names_the_first_broken_entry(world: World) -> None:
    assert "is anchored in" in portal("audit", "anchor").output
    assert "Nothing has come since" in portal("audit", "anchor").output
    said = portal("audit", "verify")
    assert said.exit_code == 0 and "The record is sound" in said.output and "1 anchors agree" in said.output
    whole = json.loads(portal("audit", "verify", "--json").output)
    assert whole["sound"] and whole["breaks"] == [] and whole["entries"] == whole["last"]
    falsify(world, "UPDATE audit_entry SET said = 'Nothing.' WHERE seq = 12")
    said = portal("audit", "verify")
    assert said.exit_code == 1 and "changed: Entry 12 is not what was sealed" in said.output
    assert json.loads(CliRunner().invoke(main, ["audit", "verify", "--json"]).stdout)["breaks"][0]["seq"] == 12
    assert portal("audit", "verify", "--since", 13).exit_code == 0
    assert portal("audit", "verify", "--since", 12).exit_code == 1


def test_verify_with_a_copy_of_the_anchors(world: World, tmp_path: Path) -> None:
    portal("audit", "anchor")
    copy = tmp_path / "copy"
    copy.write_bytes(world.context.settings.anchors.read_bytes())
    falsify(world, "DELETE FROM audit_entry WHERE seq > 10")
    world.context.settings.anchors.unlink()
    assert "No anchor was ever kept" in portal("audit", "verify").output, (
        "the entry that said so was cut off with the rest"
    )
    said = portal("audit", "verify", "--anchors", copy)
    assert said.exit_code == 1 and "cut: Entries after 10 were cut off" in said.output


def test_export_by_the_name_of_the_file(world: World, tmp_path: Path) -> None:
    for name in ("record.jsonl", "record.csv", "record.xlsx"):
        said = portal("audit", "export", tmp_path / name, "--from", "2026-11-23")
        assert said.exit_code == 0 and "entries written" in said.output, said.output
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    entries = [json.loads(line) for line in (tmp_path / "record.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(entries) > 20 and {"mac", "prev", "seq"} <= set(entries[0])
    assert (
        (tmp_path / "record.csv").read_text(encoding="utf-8-sig").startswith(to_csv(("Number", "At (UTC)"), ()).strip())
    )
    assert (
        portal("audit", "export", tmp_path / "of.jsonl", "--agency", "Sample House", "--act", "licence.grant").exit_code
        == 0
    )
    assert [json.loads(line)["act"] for line in (tmp_path / "of.jsonl").read_text().splitlines()] == ["licence.grant"]
    for wrong, says in (
        (("record.doc",), "end the name in"), (("record.csv", "--agency", "Nowhere"), "No Agency"), (("no/folder.csv",), "no folder"),
        (("record.csv", "--person", "nobody@example.org"), "Nobody here"),
    ):  # fmt: skip
        said = portal("audit", "export", tmp_path / wrong[0], *wrong[1:])
        assert said.exit_code == 1 and says in said.output
    said = portal("audit", "export", tmp_path / "again.jsonl", "--act", "audit.export")
    assert "4 entries" in said.output or "5 entries" in said.output, said.output


def test_keys_are_handed_out_once_and_to_one_reader(world: World, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    assert portal("audit", "keys", file).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert world.context.settings.record_keys.active in json.loads(file.read_text())
    said = portal("audit", "keys", file)
    assert said.exit_code == 1 and "cannot be made" in said.output
