"""Who comes next when a license becomes free: whoever lacks least, then who has waited longest ('User Licenses')."""

from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.models import AccessRequest, Membership, Seat
from portal.services.people import standing_view
from workflows.policy import Policy


def place(session: Session, request: AccessRequest, *, on: date, policy: Policy) -> int:
    """The place of a request among its Agency's that wait for a seat, from 1; 0 where it does not wait for one."""
    order = in_order(session, request.agency_id, on=on, policy=policy)
    return next((number for number, each in enumerate(order, start=1) if each.id == request.id), 0)


def in_order(session: Session, agency_id: int, *, on: date, policy: Policy) -> list[AccessRequest]:
    """The open requests of an Agency without a seat, the readiest first."""
    seated = exists(
        select(1).where(
            Seat.membership_id == AccessRequest.membership_id, Seat.kind == "core", Seat.status != "returned"
        )
    )
    rows = list(
        session.scalars(
            select(AccessRequest).where(AccessRequest.agency_id == agency_id, AccessRequest.status == "open", ~seated)
        )
    )
    members = list(session.scalars(select(Membership).where(Membership.id.in_([row.membership_id for row in rows]))))
    lines = standing_view.lines(session, members, now_on=on, policy=policy)
    return sorted(rows, key=lambda row: (len(lines[row.membership_id].steps), row.requested_at, row.id))
