"""The Lead's list of Agencies: searched, filtered, sorted, paged by key; the same few statements however long it is."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Evidence, Licence, Membership, Person, Project, Seat
from portal.services.searching import counted
from workflows.actions import Action
from workflows.vocabulary import LEAD, About, Kind, Role

PAGE = 50
STATES = ("joining", "participating", "ended", "excluded")
SORTS = ("name", "-name", "entered", "-entered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the address of the list says: search text, state, order, and after which key the page begins."""

    search: str = ""
    state: str = ""
    sort: str = "name"
    after: str = ""
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class Row:
    agency: Agency
    projects: int
    people: int
    licences: int
    seats: int
    director: str
    excluded: str


@dataclass(frozen=True, slots=True)
class Page:
    """`total` is counted as searching.counted() does: more than COUNTED are simply more."""

    rows: tuple[Row, ...]
    total: int
    next: str


def page(session: Session, actor: Actor, wanted: Wanted, *, on: date) -> Page:
    """One page of the Agencies that the actor may see; `next` is the key of the page after it, '' on the last."""
    where = _where(actor, wanted, on)
    total = counted(session, select(Agency.id).where(*where), Agency.id)
    query = _sorted(_query(on).where(*where), wanted).limit(wanted.limit + 1)
    found = [Row(*row) for row in session.execute(query)]
    rows = found[: wanted.limit]
    return Page(tuple(rows), total, _key(rows[-1], wanted.sort) if len(found) > wanted.limit else "")


def named(session: Session, actor: Actor, text: str, *, on: date, limit: int) -> tuple[list[Agency], int]:
    """The first of the Agencies that page() finds by the same words, whole names first; and how many there are."""
    where = _where(actor, Wanted(search=text), on)
    whole = case(
        (or_(Agency.name_key == text.casefold(), func.lower(Agency.common_name) == text.casefold()), 0), else_=1
    )
    query = select(Agency).where(*where).order_by(whole, Agency.name_key, Agency.id).limit(limit)
    return list(session.scalars(query)), counted(session, select(Agency.id).where(*where), Agency.id)


def own(session: Session, actor: Actor) -> list[Agency]:
    """The Agencies where the actor holds an office or acts for the director, by name; the Lead's own organisation is none."""
    offices = {agency for agency, role in actor.roles if agency != LEAD and role != Role.END_USER} | actor.let()
    return list(session.scalars(select(Agency).where(Agency.id.in_(offices)).order_by(Agency.name_key)))


def _query(on: date) -> Select[Any]:
    live = Evidence.in_force(on)
    member_role = (
        Evidence.about == About.MEMBERSHIP,
        Evidence.kind == Kind.ROLE,
        Evidence.subject_id == Membership.id,
        *live,
    )
    # Joined, not asked with EXISTS: for a page of Agencies PostgreSQL would first list whoever holds a role anywhere.
    people = (
        select(func.count(func.distinct(Membership.id)))
        .join(Evidence, and_(*member_role))
        .where(Membership.agency_id == Agency.id)
        .correlate(Agency)
    )
    director = (
        select(func.min(Person.first_name + " " + Person.last_name))
        .join(Membership, Membership.person_id == Person.id)
        .join(Evidence, Evidence.subject_id == Membership.id)
        .where(Membership.agency_id == Agency.id, *member_role[:2], Evidence.detail == Role.EXECUTIVE_DIRECTOR, *live)
        .correlate(Agency)
    )
    excluded = select(func.min(Evidence.detail)).where(*_excluded(on)).correlate(Agency)
    count = func.count()
    return select(
        Agency,
        select(count).where(Project.agency_id == Agency.id).correlate(Agency).scalar_subquery(),
        people.scalar_subquery(),
        select(count)
        .where(Licence.agency_id == Agency.id, Licence.kind == "core", Licence.withdrawn_at.is_(None))
        .correlate(Agency)
        .scalar_subquery(),
        select(count)
        .where(Seat.agency_id == Agency.id, Seat.kind == "core", Seat.status != "returned")
        .correlate(Agency)
        .scalar_subquery(),
        func.coalesce(director.scalar_subquery(), ""),
        func.coalesce(excluded.scalar_subquery(), ""),
    )


def _excluded(on: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Evidence.about == About.AGENCY, Evidence.kind == Kind.EXCLUDED_PROVIDER, Evidence.subject_id == Agency.id, *Evidence.in_force(on),
    )  # fmt: skip


def _where(actor: Actor, wanted: Wanted, on: date) -> list[ColumnElement[bool]]:
    where = [permissions.visible(actor, Action.AGENCY_SEE, Agency), Agency.id != LEAD]
    for word in wanted.search.casefold().split():
        plain = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        where.append(
            or_(
                Agency.name_key.like(f"%{plain}%", escape="\\"),
                func.lower(Agency.common_name).like(f"%{plain}%", escape="\\"),
            )
        )
    is_excluded = exists(select(1).where(*_excluded(on)))
    if wanted.state == "excluded":
        where.append(is_excluded)
    elif wanted.state in STATES:
        where += [Agency.status == wanted.state, ~is_excluded]
    return where


def _sorted(query: Select[Any], wanted: Wanted) -> Select[Any]:
    down = wanted.sort.startswith("-")
    column: Any = Agency.entered_at if wanted.sort.lstrip("-") == "entered" else Agency.name_key
    last, _, number = wanted.after.rpartition("~")
    if last and number.isdecimal() and len(number) < 10:
        place: Any = _moment(last) if column is Agency.entered_at else last
        beyond = column < place if down else column > place
        further = Agency.id < int(number) if down else Agency.id > int(number)
        query = query.where(or_(beyond, and_(column == place, further)))
    return query.order_by(column.desc(), Agency.id.desc()) if down else query.order_by(column, Agency.id)


def _key(row: Row, sort: str) -> str:
    place = row.agency.entered_at.isoformat() if sort.lstrip("-") == "entered" else row.agency.name_key
    return f"{place}~{row.agency.id}"


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min
