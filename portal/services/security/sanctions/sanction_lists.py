"""The list of sanctions, as far as somebody may see them: what waits first, then what is in force, then the rest."""

from datetime import date

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, AuditEntry, Person, Sanction, SanctionNotice
from portal.services.paging import PAGE, Order, Page, like
from workflows.actions import Action

HOLDS = ("in_force", "appealed", "upheld")
OPEN = ("drafted", *HOLDS)
_RANK = case((Sanction.status.in_(("drafted", "appealed")), 0), (Sanction.status.in_(HOLDS), 1), else_=2)
IN_ORDER = Order(((_RANK, int), (-Sanction.id, int)))


def page(
    session: Session,
    actor: Actor,
    *,
    show: str = "",
    violation: str = "",
    measure: str = "",
    search: str = "",
    agency_id: int | None = None,
    person_id: int | None = None,
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """Sanctions with their Agency, whom they are about and who decided; one statement."""
    query = _shown(select(Sanction), show).where(visible(actor))
    query = query.join(Sanction.agency).outerjoin(Sanction.whom)
    query = query.options(contains_eager(Sanction.agency), contains_eager(Sanction.whom), joinedload(Sanction.decider))
    if violation:
        query = query.where(Sanction.violation == violation)
    if measure:
        query = query.where(Sanction.measure == measure)
    if search:
        query = query.where(_matches(search))
    if agency_id is not None:
        query = query.where(Sanction.agency_id == agency_id)
    if person_id is not None:
        query = query.where(Sanction.person_id == person_id)
    return IN_ORDER.page(session, query, after, _place, limit=limit)


def counted(session: Session, actor: Actor, *, on: date) -> dict[str, int]:
    """How many wait to be decided, to be heard, are in force, or are penalties past their day; one statement."""
    overdue = (Sanction.measure == "penalty") & Sanction.paid_on.is_(None) & (Sanction.due_on < on)
    drafted, appealed, holds, late = session.execute(
        select(
            func.count().filter(Sanction.status == "drafted"),
            func.count().filter(Sanction.status == "appealed"),
            func.count().filter(Sanction.status.in_(HOLDS)),
            func.count().filter(overdue & Sanction.status.in_(HOLDS)),
        ).where(visible(actor), Sanction.status.in_(OPEN))
    ).one()
    return {"drafted": drafted, "appealed": appealed, "in_force": holds, "overdue": late}


def about(session: Session, actor: Actor, *, agency_id: int | None = None, person_id: int | None = None) -> int:
    """How many sanctions of an Agency or a person somebody may see: whether a page links to them."""
    query = select(func.count()).select_from(Sanction).where(visible(actor))
    if agency_id is not None:
        query = query.where(Sanction.agency_id == agency_id)
    if person_id is not None:
        query = query.where(Sanction.person_id == person_id)
    return session.scalar(query) or 0


def to_deliver(session: Session) -> int:
    """How many letters wait to be handed over on paper; one statement."""
    waiting = (
        (SanctionNotice.channel == "paper")
        & SanctionNotice.delivered_on.is_(None)
        & SanctionNotice.file_id.is_not(None)
    )
    return session.scalar(select(func.count()).select_from(SanctionNotice).where(waiting)) or 0


def history(session: Session, row: Sanction) -> list[AuditEntry]:
    """What the record says about it, the newest first."""
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.thing == Sanction.__tablename__, AuditEntry.thing_id == row.id)
        .order_by(AuditEntry.id.desc())
        .limit(200)
    ).all()
    return list(rows)


def visible(actor: Actor) -> ColumnElement[bool]:
    """The sanctions that somebody may see."""
    return permissions.visible(actor, Action.SANCTION_SEE, Sanction)


def _matches(search: str) -> ColumnElement[bool]:
    words = search.split()
    named = [
        or_(*(column.like(like(word), escape="/") for column in (Person.last_key, Person.first_key, Agency.name_key)))
        for word in words
    ]
    found: ColumnElement[bool] = named[0]
    for each in named[1:]:
        found &= each
    return found | (Sanction.id == int(search)) if search.isdecimal() and len(search) < 10 else found


def _place(row: tuple[Sanction]) -> tuple[int, int]:
    sanction = row[0]
    rank = 0 if sanction.status in ("drafted", "appealed") else 1 if sanction.status in HOLDS else 2
    return rank, -sanction.id


def _shown(query: Select[Sanction], show: str) -> Select[Sanction]:
    match show:
        case "drafted" | "appealed":
            return query.where(Sanction.status == show)
        case "in_force":
            return query.where(Sanction.status.in_(HOLDS))
        case "over":
            return query.where(Sanction.status.not_in(OPEN))
        case "all":
            return query
    return query.where(Sanction.status.in_(OPEN))
