"""The list of people that somebody may see: searched, filtered, sorted, paged by key, with each one's standing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from portal import permissions
from portal.actors import Actor
from portal.models import AccessRequest, Account, Agency, Evidence, Grant, Membership, Person
from portal.services.people import standing_view
from portal.services.people.standing_view import Line
from workflows.policy import Policy
from workflows.vocabulary import About, Action, Kind

PAGE = 50
STANDINGS = ("access", "waiting", "suspended", "none", "left")
OpenRequest, LiveGrant = aliased(AccessRequest), aliased(Grant)
MOMENT = func.coalesce(OpenRequest.requested_at, LiveGrant.issued_at, Membership.created_at)
NAME = (func.lower(Person.last_name), func.lower(Person.first_name), Membership.id)
KEYS: Mapping[str, tuple[Any, ...]] = {
    "name": NAME,
    "since": (MOMENT, Membership.id),
    "agency": (func.lower(Agency.name), *NAME),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list shows. `sort` is one of KEYS, a minus turns it round; `after` is the last id of the page before."""

    q: str = ""
    agency_id: int | None = None
    standing: str = ""
    sort: str = "name"
    after: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One membership in the list."""

    membership: Membership
    person: Person
    agency: Agency
    standing: str
    since: datetime
    user_id: str
    line: Line | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list; `following` is the key to go on with, None on the last one."""

    rows: Sequence[Row]
    following: int | None
    total: int


def roster(
    session: Session, wanted: Wanted, *, actor: Actor, on: date, policy: Policy, most: int | None = PAGE
) -> Page:
    """The people the actor may see, in eight statements whatever their number; `most` None gives all of them."""
    query = _filtered(_base(actor), wanted, on)
    total = (
        session.scalar(
            select(func.count()).select_from(query.with_only_columns(Membership.id).order_by(None).subquery())
        )
        or 0
    )
    found = list(session.execute(_paged(session, query, wanted, most)))
    more = most is not None and len(found) > most
    found = found[:most] if most is not None else found
    lines = standing_view.lines(session, [row[0] for row in found], now_on=on, policy=policy)
    rows = [
        Row(
            member,
            person,
            agency,
            _standing(grant, request, left),
            _since(member, grant, request),
            account or "",
            lines.get(member.id),
        )
        for member, person, agency, request, grant, account, left in found
    ]
    return Page(rows, rows[-1].membership.id if more else None, total)


def agencies(session: Session, actor: Actor, action: Action) -> list[Agency]:
    """The Agencies where the actor may do this, by name."""
    return list(
        session.scalars(
            select(Agency).where(permissions.visible(actor, action, Agency)).order_by(func.lower(Agency.name))
        )
    )


def _left(on: date) -> ColumnElement[bool]:
    return exists(
        select(1).where(
            Evidence.about == About.MEMBERSHIP,
            Evidence.subject_id == Membership.id,
            Evidence.kind == Kind.DEPARTURE,
            Evidence.valid_from <= on,
            Evidence.valid_until >= on,
            Evidence.withdrawn_at == datetime.max,
        )
    )


def _base(actor: Actor) -> Select:
    return (
        select(Membership, Person, Agency, OpenRequest, LiveGrant, Account.user_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .outerjoin(OpenRequest, and_(OpenRequest.membership_id == Membership.id, OpenRequest.status == "open"))
        .outerjoin(LiveGrant, and_(LiveGrant.membership_id == Membership.id, LiveGrant.status != "ended"))
        .outerjoin(Account, Account.id == LiveGrant.account_id)
        .where(permissions.visible(actor, Action.MEMBERSHIP_SEE, Membership))
    )


def _filtered(query: Select, wanted: Wanted, on: date) -> Select:
    left = _left(on)
    query = query.add_columns(left.label("left"))
    for word in wanted.q.lower().split()[:5]:
        some = f"%{word.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        fields = (Person.last_name, Person.first_name, Person.email_key)
        query = query.where(or_(*(func.lower(each).like(some, escape="!") for each in fields)))
    if wanted.agency_id is not None:
        query = query.where(Membership.agency_id == wanted.agency_id)
    conditions: Mapping[str, ColumnElement[bool]] = {
        "access": LiveGrant.status == "live",
        "suspended": LiveGrant.status == "suspended",
        "waiting": and_(OpenRequest.id.is_not(None), LiveGrant.id.is_(None)),
        "none": and_(OpenRequest.id.is_(None), LiveGrant.id.is_(None), ~left),
        "left": left,
    }
    # Whoever has left stands apart: among the others only where asked for by name of that list.
    return query.where(conditions.get(wanted.standing, ~left))


def _paged(session: Session, query: Select, wanted: Wanted, most: int | None) -> Select:
    down, name = wanted.sort.startswith("-"), wanted.sort.lstrip("-")
    keys = KEYS.get(name, NAME)
    if wanted.after:
        last = session.execute(query.with_only_columns(*keys).where(Membership.id == wanted.after)).one_or_none()
        if last is not None:
            query = query.where(tuple_(*keys) < tuple_(*last) if down else tuple_(*keys) > tuple_(*last))
    query = query.order_by(*(key.desc() if down else key.asc() for key in keys))
    return query.limit(most + 1) if most is not None else query


def _standing(grant: Grant | None, request: AccessRequest | None, left: bool) -> str:
    if left:
        return "left"
    if grant is not None:
        return "suspended" if grant.status == "suspended" else "access"
    return "waiting" if request is not None else "none"


def _since(member: Membership, grant: Grant | None, request: AccessRequest | None) -> datetime:
    if grant is not None:
        return grant.suspended_at or grant.issued_at
    return request.requested_at if request is not None else member.created_at
