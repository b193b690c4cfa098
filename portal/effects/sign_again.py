"""Asks everybody whom a newly published version concerns to sign it, a batch in each transaction."""

from portal import jobs
from portal.db import transaction
from portal.jobs import Job
from portal.services.paperwork import again
from portal.wiring import Context


class NotAllAsked(Exception):
    """Some documents could not be prepared: the job is tried again for them, and ends where the desk sees it."""


def handle(context: Context, job: Job) -> None:
    """Goes on until nobody is left; a worker that lost the job meanwhile stops. Whoever was asked is not asked again.

    NotAllAsked, once everybody else was asked, where a document could not be prepared.
    """
    stuck: dict[again.Whom, str] = {}
    left = True
    while left:
        with transaction(context.sessions) as session:
            if not jobs.keep(session, job, now=context.clock()):
                return
            left = bool(again.ask(session, now=context.clock(), policy=context.policy, stuck=stuck))
    if stuck:
        (kind, agency_id, membership_id), why = next(iter(stuck.items()))
        whose = f"Agency {agency_id}" + (f", membership {membership_id}" if membership_id else "")
        raise NotAllAsked(f"{len(stuck)} not asked, the first of them {kind} of {whose}: {why}")
