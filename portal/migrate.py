"""Brings a database to a version of the tables, up or down, in one transaction on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
LOCK_KEY = 580_361  # any number will do, as long as nothing else asks PostgreSQL for the same advisory lock


class MigrationError(Exception):
    """A migration left the database in a state that it must not be committed in."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Runs every migration up to and with `revision`; nothing happens when it is reached already.

    Raises MigrationError if a row would point nowhere afterwards; then nothing was changed.
    """
    with migrating(engine) as connection:
        command.upgrade(_configuration(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Takes back every migration after `revision`; 'base' takes back all. Raises MigrationError like `upgrade`."""
    with migrating(engine) as connection:
        command.downgrade(_configuration(connection), revision)


def current(engine: Engine) -> str | None:
    """The version that this database is at, or None when it was never migrated."""
    with engine.connect().execution_options(deferred=True) as connection:  # a look takes no write lock
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest version that this checkout knows."""
    revision = ScriptDirectory.from_config(_configuration()).get_current_head()
    if revision is None:
        raise MigrationError(f"No migration lies under {MIGRATIONS}. Is the checkout complete?")
    return revision


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A connection inside one transaction that may rebuild tables; two processes that start at once wait in line."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            with _foreign_keys_off(connection), connection.begin():
                yield connection
                _refuse_orphans(connection)
        else:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
                yield connection


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    # SQLite alters a table by making it anew and dropping the old one. With foreign keys on, that drop deletes the
    # children that cascade; and the pragma is ignored inside a transaction, so it is set on the driver before one.
    driver = connection.connection.cursor()
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
        driver.close()


def _refuse_orphans(connection: Connection) -> None:
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if orphans:
        table, row, parent = orphans[0][:3]
        raise MigrationError(
            f"The migration would leave {len(orphans)} rows that point nowhere, the first in {table} (row {row}), "
            f"which names a missing row of {parent}. Nothing was changed."
        )


def _configuration(connection: Connection | None = None) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    configuration.attributes["connection"] = connection
    return configuration
