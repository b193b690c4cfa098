"""What the pages about lapses show: what runs out, whom the brake holds, counted and page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Lapse, Membership, Person, StoppedCase, SweepStop
from portal.services.paging import PAGE, Order, Page, like
from workflows.actions import Action
from workflows.policy import Policy
from workflows.questions import Needs, OnLapse

BY_DAY = Order(((Lapse.due, date.fromisoformat), (Lapse.id, int)))
BY_AGENCY = Order(((Agency.name_key, str), (StoppedCase.id, int)))


@dataclass(frozen=True, slots=True)
class Held:
    """Whom the brake holds, counted: `last` is the id of the case that was added last, of all of them."""

    left: int
    last: int
    by_prerequisite: dict[str, int]
    by_agency: Sequence[Any]


def lapses_page(
    session: Session,
    actor: Actor,
    *,
    on: date,
    within: str = "",
    prerequisite: str = "",
    agency: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """(lapse, agency's name, person or none), as far as the actor may see them; the nearest day first."""
    query = _lapses(actor, on, within, agency)
    if prerequisite:
        query = query.where(Lapse.prerequisite == prerequisite)
    return BY_DAY.page(session, query, after, lambda row: (row.Lapse.due.isoformat(), row.Lapse.id), limit=limit)


def lapses_counted(
    session: Session, actor: Actor, *, on: date, within: str = "", agency: str = ""
) -> list[tuple[str, int, date]]:
    """(prerequisite, how many, the first day) of the same list, the most frequent first; one statement."""
    rows = _chosen(select(Lapse.prerequisite, func.count(), func.min(Lapse.due)), actor, on, within)
    if agency:
        rows = rows.join(Agency, Agency.id == Lapse.agency_id).where(Agency.name_key.like(like(agency), escape="/"))
    counted = session.execute(rows.group_by(Lapse.prerequisite))
    return sorted(((name, count, first) for name, count, first in counted), key=lambda row: (-row[1], row[0]))


def _lapses(actor: Actor, on: date, within: str, agency: str) -> Select[Any, Any, Any]:
    query: Select[Any, Any, Any] = (
        select(Lapse, Agency.name, Person)
        .join(Agency, Agency.id == Lapse.agency_id)
        .outerjoin(Person, Person.id == Lapse.person_id)
    )
    query = _chosen(query, actor, on, within)
    return query.where(Agency.name_key.like(like(agency), escape="/")) if agency else query


def _chosen(query: Any, actor: Actor, on: date, within: str) -> Any:
    """Of a query about lapses those that are open, may be seen, and fall into the time."""
    query = query.where(Lapse.settled_at.is_(None), permissions.visible(actor, Action.LAPSE_SEE, Lapse))
    if within == "lapsed":
        query = query.where(Lapse.due <= on)
    elif within.isdigit():
        query = query.where(Lapse.due > on, Lapse.due <= on + timedelta(min(int(within), 400)))
    return query


def held(session: Session, actor: Actor, stop: SweepStop, *, policy: Policy) -> Held:
    """How many wait behind the brake, by what they lack and by Agency; two statements."""
    permissions.check(session, actor, Action.BRAKE_SEE, stop)
    ending = [p.id for p in policy.prerequisites if p.on_lapse is OnLapse.SUSPEND and p.needs is Needs.HELD]
    open_ = (StoppedCase.stop_id == stop.id, StoppedCase.settled_at.is_(None))
    each = [func.coalesce(func.sum(case((StoppedCase.lacks.like(f"% {one} %"), 1), else_=0)), 0) for one in ending]
    left, last, *counts = session.execute(
        select(func.count(), func.coalesce(func.max(StoppedCase.id), 0), *each).where(*open_)
    ).one()
    by_agency = session.execute(
        select(Agency.id, Agency.name, func.count().label("people"))
        .join(Membership, Membership.agency_id == Agency.id)
        .join(StoppedCase, StoppedCase.membership_id == Membership.id)
        .where(*open_)
        .group_by(Agency.id, Agency.name)
        .order_by(func.count().desc(), Agency.name)
    ).all()
    lacking = {one: count for one, count in zip(ending, counts, strict=True) if count}
    return Held(left, last, lacking, by_agency)


def held_page(
    session: Session,
    actor: Actor,
    stop: SweepStop,
    *,
    prerequisite: str = "",
    agency: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """(case, membership, person, agency) of everybody who would lose access, by Agency."""
    permissions.check(session, actor, Action.BRAKE_SEE, stop)
    query: Any = (
        select(StoppedCase, Membership, Person, Agency)
        .join(Membership, Membership.id == StoppedCase.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(StoppedCase.stop_id == stop.id, StoppedCase.settled_at.is_(None))
    )
    if prerequisite:
        query = query.where(StoppedCase.lacks.like(f"% {prerequisite} %"))
    if agency:
        query = query.where(Agency.name_key.like(like(agency), escape="/"))
    return BY_AGENCY.page(session, query, after, lambda row: (row.Agency.name_key, row.StoppedCase.id), limit=limit)


def earlier_stops(session: Session, actor: Actor, *, most: int = 20) -> list[tuple[SweepStop, str]]:
    """The last times the brake was pulled and is not any more, with who let it go."""
    permissions.check(session, actor, Action.BRAKE_SEE)
    rows = session.execute(
        select(SweepStop, Person)
        .outerjoin(Person, Person.id == SweepStop.ended_by)
        .where(SweepStop.status != "pulled")
        .order_by(SweepStop.id.desc())
        .limit(most)
    )
    return [(stop, person.name if person else "The portal") for stop, person in rows]


__all__ = ["Held", "earlier_stops", "held", "held_page", "lapses_counted", "lapses_page"]
