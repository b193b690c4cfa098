"""A real worker in a process of its own, on a database that is named to it: for tests that kill it.

`python -m tests.jobs.a_worker URL LEASE_SECONDS FOLDER [hang]`: works until killed. Its one effect says so in the record,
before and after; with `hang` it stops for good in the middle of its transaction.
"""

import os
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from portal import audit, jobs
from portal.actors import PORTAL
from portal.config import Settings
from portal.db import transaction
from portal.wiring import Context, make_context
from portal.worker import Worker
from tests.support.record import AUDIT_KEY
from workflows.vocabulary import Effect


def main(url: str, lease: str, folder: str, hang: str = "") -> None:
    context = make_context(Settings(database_url=url, secret_keys=("for tests alone " * 3,), audit_keys=(AUDIT_KEY,)))

    def say(context: Context, job: jobs.Job, act: str) -> bool:
        with transaction(context.sessions) as session:
            if not jobs.holds(session, job):
                return False
            audit.record(
                session,
                actor=PORTAL,
                now=context.clock(),
                act=act,
                said=job.key,
                after={"job": job.id, "by": os.getpid()},
            )
            session.flush()
            if hang:
                (Path(folder) / "reached").touch()
                time.sleep(600)
        return True

    def handle(context: Context, job: jobs.Job) -> None:
        if say(context, job, "test.begun"):
            say(context, job, "test.done")

    worker = Worker(context, {Effect.PROVISION: handle}, lease=timedelta(seconds=float(lease)))
    (Path(folder) / f"ready.{os.getpid()}").touch()
    stop = threading.Event()
    while not stop.is_set():
        if not worker.run_once():
            stop.wait(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
