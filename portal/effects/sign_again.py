"""Asks everybody whom a newly published version concerns to sign it, a batch in each transaction."""

from portal import jobs
from portal.db import transaction
from portal.models import Job
from portal.services.paperwork import again
from portal.wiring import Context


def handle(context: Context, job: Job) -> None:
    """Goes on until nobody is left; a worker that lost the job meanwhile stops. Whoever was asked is not asked again."""
    left = True
    while left:
        with transaction(context.sessions) as session:
            if not jobs.keep(session, job, now=context.clock()):
                return
            left = bool(again.ask(session, now=context.clock(), policy=context.policy))
