"""`portal auditor` on the command line: what it prints, and its exit status."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from portal.cli import main
from tests.auditor.community import build


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, sqlite_template) -> str:
    from tests.support.databases import engine_on

    url = sqlite_template.copy(tmp_path_factory.mktemp("auditor"))
    with engine_on(url) as engine:
        build(engine)
    return url


def auditor(url: str, *options: str) -> Result:
    asked = ["auditor", "--database-url", url, "--grace", "0", "--now", "2026-11-23T15:00:00", *options]
    return CliRunner().invoke(main, asked)


def core_file(engine: Engine, folder: Path, **changes: object) -> Path:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT user_id, external_id, status FROM account ORDER BY id")).all()
    listed = [{"user_id": r.user_id, "external_id": r.external_id, "active": r.status == "active"} for r in rows]
    listed[0] |= changes
    path = folder / "core.json"
    path.write_text(json.dumps(listed), encoding="utf-8")
    return path


def test_nothing_is_wrong(database: str) -> None:
    said = auditor(database)
    assert said.exit_code == 0, said.output
    assert "Nothing is wrong" in said.output and "decisions checked" in said.output


def test_as_json_for_a_program(database: str) -> None:
    said = auditor(database, "--json")
    assert said.exit_code == 0
    answer = json.loads(said.output)
    assert answer["clean"] is True and answer["problems"] == [] and answer["counts"]["live grants"] == 4


def test_the_core_hmis_has_an_account_too_few(database: str, tmp_path: Path) -> None:
    from tests.support.databases import engine_on

    with engine_on(database) as engine:
        assert auditor(database, "--core", str(core_file(engine, tmp_path))).exit_code == 0
        said = auditor(database, "--core", str(core_file(engine, tmp_path, active=False)))
    assert said.exit_code == 1
    assert "core-missing" in said.output and "is not active in the core HMIS" in said.output


@pytest.mark.parametrize("words", ["nothing", "[1]", '[{"user_id": "x"}]', "{}x"])
def test_a_list_that_is_none_is_refused_in_a_sentence(database: str, tmp_path: Path, words: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(words, encoding="utf-8")
    said = auditor(database, "--core", str(path))
    assert said.exit_code == 1
    assert "wrong.json is no list of accounts" in said.output and "Traceback" not in said.output


def test_another_pack_that_it_cannot_audit_ends_with_one(database: str, tmp_path: Path) -> None:
    from workflows.policy import load

    other = tmp_path / "other.toml"
    other.write_text(load().text.replace('id       = "device"', 'id       = "amulet"'), encoding="utf-8")
    said = auditor(database, "--policy", str(other))
    assert said.exit_code == 1
    assert "Not audited: amulet" in said.output
