"""Who waits to be enrolled, a page at a time: people with an open request, and people with access who lack a course."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.models import AccessRequest, Evidence, Grant, Membership
from portal.services.desk import desk_lists
from portal.services.desk.desk_lists import Queue
from portal.services.paging import Order, Page
from portal.services.people import enrolment
from portal.services.searching import absent, there
from workflows.pack import Course
from workflows.policy import Policy
from workflows.vocabulary import About, Kind

LOOKED_AT = 1_000
"""Of the many with access, as many are looked through for one page: nearly all of them have their courses."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One membership that has signed and waits to be enrolled: the courses it lacks, and when it signed."""

    membership: Membership
    proposed: tuple[Course, ...]
    since: datetime


def requests_page(session: Session, *, on: date, policy: Policy, after: str = "") -> Page:
    """Those with an open request, who have signed and lack a proposed course, the oldest request first; four statements."""
    query = _asked(on, policy).add_columns(AccessRequest.requested_at, AccessRequest.id)
    order = Order(((AccessRequest.requested_at, datetime.fromisoformat), (AccessRequest.id, int)))
    page = order.page(session, query, after, lambda row: (row.requested_at.isoformat(), row.id), limit=desk_lists.PAGE)
    return Page(_rows(session, page.rows, on, policy), page.next)


def access_page(session: Session, *, on: date, policy: Policy, after: str = "") -> Page:
    """The same of those with access, who got a new role or a new course since: of LOOKED_AT after `after`, in five statements.

    A page can be empty and another one follow: `next` is empty only where everybody was looked at.
    """
    start = int(after) if after.isdecimal() and len(after) < 10 else 0
    some = (
        select(Grant.membership_id)
        .where(Grant.status != "ended", Grant.membership_id > start)
        .order_by(Grant.membership_id)
        .limit(LOOKED_AT)
    )
    looked_at, last = session.execute(select(func.count(), func.max(some.subquery().c.membership_id))).one()
    if not looked_at:
        return Page((), "")
    of = Grant.membership_id
    query = (
        select(of, _signed(of, on).label("since"))
        .where(Grant.status != "ended", of > start, of <= last, *_lacks(of, on, policy))
        .order_by(of)
    )
    found = session.execute(query.limit(desk_lists.PAGE + 1)).all()
    shown = found[: desk_lists.PAGE]
    following = shown[-1].membership_id if len(found) > len(shown) else last if looked_at == LOOKED_AT else ""
    return Page(_rows(session, shown, on, policy), str(following))


def queue(session: Session, *, on: date, policy: Policy) -> Queue:
    """How many of those with an open request wait to be enrolled, and since when; counted as other queues are."""
    some = (
        _asked(on, policy).order_by(AccessRequest.requested_at, AccessRequest.id).limit(desk_lists.MANY + 1).subquery()
    )
    count, oldest = session.execute(select(func.count(), func.min(some.c.since))).one()
    return Queue(count, oldest)


def _asked(on: date, policy: Policy) -> Select[Any, Any]:
    of = AccessRequest.membership_id
    query = select(of, _signed(of, on).label("since"))
    return query.where(AccessRequest.status == "open", *_lacks(of, on, policy))


def _rows(session: Session, found: Sequence[Any], on: date, policy: Policy) -> list[Waiting]:
    ids = [row.membership_id for row in found]
    if not ids:
        return []
    query = select(Membership).options(joinedload(Membership.person), joinedload(Membership.agency))
    members = {each.id: each for each in session.scalars(query.where(Membership.id.in_(ids)))}
    lacking = enrolment.lacking(session, ids, on=on, policy=policy)
    return [Waiting(members[row.membership_id], lacking[row.membership_id], row.since) for row in found]


def _held(of: Any, kind: Kind, on: date, *details: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Evidence.about == About.MEMBERSHIP, Evidence.subject_id == of, Evidence.kind == kind,
        *([Evidence.detail.in_(details)] if details else []),
        *Evidence.in_force(on),
    )  # fmt: skip


def _signed(of: Any, on: date) -> Any:
    return select(func.max(Evidence.recorded_at)).where(*_held(of, Kind.USER_AGREEMENT, on)).scalar_subquery()


def _lacks(of: Any, on: date, policy: Policy) -> list[ColumnElement[bool]]:
    """Has signed, has not left, and lacks one of the courses that roles and access level call for (as Policy.courses_for)."""

    def held(kind: Kind, *details: str) -> Select[int]:
        return select(literal(1)).where(*_held(of, kind, on, *details)).correlate(of.table)

    lacking = []
    for course in policy.courses:
        calls = [
            there(held(kind, *details))
            for kind, details in ((Kind.ROLE, course.roles), (Kind.ACCESS_LEVEL, course.levels))
            if details
        ]
        if calls:
            lacking.append(and_(absent(held(Kind.COURSE_ASSIGNED, course.id)), or_(*calls)))
    # In this order SQLite asks: most who are looked at have their courses.
    signed, asked, left = held(Kind.USER_AGREEMENT), held(Kind.REQUEST), held(Kind.DEPARTURE)
    return [or_(*lacking), there(signed), there(asked), absent(left)]
