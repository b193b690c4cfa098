"""How an idle worker waits: on PostgreSQL a new job wakes it, on SQLite it looks again after a while."""

import logging
import threading
from contextlib import suppress
from typing import cast

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger("portal.jobs")

# The channel on which Procrastinate's trigger tells of each job that is put into the queue `due`.
CHANNEL = "procrastinate_queue_v1#due"


class Alarm:
    """One per worker, used by its thread alone; holds a connection of its own once it has waited on PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._line: Connection | None = None

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Returns after `seconds`, or earlier when a job was enqueued; where the line is down, it just waits."""
        if self._engine.dialect.name != "postgresql":
            stop.wait(seconds)
            return
        try:
            self._listen(seconds)
        except (psycopg.Error, SQLAlchemyError) as error:
            log.warning("new jobs do not wake this worker for now: %s", error)
            self.close()
            stop.wait(seconds)

    def close(self) -> None:
        if self._line is not None:
            with suppress(psycopg.Error, SQLAlchemyError):
                self._line.invalidate()  # a connection that listens must not go back to others
                self._line.close()
            self._line = None

    def _listen(self, seconds: float) -> None:
        if self._line is None:
            self._line = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._line.exec_driver_sql(f'LISTEN "{CHANNEL}"')
            return  # what was enqueued before the line was open told nobody: look once more
        driver = cast("psycopg.Connection", self._line.connection.driver_connection)
        for _ in driver.notifies(timeout=seconds, stop_after=1):
            pass
        while list(driver.notifies(timeout=0)):  # a thousand new jobs are one reason to get up; each call takes some
            pass
