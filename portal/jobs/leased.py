"""The embedded queue: a leased table in the portal's own database, for SQLite."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Select, TextClause, Update, bindparam, delete, or_, select, text, update
from sqlalchemy.orm import Session

from portal.jobs.job import BATCH, VERSION, Job, next_try
from portal.models import Job as Row

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


def _enqueuing(coalesce: bool) -> TextClause:
    """The statement as text: SQLAlchemy compiles an insert with ON CONFLICT anew each time, which cost more than all else."""
    columns = [column for column in Row.__table__.c if column.name in _GIVEN]
    names = ", ".join(column.name for column in columns)
    places = ", ".join(VERSION if column.name == "policy_version" else f":{column.name}" for column in columns)
    insert = f"INSERT INTO job ({names}) VALUES ({places})"  # noqa: S608 - names of our own table's columns
    if coalesce:
        # The earlier of the two moments wins: a reaction that is due now must not wait for one planned for Monday.
        insert += (
            " ON CONFLICT (effect, key) WHERE state = 'waiting' AND coalesced "
            "DO UPDATE SET run_at = min(job.run_at, excluded.run_at)"
        )
    return text(insert).bindparams(*(bindparam(column.name, type_=column.type) for column in columns))


def _oldest_due() -> Select[Row]:
    now = bindparam("now", type_=DateTime())
    busy = select(Row.key).where(Row.state == "running", Row.leased_until > now)
    due = or_((Row.state == "waiting") & (Row.run_at <= now), (Row.state == "running") & (Row.leased_until <= now))
    return select(Row).where(due, Row.key.not_in(busy)).order_by(Row.run_at, Row.id).limit(1)


# Made once: every job needs each of them.
_ENQUEUE = {coalesce: _enqueuing(coalesce) for coalesce in (True, False)}
_OLDEST_DUE = _oldest_due()
_MINE = select(Row.lease, Row.state).where(Row.id == bindparam("job"))
_HELD = (Row.id == bindparam("job"), Row.lease == bindparam("held"), Row.state == "running")
_TABLE: Any = Row.__table__
_PROLONG = update(_TABLE).where(*_HELD).values(leased_until=bindparam("until"))
_FINISH = update(_TABLE).where(*_HELD).values(state="done", ended_at=bindparam("at"))


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
    values = {
        "effect": effect, "coalesced": coalesce, "payload": dict(payload), "state": "waiting", "enqueued_at": now,
        "run_at": run_at, "policy_version": policy_version, "lease": "", "tries": 0, "error": "",
    }  # fmt: skip
    session.execute(_ENQUEUE[coalesce], [values | {"key": key} for key in keys])


def claim(session: Session, *, now: datetime, lease: timedelta) -> Job | None:
    row = session.scalars(_OLDEST_DUE, {"now": now}).first()
    if row is None:
        return None
    row.state, row.lease, row.leased_until, row.tries = "running", uuid.uuid4().hex, now + lease, row.tries + 1
    return Job(
        id=row.id, effect=row.effect, key=row.key, payload=row.payload, policy_version=row.policy_version,
        tries=row.tries, lease=row.lease, enqueued_at=row.enqueued_at, lasts=lease,
    )  # fmt: skip


def holds(session: Session, job: Job) -> bool:
    row = session.execute(_MINE, {"job": job.id}).one_or_none()
    return row is not None and row.lease == job.lease and row.state == "running"


def keep(session: Session, job: Job, *, now: datetime) -> bool:
    return _changed(session, _PROLONG, {"job": job.id, "held": job.lease, "until": now + job.lasts})


def finish(session: Session, job: Job, *, now: datetime) -> bool:
    return _changed(session, _FINISH, {"job": job.id, "held": job.lease, "at": now})


def fail(session: Session, job: Job, *, now: datetime, error: str, out: bool) -> bool:
    values: dict[str, Any] = {"error": error, "leased_until": None, "lease": ""}
    if out:
        values |= {"state": "failed", "ended_at": now}
    else:
        # A waiting job of the same key may have been added meanwhile; two waiting ones would break the unique index.
        values |= {"state": "waiting", "coalesced": False, "run_at": next_try(now, job.tries)}
    held = (Row.id == job.id, Row.lease == job.lease, Row.state == "running")
    return _changed(session, update(_TABLE).where(*held).values(**values), {})


def retry(session: Session, job_id: int, *, now: datetime) -> bool:
    values = {"state": "waiting", "run_at": now, "tries": 0, "ended_at": None, "coalesced": False}
    return _changed(session, update(_TABLE).where(Row.id == job_id, Row.state == "failed").values(**values), {})


def prune(session: Session, *, before: datetime) -> int:
    old = select(Row.id).where(Row.state.in_(("done", "dropped")), Row.ended_at < before).limit(BATCH)
    return session.execute(delete(_TABLE).where(Row.id.in_(old))).rowcount  # type: ignore[attr-defined]


def _changed(session: Session, statement: Update, values: dict[str, Any]) -> bool:
    return session.execute(statement, values).rowcount == 1  # type: ignore[attr-defined]
