"""A queue at hand for tests: one database, a moment that the test moves, and the port's verbs in transactions of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from portal import jobs
from portal.db import make_sessionmaker, reading, transaction
from portal.models import AuditEntry
from portal.models import Job as Row
from workflows.vocabulary import Effect

MONDAY = datetime(2026, 11, 23, 15, 0)


@dataclass
class Queue:
    engine: Engine
    now: datetime = MONDAY

    def __post_init__(self) -> None:
        self.sessions = make_sessionmaker(self.engine)

    @contextmanager
    def change(self) -> Iterator[Session]:
        with transaction(self.sessions) as session:
            yield session

    def ask(self, key: str, *, effect: Effect = Effect.PROVISION, later: timedelta | None = None, **more) -> None:
        """Enqueues, for `later` from now on if given."""
        run_at = None if later is None else self.now + later
        with self.change() as session:
            jobs.enqueue(session, effect, key=key, now=self.now, run_at=run_at, **more)

    def take(self, lease: timedelta = jobs.LEASE) -> jobs.Job | None:
        with self.change() as session:
            return jobs.claim(session, now=self.now, lease=lease)

    def taken(self, lease: timedelta = jobs.LEASE) -> jobs.Job:
        job = self.take(lease)
        assert job is not None, "nothing is due"
        return job

    def finish(self, job: jobs.Job) -> bool:
        with self.change() as session:
            return jobs.finish(session, job, now=self.now)

    def fail(self, job: jobs.Job, **more) -> bool:
        with self.change() as session:
            assert jobs.holds(session, job)
            return jobs.fail(session, job, now=self.now, error="It does not answer.", **more)

    def rows(self) -> list[Row]:
        with reading(self.sessions) as session:
            rows = list(session.scalars(select(Row).order_by(Row.id)))
            session.expunge_all()
            return rows

    def states(self) -> list[tuple[str, str]]:
        return [(row.key, row.state) for row in self.rows()]

    def entries(self, act: str) -> list[AuditEntry]:
        with reading(self.sessions) as session:
            entries = list(session.scalars(select(AuditEntry).where(AuditEntry.act == act).order_by(AuditEntry.id)))
            session.expunge_all()
            return entries

    def count(self, state: str) -> int:
        with reading(self.sessions) as session:
            return session.scalar(select(func.count()).where(Row.state == state)) or 0
