"""Agencies that join and are to be set up in the core HMIS: all that have begun a page at a time, and those that are ready."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, literal, select
from sqlalchemy.orm import Session

from portal.models import Agency, Evidence, WorkOrder
from portal.services.desk import configuration, desk_lists
from portal.services.paging import Order, Page
from portal.services.searching import absent, there
from workflows.vocabulary import LEAD, About, Kind

BY_ENTRY = Order(((Agency.entered_at, datetime.fromisoformat), (Agency.id, int)))


def page(session: Session, *, on: date, after: str = "") -> Page:
    """Agencies with an agreement in force that are not set up yet, in the order they were entered; four statements.

    Of each what its package lacks, or the order that is open; on a page those come first whose package is complete.
    """
    query = _joining(on).where(there(_has(on, Kind.PARTICIPATION_AGREEMENT)) | there(_ordered()))
    found = BY_ENTRY.page(
        session, query, after, lambda row: (row.Agency.entered_at.isoformat(), row.Agency.id), limit=desk_lists.PAGE
    )
    agencies = [row.Agency for row in found.rows]
    ids = [agency.id for agency in agencies]
    open_ = select(WorkOrder).where(
        WorkOrder.agency_id.in_(ids), WorkOrder.act == "configure", WorkOrder.status == "open"
    )
    orders = {order.agency_id: order for order in session.scalars(open_)}
    missing = configuration.missing_of(session, [each for each in ids if each not in orders], on=on)
    rows = [{"agency": each, "order": orders.get(each.id), "missing": missing.get(each.id, [])} for each in agencies]
    return Page(sorted(rows, key=lambda row: (row["order"] is not None, len(row["missing"]))), found.next)


LOOKED_AT = 50
"""Of the Agencies that have handed in every document of their own, as many are looked at piece by piece."""


def ready(session: Session, *, on: date) -> list[dict[str, Any]]:
    """The Agencies whose package is complete and that are not on order, with `since`: when the last of it was verified.

    Of LOOKED_AT and one more that were entered first; the longest wait comes first.
    """
    # What every complete package has, asked of the database; who is left is looked at piece by piece.
    pieces = (there(_has(on, piece.kind)) for piece in configuration.PACKAGE if not piece.of_admin)
    begun = session.scalars(
        _joining(on).where(absent(_ordered()), *pieces).order_by(Agency.entered_at, Agency.id).limit(LOOKED_AT + 1)
    ).all()
    missing = configuration.missing_of(session, [each.id for each in begun], on=on)
    whole = [each for each in begun if not missing[each.id]]
    since = configuration.verified_since(session, [each.id for each in whole], on=on)
    found: list[dict[str, Any]] = [
        {"agency": each, "order": None, "missing": [], "since": since.get(each.id, each.entered_at)} for each in whole
    ]
    return sorted(found, key=lambda row: row["since"])


def _joining(on: date) -> Select[Agency]:
    return select(Agency).where(Agency.status == "joining", Agency.id != LEAD, absent(_has(on, Kind.EXCLUDED_PROVIDER)))


def _has(on: date, kind: Kind) -> Select[int]:
    live = Evidence.in_force(on)
    about = (Evidence.about == About.AGENCY, Evidence.subject_id == Agency.id, Evidence.kind == kind)
    return select(literal(1)).where(*about, *live).correlate(Agency)


def _ordered() -> Select[int]:
    order = (WorkOrder.agency_id == Agency.id, WorkOrder.act == "configure", WorkOrder.status == "open")
    return select(literal(1)).where(*order).correlate(Agency)
