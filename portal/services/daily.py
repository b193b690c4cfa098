"""What comes due by itself: whoever's standing has changed overnight is put before the gate again, new versions are signed."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import jobs
from portal.models import AccessRequest, Grant
from portal.services import brake, packs
from portal.standing.sweep import Standing, stand
from workflows.business_time import add_business_hours, local_day
from workflows.policy import Policy
from workflows.vocabulary import Effect


def sweep(session: Session, *, now: datetime, policy: Policy) -> list[int]:
    """Asks for a reconsideration of every membership whose access no longer says what the gate says; who they are.

    One statement for all of them; only those that differ cost a job each. Whoever would close for a mere lapse while
    too many would (see services/brake.py) waits for the Lead's word instead.
    """
    policy = packs.in_force(session, policy)
    grants = {row.membership_id: row for row in session.scalars(select(Grant).where(Grant.status != "ended"))}
    asked = select(AccessRequest.membership_id, AccessRequest.requested_at).where(AccessRequest.status == "open")
    waiting = {membership_id: requested_at for membership_id, requested_at in session.execute(asked)}  # noqa: C416
    scale = brake.begin(session, now=now, policy=policy)
    found = []
    for standing in stand(session, policy, local_day(now, policy.zone), memberships=_concerned()):
        grant = grants.get(standing.membership_id)
        if grant is not None and grant.status == "live" and grant.confirmed_at:
            scale.put(standing)
        if _differs(standing, grant, standing.membership_id in waiting):
            found.append(standing.membership_id)
    brake.judge(session, scale, now=now, may_drop=True)
    held = brake.held(session)
    moved = [one for one in found if one not in held]
    in_line = sorted(moved, key=lambda one: (waiting.get(one, datetime.min), one))
    keys = [f"membership:{membership_id}" for membership_id in in_line]
    jobs.enqueue_all(session, Effect.RECONSIDER, keys=keys, now=now, policy_version=policy.version)
    return sorted(moved)


def ask_to_sign_again(session: Session, *, now: datetime) -> None:
    """Has the worker look for whoever has still to be asked to sign a published version: it may come into force today."""
    jobs.enqueue(session, Effect.SIGN_AGAIN, key="lead", now=now)


def compare_with_core(session: Session, *, now: datetime) -> None:
    """Has the worker look at the core HMIS's own list, so that whoever gets in there and should not is seen by the morning."""
    jobs.enqueue(session, Effect.COMPARE, key="core_hmis", now=now)


def look_ahead(session: Session, *, now: datetime, policy: Policy) -> None:
    """Has the worker look for what runs out, once the desk opens: nobody is mailed at night."""
    opens = add_business_hours(now, 0, policy.hours, policy.holidays)
    jobs.enqueue(session, Effect.EXPIRE, key="lapses:0", now=now, run_at=opens)


def _concerned() -> Select[tuple[int]]:
    with_access = select(Grant.membership_id).where(Grant.status != "ended")
    each = with_access.union(select(AccessRequest.membership_id).where(AccessRequest.status == "open")).subquery()
    return select(each.c.membership_id)


def _differs(standing: Standing, grant: Grant | None, waits: bool) -> bool:
    """Whether the gate says something else than what is: the same question that reconsidering will answer."""
    if grant is None or (waits and standing.permitted):
        return standing.permitted
    shut = standing.closes if grant.confirmed_at else not standing.permitted
    return shut == (grant.status == "live")
