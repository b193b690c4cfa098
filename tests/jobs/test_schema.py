"""Procrastinate's tables as migration 0002 makes them: those of the installed version, with `job` as a view of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from portal import jobs, migrate
from portal.db import make_sessionmaker, transaction
from portal.models import Job as Row
from tests.jobs.queueing import MONDAY, Queue
from tests.support import databases
from tools.check.migrations import shape
from workflows.vocabulary import Effect

LEASED = {"lease", "leased_until"}


@pytest.fixture
def empty(postgres_server: databases.PostgresServer) -> Iterator[Engine]:
    with databases.engine_on(postgres_server.create("empty")) as engine:
        yield engine


def test_the_migration_makes_the_schema_of_the_installed_version(
    empty: Engine, postgres_server: databases.PostgresServer
) -> None:
    migrate.upgrade(empty)
    ours = {line for line in shape(empty) if "procrastinate_" in line and not line.startswith("view job:")}
    with databases.engine_on(postgres_server.create("theirs")) as theirs:
        with theirs.begin() as connection:
            script = (files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8")
            connection.execution_options(no_parameters=True).exec_driver_sql(script)
        assert shape(theirs) <= ours, f"Procrastinate {metadata.version('procrastinate')} needs a migration of its own"
        added = sorted(line.split(" ON ")[0].rpartition(" ")[2] for line in ours - shape(theirs))
    assert added == ["ix_job_lock", "ix_job_planned", "ix_job_state", "ix_job_worker"]


def test_the_view_has_the_columns_of_the_table_on_sqlite(postgres_engine: Engine) -> None:
    columns = {column["name"]: column["type"].python_type for column in sa.inspect(postgres_engine).get_columns("job")}
    assert columns == {column.name: column.type.python_type for column in Row.__table__.columns}


def test_a_queue_that_is_full_is_carried_over_and_back(empty: Engine) -> None:
    """Nothing that waits is lost by the change of queues, and the record's numbers still name the same jobs."""
    migrate.upgrade(empty, "0001")
    old = [
        {"state": "waiting", "key": "membership:1", "run_at": MONDAY + timedelta(days=3), "payload": {"a": ["ü"]}},
        {"state": "waiting", "key": "membership:2", "coalesced": False, "tries": 2, "error": "down"},
        {"state": "running", "key": "account:1", "lease": "x", "leased_until": MONDAY, "tries": 1},
        {"state": "failed", "key": "account:2", "tries": 8, "error": "down", "ended_at": MONDAY},
        {"state": "done", "key": "account:3", "tries": 1, "ended_at": MONDAY, "policy_version": "abc"},
    ]
    known = {
        "effect": "provision", "coalesced": True, "payload": {}, "policy_version": "", "enqueued_at": MONDAY, "run_at": MONDAY,
        "lease": "", "leased_until": None, "tries": 0, "error": "", "ended_at": None,
    }  # fmt: skip
    given = [{"id": number, **known, **row} for number, row in enumerate(old, 11)]
    with empty.begin() as connection:
        connection.execute(sa.insert(Row.__table__), given)

    def everything() -> list[dict[str, object]]:
        with empty.connect() as connection:
            rows = connection.execute(sa.select(Row.__table__).order_by(Row.id)).mappings()
            return [{name: value for name, value in row.items() if name not in LEASED} for row in rows]

    want = [{name: value for name, value in row.items() if name not in LEASED} for row in given]
    want[2]["state"] = "waiting"
    for row in want[2:]:  # only who waits can be shared
        row["coalesced"] = False
    migrate.upgrade(empty)
    assert everything() == want
    queue = Queue(empty)
    with transaction(make_sessionmaker(empty)) as session:  # it coalesces with what was carried over
        jobs.enqueue(session, Effect.PROVISION, key="membership:1", now=MONDAY)
    assert len(everything()) == 5
    assert [queue.taken().key for _ in range(3)] == ["membership:1", "membership:2", "account:1"]
    migrate.downgrade(empty, "0001")
    with empty.begin() as connection:
        assert connection.execute(sa.select(Row.key, Row.state).order_by(Row.id)).all()[3:] == [
            ("account:2", "failed"),
            ("account:3", "done"),
        ]
        connection.execute(sa.insert(Row.__table__).values(**known | {"state": "done", "key": "new"}))
        assert connection.scalar(sa.select(sa.func.max(Row.id))) == 16


def test_a_moment_keeps_its_microseconds(postgres_engine: Engine) -> None:
    queue = Queue(postgres_engine, datetime(2026, 11, 23, 15, 0, 0, 7))
    queue.ask("one")
    assert queue.rows()[0].enqueued_at == queue.now and queue.taken().enqueued_at == queue.now


def test_the_schema_says_whose_it_is() -> None:
    head = (Path(migrate.MIGRATIONS) / "procrastinate_3_10.sql").read_text(encoding="utf-8")[:400]
    assert "Procrastinate 3.10.0" in head and "MIT License" in head


def test_on_sqlite_the_table_is_made_anew_with_all_its_rows(tmp_path: Path) -> None:
    with databases.engine_on(f"sqlite:///{tmp_path / 'jobs.sqlite3'}") as engine:
        migrate.upgrade(engine, "0001")
        insert = (
            "INSERT INTO job (effect, key, coalesced, payload, policy_version, state, enqueued_at, run_at, lease, tries, error) "
            "VALUES ('{}', 'k', 1, '{{\"a\": 1}}', 'v', '{}', '2026-11-23', '2026-11-24', 'x', 3, 'e')"
        )
        with engine.begin() as connection:
            for state in ("waiting", "running", "done", "failed"):
                connection.exec_driver_sql(insert.format("mail", state))
            old = connection.exec_driver_sql("SELECT * FROM job ORDER BY id").all()
        migrate.upgrade(engine)
        with engine.begin() as connection:
            assert connection.exec_driver_sql("SELECT * FROM job ORDER BY id").all() == old
            connection.exec_driver_sql(insert.format("read_scans", "waiting"))
        migrate.downgrade(engine, "0001")
        with engine.begin() as connection:
            assert connection.exec_driver_sql("SELECT * FROM job ORDER BY id").all() == old
