"""The town of two Agencies for the tests that attack the portal: built once, every test has a copy of its database."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from portal.wiring import Context
from tests.factories import Town
from tests.support import databases

Browser = Callable[..., FlaskClient]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, sqlite_template: databases.SqliteTemplate) -> Town:
    with databases.engine_on(sqlite_template.copy(tmp_path_factory.mktemp("town"))) as engine:
        return Town(engine).build()


@pytest.fixture
def engine(built: Town, tmp_path: Path) -> Iterator[Engine]:
    copied = tmp_path / "town.sqlite3"
    shutil.copyfile(str(built.engine.url.database), copied)
    with databases.engine_on(f"sqlite:///{copied}") as made:
        yield made


@pytest.fixture
def town(built: Town, context: Context) -> Town:
    return built.moved_to(context.engine)


@pytest.fixture
def browser(app: Flask, town: Town) -> Browser:
    """Makes a browser in which a membership's person (or an actor of the Lead) has signed in; `via` says how."""

    def make(who: Any = None, via: str = "password") -> FlaskClient:
        client = app.test_client()
        if who is not None:
            with client.session_transaction() as cookie:
                cookie["_user_id"], cookie["_fresh"] = town.token(who, via), True
        return client

    return make


def csrf(client: FlaskClient) -> str:
    """A token that this browser's session vouches for."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    assert found
    return found.group(1)
