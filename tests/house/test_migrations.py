"""Migrations run up, down and up again on both databases, keep what was entered, and build what the models say."""

import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

import portal.models
from portal import migrate
from portal.db import Base, make_engine
from portal.models import Agency, AuditEntry, Evidence, Membership, Person
from tests.support import databases
from tools.check.migrations import create_from_models, drift, shape

pytestmark = pytest.mark.xdist_group("migrations")


def a_row_of(table: sa.Table, known: dict[str, object]) -> dict[str, object]:
    """Values for every column that must have one; `known` overrides."""
    made: dict[str, object] = {}
    for column in table.columns:
        if column.nullable or column.computed or (column.primary_key and column.name == "id"):
            continue
        if column.default is not None and column.default.is_scalar:
            made[column.name] = column.default.arg
        elif isinstance(column.type, sa.DateTime):
            made[column.name] = datetime(2026, 11, 23, 15, 0)
        elif isinstance(column.type, sa.Date):
            made[column.name] = date(2026, 11, 23)
        elif isinstance(column.type, sa.JSON):
            made[column.name] = {}
        elif isinstance(column.type, sa.Boolean):
            made[column.name] = False
        elif isinstance(column.type, sa.Integer):
            made[column.name] = 1
        else:
            made[column.name] = ""
    return made | known


def an_agency_with_a_member(engine: Engine) -> None:
    """One agency, one person, the membership that ties them, an audit row: parents and children."""
    agency = a_row_of(Agency.__table__, {"id": 7, "name": "Sample House", "status": Agency.__machine__.initial})
    person = a_row_of(Person.__table__, {"id": 8, "email": "sam@example.org"})
    membership = a_row_of(Membership.__table__, {"id": 9, "agency_id": 7, "person_id": 8})
    entry = a_row_of(AuditEntry.__table__, {"id": 10, "said": "Entered Sample House"})
    with engine.begin() as connection:
        known = sa.inspect(connection)  # an earlier version of the tables lacks later columns
        for table, row in ((Agency, agency), (Person, person), (Membership, membership), (AuditEntry, entry)):
            there = {column["name"] for column in known.get_columns(table.__tablename__)}
            here = sa.table(
                table.__tablename__, *(sa.column(c.name, c.type) for c in table.__table__.c if c.name in there)
            )
            connection.execute(sa.insert(here), {name: value for name, value in row.items() if name in there})


def tables_of(engine: Engine) -> set[str]:
    """Tables, and the view that stands for one on PostgreSQL."""
    inspector = sa.inspect(engine)
    return {*inspector.get_table_names(), *inspector.get_view_names()}


def test_migrations_run_up_down_and_up_and_keep_the_rows(empty_database_url: str) -> None:
    with databases.engine_on(empty_database_url) as engine:
        assert migrate.current(engine) is None
        migrate.upgrade(engine, "0001")
        first = shape(engine)
        an_agency_with_a_member(engine)
        migrate.upgrade(engine)
        assert migrate.current(engine) == migrate.head()
        with engine.connect() as connection:
            assert connection.execute(sa.select(Membership.agency_id, Membership.person_id)).one() == (7, 8)
            assert connection.execute(sa.select(AuditEntry.said)).scalar_one() == "Entered Sample House"
        migrate.downgrade(engine, "0001")
        assert shape(engine) == first
        with engine.connect() as connection:
            assert connection.execute(sa.select(Agency.name)).scalar_one() == "Sample House"
        migrate.downgrade(engine, "base")
        assert tables_of(engine) <= {"alembic_version"}
        assert shape(engine) == set(), "something of the portal is left after everything was taken back"
        migrate.upgrade(engine)
        assert tables_of(engine) >= set(Base.metadata.tables)


def test_migrations_build_what_the_models_say(
    empty_database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if empty_database_url.startswith("sqlite"):
        other = f"sqlite:///{tmp_path / 'modelled.sqlite3'}"
    else:
        other = request.getfixturevalue("postgres_server").create("modelled")
    with databases.engine_on(empty_database_url) as migrated, databases.engine_on(other) as modelled:
        migrate.upgrade(migrated)
        create_from_models(modelled)
        assert drift(migrated, modelled) == []


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER evidence_is_kept{on evidence}",
        "DROP INDEX ix_evidence_asked",
        "ALTER TABLE person ADD COLUMN shoe_size integer",
    ],
)
def test_a_difference_between_models_and_migrations_is_named(
    change: str, empty_database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    sqlite = empty_database_url.startswith("sqlite")
    other = f"sqlite:///{tmp_path / 'm.sqlite3'}" if sqlite else request.getfixturevalue("postgres_server").create("m")
    with databases.engine_on(empty_database_url) as migrated, databases.engine_on(other) as modelled:
        migrate.upgrade(migrated)
        create_from_models(modelled)
        before = drift(migrated, modelled)
        with migrated.begin() as connection:
            connection.exec_driver_sql(change.replace("{on evidence}", "" if sqlite else " ON evidence"))
        found = [sentence for sentence in drift(migrated, modelled) if sentence not in before]
        assert len(found) == 1
        assert any(word in found[0] for word in ("evidence_is_kept", "ix_evidence_asked", "shoe_size"))


def test_every_declared_trigger_guards_its_table(each_engine: Engine) -> None:
    assert {trigger.table for trigger in portal.models.TRIGGERS} >= {"evidence", "decision", "audit_entry"}
    an_agency_with_a_member(each_engine)
    for statement in ("UPDATE audit_entry SET said = 'nothing'", "DELETE FROM audit_entry"):
        with pytest.raises(sa.exc.DBAPIError, match="never"), each_engine.begin() as connection:
            connection.exec_driver_sql(statement)


def test_evidence_cannot_be_edited_by_hand(each_engine: Engine) -> None:
    row = {"id": 1, "about": "person", "subject_id": 8, "kind": "training", "detail": "security", "value": 7999}
    with each_engine.begin() as connection:
        connection.execute(sa.insert(Evidence.__table__), a_row_of(Evidence.__table__, row))
    with pytest.raises(sa.exc.DBAPIError, match="never edited"), each_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE evidence SET value = 8000")


def test_rebuilding_a_parent_on_sqlite_keeps_its_children(tmp_path: Path) -> None:
    """The trap: with foreign keys on, the dropped old copy of a parent takes its cascading children along."""
    engine = make_engine(f"sqlite:///{tmp_path / 'family.sqlite3'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE child (id INTEGER PRIMARY KEY, p REFERENCES parent ON DELETE CASCADE)")
        connection.exec_driver_sql("INSERT INTO parent VALUES (1)")
        connection.exec_driver_sql("INSERT INTO child VALUES (1, 1)")
    with migrate.migrating(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT)")
        connection.exec_driver_sql("INSERT INTO new_parent (id) SELECT id FROM parent")
        connection.exec_driver_sql("DROP TABLE parent")
        connection.exec_driver_sql("ALTER TABLE new_parent RENAME TO parent")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM child").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    engine.dispose()


def test_two_processes_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    script = f"""
from portal import migrate
from portal.db import make_engine
engine = make_engine({empty_database_url!r})
migrate.upgrade(engine)
assert migrate.current(engine) == migrate.head()
"""
    both = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], "\n".join(errors)


def test_asking_for_the_version_waits_for_no_writer(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'busy.sqlite3'}"
    with databases.engine_on(url) as writer, databases.engine_on(url) as reader:
        migrate.upgrade(writer)
        with writer.begin():  # holds the write lock
            started = time.monotonic()
            assert migrate.current(reader) == migrate.head()
            assert time.monotonic() - started < 5


def test_a_migration_that_leaves_orphans_changes_nothing(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'orphans.sqlite3'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE child (id INTEGER PRIMARY KEY, p REFERENCES parent)")
        connection.exec_driver_sql("INSERT INTO parent VALUES (1)")
        connection.exec_driver_sql("INSERT INTO child VALUES (1, 1)")
    refused = pytest.raises(migrate.MigrationError, match="1 rows that point nowhere, the first in child")
    with refused, migrate.migrating(engine) as connection:
        connection.exec_driver_sql("DELETE FROM parent")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM parent").scalar_one() == 1
    engine.dispose()
