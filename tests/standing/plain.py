"""The two tables that the gate reads, without the rest of the house: no parents to make, no triggers to get past."""

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import Column, Engine, Index, MetaData, Table, insert

from portal.models import Evidence, Membership
from tests.standing.community import World
from workflows import gate

metadata = MetaData()
evidence = Table(
    "evidence",
    metadata,
    *(
        Column(name, Evidence.__table__.c[name].type, primary_key=name == "id")
        for name in gate.Evidence.__dataclass_fields__
    ),
    *(Index(index.name, *[column.name for column in index.columns]) for index in Evidence.__table__.indexes),
)
membership = Table(
    "membership",
    metadata,
    *(
        Column(name, Membership.__table__.c[name].type, primary_key=name == "id")
        for name in ("id", "agency_id", "person_id")
    ),
    Index("ix_membership_agency_id_person_id", "agency_id", "person_id"),
)


def fill(engine: Engine, world: World) -> None:
    """Makes the tables anew and puts a world into them."""
    metadata.drop_all(engine)
    metadata.create_all(engine)
    with engine.begin() as connection:
        _put(
            connection,
            membership,
            ({"id": m.id, "agency_id": m.agency_id, "person_id": m.person_id} for m in world.members),
        )
        _put(connection, evidence, map(asdict, world.rows))
    if engine.dialect.name == "postgresql":  # as its own housekeeping does; SQLite has none
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _put(connection, table: Table, rows: Iterable[dict]) -> None:
    connection.execute(insert(table), list(rows))
