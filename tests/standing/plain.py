"""The two tables that the gate reads, without the rest of the house: no parents to make, no triggers to get past."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert

from bench.community import evidence, membership, metadata
from tests.standing.community import World

__all__ = ["fill", "membership"]


def fill(engine: Engine, world: World) -> None:
    """Makes the tables anew and puts a world into them."""
    metadata.drop_all(engine)
    metadata.create_all(engine)
    with engine.begin() as connection:
        _put(connection, membership, map(asdict, world.members))
        _put(connection, evidence, map(asdict, world.rows))
    if engine.dialect.name == "postgresql":  # as its own housekeeping does; SQLite has none
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _put(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    connection.execute(insert(table), list(rows))
