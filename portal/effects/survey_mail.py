"""Invites whoever a survey asks by mail, a slice in each transaction: nobody twice, nobody missed."""

from portal import jobs
from portal.db import transaction
from portal.jobs import Job
from portal.services.helpdesk.feedback import surveys
from portal.wiring import Context


def handle(context: Context, job: Job) -> None:
    """Goes on with the survey that `job.key` names ('survey:7') until nobody is left, or it is closed meanwhile."""
    number, left = int(job.key.partition(":")[2]), True
    while left:
        with transaction(context.sessions) as session:
            if not jobs.keep(session, job, now=context.clock()):
                return
            left = surveys.invite_some(session, number, now=context.clock(), policy=context.policy)
