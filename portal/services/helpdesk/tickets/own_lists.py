"""Lists for whoever asks: one's own questions, and those of the Agency's people while its Agency Administrator has them."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import Ticket, TicketFollower
from portal.models.helpdesk.tickets import LIVING
from portal.services.paging import PAGE, Order, Page, like
from workflows.actions import Action
from workflows.vocabulary import LEAD, Role

_RANK = case((Ticket.status.in_(LIVING), 0), else_=1)
IN_ORDER = Order(((_RANK, int), (-Ticket.id, int)))
SHOWN = ("", "living", "solved", "all")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of one's own questions are open, and how many of the Agency's wait for its Agency Administrator."""

    mine: int = 0
    with_me: int = 0


def mine(
    session: Session, actor: Actor, *, show: str = "", search: str = "", after: str = "", limit: int = PAGE
) -> Page:
    """One's own questions and those that one follows, the open ones first, then the newest; one statement."""
    follows = exists(
        select(1).where(TicketFollower.ticket_id == Ticket.id, TicketFollower.person_id == actor.person_id)
    )
    return _page(session, actor, or_(Ticket.requester_id == actor.person_id, follows), show, search, after, limit)


def with_the_admin(
    session: Session, actor: Actor, *, show: str = "", search: str = "", after: str = "", limit: int = PAGE
) -> Page:
    """The questions of the Agency's people that its Agency Administrator has; one statement."""
    return _page(session, actor, at_my_agency(actor), show, search, after, limit)


def counted(session: Session, actor: Actor) -> Counts:
    """How many are open; one statement."""
    living = Ticket.status.in_(LIVING)
    may = permissions.visible(actor, Action.TICKET_SEE, Ticket)
    own, admin = Ticket.requester_id == actor.person_id, at_my_agency(actor)
    query = select(func.count().filter(own), func.count().filter(admin)).where(living, may, or_(own, admin))
    return Counts(*map(int, session.execute(query).one()))


def is_admin(actor: Actor) -> bool:
    """Whether somebody is an Agency Administrator anywhere, and so has questions of others."""
    return bool(actor.at(Role.AGENCY_ADMIN) - {LEAD})


def at_my_agency(actor: Actor) -> ColumnElement[bool]:
    """The questions of others that somebody has as Agency Administrator, of the rows of a query."""
    agencies = actor.at(Role.AGENCY_ADMIN) - {LEAD}
    return (Ticket.rung == "agency_admin") & Ticket.agency_id.in_(agencies) & (
        Ticket.requester_id.is_distinct_from(actor.person_id)
    )  # fmt: skip


def _page(
    session: Session, actor: Actor, which: ColumnElement[bool], show: str, search: str, after: str, limit: int
) -> Page:
    may = permissions.visible(actor, Action.TICKET_SEE, Ticket)
    query = select(Ticket).where(may, which, Ticket.status != "merged").options(joinedload(Ticket.agency))
    if show in ("", "living"):
        query = query.where(Ticket.status.in_(LIVING)) if show else query
    elif show == "solved":
        query = query.where(Ticket.status.in_(("solved", "closed")))
    if search.strip():
        query = query.where(_matches(search.strip()))
    return IN_ORDER.page(session, query, after, _place, limit=limit)


def _matches(search: str) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = [
        func.lower(Ticket.subject).like(like(search), escape="/"),
        func.lower(Ticket.requester_name).like(like(search), escape="/"),
    ]
    number = search.upper().removeprefix("HD-").lstrip("0")
    if (row_id := permissions.row_id(number)) is not None:
        found.append(Ticket.id == row_id)
    return or_(*found)


def _place(row: tuple[Ticket]) -> tuple[int, int]:
    return 0 if row[0].status in LIVING else 1, -row[0].id
