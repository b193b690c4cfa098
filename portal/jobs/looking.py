"""What is seen of a queue, each thing by an index of its own and no further than asked: most jobs are done long ago.

On PostgreSQL the view `job` would read and cast every waiting job: there Procrastinate's own table is asked for numbers.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.db import is_postgres
from portal.models import Job

AMONG = 1_000
"""Of those that are due, as many are looked at for the one that has waited longest: they lie nearly in that order."""

# As 0002 wrote the expression of its index.
_STATE = (
    "CASE status WHEN 'todo' THEN 'waiting' WHEN 'doing' THEN 'running' WHEN 'succeeded' THEN 'done' "
    "WHEN 'failed' THEN 'failed' ELSE 'dropped' END"
)
_COUNT = text(f"SELECT count(*) FROM (SELECT 1 FROM procrastinate_jobs WHERE {_STATE} = :state LIMIT :most) found")  # noqa: S608 - a constant
_COUNT_TODO = text("SELECT count(*) FROM (SELECT 1 FROM procrastinate_jobs WHERE status = 'todo' LIMIT :most) found")
_FAILED = text(f"""
WITH failed AS MATERIALIZED (SELECT id FROM procrastinate_jobs WHERE {_STATE} = 'failed' LIMIT 10000)
SELECT id FROM failed ORDER BY id DESC LIMIT :most
""")  # noqa: S608 - a constant
# What is due has priority 0 and lies in the order of its number; what is planned, in that of its moment. Asked as at least
# 0: where the priority is one number, PostgreSQL thinks of another index, by number, and reads all that was ever done.
_DUE = "SELECT id, args ->> 'run_at' AS run_at FROM procrastinate_jobs WHERE status = 'todo' AND priority >= 0 ORDER BY priority DESC, id LIMIT :among"
_PLANNED = (
    "SELECT id, args ->> 'run_at' AS run_at FROM procrastinate_jobs "
    "WHERE status = 'todo' AND queue_name = 'planned' AND scheduled_at <= :ripe ORDER BY scheduled_at LIMIT :among"
)
_LATE = text(
    f"SELECT id FROM (({_DUE}) UNION ALL ({_PLANNED})) waiting WHERE run_at < :before ORDER BY run_at, id LIMIT :most"  # noqa: S608 - constants
)
_OLDEST = text(f"SELECT min(run_at) FROM (({_DUE}) UNION ALL ({_PLANNED})) waiting WHERE run_at <= :before")  # noqa: S608 - constants


def count(session: Session, state: str, most: int) -> int:
    """How many jobs are in a state (waiting, running or failed), counted no further than `most`."""
    if is_postgres(session):
        asked: dict[str, Any] = {"most": most} if state == "waiting" else {"most": most, "state": state}
        return session.scalar(_COUNT_TODO if state == "waiting" else _COUNT, asked) or 0
    some = select(Job.id).where(Job.state == state).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def oldest_due(session: Session, *, now: datetime) -> datetime | None:
    """The moment for which the job was due that has waited longest; None where nothing is due."""
    if is_postgres(session):
        found = session.scalar(_OLDEST, _moments(now) | {"among": AMONG})
        return datetime.fromisoformat(found) if found else None
    return session.scalar(select(func.min(Job.run_at)).where(Job.state == "waiting", Job.run_at <= now))


def failed(session: Session, *, most: int) -> list[Job]:
    """Those that used up their tries, the latest first."""
    if is_postgres(session):
        return _rows(session, session.scalars(_FAILED, {"most": most}).all())
    query = select(Job).where(Job.state == "failed").order_by(Job.run_at.desc(), Job.id.desc())
    return list(session.scalars(query.limit(most)))


def late(session: Session, *, before: datetime, most: int) -> list[Job]:
    """Those that wait and should have run before a moment, the longest wait first."""
    if is_postgres(session):
        return _rows(session, session.scalars(_LATE, _moments(before) | {"among": AMONG, "most": most}).all())
    query = select(Job).where(Job.state == "waiting", Job.run_at < before).order_by(Job.run_at, Job.id)
    return list(session.scalars(query.limit(most)))


def _moments(moment: datetime) -> dict[str, Any]:
    """As a time with its zone, and as the text that a job keeps: texts of one length, which compare as moments do."""
    return {"ripe": moment.replace(tzinfo=UTC), "before": moment.isoformat(timespec="microseconds")}


def _rows(session: Session, ids: Sequence[int]) -> list[Job]:
    found = {job.id: job for job in session.scalars(select(Job).where(Job.id.in_(ids)))} if ids else {}
    return [found[each] for each in ids]
