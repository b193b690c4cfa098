"""Asks the gate again about everybody whom a change concerns, one transaction each."""

from portal import jobs
from portal.db import reading, transaction
from portal.jobs import Job
from portal.services import brake
from portal.services.people import grants
from portal.wiring import Context


def handle(context: Context, job: Job) -> None:
    """Reconsiders each membership that `job.key` ('agency:7', 'person:3', 'lead') is about, the longest waiting first.

    Where they are so many that the run could end too much access for a lapse, everybody is weighed before the first.
    Each in a transaction of its own, so that an Agency of four hundred does not hold its locks for all of them; a
    worker that lost the job meanwhile stops and commits nothing more.
    """
    with reading(context.sessions) as session:
        memberships = grants.concerned(session, job.key)
    if len(memberships) > 1:
        with transaction(context.sessions) as session:
            if not jobs.keep(session, job, now=context.clock()):
                return
            brake.look(session, coming=len(memberships), now=context.clock(), policy=context.policy)
    for membership_id in memberships:
        with transaction(context.sessions) as session:
            if not jobs.keep(session, job, now=context.clock()):
                return
            grants.reconsider(session, membership_id=membership_id, now=context.clock(), policy=context.policy)
