"""Ends what was given for a time only: a seat's reservation."""

from portal import jobs
from portal.db import transaction
from portal.models import Job
from portal.services import licences
from portal.wiring import Context


def handle(context: Context, job: Job) -> None:
    """Gives back the seat of `job.key` ('seat:7') where its reservation is over."""
    what, _, number = job.key.partition(":")
    if what != "seat":
        raise KeyError(job.key)
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            licences.expire(session, int(number), now=context.clock(), policy=context.policy)
