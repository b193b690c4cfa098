"""Lists of corrective actions, as far as somebody may see them: what is due first, then what waits for the Lead, then the rest."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, CorrectiveAction, Membership, Person
from portal.services import holders
from portal.services.paging import PAGE, Order, Page, like
from portal.services.security.actions.actions import LIVING
from workflows.actions import Action

_WORKING = ("open", "planned")
_RANK = case((CorrectiveAction.status.in_(LIVING), 0), else_=1)
IN_ORDER = Order(((_RANK, int), (CorrectiveAction.due, date.fromisoformat), (CorrectiveAction.id, int)))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many actions stand where: of one Agency, or of all that somebody may see."""

    living: int = 0
    overdue: int = 0
    to_plan: int = 0
    completed: int = 0
    asked: int = 0
    accepted: int = 0
    verified: int = 0


def page(
    session: Session,
    actor: Actor,
    *,
    on: date,
    show: str = "",
    category: str = "",
    search: str = "",
    agency_id: int | None = None,
    owner_id: int | None = None,
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """Actions with their Agency, owner and steps; of one Agency or owner where one is given. Two statements."""
    query = _shown(select(CorrectiveAction), show, on).where(_visible(actor)).join(CorrectiveAction.agency)
    query = query.options(
        contains_eager(CorrectiveAction.agency),
        joinedload(CorrectiveAction.owner),
        selectinload(CorrectiveAction.steps),
    )
    if category:
        query = query.where(CorrectiveAction.category == category)
    if search:
        query = query.where(_matches(search))
    if agency_id is not None:
        query = query.where(CorrectiveAction.agency_id == agency_id)
    if owner_id is not None:
        query = query.where(CorrectiveAction.owner_id == owner_id)
    return IN_ORDER.page(session, query, after, _place, limit=limit)


def counted(session: Session, actor: Actor, *, on: date, agency_id: int | None = None) -> Counts:
    """How many of those that somebody may see stand where; one statement."""
    row = CorrectiveAction
    query = select(
        func.count().filter(row.status.in_(LIVING)),
        func.count().filter(overdue(on)),
        func.count().filter(row.status == "open"),
        *(func.count().filter(row.status == word) for word in ("completed", "asked", "accepted", "verified")),
    ).where(_visible(actor))
    if agency_id is not None:
        query = query.where(row.agency_id == agency_id)
    living, late, *rest = map(int, session.execute(query).one())
    return Counts(living, late, *rest)


def categories(session: Session, actor: Actor) -> list[str]:
    """The categories in use among what somebody may see."""
    query = select(CorrectiveAction.category).where(_visible(actor)).distinct().order_by(CorrectiveAction.category)
    return list(session.scalars(query))


def of_reviews(session: Session, reviews: Iterable[int]) -> dict[int, list[CorrectiveAction]]:
    """The actions that these reviews led to, with their owners, by review; what was withdrawn left out."""
    query = (
        select(CorrectiveAction)
        .where(CorrectiveAction.review_id.in_(list(reviews)), CorrectiveAction.status != "withdrawn")
        .options(joinedload(CorrectiveAction.owner), selectinload(CorrectiveAction.steps))
        .order_by(CorrectiveAction.id)
    )
    found: dict[int, list[CorrectiveAction]] = {}
    for row in session.scalars(query):
        if row.review_id is not None:
            found.setdefault(row.review_id, []).append(row)
    return found


def is_overdue(row: CorrectiveAction, on: date) -> bool:
    """Whether somebody of the Agency should have finished it before today."""
    return row.status in _WORKING and row.due < on


def overdue(on: date) -> ColumnElement[bool]:
    """The same, of the rows of a query."""
    return and_(CorrectiveAction.status.in_(_WORKING), CorrectiveAction.due < on)


def _visible(actor: Actor) -> ColumnElement[bool]:
    return permissions.visible(actor, Action.CORRECTIVE_SEE, CorrectiveAction)


def _matches(search: str) -> ColumnElement[bool]:
    """A word in what is wrong or will be done, the Agency's name, an item, or the action's number."""
    word = like(search)
    number = search.upper().removeprefix("CA-").rpartition("-")[2].lstrip("0")
    found = [
        Agency.name_key.like(word, escape="/"),
        func.lower(CorrectiveAction.wrong).like(word, escape="/"),
        func.lower(CorrectiveAction.doing).like(word, escape="/"),
        func.lower(CorrectiveAction.item) == search.casefold(),
    ]
    if (row_id := permissions.row_id(number)) is not None:
        found.append(CorrectiveAction.id == row_id)
    return or_(*found)


def _shown(query: Select[tuple[CorrectiveAction]], show: str, on: date) -> Select[tuple[CorrectiveAction]]:
    match show:
        case "overdue":
            return query.where(overdue(on))
        case "to_plan":
            return query.where(CorrectiveAction.status == "open")
        case "completed" | "asked" | "accepted" | "verified" | "withdrawn":
            return query.where(CorrectiveAction.status == show)
        case "all":
            return query
    return query.where(CorrectiveAction.status.in_(LIVING))


def _place(row: tuple[CorrectiveAction]) -> tuple[int, str, int]:
    action = row[0]
    return 0 if action.status in LIVING else 1, action.due.isoformat(), action.id


def people_of(session: Session, agency_id: int, *, on: date) -> list[tuple[int, str]]:
    """Who may own an action of the Agency: everybody who belongs to it and has not left, by name; one statement."""
    query = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.agency_id == agency_id, ~holders.left(on))
        .order_by(Person.last_key, Person.first_key, Person.id)
    )
    return [(person.id, person.name) for person in session.scalars(query)]
