"""The queue on PostgreSQL: Procrastinate's tables, triggers and functions, called on the change's own connection.

A job that is due lies in the queue `due` with priority 0 and no time; one that is planned or waits to be tried again
lies in `planned` with priority -1, so that it never stands before a due one of its lock. It is moved when its moment,
by the portal's clock, has come. Each attempt registers as a worker of its own: its number fences the attempt, its
heartbeat is the lease.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from procrastinate.sql import queries
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.jobs.job import BATCH, VERSION, Job, next_try

DUE, PLANNED = "due", "planned"
_CLAIMING = 7_411_001

# Procrastinate's own deferring raises a unique violation where a job of that queueing lock waits, which would end the
# caller's transaction, and cannot bring the waiting one forward. Moments are texts of one length: they compare as such.
_ENQUEUE = text(f"""
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
VALUES (:queue, :effect, :priority, :key, :shared,
        CAST(:args AS jsonb) || jsonb_build_object('policy_version', CAST({VERSION} AS text)), :scheduled_at)
    ON CONFLICT (queueing_lock) WHERE status = 'todo'
    DO UPDATE SET queue_name = excluded.queue_name, priority = excluded.priority, scheduled_at = excluded.scheduled_at,
                  args = procrastinate_jobs.args || jsonb_build_object('run_at', excluded.args -> 'run_at')
        WHERE excluded.args ->> 'run_at' < procrastinate_jobs.args ->> 'run_at'
""")  # noqa: S608 - names of ours

# In line: two workers that fetch two jobs of one lock in the same instant would trip over its unique index. And where
# the statistics are older than the queue, the planner reads and sorts all that waits for every fetch: 80 ms at 20,000
# jobs, where walking the index takes 0.1.
_IN_LINE = text(
    "SELECT pg_advisory_xact_lock(:key), set_config('enable_sort', 'off', true), "
    "set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)"
)
_LOOK = text("""
SELECT EXISTS (SELECT 1 FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
                WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat <= :stale)) AS lost,
       EXISTS (SELECT 1 FROM procrastinate_jobs
                WHERE status = 'todo' AND queue_name = 'planned' AND scheduled_at <= :now) AS ripe,
       EXISTS (SELECT 1 FROM procrastinate_jobs WHERE status = 'todo' AND priority = 0) AS due
""")
# Whoever holds a row at this moment is passed over, so that no worker waits for a transaction of the web.
_LOST = text("""
UPDATE procrastinate_jobs SET queueing_lock = NULL
 WHERE id IN (SELECT j.id FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
               WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat <= :stale)
                 FOR UPDATE OF j SKIP LOCKED)
RETURNING id, worker_id
""")
_RIPEN = text("""
UPDATE procrastinate_jobs SET queue_name = 'due', priority = 0, scheduled_at = NULL
 WHERE id IN (SELECT id FROM procrastinate_jobs
               WHERE status = 'todo' AND queue_name = 'planned' AND scheduled_at <= :now FOR UPDATE SKIP LOCKED)
""")
_REGISTER = text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (:now) RETURNING id")
_MINE = text("SELECT worker_id, status FROM procrastinate_jobs WHERE id = :job FOR UPDATE")
_KEEP = text("""
UPDATE procrastinate_workers w SET last_heartbeat = :now
  FROM (SELECT worker_id FROM procrastinate_jobs
         WHERE id = :job AND worker_id = :worker AND status = 'doing' FOR UPDATE) mine
 WHERE w.id = mine.worker_id
""")
_END = text("""
UPDATE procrastinate_jobs SET queueing_lock = NULL, worker_id = NULL, args = args || CAST(:more AS jsonb)
 WHERE id = :job AND worker_id = :worker AND status = 'doing'
""")
_WAKE = text("""
UPDATE procrastinate_jobs SET queueing_lock = NULL, args = args - 'ended_at' || CAST(:more AS jsonb)
 WHERE id = :job AND status = 'failed'
""")
_AFRESH = text("UPDATE procrastinate_jobs SET attempts = 0 WHERE id = :job")
_PRUNE = text("""
DELETE FROM procrastinate_jobs
 WHERE id IN (SELECT id FROM procrastinate_jobs
               WHERE status IN ('succeeded', 'cancelled', 'aborted') AND args ->> 'ended_at' < :before LIMIT :most)
""")


def enqueue(
    session: Session,
    effect: str,
    *,
    keys: Sequence[str],
    now: datetime,
    payload: Mapping[str, Any],
    run_at: datetime,
    coalesce: bool,
    policy_version: str,
) -> None:
    due = run_at <= now
    values = {
        "queue": DUE if due else PLANNED, "effect": effect, "priority": 0 if due else -1, "policy_version": policy_version,
        "args": json.dumps({"payload": dict(payload), "enqueued_at": _said(now), "run_at": _said(run_at)}),
        "scheduled_at": None if due else run_at.replace(tzinfo=UTC),
    }  # fmt: skip
    each = [values | {"key": key, "shared": f"{effect} {key}" if coalesce else None} for key in keys]
    session.execute(_ENQUEUE, each if len(each) > 1 else each[0])


def claim(session: Session, *, now: datetime, lease: timedelta) -> Job | None:
    session.execute(_IN_LINE, {"key": _CLAIMING})
    moments = {"now": now.replace(tzinfo=UTC), "stale": (now - lease).replace(tzinfo=UTC)}
    lost, ripe, due = session.execute(_LOOK, moments).one()
    if lost:
        _rescue(session, moments)
    if ripe:
        session.execute(_RIPEN, moments)
    if not (lost or ripe or due):
        return None
    attempt = session.execute(_REGISTER, moments).scalar_one()
    found = _call(session, "fetch_job", queues=[DUE], worker_id=attempt).mappings().one()
    if found["id"] is None:  # what is due is of a key that is busy
        _call(session, "unregister_worker", worker_id=attempt)
        return None
    args = found["args"]
    return Job(
        id=found["id"], effect=found["task_name"], key=found["lock"], payload=args["payload"],
        policy_version=args["policy_version"], tries=found["attempts"] + 1, lease=str(attempt),
        enqueued_at=datetime.fromisoformat(args["enqueued_at"]), lasts=lease,
    )  # fmt: skip


def _rescue(session: Session, moments: dict[str, datetime]) -> None:
    """Puts back what a worker was lost over: Procrastinate finds such jobs and leaves it to its user to retry them."""
    for job_id, attempt in session.execute(_LOST, moments).all():
        _retry(session, job_id, None)
        if attempt is not None:
            _call(session, "unregister_worker", worker_id=attempt)


def holds(session: Session, job: Job) -> bool:
    row = session.execute(_MINE, {"job": job.id}).one_or_none()
    return row is not None and str(row.worker_id) == job.lease and row.status == "doing"


def keep(session: Session, job: Job, *, now: datetime) -> bool:
    return _changed(session, _KEEP, job=job.id, worker=_number(job.lease), now=now.replace(tzinfo=UTC))


def finish(session: Session, job: Job, *, now: datetime) -> bool:
    if not _ended(session, job, ended_at=_said(now)):
        return False
    _call(session, "finish_job", job_id=job.id, status="succeeded", delete_job=False)
    _call(session, "unregister_worker", worker_id=_number(job.lease))
    return True


def fail(session: Session, job: Job, *, now: datetime, error: str, out: bool) -> bool:
    at = next_try(now, job.tries)
    more = {"ended_at": _said(now)} if out else {"run_at": _said(at)}
    if not _ended(session, job, error=error.replace("\0", " "), **more):
        return False
    if out:
        _call(session, "finish_job", job_id=job.id, status="failed", delete_job=False)
    else:
        _retry(session, job.id, at)
    _call(session, "unregister_worker", worker_id=_number(job.lease))
    return True


def retry(session: Session, job_id: int, *, now: datetime) -> bool:
    if not _changed(session, _WAKE, job=job_id, more=json.dumps({"run_at": _said(now)})):
        return False
    _retry(session, job_id, None)
    session.execute(_AFRESH, {"job": job_id})
    return True


def prune(session: Session, *, before: datetime) -> int:
    return session.execute(_PRUNE, {"before": _said(before), "most": BATCH}).rowcount  # type: ignore[attr-defined]


def _ended(session: Session, job: Job, **more: str) -> bool:
    """Writes what is left to say about this attempt, where it is still the one that runs."""
    return _changed(session, _END, job=job.id, worker=_number(job.lease), more=json.dumps(more))


def _retry(session: Session, job_id: int, at: datetime | None) -> None:
    """Back into the line: at once, or among the planned ones until `at`."""
    _call(
        session, "retry_job", job_id=job_id, retry_at=at and at.replace(tzinfo=UTC), new_lock=None,
        new_priority=-1 if at else 0, new_queue_name=PLANNED if at else DUE,
    )  # fmt: skip


def _call(session: Session, query: str, **values: Any) -> Any:
    """One of Procrastinate's own queries, as its package has it, in this transaction."""
    return session.connection().exec_driver_sql(queries[query], values)


def _changed(session: Session, statement: Any, **values: Any) -> bool:
    return session.execute(statement, values).rowcount == 1  # type: ignore[attr-defined]


def _number(lease: str) -> int:
    return int(lease) if lease.isdecimal() else 0


def _said(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
