"""The worker: claims one job at a time under a lease, carries it out, and does what comes due by itself."""

import dataclasses
import logging
import threading
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from portal import audit, jobs, record_keeping
from portal.actors import PORTAL
from portal.db import look_over, transaction
from portal.effects import ticket_duties
from portal.effects.registry import HANDLERS, Handler
from portal.jobs import LEASE, TRIES, Job
from portal.jobs.alarm import Alarm
from portal.services import daily, packs
from portal.services.account import limits
from portal.services.desk import work_orders
from portal.services.people import handover
from portal.wiring import Context
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Effect

log = logging.getLogger("portal.worker")

DUTIES_EVERY = timedelta(minutes=5)
MAIL_EVERY = timedelta(minutes=1)
_MOST = 100_000


class WorkerLost(Exception):
    """A job that no worker lived through."""


class Worker:
    """One worker of one process; several may share a database."""

    def __init__(self, context: Context, handlers: Mapping[Effect, Handler] = HANDLERS, *, lease: timedelta = LEASE):
        self.context, self.handlers, self.lease = context, handlers, lease
        self._duties_at = self._mail_at = datetime.min
        self._swept: date | None = None

    def run(self, stop: threading.Event, *, idle: float = 1.0) -> None:
        """Works until `stop` is set; when nothing is due it looks again every `idle` seconds, or when a new job wakes it."""
        alarm = Alarm(self.context.engine)
        while not stop.is_set():
            try:
                self.see_to_duties()
                worked = self.run_once()
            except Exception:  # the database may be away for a while; the next look tries again
                log.exception("the worker could not reach its queue")
                worked = False
            if not worked:
                alarm.wait(stop, idle)
        alarm.close()

    def run_once(self) -> bool:
        """Carries out the oldest due job, if there is one. A fault puts it back with back-off, or ends it as failed."""
        with transaction(self.context.sessions) as session:
            job = jobs.claim(session, now=self.context.clock(), lease=self.lease)
            ruling = packs.in_force(session, self.context.policy)
        if job is None:
            return False
        try:
            if job.tries > TRIES:  # whoever tried it died of it, each time
                raise WorkerLost("Every worker that tried was lost before it could say why.")
            finished = self.handlers[Effect(job.effect)](dataclasses.replace(self.context, policy=ruling), job)
        except Exception as error:
            log.exception("%s %s failed at try %s", job.effect, job.key, job.tries)
            self._failed(job, error)
        else:
            if not finished:
                with transaction(self.context.sessions) as session:
                    jobs.finish(session, job, now=self.context.clock())
        return True

    def see_to_duties(self) -> None:
        """What no act sets off: a new day's sweep and versions to sign, passwords that ran out, orders that wait too long."""
        now, sessions = self.context.clock(), self.context.sessions
        self._ask_for_mail(now)
        if now - self._duties_at < DUTIES_EVERY:
            return
        with transaction(sessions) as session:
            policy = packs.in_force(session, self.context.policy)
            handover.drop_expired(session, now=now)
        with transaction(sessions) as session:
            work_orders.alarm_overdue(session, now=now, policy=policy)
        ticket_duties.see_to(self.context, now=now, policy=policy)
        today = local_day(now, policy.zone)
        if self._swept != today:
            with transaction(sessions) as session:
                daily.sweep(session, now=now, policy=policy)
                daily.ask_to_sign_again(session, now=now)
                daily.look_ahead(session, now=now, policy=policy)
                daily.compare_with_core(session, now=now)
            self._prune(now)
            ticket_duties.once_a_day(self.context, now=now, policy=policy)
            look_over(self.context.engine)
            self._keep_record(now, policy)
            self._swept = today
        self._anchor(now)
        self._duties_at = now

    def _ask_for_mail(self, now: datetime) -> None:
        if self.context.inbox is None or now - self._mail_at < MAIL_EVERY:
            return
        with transaction(self.context.sessions) as session:
            jobs.enqueue(session, Effect.FETCH_MAIL, key="inbox", now=now)
        self._mail_at = now

    def _keep_record(self, now: datetime, policy: Policy) -> None:
        context = self.context
        outcome = record_keeping.verify_and_keep(
            context.sessions, context.engine, context.settings, now=now, policy=policy
        )
        for each in outcome.breaks:
            log.error("the record is broken: %s", each.said)

    def _anchor(self, now: datetime) -> None:
        try:
            record_keeping.anchor(self.context.sessions, self.context.settings, now=now)
        except OSError:  # a full disk must not stop the portal; the next look tries again
            log.exception("the record's head could not be written to %s", self.context.settings.anchors)

    def _prune(self, now: datetime) -> None:
        with transaction(self.context.sessions) as session:
            limits.forget(session, now=now)
        deleted = 1
        while deleted:
            with transaction(self.context.sessions) as session:
                deleted = jobs.prune(session, now=now)

    def _failed(self, job: Job, error: Exception) -> None:
        now = self.context.clock()
        with transaction(self.context.sessions) as session:
            if not jobs.holds(session, job):
                return
            if jobs.fail(session, job, now=now, error=f"{type(error).__name__}: {error}"):
                audit.record(
                    session,
                    actor=PORTAL,
                    now=now,
                    act="job.failed",
                    thing=job,
                    said=f"Gave up on {job.effect} {job.key} after {job.tries} tries.",
                    after={"error": str(error)[:500]},
                )


def drain(context: Context, now: datetime | None = None, handlers: Mapping[Effect, Handler] = HANDLERS) -> int:
    """Works until nothing is due, at one moment if `now` is given; how many jobs that were."""
    fixed = context if now is None else dataclasses.replace(context, clock=lambda: now)
    worker = Worker(fixed, handlers)
    done = 0
    while worker.run_once():
        done += 1
        if done > _MOST:
            raise RuntimeError(f"{_MOST} jobs and no end: some job asks for itself again")
    return done
