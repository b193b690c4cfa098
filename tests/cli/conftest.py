"""Commands in an empty folder, on a database of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main

Portal = Callable[..., Result]


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the settings that a command needs; its database is not migrated."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTAL_SECRET_KEY", "for-tests-alone-and-nothing-is-signed-with-it")
    monkeypatch.setenv("PORTAL_DATABASE_URL", f"sqlite:///{tmp_path / 'portal.db'}")
    return tmp_path


@pytest.fixture
def portal(own_folder: Path) -> Portal:
    """Runs a command on a database that is migrated already."""

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, list(words), catch_exceptions=False)

    assert run("migrate").exit_code == 0
    return run
