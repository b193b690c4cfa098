"""Asks the core HMIS for its own list and keeps what differs from the portal's accounts."""

from portal import jobs
from portal.actors import PORTAL
from portal.db import transaction
from portal.jobs import Job
from portal.services.desk import comparisons, reconcile
from portal.wiring import Context


def handle(context: Context, job: Job) -> None:
    """One look. CoreHMISError where the core HMIS does not answer, and the worker tries again.

    A core HMIS that is told by work orders has no list of its own: there is nothing to compare.
    """
    if not context.settings.by_scim:
        return
    rows = list(context.core_hmis.list())
    now = context.clock()
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            report = reconcile.compare(session, rows, actor=PORTAL, now=now)
            comparisons.keep(session, report, actor=PORTAL, now=now)
