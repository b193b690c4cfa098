"""The list of people that somebody may see: searched, filtered, sorted, paged by key, with each one's standing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, text, true, tuple_
from sqlalchemy.orm import Session, aliased, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import AccessRequest, Account, Agency, Evidence, Grant, Membership, Person
from portal.models.evidence import DEPARTURES
from portal.services.people import standing_view
from portal.services.people.standing_view import Line
from portal.services.searching import COUNTED, NAMES, counted, is_large, people_called, people_named
from workflows.actions import Action
from workflows.policy import Policy

PAGE = 50
CALLED, BEGINS, ANYWHERE = "called", "begins", "anywhere"
STANDINGS = ("access", "waiting", "suspended", "none", "left")
OpenRequest, LiveGrant = aliased(AccessRequest), aliased(Grant)
MOMENT = func.coalesce(OpenRequest.requested_at, LiveGrant.issued_at, Membership.created_at)
NAME = (Person.last_key, Person.first_key, Membership.id)
KEYS: Mapping[str, tuple[Any, ...]] = {
    "name": NAME,
    "since": (MOMENT, Membership.id),
    "agency": (Agency.name_key, *NAME),
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
    """A page of the list; `following` is the key to go on with, None on the last one.

    `total` is counted up to COUNTED and no further: where it is more, there are more than that. `sorts` says by what
    such a list can be sorted: where not all fit into the count, by name alone, which has an index.
    """

    rows: Sequence[Row]
    following: int | None
    total: int
    sorts: frozenset[str]


def roster(
    session: Session, wanted: Wanted, *, actor: Actor, on: date, policy: Policy, most: int | None = PAGE
) -> Page:
    """The people the actor may see, in ten statements whatever their number; `most` None gives all of them.

    A word of the search stands anywhere in a name or an address. Among very many people (searching.FEW) one of them
    has to begin with it; only where none does, all are looked through. Of two words, one is first taken for the last
    name and the other for the first.
    """
    words = _words(wanted)
    for way in _ways(session, wanted, words, actor):
        page = _page(session, wanted, words, way, actor=actor, on=on, policy=policy, most=most)
        if page.rows or way == ANYWHERE:
            break
    return page


def named(session: Session, wanted: Wanted, *, actor: Actor, on: date, limit: int) -> tuple[list[Membership], int]:
    """The first of whom roster() finds by the same words, with person and Agency, whole names first; and how many there are.

    Nobody's standing is asked, and among very many people nobody is looked through: where no name begins so, there is none.
    """
    words = _words(wanted)
    whole = and_(true(), *(or_(*(name == word for name in NAMES)) for word in words))
    for way in [way for way in _ways(session, wanted, words, actor) if way != ANYWHERE] or [ANYWHERE]:
        query = _filtered(_who(actor), wanted, on).where(*_named(session, words, way))
        ids = list(session.scalars(query.order_by(case((whole, 0), else_=1), *NAME).limit(limit)))
        if ids:
            break
    total = counted(session, query, Membership.id)
    return _in_order(session, ids), total


def with_user_id(session: Session, user_id: str, *, actor: Actor, limit: int) -> list[Membership]:
    """The memberships, that the actor may see, of whoever has this very User ID in the core HMIS; with person and Agency."""
    query = _who(actor).join(Account, Account.person_id == Person.id).where(Account.user_id == user_id.lower())
    return _in_order(session, list(session.scalars(query.order_by(Membership.id).limit(limit))))


def _in_order(session: Session, ids: Sequence[int]) -> list[Membership]:
    query = select(Membership).where(Membership.id.in_(ids))
    query = query.options(joinedload(Membership.person), joinedload(Membership.agency))
    found = {row.id: row for row in session.scalars(query)}
    return [found[key] for key in ids]


def _words(wanted: Wanted) -> list[str]:
    return wanted.q.lower().split()[:5]


def _ways(session: Session, wanted: Wanted, words: Sequence[str], actor: Actor) -> list[str]:
    """How the words are looked for, one way after the other until one of them finds somebody."""
    everywhere = bool(actor.lead_roles) and wanted.agency_id is None
    if not (everywhere and words and is_large(session)):
        return [ANYWHERE]
    return [CALLED, BEGINS, ANYWHERE] if len(words) == 2 else [BEGINS, ANYWHERE]


def _named(session: Session, words: Sequence[str], way: str) -> list[ColumnElement[bool]]:
    return [people_called(session, words)] if way == CALLED else people_named(session, words, anywhere=way == ANYWHERE)


def _page(
    session: Session,
    wanted: Wanted,
    words: Sequence[str],
    way: str,
    *,
    actor: Actor,
    on: date,
    policy: Policy,
    most: int | None,
) -> Page:
    query = _filtered(_who(actor), wanted, on)
    query = query.where(*_named(session, words, way))
    total = counted(session, query, Membership.id)
    sorts = frozenset({"name"} if total > COUNTED and most is not None else KEYS)
    ids = list(session.scalars(_paged(session, query, wanted, sorts, most)))
    shown = ids[:most] if most is not None else ids
    found: dict[int, Any] = {}
    lines: dict[int, Line] = {}
    for some in _some(shown):
        told = {row[0].id: row for row in session.execute(_told(some, on))}
        lines |= standing_view.lines(session, [row[0] for row in told.values()], now_on=on, policy=policy)
        found |= told
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
        for member, person, agency, request, grant, account, left in (found[key] for key in shown)
    ]
    return Page(rows, shown[-1] if len(ids) > len(shown) else None, total, sorts)


def _some(ids: Sequence[int], at_once: int = 5_000) -> list[Sequence[int]]:
    """No more ids in one statement than a database takes."""
    return [ids[start : start + at_once] for start in range(0, len(ids), at_once)]


def agencies(session: Session, actor: Actor, action: Action, *, most: int | None = None) -> list[Agency]:
    """The Agencies where the actor may do this, by name; no more than `most` of them."""
    query = select(Agency).where(permissions.visible(actor, action, Agency)).order_by(Agency.name_key).limit(most)
    return list(session.scalars(query))


def _left(on: date) -> ColumnElement[bool]:
    return exists(_leavers(on).where(Evidence.subject_id == Membership.id).correlate(Membership))


def _leavers(on: date) -> Select:
    return select(Evidence.subject_id).where(
        text(f"evidence.{DEPARTURES}"),
        *Evidence.in_force(on),
    )


def _who(actor: Actor) -> Select:
    """The memberships alone: what is shown of them is read for one page."""
    return (
        select(Membership.id)
        .join(Person, Person.id == Membership.person_id)
        .where(permissions.visible(actor, Action.MEMBERSHIP_SEE, Membership))
    )


def _told(ids: Sequence[int], on: date) -> Select:
    """All that a page shows of some memberships."""
    return (
        select(Membership, Person, Agency, OpenRequest, LiveGrant, Account.user_id, _left(on).label("left"))
        .join(Person, Person.id == Membership.person_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .outerjoin(OpenRequest, _OPEN)
        .outerjoin(LiveGrant, _LIVE)
        .outerjoin(Account, Account.id == LiveGrant.account_id)
        .where(Membership.id.in_(ids))
    )


_OPEN = and_(OpenRequest.membership_id == Membership.id, OpenRequest.status == "open")
_LIVE = and_(LiveGrant.membership_id == Membership.id, LiveGrant.status != "ended")


def _filtered(query: Select, wanted: Wanted, on: date) -> Select:
    if wanted.agency_id is not None:
        query = query.where(Membership.agency_id == wanted.agency_id)
    # Few wait, are suspended or have left: these are looked up. Of the many with access the page takes those by name.
    requests, granted = select(OpenRequest.membership_id), exists(select(1).where(_LIVE).correlate(Membership))
    waits = Membership.id.in_(requests.where(OpenRequest.status == "open"))
    suspended = select(LiveGrant.membership_id).where(LiveGrant.status == "suspended")
    live = select(1).where(LiveGrant.membership_id == Membership.id, LiveGrant.status == "live")
    conditions: Mapping[str, ColumnElement[bool]] = {
        "access": exists(live.correlate(Membership)),
        "suspended": Membership.id.in_(suspended),
        "waiting": and_(waits, ~granted),
        "none": and_(~exists(select(1).where(_OPEN).correlate(Membership)), ~granted, ~_left(on)),
        "left": Membership.id.in_(_leavers(on)),
    }
    # Whoever has left stands apart: among the others only where asked for by name of that list.
    return query.where(conditions.get(wanted.standing, ~_left(on)))


def _paged(session: Session, query: Select, wanted: Wanted, sorts: frozenset[str], most: int | None) -> Select:
    down, name = wanted.sort.startswith("-"), wanted.sort.lstrip("-")
    name = name if name in sorts else "name"
    keys = KEYS[name]
    if name == "since":
        query = query.outerjoin(OpenRequest, _OPEN).outerjoin(LiveGrant, _LIVE)
    elif name == "agency":
        query = query.join(Agency, Agency.id == Membership.agency_id)
    if wanted.after:
        last = session.execute(query.with_only_columns(*keys).where(Membership.id == wanted.after)).one_or_none()
        if last is not None:
            query = query.where(tuple_(*keys) < tuple_(*last) if down else tuple_(*keys) > tuple_(*last))
            # Says nothing new, and shows the database from where on to read its index.
            query = query.where(keys[0] <= last[0] if down else keys[0] >= last[0])
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
