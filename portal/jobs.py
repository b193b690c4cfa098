"""The queue's port: enqueue in the caller's transaction, claim under a lease, finish or try again."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Select, TextClause, Update, bindparam, func, or_, select, text, update
from sqlalchemy.orm import Session

from portal.db import is_postgres
from portal.models import Job
from workflows.vocabulary import Effect

LEASE = timedelta(minutes=2)
TRIES = 8
_CLAIMING = 7_411_001
_GIVEN = frozenset(
    (
        "effect",
        "key",
        "coalesced",
        "payload",
        "state",
        "enqueued_at",
        "run_at",
        "policy_version",
        "lease",
        "tries",
        "error",
    )
)


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
    """Asks for an effect once this transaction is committed. A waiting job of the same effect and key serves both callers."""
    values = {
        "effect": effect.value, "key": key, "coalesced": coalesce, "payload": dict(payload or {}), "state": "waiting",
        "enqueued_at": now, "run_at": run_at or now, "policy_version": policy_version, "lease": "", "tries": 0, "error": "",
    }  # fmt: skip
    session.execute(_enqueuing(is_postgres(session), coalesce), values)


@cache
def _enqueuing(on_postgres: bool, coalesce: bool) -> TextClause:
    """The statement as text: SQLAlchemy compiles an insert with ON CONFLICT anew each time, which cost more than all else."""
    columns = [column for column in Job.__table__.c if column.name in _GIVEN]
    names = ", ".join(column.name for column in columns)
    places = ", ".join(f":{column.name}" for column in columns)
    insert = f"INSERT INTO job ({names}) VALUES ({places})"  # noqa: S608 - names of our own table's columns
    if coalesce:
        # The earlier of the two moments wins: a reaction that is due now must not wait for one planned for Monday.
        insert += (
            " ON CONFLICT (effect, key) WHERE state = 'waiting' AND coalesced "
            f"DO UPDATE SET run_at = {'least' if on_postgres else 'min'}(job.run_at, excluded.run_at)"
        )
    return text(insert).bindparams(*(bindparam(column.name, type_=column.type) for column in columns))


def claim(session: Session, *, now: datetime, lease: timedelta = LEASE) -> Job | None:
    """Takes the oldest due job under a lease, or one whose lease ran out; None where nothing is due.

    Jobs of one key run one after the other: a key with a running job is passed over.
    """
    if is_postgres(session):  # two workers must not take two jobs of one key in the same instant
        session.execute(select(func.pg_advisory_xact_lock(_CLAIMING)))
    job = session.scalars(_OLDEST_DUE, {"now": now}).first()
    if job is None:
        return None
    job.state, job.lease, job.leased_until, job.tries = "running", uuid.uuid4().hex, now + lease, job.tries + 1
    return job


def _oldest_due() -> Select[Job]:
    now = bindparam("now", type_=DateTime())
    busy = select(Job.key).where(Job.state == "running", Job.leased_until > now)
    due = or_((Job.state == "waiting") & (Job.run_at <= now), (Job.state == "running") & (Job.leased_until <= now))
    query = select(Job).where(due, Job.key.not_in(busy)).order_by(Job.run_at, Job.id).limit(1)
    return query.with_for_update(skip_locked=True)


_OLDEST_DUE = _oldest_due()
_MINE = select(Job.lease, Job.state).where(Job.id == bindparam("job")).with_for_update()
_HELD = (Job.id == bindparam("job"), Job.lease == bindparam("held"), Job.state == "running")
_TABLE: Any = Job.__table__
_PROLONG = update(_TABLE).where(*_HELD).values(leased_until=bindparam("until"))
_FINISH = update(_TABLE).where(*_HELD).values(state="done", ended_at=bindparam("at"))
"""Made once: every job needs each of them."""


def holds(session: Session, job: Job) -> bool:
    """Whether this worker still holds the job, locking its row: asked inside every transaction that commits for it."""
    row = session.execute(_MINE, {"job": job.id}).one()
    return row.lease == job.lease and row.state == "running"


def keep(session: Session, job: Job, *, now: datetime, lease: timedelta = LEASE) -> bool:
    """holds(), and the lease begins anew: for a job that takes many transactions. False where another worker has the job."""
    return _changed(session, _PROLONG, {"job": job.id, "held": job.lease, "until": now + lease})


def finish(session: Session, job: Job, *, now: datetime) -> bool:
    """Marks the job done; False where another worker has taken it over meanwhile."""
    return _changed(session, _FINISH, {"job": job.id, "held": job.lease, "at": now})


def _changed(session: Session, statement: Update, values: dict[str, Any]) -> bool:
    return session.execute(statement, values).rowcount == 1  # type: ignore[attr-defined]


def fail(session: Session, job: Job, *, now: datetime, error: str, tries: int = TRIES) -> bool:
    """Puts the job back with back-off, or ends it as failed when its tries are used up. True where it ended."""
    out = job.tries >= tries
    values: dict[str, Any] = {"error": error[:2000], "leased_until": None, "lease": ""}
    if out:
        values |= {"state": "failed", "ended_at": now}
    else:
        # A waiting job of the same key may have been added meanwhile; two waiting ones would break the unique index.
        values |= {
            "state": "waiting",
            "coalesced": False,
            "run_at": now + timedelta(seconds=min(3600, 2**job.tries * 5)),
        }
    session.execute(update(Job).where(Job.id == job.id, Job.lease == job.lease).values(**values))
    return out


def list_failed(session: Session, *, limit: int = 100) -> list[Job]:
    """The jobs that used up their tries, the latest first: nobody else will see to them."""
    return list(
        session.scalars(
            select(Job).where(Job.state == "failed").order_by(Job.ended_at.desc(), Job.id.desc()).limit(limit)
        )
    )


def retry(job: Job, *, now: datetime) -> None:
    """Puts a failed job back at the front, at somebody's wish."""
    job.state, job.run_at, job.tries, job.ended_at, job.coalesced = "waiting", now, 0, None, False


def overview(session: Session, *, now: datetime) -> dict[str, Any]:
    """How many jobs wait, run, failed, and the age of the oldest due one in seconds."""
    counts = {state: count for state, count in session.execute(select(Job.state, func.count()).group_by(Job.state))}  # noqa: C416
    oldest = session.scalar(select(func.min(Job.run_at)).where(Job.state == "waiting", Job.run_at <= now))
    return {
        "waiting": counts.get("waiting", 0), "running": counts.get("running", 0), "failed": counts.get("failed", 0),
        "oldest_seconds": (now - oldest).total_seconds() if oldest else 0.0,
    }  # fmt: skip
