"""The queue's port: enqueue in the caller's transaction, claim under a lease, finish or try again.

Which queue it is follows from the session: a leased table on SQLite, Procrastinate on PostgreSQL. Both keep one contract,
which tests/jobs hold them to. `now` is always handed in, as naive UTC.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import is_postgres
from portal.jobs import leased, looking
from portal.jobs.job import KEPT, LEASE, TRIES, Job
from portal.models import Job as Row
from workflows.vocabulary import Effect

__all__ = [
    "COUNTED", "LEASE", "TRIES", "Job", "claim", "enqueue", "enqueue_all", "fail", "failed_or_late", "finish", "holds", "keep",
    "list_failed", "overview", "prune", "retry",
]  # fmt: skip

COUNTED = 1_000
"""As far as open jobs are counted."""


def _queue(session: Session) -> ModuleType:
    if not is_postgres(session):
        return leased
    from portal.jobs import procrastinated  # whoever runs on SQLite need not load the library

    return procrastinated


def enqueue(
    session: Session,
    effect: Effect,
    *,
    key: str,
    now: datetime,
    payload: Mapping[str, Any] | None = None,
    run_at: datetime | None = None,
    coalesce: bool = True,
    policy_version: str = "",
) -> None:
    """Asks for an effect once this transaction is committed; rolled back, there is no job.

    A waiting job of the same effect and key serves both callers, at the earlier of the two moments.
    """
    _queue(session).enqueue(
        session, effect.value, keys=[key], now=now, payload=payload or {}, run_at=run_at or now, coalesce=coalesce,
        policy_version=policy_version,
    )  # fmt: skip


def enqueue_all(
    session: Session, effect: Effect, *, keys: Iterable[str], now: datetime, policy_version: str = ""
) -> None:
    """Asks for one effect for each of the keys, in their order, as enqueue() does for one; together, since many wait less so."""
    each = list(dict.fromkeys(keys))
    if each:
        _queue(session).enqueue(
            session, effect.value, keys=each, now=now, payload={}, run_at=now, coalesce=True, policy_version=policy_version
        )  # fmt: skip


def claim(session: Session, *, now: datetime, lease: timedelta = LEASE) -> Job | None:
    """Takes a due job under a lease, or one whose lease ran out; None where nothing is due.

    Jobs of one key run one after the other: a key with a running job is passed over. One that is planned for later, or
    waits to be tried again, holds up no other.
    """
    return _queue(session).claim(session, now=now, lease=lease)


def holds(session: Session, job: Job) -> bool:
    """Whether this worker still holds the job, locking its row: asked inside every transaction that commits for it."""
    return _queue(session).holds(session, job)


def keep(session: Session, job: Job, *, now: datetime) -> bool:
    """holds(), and the lease begins anew: for a job that takes many transactions. False where another worker has the job."""
    return _queue(session).keep(session, job, now=now)


def finish(session: Session, job: Job, *, now: datetime) -> bool:
    """Marks the job done; False where another worker has taken it over meanwhile."""
    return _queue(session).finish(session, job, now=now)


def fail(session: Session, job: Job, *, now: datetime, error: str, tries: int = TRIES) -> bool:
    """Puts the job back with back-off, or ends it as failed when its tries are used up. True where it ended."""
    out = job.tries >= tries
    return _queue(session).fail(session, job, now=now, error=error[:2000], out=out) and out


def retry(session: Session, job_id: int, *, now: datetime) -> bool:
    """Puts a failed job back in line with all its tries, at somebody's wish; False where it is not a failed one."""
    return _queue(session).retry(session, job_id, now=now)


def prune(session: Session, *, now: datetime, kept: timedelta = KEPT) -> int:
    """Deletes jobs that were done longer than `kept` ago, a batch at most; how many. Failed ones stay."""
    return _queue(session).prune(session, before=now - kept)


def list_failed(session: Session, *, limit: int = 100) -> list[Row]:
    """The jobs that used up their tries, the latest first: nobody else will see to them."""
    return list(
        session.scalars(
            select(Row).where(Row.state == "failed").order_by(Row.ended_at.desc(), Row.id.desc()).limit(limit)
        )
    )


def failed_or_late(session: Session, *, late_since: datetime, most: int) -> list[Row]:
    """At most so many jobs that failed for good, the latest first, and those that should have run before a moment."""
    return [*looking.failed(session, most=most), *looking.late(session, before=late_since, most=most)]


def overview(session: Session, *, now: datetime) -> dict[str, Any]:
    """How many jobs wait, run, failed (counted no further than COUNTED and one), and the age of the oldest due one in seconds."""
    counts = {state: looking.count(session, state, COUNTED + 1) for state in ("waiting", "running", "failed")}
    oldest = looking.oldest_due(session, now=now)
    return counts | {"oldest_seconds": (now - oldest).total_seconds() if oldest else 0.0}
