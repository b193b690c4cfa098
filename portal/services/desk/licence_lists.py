"""Licences by Agency: granted, held, reserved and free, and who waits for one; a page at a time, or all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from portal.models import AccessRequest, Agency, Licence, Seat
from portal.services.desk import desk_lists
from portal.services.desk.desk_lists import Queue
from portal.services.paging import Order, Page, like
from portal.services.searching import there

BY_NAME = Order(((Agency.name_key, str), (Agency.id, int)))


@dataclass(frozen=True, slots=True)
class Row:
    """An Agency's licences of a kind, counted.

    Waiting are open requests without a seat beyond the seats that are free: whoever has let a reservation run out takes
    a free one when the rest is settled. `since` is the oldest of their requests.
    """

    agency: Agency
    granted: int
    held: int
    reserved: int
    waiting: int
    since: datetime | None

    @property
    def free(self) -> int:
        return self.granted - self.held - self.reserved


@dataclass(frozen=True, slots=True)
class Total:
    """The sums of some rows."""

    granted: int
    held: int
    reserved: int
    free: int
    waiting: int


def page(session: Session, *, kind: str = "core", search: str = "", after: str = "") -> Page:
    """Agencies by name that have a licence of a kind, or wait for one; its rows are Row; five statements."""
    found = BY_NAME.page(
        session, _agencies(kind, search), after, lambda row: (row.Agency.name_key, row.Agency.id), limit=desk_lists.PAGE
    )
    return Page(_rows(session, [row.Agency for row in found.rows], kind), found.next)


def whole(session: Session, *, kind: str = "core", search: str = "") -> list[Row]:
    """All of them, in five statements for every thousand Agencies."""
    agencies = session.scalars(_agencies(kind, search).order_by(Agency.name_key)).all()
    return [
        row for start in range(0, len(agencies), 1_000) for row in _rows(session, agencies[start : start + 1_000], kind)
    ]


def total(rows: Sequence[Row]) -> Total:
    return Total(**{field.name: sum(getattr(row, field.name) for row in rows) for field in fields(Total)})


def without_seat(session: Session, kind: str = "core") -> Queue:
    """How many wait for a licence, and since when the first: of the MANY oldest requests without a seat, as Row counts."""
    oldest = (
        select(AccessRequest.agency_id, AccessRequest.requested_at)
        .where(AccessRequest.status == "open", ~_seated(kind))
        .order_by(AccessRequest.requested_at, AccessRequest.id)
        .limit(desk_lists.MANY)
    )
    asked: dict[int, list[datetime]] = {}
    for agency_id, requested_at in session.execute(oldest):
        asked.setdefault(agency_id, []).append(requested_at)
    granted, held = _granted(session, asked, kind), _taken(session, asked, kind)
    count, since = 0, []
    for agency_id, moments in asked.items():
        taken = sum(held.get((agency_id, status), 0) for status in ("held", "reserved"))
        waiting = len(moments) - max(0, granted.get(agency_id, 0) - taken)
        if waiting > 0:
            count += waiting
            since.append(min(moments))
    return Queue(count, min(since, default=None))


def _agencies(kind: str, search: str) -> Select[Agency]:
    own = select(literal(1)).correlate(Agency)
    granted = own.where(Licence.agency_id == Agency.id, Licence.kind == kind, Licence.withdrawn_at.is_(None))
    taken = own.select_from(Licence).join(Seat, Seat.licence_id == Licence.id)
    taken = taken.where(Licence.agency_id == Agency.id, Licence.kind == kind, Seat.status.in_(("held", "reserved")))
    wanted = [there(granted), there(taken)]
    if kind == "core":
        waits = own.where(AccessRequest.agency_id == Agency.id, AccessRequest.status == "open", ~_seated(kind))
        wanted.append(there(waits))
    query = select(Agency).where(or_(*wanted))
    return query.where(*(Agency.name_key.like(like(word), escape="/") for word in search.split()))


def _rows(session: Session, agencies: Sequence[Agency], kind: str) -> list[Row]:
    ids = [agency.id for agency in agencies]
    granted, taken = _granted(session, ids, kind), _taken(session, ids, kind)
    queued = (
        select(AccessRequest.agency_id, func.count(), func.min(AccessRequest.requested_at))
        .where(AccessRequest.agency_id.in_(ids), AccessRequest.status == "open", ~_seated(kind))
        .group_by(AccessRequest.agency_id)
    )
    asked = {row[0]: (row[1], row[2]) for row in session.execute(queued)} if kind == "core" and ids else {}
    rows = []
    for agency in agencies:
        held, reserved = (taken.get((agency.id, status), 0) for status in ("held", "reserved"))
        count, oldest = asked.get(agency.id, (0, None))
        waiting = max(0, count - max(0, granted.get(agency.id, 0) - held - reserved))
        rows.append(Row(agency, granted.get(agency.id, 0), held, reserved, waiting, oldest if waiting else None))
    return rows


def _granted(session: Session, agencies: Any, kind: str) -> Mapping[int, int]:
    query = select(Licence.agency_id, func.count()).where(
        Licence.agency_id.in_(agencies), Licence.kind == kind, Licence.withdrawn_at.is_(None)
    )
    return {agency: count for agency, count in session.execute(query.group_by(Licence.agency_id))}  # noqa: C416 (a row is no pair to the type checker)


def _taken(session: Session, agencies: Any, kind: str) -> Mapping[tuple[int, str], int]:
    query = select(Seat.agency_id, Seat.status, func.count()).where(Seat.agency_id.in_(agencies), Seat.kind == kind)
    counted = session.execute(query.group_by(Seat.agency_id, Seat.status))
    return {(agency, status): count for agency, status, count in counted}


def _seated(kind: str) -> ColumnElement[bool]:
    return exists(
        select(literal(1))
        .where(Seat.membership_id == AccessRequest.membership_id, Seat.kind == kind, Seat.status != "returned")
        .correlate(AccessRequest)
    )
