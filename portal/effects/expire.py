"""Ends what was given for a time only: a seat's reservation, a membership whose last day is over."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from portal import jobs
from portal.db import transaction
from portal.models import Job
from portal.services.people import departures, licences
from portal.wiring import Context


def _seat(session: Session, number: int, context: Context) -> None:
    licences.expire(session, number, now=context.clock(), policy=context.policy)


def _departure(session: Session, number: int, context: Context) -> None:
    departures.fall_due(session, membership_id=number, now=context.clock(), policy=context.policy)


ENDING: dict[str, Callable[[Session, int, Context], None]] = {"seat": _seat, "departure": _departure}


def handle(context: Context, job: Job) -> None:
    """Ends what `job.key` names ('seat:7', 'departure:12') where its time is over; a KeyError for anything else."""
    what, _, number = job.key.partition(":")
    end = ENDING[what]
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            end(session, int(number), context)
