"""Ends what was given for a time only: a seat's reservation, a membership whose last day is over; and looks ahead."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from portal import jobs
from portal.db import reading, transaction
from portal.jobs import Job
from portal.services import lapses, look_ahead
from portal.services.helpdesk.feedback import surveys
from portal.services.home import duties
from portal.services.people import departures, licences
from portal.services.security.actions import exceptions
from portal.services.security.sanctions import sanctions
from portal.wiring import Context


def _seat(session: Session, number: int, context: Context) -> None:
    licences.expire(session, number, now=context.clock(), policy=context.policy)


def _lapses(context: Context, job: Job) -> None:
    """Renews the list of what runs out and lets the day's digests go out; looking takes long and locks nothing."""
    now, policy = context.clock(), context.policy
    with reading(context.sessions) as session:
        coming = look_ahead.find(session, now=now, policy=policy)
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            lapses.keep(session, coming, now=now)
            exceptions.lapse(session, now=now, policy=policy)
            surveys.run_out(session, now=now, policy=policy)
            if lapses.untold(session, now=now, policy=policy):
                lapses.tell(session, now=now, policy=policy)
                duties.tell(session, now=now, policy=policy)


def _departure(session: Session, number: int, context: Context) -> None:
    departures.fall_due(session, membership_id=number, now=context.clock(), policy=context.policy)


def _sanction(session: Session, number: int, context: Context) -> None:
    sanctions.expire(session, number, now=context.clock(), policy=context.policy)


ENDING: dict[str, Callable[[Session, int, Context], None]] = {
    "seat": _seat,
    "departure": _departure,
    "sanction": _sanction,
}


def handle(context: Context, job: Job) -> None:
    """Ends what `job.key` names ('seat:7', 'departure:12') where its time is over; a KeyError for anything else.

    'lapses:0' is the daily look at what will be over soon.
    """
    what, _, number = job.key.partition(":")
    if what == "lapses":
        _lapses(context, job)
        return
    end = ENDING[what]
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            end(session, int(number), context)
