"""Outages on the first page of the Lead's staff: one that nobody has said anything about for long, one that should be over."""

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Outage, OutageUpdate
from portal.services.home.tasks import Task
from workflows.actions import Action
from workflows.policy import Policy

MOST = 20


def tasks(session: Session, *, actor: Actor, now: datetime, policy: Policy) -> list[Task]:
    """What is on and waits for a word; one statement, none for whoever may not say one."""
    if not permissions.allows(session, actor, Action.OUTAGE_WORK):
        return []
    last = (
        select(func.max(OutageUpdate.at))
        .where(OutageUpdate.outage_id == Outage.id, OutageUpdate.public)
        .correlate(Outage)
        .scalar_subquery()
    )
    on = or_(Outage.status == "going_on", and_(Outage.status == "announced", Outage.starts_at <= now))
    # What was announced long ago is spoken of anew when it begins.
    silent = and_(last <= now - policy.outages.silence, Outage.starts_at <= now - policy.outages.silence)
    query = select(Outage, last).where(on, or_(silent, Outage.ends_expected_at <= now)).order_by(Outage.starts_at)
    return [_task(outage, said, now) for outage, said in session.execute(query.limit(MOST))]


def _task(outage: Outage, said: datetime, now: datetime) -> Task:
    late = outage.ends_expected_at is not None and outage.ends_expected_at <= now
    title = f"Say whether it is over: {outage.title}" if late else f"Say how it goes: {outage.title}"
    hint = (
        "It was expected to be over by now" if late else "An outage is going on, and nobody has said anything for long"
    )
    return Task(
        f"at:/outages/manage/{outage.id}", title, hint=hint, since=max(said, outage.starts_at),
        due=outage.ends_expected_at if late else None, status="overdue" if late else "to_do",
    )  # fmt: skip
