"""Asks the gate again about everybody whom a change concerns, one job and one transaction each."""

from portal import jobs
from portal.db import reading, transaction
from portal.jobs import Job
from portal.services import brake
from portal.services.people import grants
from portal.wiring import Context
from workflows.vocabulary import About, Effect


def handle(context: Context, job: Job) -> bool:
    """Reconsiders whom `job.key` ('membership:7', 'agency:7', 'person:3', 'lead') is about, the longest waiting first.

    One membership is decided here, in the transaction that finishes the job; of many, each is handed to a job of its
    own, so that a worker that is lost among four hundred costs the one it was at. Where they are so many that together
    they could end too much access for a lapse, everybody is weighed before the first. A worker that lost the job
    meanwhile commits nothing.
    """
    about, _, subject = job.key.partition(":")
    if about == About.MEMBERSHIP:
        return _decide(context, job, int(subject))
    with reading(context.sessions) as session:
        memberships = grants.concerned(session, job.key)
    if len(memberships) == 1:
        return _decide(context, job, memberships[0])
    return _hand_out(context, job, memberships)


def _decide(context: Context, job: Job, membership_id: int) -> bool:
    with transaction(context.sessions) as session:
        now = context.clock()
        if jobs.finish(session, job, now=now):
            grants.reconsider(session, membership_id=membership_id, now=now, policy=context.policy)
    return True


def _hand_out(context: Context, job: Job, memberships: list[int]) -> bool:
    with transaction(context.sessions) as session:
        now = context.clock()
        if jobs.finish(session, job, now=now) and memberships:
            brake.look(session, coming=len(memberships), now=now, policy=context.policy)
            keys = [f"membership:{membership_id}" for membership_id in memberships]
            jobs.enqueue_all(session, Effect.RECONSIDER, keys=keys, now=now, policy_version=job.policy_version)
    return True
