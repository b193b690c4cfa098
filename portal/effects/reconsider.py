"""Asks the gate again about everybody whom a change concerns, one transaction each."""

from portal import jobs
from portal.db import reading, transaction
from portal.models import Job
from portal.services.people import grants
from portal.wiring import Context


def handle(context: Context, job: Job) -> None:
    """Reconsiders each membership that `job.key` ('agency:7', 'person:3', 'lead') is about, the longest waiting first.

    Each in a transaction of its own, so that an Agency of four hundred does not hold its locks for all of them; a
    worker that lost the job meanwhile stops and commits nothing more.
    """
    with reading(context.sessions) as session:
        memberships = grants.concerned(session, job.key)
    for membership_id in memberships:
        with transaction(context.sessions) as session:
            if not jobs.keep(session, job, now=context.clock()):
                return
            grants.reconsider(session, membership_id=membership_id, now=context.clock(), policy=context.policy)
