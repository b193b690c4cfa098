"""Tells the core HMIS about one account: decided again just before the call, the call outside any transaction."""

from portal import jobs
from portal.adapters.core_hmis.port import Outcome
from portal.db import transaction
from portal.models import Job
from portal.services.people import provisioning
from portal.wiring import Context


def handle(context: Context, job: Job) -> None:
    """Brings the account of `job.key` ('account:7') to what its grants say; after an error the queue tries again."""
    account_id = int(job.key.removeprefix("account:"))
    with transaction(context.sessions) as session:
        if not jobs.keep(session, job, now=context.clock()):
            return
        call = provisioning.prepare(session, account_id=account_id, now=context.clock(), policy=context.policy)
    if call is None:
        return
    outcome: Outcome = getattr(context.core_hmis, call.act)(call.order)
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            provisioning.settle(
                session, call=call, outcome=outcome, now=context.clock(), policy=context.policy, keys=context.keys
            )
