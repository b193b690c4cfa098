"""The jobs of the made-up community on PostgreSQL, where they lie in Procrastinate's tables, and their copies."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, text

from portal.models import Job

STATUS = {"waiting": "todo", "running": "todo", "done": "succeeded", "failed": "failed", "dropped": "cancelled"}
PUT = text("""
INSERT INTO procrastinate_jobs (id, queue_name, task_name, priority, lock, queueing_lock, status, scheduled_at, attempts, args)
VALUES (:id, :queue, :effect, :priority, :key, :shared, CAST(:status AS procrastinate_job_status), :scheduled_at, :tries,
        CAST(:args AS jsonb))
""")
COPY = text("""
INSERT INTO procrastinate_jobs (id, queue_name, task_name, priority, lock, queueing_lock, status, scheduled_at, attempts, args)
SELECT was.id + :start + (copies.k - :first) * :step, was.queue_name, was.task_name, was.priority, 'c' || copies.k || '.' || was.lock,
       'c' || copies.k || '.' || was.queueing_lock, was.status, was.scheduled_at, was.attempts, was.args
  FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS copies(k) CROSS JOIN procrastinate_jobs was
 WHERE was.id < :step
""")
NUMBER = text(
    "SELECT setval('procrastinate_jobs_id_seq', (SELECT coalesce(max(id), 0) + 1 FROM procrastinate_jobs), false)"
)


def carry(of: Connection, to: Connection) -> None:
    """Puts the jobs of an SQLite database into the queue of a PostgreSQL one, as they wait there and as they ended."""
    rows = [_row(dict(row)) for row in of.execute(select(*Job.__table__.c)).mappings()]
    if rows:
        to.execute(PUT, rows)
        to.execute(NUMBER)


def multiply(connection: Connection, *, copies: int, first: int, start: int, step: int) -> None:
    """As grown.grow() copies other rows."""
    connection.execute(COPY, {"start": start, "step": step, "first": first, "last": first + copies - 1})
    connection.execute(NUMBER)


def _row(job: dict[str, Any]) -> dict[str, Any]:
    planned = job["state"] == "waiting"
    said = {
        name: job[name].isoformat(timespec="microseconds")
        for name in ("enqueued_at", "run_at", "ended_at")
        if job[name]
    }
    args = said | {"payload": job["payload"], "policy_version": job["policy_version"]}
    run_at: datetime = job["run_at"]
    return {
        "id": job["id"], "effect": job["effect"], "key": job["key"], "tries": job["tries"], "status": STATUS[job["state"]],
        "queue": "planned" if planned else "due", "priority": -1 if planned else 0,
        "shared": f"{job['effect']} {job['key']}" if planned and job["coalesced"] else None,
        "scheduled_at": run_at.replace(tzinfo=UTC) if planned else None,
        "args": json.dumps(args | ({"error": job["error"]} if job["error"] else {})),
    }  # fmt: skip
