"""What differs in the core HMIS, kept from the look that found it to the one that no longer did."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import Account, CoreComparison, CoreDifference
from portal.refusals import Refused
from portal.services.desk.reconcile import DEEDS, Found, Report
from portal.services.paging import PAGE, Order, Page
from portal.services.people import accounts
from portal.services.people.provisioning import UNDER_WAY
from workflows.actions import Action
from workflows.policy import Policy
from workflows.vocabulary import Effect, Reason

KEY = "core_hmis"
_RANK = {found: number for number, found in enumerate(Found)}
WORST_FIRST = Order(((CoreDifference.rank, int), (CoreDifference.user_id, str), (CoreDifference.id, int)))


def keep(session: Session, report: Report, *, actor: Actor, now: datetime) -> CoreComparison:
    """Brings the list of differences up to this look: new ones are added, those that are gone are settled."""
    permissions.check(session, actor, Action.CORE_RECONCILE)
    looked = CoreComparison(at=now, by=actor.name, there=report.there, here=report.here, under_way=report.under_way)
    session.add(looked)
    found = {(each.found.value, each.user_id[:200]): each for each in report.differences}
    there = {
        (row.found, row.user_id): row
        for row in session.scalars(select(CoreDifference).where(CoreDifference.settled_at.is_(None)))
    }
    for key, row in there.items():
        if key in found:
            row.last_seen_at, row.sentence = now, found[key].sentence[:1000]
        else:
            row.settled_at = now
    session.flush()
    new = [
        {
            "found": key[0], "rank": _RANK[each.found], "user_id": key[1], "name": each.name[:200],
            "sentence": each.sentence[:1000], "account_id": each.account_id, "first_seen_at": now, "last_seen_at": now,
        }
        for key, each in found.items() if key not in there
    ]  # fmt: skip
    if new:
        session.execute(insert(CoreDifference), new)
    return looked


def ask(session: Session, *, actor: Actor, now: datetime) -> None:
    """Has the worker look once more, beside the look of every night."""
    permissions.check(session, actor, Action.CORE_RECONCILE)
    jobs.enqueue(session, Effect.COMPARE, key=KEY, now=now)


def last(session: Session) -> CoreComparison | None:
    return session.scalars(
        select(CoreComparison).order_by(CoreComparison.at.desc(), CoreComparison.id.desc()).limit(1)
    ).first()


def counted(session: Session) -> Mapping[Found, int]:
    """How many of each differ now, the worst first; one statement."""
    query = select(CoreDifference.found, func.count()).where(CoreDifference.settled_at.is_(None))
    counts = {found: count for found, count in session.execute(query.group_by(CoreDifference.found))}  # noqa: C416
    return {found: counts[found] for found in Found if found in counts}


def page(
    session: Session, actor: Actor, *, found: str = "", settled: bool = False, after: str = "", limit: int = PAGE
) -> Page:
    """Differences that stand, or those that were settled, the worst first; of one kind where `found` names it."""
    permissions.check(session, actor, Action.CORE_RECONCILE)
    query = select(CoreDifference).where(
        CoreDifference.settled_at.is_not(None) if settled else CoreDifference.settled_at.is_(None)
    )
    if found:
        query = query.where(CoreDifference.found == found)
    return WORST_FIRST.page(session, query, after, lambda row: (row[0].rank, row[0].user_id, row[0].id), limit=limit)


def tell_again(session: Session, difference_id: int, *, actor: Actor, now: datetime, policy: Policy) -> str:
    """Has the core HMIS told once more how this account shall be; its User ID.

    ILLEGAL_MOVE where it was settled meanwhile, where it is being told already, or where telling would mend nothing.
    """
    permissions.check(session, actor, Action.CORE_RECONCILE)
    row = permissions.find(session, actor, Action.CORE_RECONCILE, CoreDifference, difference_id)
    if row.settled_at is not None or row.account_id is None or Found(row.found) not in DEEDS:
        raise Refused(
            Reason.ILLEGAL_MOVE,
            "Telling the core HMIS again does not mend this. Load the page again to see what differs now.",
        )
    account = session.get_one(Account, row.account_id, with_for_update=True)
    if account.status in UNDER_WAY:
        raise Refused(
            Reason.ILLEGAL_MOVE,
            f"The core HMIS is being told about {account.user_id} already. Compare again in a few minutes.",
        )
    accounts.tell_again(
        session, account, now=now, policy_version=policy.version, why=f"{actor.name} found: {row.sentence}"
    )
    audit.record(
        session, actor=actor, now=now, act="core_hmis.tell_again", thing=account, said=f"Asked to tell the core HMIS again about {account.user_id}.",
    )  # fmt: skip
    return account.user_id


__all__ = ["KEY", "ask", "counted", "keep", "last", "page", "tell_again"]
