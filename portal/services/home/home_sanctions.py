"""Sanctions on the first page: drafts and appeals that wait for whoever looks, letters to hand over, one's own right to appeal."""

from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Sanction
from portal.services.home.tasks import Task
from portal.services.security.sanctions import sanction_lists
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import LEAD, Role


def queues(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """What the Lead's staff can decide or hear, and letters on paper: at most three tasks, two statements."""
    found = []
    decide = (Sanction.status == "drafted") & permissions.visible(actor, Action.SANCTION_DECIDE, Sanction)
    hear = (Sanction.status == "appealed") & permissions.visible(actor, Action.SANCTION_HEAR, Sanction)
    drafted, drafted_at, appealed, appealed_at = session.execute(
        select(
            func.count().filter(decide), func.min(Sanction.drafted_at).filter(decide),
            func.count().filter(hear), func.min(Sanction.appealed_at).filter(hear),
        ).where(Sanction.status.in_(("drafted", "appealed")))
    ).one()  # fmt: skip
    if drafted:
        title = f"{drafted:,} {'sanction' if drafted == 1 else 'sanctions'} to decide as the second person"
        found.append({"kind": "desk:sanctions_drafted", "title": title, "since": drafted_at})
    if appealed:
        title = f"{appealed:,} {'appeal' if appealed == 1 else 'appeals'} to hear"
        found.append({"kind": "desk:sanctions_appealed", "title": title, "since": appealed_at})
    if permissions.allows(session, actor, Action.SANCTION_FOLLOW, _anything()) and (
        letters := sanction_lists.to_deliver(session)
    ):
        title = f"{letters:,} {'letter' if letters == 1 else 'letters'} about sanctions to hand over on paper"
        found.append({"kind": "desk:sanctions", "title": title, "since": None})
    return found


def own(session: Session, actor: Actor, *, on: date) -> list[Task]:
    """The sanctions that whoever looks may still appeal: one's own, and those of the Agency one directs."""
    directed = actor.at(Role.EXECUTIVE_DIRECTOR) - {LEAD}
    mine = or_(Sanction.person_id == actor.person_id, Sanction.agency_id.in_(directed))
    rows = session.execute(
        select(Sanction.id, Sanction.agency_id, Sanction.violation_title, Sanction.appeal_by, Sanction.decided_at)
        .where(
            Sanction.status.in_(("in_force", "expired")), Sanction.appeal_by >= on, Sanction.appeal_outcome == "", mine
        )
        .order_by(Sanction.appeal_by, Sanction.id)
        .limit(20)
    )
    return [
        Task(
            "sanction", "Read a decision, and appeal it if you want to", number, f"{violation}. Until {us_date(until)}." if until else violation,
            since=decided_at, due=until, status="open",
        )
        for number, _, violation, until, decided_at in rows
    ]  # fmt: skip


def _anything() -> Any:
    return type("Any", (), {"person_id": None, "status": "in_force"})()
