"""A file of quiz results brought in whole, beside a bare `executemany` of the same rows into the same table."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from bench import community, living
from bench.sweep import in_turns, statements
from portal import migrate
from portal.actors import operator
from portal.models import Agency, Membership, Person, TrainingResult
from portal.services import founding
from portal.services.desk import import_training
from portal.wiring import Context

ROWS, ALL_ROWS, EACH = 2_000, 100_000, 5
BY = operator("Benchmark")


def run(whole: bool = False) -> list[dict[str, Any]]:
    """Rows for the table: name, database, n, milliseconds, beside, ratio, statements a row."""
    found, rows = [], ALL_ROWS if whole else ROWS
    with community.databases() as databases, TemporaryDirectory(prefix="portal-bench-") as kept:
        for name, engine in databases:
            context = _ready(engine, Path(kept), rows // EACH)
            content, bare = _file(rows), _bare(context, rows)

            def ours(context: Context = context, content: bytes = content) -> None:
                with _undone(context.engine) as session:
                    _imported(session, context, content, rows)

            def theirs(context: Context = context, bare: list[dict[str, Any]] = bare) -> None:
                with _undone(context.engine) as session:
                    session.connection().execute(insert(TrainingResult.__table__), bare)

            sent = statements(context.engine, ours)
            took, least = in_turns(ours, theirs, rounds=1 if whole else 3)
            found.append(
                {"name": "import of quiz results against executemany", "database": name, "n": rows, "milliseconds": took,
                 "beside": least, "ratio": took / least, "statements": sent}
            )  # fmt: skip
            context.engine.dispose()
    return found


def _ready(engine: Engine, folder: Path, people: int) -> Context:
    """The Lead, one Agency, and so many people who are members of it."""
    migrate.upgrade(engine)
    context = living.context_on(living.url_of(engine), folder)
    now = context.clock()
    with Session(engine) as session, session.begin():
        founding.establish(session, now=now, policy=context.policy)
        agency = Agency(name="Sample Shelter", name_key="sample shelter", entered_at=now)
        session.add(agency)
        session.flush()
        values = [{"first_name": "Sam", "last_name": f"Sample {n}", "named_at": now} | _mail(n) for n in range(people)]
        session.execute(insert(Person), values)
        ids = session.scalars(select(Person.id)).all()
        session.execute(
            insert(Membership), [{"agency_id": agency.id, "person_id": each, "created_at": now} for each in ids]
        )
    return context


def _mail(n: int) -> dict[str, str]:
    return {"email": f"sam{n}@example.org", "email_key": f"sam{n}@example.org"}


def _file(rows: int) -> bytes:
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(("email", "course", "score", "max_score", "taken_at", "attempt"))
    for n in range(rows):
        person, attempt = n // EACH, n % EACH
        day = datetime(2026, 3, 1) + timedelta(attempt * 7)
        lines.writerow(
            (f"sam{person}@example.org", "security", 30 + attempt * 3, 50, day.date().isoformat(), attempt + 1)
        )
    return out.getvalue().encode()


def _bare(context: Context, rows: int) -> list[dict[str, Any]]:
    with _undone(context.engine) as session:
        _imported(session, context, _file(rows), rows)
        results = session.execute(select(TrainingResult.__table__)).mappings()
        return [{key: value for key, value in row.items() if key != "id"} for row in results]


def _imported(session: Session, context: Context, content: bytes, rows: int) -> None:
    report = import_training.import_file(
        session, content, "results.csv", actor=BY, now=context.clock(), policy=context.policy
    )
    session.flush()
    if report.counts.get("recorded") != rows:
        raise RuntimeError(f"{dict(report.counts)} of {rows} rows came in: nothing was measured")


@contextmanager
def _undone(engine: Engine) -> Iterator[Session]:
    """A transaction of which nothing stays."""
    with Session(engine, expire_on_commit=False) as session:
        yield session
        session.rollback()
