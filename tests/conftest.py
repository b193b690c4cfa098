"""The fixtures that every test may ask for; nothing is started that a test does not ask for.

Databases, each clean and migrated:
    session, sessions, engine                  SQLite, the default
    each_session, each_sessions, each_engine   once on SQLite and once on PostgreSQL, for what must hold on both
    postgres_session, postgres_sessions, postgres_engine   PostgreSQL alone, for its locks
    database_url                               the address of one, on both
    empty_database_url                         the address of one that was never migrated, on both

    doors, each_doors                          a small world of people who sign in, with quick passwords

The portal itself, on a clean SQLite database: settings, clock, context, app, client, client_request.
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.db import Sessions, make_sessionmaker
from tests.support import databases, kept, network, scratch
from tests.support.clock import Clock
from tests.support.pages import ClientRequest
from tests.support.record import AUDIT_KEY

if TYPE_CHECKING:
    from portal.wiring import Context
    from tests.factories import Town
    from tests.services.doors import Doors

os.environ["PORTAL_AUDIT_KEY"] = AUDIT_KEY
scratch.use_memory()


def pytest_collection_finish(session: pytest.Session) -> None:
    """A group of tests that share what is dear to make goes to one worker, or the run does not begin."""
    scratch.settle()
    grouped = [item for item in session.items if item.get_closest_marker("xdist_group")]
    if getattr(session.config.option, "loadgroup", False) and any("@" not in item.nodeid for item in grouped):
        raise pytest.UsageError(
            "pytest-xdist does not keep groups of tests together: its version and pytest's do not fit."
        )


@pytest.fixture(scope="session", autouse=True)
def closed_network() -> Iterator[None]:
    with network.closed():
        yield


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash at its cheapest: looking at a password costs a sixth of a second otherwise, and that is the library's matter."""
    from argon2 import PasswordHasher

    from portal.services.account import passwords

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", cheap)
    monkeypatch.setattr(passwords, "DUMMY", cheap.hash("nobody has this password"))


@pytest.fixture
def doors(engine: Engine, quick_passwords: None) -> "Doors":
    """A small world of people who sign in, on SQLite."""
    from tests.services.doors import Doors
    from tests.services.world import World

    return Doors(World(engine))


@pytest.fixture
def each_doors(each_engine: Engine, quick_passwords: None) -> "Doors":
    """The same once on SQLite and once on PostgreSQL."""
    from tests.services.doors import Doors
    from tests.services.world import World

    return Doors(World(each_engine))


@pytest.fixture(scope="session", autouse=True)
def kept_compiled() -> Iterator[None]:
    with kept.kept():
        yield


@pytest.fixture
def now() -> datetime:
    """A Monday at ten in the morning in Maine, as naive UTC."""
    return datetime(2026, 11, 23, 15, 0)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[databases.PostgresServer]:
    with databases.postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_database(postgres_server: databases.PostgresServer) -> Iterator[databases.PostgresDatabase]:
    database = databases.PostgresDatabase(postgres_server)
    yield database
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> databases.SqliteTemplate:
    return databases.SqliteTemplate(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def town_as_built(tmp_path_factory: pytest.TempPathFactory, sqlite_template: databases.SqliteTemplate) -> "Town":
    """The town of tests/factories.py, built once for each worker. Its database is there to be copied: see tests/support/town.py."""
    from tests.factories import Town

    with databases.engine_on(sqlite_template.copy(tmp_path_factory.mktemp("town"))) as made:
        return Town(made).build()


@pytest.fixture
def clean_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Gives the address of a clean database by its dialect; PostgreSQL starts at the first one that asks for it."""

    def make(dialect: str) -> str:
        if dialect == "sqlite":
            return request.getfixturevalue("sqlite_template").copy(tmp_path)
        return request.getfixturevalue("postgres_database").emptied()

    return make


def _each(dialect: str) -> object:
    return pytest.param(dialect, marks=pytest.mark.postgresql if dialect == "postgresql" else ())


@pytest.fixture(params=[_each(dialect) for dialect in databases.BOTH], ids=databases.BOTH)
def database_url(request: pytest.FixtureRequest, clean_url: Callable[[str], str]) -> str:
    return clean_url(request.param)


@pytest.fixture(params=[_each(dialect) for dialect in databases.BOTH], ids=databases.BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    return request.getfixturevalue("postgres_server").create("empty")


@pytest.fixture
def engine(clean_url: Callable[[str], str]) -> Iterator[Engine]:
    with databases.engine_on(clean_url("sqlite")) as made:
        yield made


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return make_sessionmaker(engine)


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    with sessions() as opened:
        yield opened


@pytest.fixture
def each_engine(database_url: str) -> Iterator[Engine]:
    with databases.engine_on(database_url) as made:
        yield made


@pytest.fixture
def each_sessions(each_engine: Engine) -> Sessions:
    return make_sessionmaker(each_engine)


@pytest.fixture
def each_session(each_sessions: Sessions) -> Iterator[Session]:
    with each_sessions() as opened:
        yield opened


@pytest.fixture
def postgres_engine(clean_url: Callable[[str], str]) -> Iterator[Engine]:
    with databases.engine_on(clean_url("postgresql")) as made:
        yield made


@pytest.fixture
def postgres_sessions(postgres_engine: Engine) -> Sessions:
    return make_sessionmaker(postgres_engine)


@pytest.fixture
def postgres_session(postgres_sessions: Sessions) -> Iterator[Session]:
    with postgres_sessions() as opened:
        yield opened


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    """What the portal is told in tests: a clean SQLite database; mail and documents in a folder of its own."""
    return Settings(
        database_url=engine.url.render_as_string(hide_password=False),
        secret_keys=("for tests alone, nothing is signed with it",),
        audit_keys=(AUDIT_KEY,),
        mail_url=f"file:{tmp_path / 'mail'}",
        storage=tmp_path / "storage",
        testing=True,
    )


@pytest.fixture
def clock(now: datetime) -> Clock:
    """The clock of `context` and `app`: it stands at `now` until the test moves it."""
    return Clock(now)


@pytest.fixture
def context(settings: Settings, clock: Clock) -> Iterator["Context"]:
    from portal.wiring import make_context

    made = make_context(settings, clock=clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def app(context: "Context") -> Flask:
    from portal.web.app import build

    return build(context.settings, context)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that looks at nothing: for headers, tokens and refusals."""
    return app.test_client()


@pytest.fixture
def client_request(client: FlaskClient) -> ClientRequest:
    """A browser without JavaScript that fails the test when a page it opens is not well made."""
    return ClientRequest(client)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"postgres_server", "postgres_engine"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("postgresql")
