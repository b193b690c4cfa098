"""Tells the core HMIS about one account: decided again just before the call, the call outside any transaction."""

from portal import jobs
from portal.adapters.core_hmis.port import CoreHMISError, Outcome
from portal.db import transaction
from portal.jobs import Job
from portal.services.people import provisioning
from portal.services.people.provisioning import Call
from portal.wiring import Context


def handle(context: Context, job: Job) -> bool:
    """Brings the account of `job.key` ('account:7') to what its grants say; after an error the queue tries again."""
    account_id = int(job.key.removeprefix("account:"))
    with transaction(context.sessions) as session:
        if not jobs.keep(session, job, now=context.clock()):
            return True
        call = provisioning.prepare(session, account_id=account_id, now=context.clock(), policy=context.policy)
        if call is None:
            jobs.finish(session, job, now=context.clock())
            return True
    try:
        outcome: Outcome = getattr(context.core_hmis, call.act)(call.order)
    except CoreHMISError:
        settle(context, job, call, None)
        raise
    settle(context, job, call, outcome)
    return True


def settle(context: Context, job: Job, call: Call, outcome: Outcome | None) -> None:
    """Notes the outcome (None: nobody knows) and ends the job, if it is still ours; if not, the account is told anew.

    Another worker has told the core HMIS something newer meanwhile, and this call may have come after it. What waits
    for somebody's hand, or did nothing because it was overtaken, has undone nothing.
    """
    now, policy = context.clock(), context.policy
    with transaction(context.sessions) as session:
        if outcome is None:
            if not jobs.holds(session, job):
                provisioning.tell_again(session, call=call, now=now, policy=policy)
        elif jobs.finish(session, job, now=now):
            provisioning.settle(session, call=call, outcome=outcome, now=now, policy=policy, keys=context.keys)
        elif outcome.done:
            provisioning.tell_again(session, call=call, now=now, policy=policy)
