"""Begins an outage at the time that was announced; writes to the people of an update, a slice at a time."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from portal import jobs
from portal.db import transaction
from portal.jobs import Job
from portal.services.helpdesk.outages import moves, telling
from portal.wiring import Context


def _begin(session: Session, number: int, context: Context) -> None:
    moves.begin(session, number, now=context.clock())


def _tell(session: Session, number: int, context: Context) -> None:
    telling.write_to_some(session, number, now=context.clock(), policy=context.policy)


DOING: dict[str, Callable[[Session, int, Context], None]] = {"begin": _begin, "tell": _tell}


def handle(context: Context, job: Job) -> None:
    """Does what `job.key` names ('begin:7', 'tell:12'), in one transaction; a KeyError for anything else."""
    what, _, number = job.key.partition(":")
    do = DOING[what]
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            do(session, int(number), context)
