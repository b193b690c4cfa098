"""What comes due by itself: whoever's standing has changed overnight is put before the gate again."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import jobs
from portal.models import AccessRequest, Grant
from portal.standing.sweep import stand
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Effect


def sweep(session: Session, *, now: datetime, policy: Policy) -> list[int]:
    """Asks for a reconsideration of every membership whose access no longer says what the gate says; who they are.

    One statement for all of them; only those that differ cost a job each.
    """
    grants = {row.membership_id: row for row in session.scalars(select(Grant).where(Grant.status != "ended"))}
    waiting = set(session.scalars(select(AccessRequest.membership_id).where(AccessRequest.status == "open")))
    concerned = sorted({*grants, *waiting})
    if not concerned:
        return []
    about = select(Grant.membership_id).where(Grant.status != "ended").union(select(AccessRequest.membership_id).where(AccessRequest.status == "open"))
    moved = []
    for standing in stand(session, policy, local_day(now, policy.zone), memberships=select(about.subquery().c.membership_id)):
        grant = grants.get(standing.membership_id)
        shut = not standing.permitted if grant is None or grant.confirmed_at is None else standing.closes
        opens = standing.permitted and standing.membership_id in waiting
        if opens or (grant is not None and shut == (grant.status == "live")):
            moved.append(standing.membership_id)
    for membership_id in moved:
        jobs.enqueue(session, Effect.RECONSIDER, key=f"membership:{membership_id}", now=now, policy_version=policy.version)
    return moved
