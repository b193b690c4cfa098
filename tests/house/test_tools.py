"""The tools that newcomers meet first: set-up, the next migration, the table of the benchmarks."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa

import bench.run
from portal import migrate
from portal.db import Base, make_engine
from tools import migration
from tools.check.migrations import create_from_models, drift

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The set-up tool, on an empty folder with two locks that lock nothing."""
    spec = importlib.util.spec_from_file_location("environment_under_test", ROOT / "tools" / "environment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, path in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "PYTHON": tmp_path / ".venv/bin/python"}.items():
        monkeypatch.setattr(module, name, path)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text("# nothing to install\n")
    return module


def test_set_up_happens_once_and_again_when_a_lock_changes(
    environment: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment.main(["development"]) == 0
    assert "Installing" in capsys.readouterr().out
    assert environment.is_ready("development")
    assert environment.is_ready("runtime"), "what development needs covers the runtime"
    assert environment.main(["runtime"]) == 0
    assert capsys.readouterr().out == "", "the second run installs nothing"
    launcher = tmp_path / ".venv" / "bin" / "portal"
    assert launcher.stat().st_mode & 0o111
    assert "from portal.cli import main" in launcher.read_text()
    (tmp_path / "requirements.lock").write_text("# another lock\n")
    assert not environment.is_ready("runtime")


def test_a_set_up_that_fails_is_not_taken_for_done(
    environment: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.lock").write_text("no-such-thing\n")
    assert environment.main(["runtime"]) == 1
    assert "could not install the locked packages" in capfd.readouterr().err
    assert not environment.is_ready("runtime")


def test_an_old_python_is_told_what_to_do(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "OLDEST", (sys.version_info[0], sys.version_info[1] + 1))
    assert environment.main(["runtime"]) == 1
    assert "make run PYTHON=" in capsys.readouterr().err


def test_set_up_must_be_told_for_what(environment: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert environment.main([]) == 2
    assert "runtime or development" in capsys.readouterr().err


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of migrations of its own, still empty."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (folder / name).write_bytes((ROOT / "migrations" / name).read_bytes())
    monkeypatch.setattr(migrate, "MIGRATIONS", folder)
    monkeypatch.setattr(migration, "VERSIONS", folder / "versions")
    return folder / "versions"


def test_the_first_and_the_next_migration_make_what_the_models_have(versions: Path, tmp_path: Path) -> None:
    assert migration.write("the house").name == "0001_the_house.py"
    with pytest.raises(ValueError, match="already make everything"):
        migration.write("nothing new")
    columns = (sa.Column("id", sa.Integer, primary_key=True), sa.Column("size", sa.Integer))
    shoes = sa.Table("shoe", Base.metadata, *columns)
    try:
        path = migration.write("People have shoes.")
        assert path.name == "0002_people_have_shoes.py"
        assert 'down_revision = "0001"' in path.read_text()
        migrated, modelled = (make_engine(f"sqlite:///{tmp_path / name}.sqlite3") for name in ("migrated", "modelled"))
        migrate.upgrade(migrated)
        create_from_models(modelled)
        assert drift(migrated, modelled) == []
        migrate.downgrade(migrated, "0001")
        assert any("shoe" in sentence for sentence in drift(migrated, modelled))
        migrated.dispose()
        modelled.dispose()
    finally:
        Base.metadata.remove(shoes)


def test_the_table_of_the_benchmarks_can_be_read() -> None:
    rows = [
        {"name": "sweep", "database": "sqlite", "n": 10_000, "milliseconds": 412.34, "ratio": 1.19, "met": True},
        {"name": "one decision", "milliseconds": 1.5, "met": False},
    ]
    header, rule, first, second = bench.run.table(rows).splitlines()
    assert header.split() == ["name", "database", "n", "milliseconds", "ratio", "met"]
    assert set(rule) == {"-", " "}
    assert first.split() == ["sweep", "sqlite", "10,000", "412.3", "1.190", "yes"]
    assert second.split() == ["one", "decision", "1.500", "NO"]


def test_nothing_to_measure_is_not_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.run, "names", list)
    assert bench.run.main([]) == 2


def test_an_unknown_benchmark_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.run, "names", lambda: ["decision", "sweep"])
    assert bench.run.main(["sweeep"]) == 2
    assert "There is no benchmark sweeep. There are: decision, sweep." in capsys.readouterr().err


def test_a_missed_goal_ends_in_red(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench.run, "ROOT", tmp_path)
    monkeypatch.setattr(bench.run, "RESULT", tmp_path / "var" / "bench.json")
    monkeypatch.setattr(bench.run, "measure", lambda _wanted, **_: [{"name": "sweep", "ratio": 1.7, "met": False}])
    assert bench.run.main([]) == 1
    assert "Missed its goal: sweep" in capsys.readouterr().err
    assert '"cores"' in (tmp_path / "var" / "bench.json").read_text()
