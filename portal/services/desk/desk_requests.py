"""The requests that wait: a page of them by the day they were asked, what each lacks, and how many lack what."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models import AccessRequest, Membership
from portal.services.desk import desk_lists
from portal.services.desk.desk_lists import Queue
from portal.services.paging import Order, Page
from portal.services.searching import counted
from portal.standing.sweep import stand
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Kind

LOOKED_AT = 100
"""As many of the oldest requests are put before the gate for the first page: a number nobody works off in a day."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open request, the titles of what it lacks, and whether it lacks nothing any more."""

    request: AccessRequest
    unmet: tuple[str, ...]
    ready: bool


def requests_page(session: Session, *, now: datetime, policy: Policy, after: str = "") -> Page:
    """A page of open requests, the longest wait first, in four statements; its rows are Waiting."""
    query = (
        select(AccessRequest)
        .where(AccessRequest.status == "open")
        .options(
            joinedload(AccessRequest.membership).joinedload(Membership.person),
            joinedload(AccessRequest.membership).joinedload(Membership.agency),
        )
    )
    order = Order(((AccessRequest.requested_at, datetime.fromisoformat), (AccessRequest.id, int)))
    page = order.page(session, query, after, lambda row: (row[0].requested_at.isoformat(), row[0].id))
    requests = [row[0] for row in page.rows]
    titles = {p.id: p.title for p in policy.prerequisites}
    asked = [request.membership_id for request in requests]
    standings = {
        each.membership_id: each
        for each in (stand(session, policy, local_day(now, policy.zone), memberships=asked) if asked else ())
    }
    rows = [
        Waiting(request, tuple(titles[one] for one in standing.unmet), standing.permitted)
        for request in requests
        for standing in (standings[request.membership_id],)
    ]
    return Page(rows, page.next)


def queues(session: Session, *, now: datetime, policy: Policy) -> dict[str, Queue]:
    """Of the oldest open requests, how many lack nothing any more, a license alone, or something else; and `open`, all."""
    oldest = (
        select(AccessRequest.membership_id, AccessRequest.requested_at)
        .where(AccessRequest.status == "open")
        .order_by(AccessRequest.requested_at, AccessRequest.id)
    )
    asked = {row.membership_id: row.requested_at for row in session.execute(oldest.limit(LOOKED_AT))}
    groups: dict[str, list[datetime]] = {"ready": [], "seatless": [], "waiting": []}
    seats = {p.id for p in policy.prerequisites if p.evidence == Kind.SEAT}
    for standing in stand(session, policy, local_day(now, policy.zone), memberships=list(asked)) if asked else ():
        name = "ready" if standing.permitted else "seatless" if set(standing.unmet) <= seats else "waiting"
        groups[name].append(asked[standing.membership_id])
    found = {name: Queue(len(since), min(since, default=None)) for name, since in groups.items()}
    count = counted(session, oldest, AccessRequest.id, most=desk_lists.MANY)
    return found | {"open": Queue(count, min(asked.values(), default=None))}
