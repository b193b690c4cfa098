"""What most tests begin with, made once and then copied: the same steps from the same database lead to the same database."""

import sqlite3
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, QueuePool

T = TypeVar("T")
_MADE: dict[Hashable, tuple["_File | _Schema", object]] = {}
_SUPER: dict[str, bool] = {}
_TABLES: dict[str, list[tuple[str, str]]] = {}
KEPT = 60
"""More is not kept: what follows is made anew each time."""


def kept(engine: Engine, inputs: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives. On a database that is as one was before, its outcome is copied instead.

    `inputs` is all that `make` reads besides the database; what it gives must not be changed by anybody.
    """
    there = _of(engine)
    if there is None:
        return make()
    key = (there.name, there.content(), inputs, make.__qualname__)
    if key not in _MADE:
        given = make()
        if len(_MADE) < KEPT:
            _MADE[key] = there.kept(), given
        return given
    copy, again = _MADE[key]
    there.restore(copy)
    return again  # type: ignore[return-value]


def _of(engine: Engine) -> "_File | _Schema | None":
    if engine.dialect.name == "postgresql":
        return _Schema(engine) if _may_copy(engine) else None
    return _File(engine) if engine.url.database else None


def _may_copy(engine: Engine) -> bool:
    """A role that may only work with the tables has its world made by its own statements."""
    role = str(engine.url)
    if role not in _SUPER:
        with engine.connect() as connection:
            asked = connection.exec_driver_sql("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            _SUPER[role] = bool(asked.scalar())
    return _SUPER[role]


@dataclass
class _File:
    """A file of SQLite: the same byte for byte, and copied as a whole."""

    engine: Engine
    bytes_: bytes = b""
    name = "file"

    def content(self) -> Hashable:
        return sha256(self._read()).digest()

    def kept(self) -> "_File":
        return _File(self.engine, self._read())

    def restore(self, copy: "_File | _Schema") -> None:
        assert isinstance(copy, _File) and copy.bytes_
        if self._is_closed():
            self._path.write_bytes(copy.bytes_)
            return
        beside = self._path.with_suffix(".beginning")
        beside.write_bytes(copy.bytes_)
        source = sqlite3.connect(beside)
        with self._raw() as here:
            source.backup(here)
        source.close()

    @property
    def _path(self) -> Path:
        return Path(str(self.engine.url.database))

    def _read(self) -> bytes:
        if self._is_closed():
            return self._path.read_bytes()
        with self._raw() as here:
            return here.serialize()

    def _is_closed(self) -> bool:
        """Whether nobody has the file open, once the engine lets go of it: whoever closes it last takes its log away."""
        if isinstance(self.engine.pool, QueuePool) and not self.engine.pool.checkedout():
            self.engine.dispose()
        return not self._path.with_name(f"{self._path.name}-wal").exists()

    @contextmanager
    def _raw(self) -> Iterator[sqlite3.Connection]:
        connection = self.engine.raw_connection()
        try:
            assert isinstance(connection.driver_connection, sqlite3.Connection)
            yield connection.driver_connection
        finally:
            connection.close()


@dataclass
class _Schema:
    """A database of PostgreSQL: as many rows in every table and the same last entry of the record, which seals all before.

    What is kept lies in a schema beside, in the same database.
    """

    engine: Engine
    statements: str = ""

    @property
    def name(self) -> str:
        return str(self.engine.url)

    def content(self) -> Hashable:
        with self.engine.connect() as connection:
            counts = ", ".join(f'(SELECT count(*) FROM "{table}")' for table, _ in self._tables(connection))
            head = "(SELECT mac FROM audit_entry ORDER BY seq DESC LIMIT 1)"
            return tuple(connection.exec_driver_sql(f"SELECT {head}, {counts}").one())

    def kept(self) -> "_Schema":
        schema, steps = f"kept_{len(_MADE)}", ["SET LOCAL session_replication_role = replica"]
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            for table, columns in self._tables(connection):
                steps.append(f'DELETE FROM "{table}"')
                if connection.exec_driver_sql(f'SELECT EXISTS (SELECT 1 FROM "{table}")').scalar():
                    connection.exec_driver_sql(f'CREATE TABLE {schema}."{table}" AS TABLE "{table}"')
                    steps.append(
                        f'INSERT INTO "{table}" ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {schema}."{table}"'
                    )
            sequences = connection.exec_driver_sql(
                "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
            )
            steps += [f"SELECT setval('\"{name}\"', {value})" for name, value in sequences]
        return _Schema(self.engine, "; ".join(steps))

    def restore(self, copy: "_File | _Schema") -> None:
        assert isinstance(copy, _Schema)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(copy.statements)

    def _tables(self, connection: Connection) -> list[tuple[str, str]]:
        """Every table with its columns, in the order of their names; those that compute themselves are left out."""
        if self.name in _TABLES:
            return _TABLES[self.name]
        found = connection.exec_driver_sql(
            "SELECT c.table_name, string_agg(format('%%I', c.column_name), ', ' ORDER BY c.ordinal_position) "
            "FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) "
            "WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER' "
            "AND c.table_name <> 'alembic_version' GROUP BY c.table_name ORDER BY c.table_name"
        )
        _TABLES[self.name] = [(table, columns) for table, columns in found]
        return _TABLES[self.name]
