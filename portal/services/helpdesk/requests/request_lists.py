"""Lists of service requests, and the monthly review that somebody of the Lead looked at them ('Lead Agency')."""

import hashlib
import json
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Agency, ServiceActivity, ServiceRequest, ServiceReview
from portal.refusals import Refused, a_reason
from portal.services.helpdesk.requests.service_requests import LIVING
from portal.services.paging import PAGE, Order, Page, like
from workflows.actions import Action
from workflows.business_time import end_of_day, local_day, start_of_day
from workflows.policy import Policy
from workflows.vocabulary import Reason

_RANK = case((ServiceRequest.status.in_(LIVING), 0), else_=1)
_DUE = func.coalesce(ServiceRequest.due, date(9999, 12, 31))
IN_ORDER = Order(((_RANK, int), (_DUE, date.fromisoformat), (ServiceRequest.id, int)))
FIELDS = (
    "number", "title", "asked_for", "asked_on", "asked_of", "vendor_number", "priority", "status", "due", "deliverable",
    "resolution", "ended_on", "last_activity",
)  # fmt: skip
"""What a line of the month's list holds, in this order."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requests stand where."""

    asked: int = 0
    working: int = 0
    overdue: int = 0
    delivered: int = 0
    resolved: int = 0


def page(
    session: Session,
    actor: Actor,
    *,
    on: date,
    show: str = "",
    sent_to: str = "",
    search: str = "",
    agency_id: int | None = None,
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """What is due first, then what is ended; with the Agency. One statement."""
    query = select(ServiceRequest).join(ServiceRequest.agency).options(contains_eager(ServiceRequest.agency))
    query = query.options(joinedload(ServiceRequest.asker), joinedload(ServiceRequest.change)).where(
        _visible(actor), _shown(show, on)
    )
    if sent_to:
        query = query.where(ServiceRequest.sent_to == sent_to)
    if agency_id is not None:
        query = query.where(ServiceRequest.agency_id == agency_id)
    if search:
        query = query.where(_matches(search))
    return IN_ORDER.page(session, query, after, _place, limit=limit)


def counted(session: Session, actor: Actor, *, on: date) -> Counts:
    """One statement."""
    row = ServiceRequest
    query = select(
        func.count().filter(row.status == "asked"),
        func.count().filter(row.status.in_(("accepted", "in_progress"))),
        func.count().filter(_late(on)),
        func.count().filter(row.status == "delivered"),
        func.count().filter(row.status == "resolved"),
    ).where(_visible(actor))
    return Counts(*map(int, session.execute(query).one()))


def is_late(row: ServiceRequest, on: date) -> bool:
    return row.status in LIVING and row.due is not None and row.due < on


def activities(session: Session, row: ServiceRequest) -> Sequence[ServiceActivity]:
    """The log of a request, the latest first; one statement."""
    query = select(ServiceActivity).where(ServiceActivity.request_id == row.id).order_by(ServiceActivity.id.desc())
    return session.scalars(query.options(joinedload(ServiceActivity.writer))).all()


# --- the month's list and its review ---------------------------------------------------------------------------------


def of_month(session: Session, actor: Actor, *, month: date, policy: Policy) -> list[dict[str, Any]]:
    """The list of a month: what was living at any moment of it, as it stands now, with its latest activity. Two statements."""
    permissions.check(session, actor, Action.SERVICE_REVIEW)
    first, last = start_of_day(month, policy.zone), end_of_day(_last_day(month), policy.zone)
    query = (
        select(ServiceRequest)
        .where(
            ServiceRequest.asked_at <= last, or_(ServiceRequest.ended_at.is_(None), ServiceRequest.ended_at >= first)
        )
        .options(joinedload(ServiceRequest.agency))
        .order_by(ServiceRequest.id)
    )
    rows = session.scalars(query).all()
    newest = select(func.max(ServiceActivity.id)).group_by(ServiceActivity.request_id)
    said = select(ServiceActivity.request_id, ServiceActivity.said).where(ServiceActivity.id.in_(newest))
    latest = {row.request_id: row.said for row in session.execute(said)}
    return [_line(row, latest.get(row.id, ""), policy) for row in rows]


def review(
    session: Session, *, month: date, notes: str, seen: str, actor: Actor, now: datetime, policy: Policy
) -> ServiceReview:
    """Records that the actor looked at a month's list: the list itself is kept with its fingerprint.

    `seen` is the fingerprint of the list as it was shown; CONFLICT where it has changed since, ALREADY_DONE where the month
    is reviewed, ILLEGAL_MOVE for a month that has not begun.
    """
    permissions.check(session, actor, Action.SERVICE_REVIEW)
    month = month.replace(day=1)
    if month > local_day(now, policy.zone):
        raise Refused(Reason.ILLEGAL_MOVE, "This month has not begun yet.")
    if actor.person_id is None:
        raise Refused(Reason.NOT_ALLOWED, "A review is somebody's own: sign in first.")
    words = a_reason(notes, "Say what you saw and what follows from it, in a few words.", field="notes", most=2000)
    if session.scalar(select(ServiceReview.id).where(ServiceReview.month == month)) is not None:
        raise Refused(Reason.ALREADY_DONE, "This month is reviewed already. What was written then stays.")
    rows = of_month(session, actor, month=month, policy=policy)
    mark = fingerprint(rows)
    if mark != seen:
        raise Refused(Reason.CONFLICT, "The list has changed since you opened it. Look at it once more.")
    made = ServiceReview(
        month=month, reviewed_by=actor.person_id, reviewed_at=now, notes=words, listed=len(rows), rows=rows, sha256=mark
    )
    session.add(made)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="service.review", thing=made, after={"sha256": mark, "listed": len(rows)},
        said=f"Reviewed the list of service requests of {month:%B %Y}: {len(rows)} of them. {words}",
    )  # fmt: skip
    return made


def reviews(session: Session, *, limit: int = 36) -> Sequence[ServiceReview]:
    """The latest reviews with who looked; one statement."""
    query = select(ServiceReview).options(joinedload(ServiceReview.reviewer)).order_by(ServiceReview.month.desc())
    return session.scalars(query.limit(limit)).all()


def month_due(session: Session, *, on: date, policy: Policy) -> tuple[date, date] | None:
    """The latest month that is over and not reviewed, and the day by which it is to be; None where there is nothing to do.

    A month before the first request is none to look at. Two statements at most.
    """
    first = session.scalar(select(func.min(ServiceRequest.asked_at)))
    month = _before(on.replace(day=1))
    if first is None or local_day(first, policy.zone) > _last_day(month):
        return None
    if session.scalar(select(ServiceReview.id).where(ServiceReview.month == month)) is not None:
        return None
    return month, on.replace(day=policy.front.services.review_by)


def fingerprint(rows: Sequence[dict[str, Any]]) -> str:
    """The SHA-256 of a list as it is kept: the same list has the same one."""
    return hashlib.sha256(json.dumps(list(rows), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def holds(made: ServiceReview) -> bool:
    """Whether what is kept of a review is still what it was made of."""
    return fingerprint(made.rows) == made.sha256 and len(made.rows) == made.listed


def _line(row: ServiceRequest, activity: str, policy: Policy) -> dict[str, Any]:
    def day(moment: datetime | None) -> str:
        return local_day(moment, policy.zone).isoformat() if moment else ""

    return dict(zip(FIELDS, (
        row.number, row.title, row.agency.name, day(row.asked_at), row.sent_to, row.reference, row.priority, row.status,
        row.due.isoformat() if row.due else "", row.deliverable, row.resolution, day(row.ended_at), activity,
    ), strict=True))  # fmt: skip


def _last_day(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def _before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _visible(actor: Actor) -> ColumnElement[bool]:
    return permissions.visible(actor, Action.SERVICE_SEE, ServiceRequest)


def _late(on: date) -> ColumnElement[bool]:
    return and_(ServiceRequest.status.in_(LIVING), ServiceRequest.due < on)


def _shown(show: str, on: date) -> ColumnElement[bool]:
    match show:
        case "asked" | "delivered" | "resolved" | "declined":
            return ServiceRequest.status == show
        case "working":
            return ServiceRequest.status.in_(("accepted", "in_progress"))
        case "overdue":
            return _late(on)
        case "programs":
            return and_(ServiceRequest.status.in_(LIVING), ServiceRequest.change.has())
        case "all":
            return ServiceRequest.id > 0
    return ServiceRequest.status.in_(LIVING)


def _matches(search: str) -> ColumnElement[bool]:
    word = like(search)
    number = search.upper().removeprefix("SR-").rpartition("-")[2].lstrip("0")
    found: list[ColumnElement[bool]] = [
        Agency.name_key.like(word, escape="/"),
        func.lower(ServiceRequest.title).like(word, escape="/"),
        func.lower(ServiceRequest.description).like(word, escape="/"),
        func.lower(ServiceRequest.reference).like(word, escape="/"),
    ]
    if (row_id := permissions.row_id(number)) is not None:
        found.append(ServiceRequest.id == row_id)
    return or_(*found)


def _place(row: tuple[ServiceRequest]) -> tuple[int, str, int]:
    request = row[0]
    return 0 if request.status in LIVING else 1, (request.due or date(9999, 12, 31)).isoformat(), request.id
