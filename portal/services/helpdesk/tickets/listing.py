"""The staff's list of tickets: what waits for whom, found by a filter or by words, in pages by key."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, literal_column, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal import permissions
from portal.actors import Actor
from portal.models import Ticket, TicketEntry, TicketTag, TicketWord
from portal.models.helpdesk.tickets import DELIVERIES, LIVING
from portal.services.helpdesk.tickets import clock
from portal.services.helpdesk.tickets.words import words_of
from portal.services.paging import PAGE, Order, Page
from portal.services.searching import COUNTED, there
from workflows.actions import Action
from workflows.policy import Policy
from workflows.ticket_clock import due

SHOWS = (
    "", "mine", "unassigned", "new", "waiting", "soon", "overdue", "solved", "redact", "undelivered", "agency", "all",
)  # fmt: skip
SORTS = ("", "due", "-touched", "touched", "-number", "number")
_NUMBER = re.compile(r"\s*(?:hd-?\s*)?(\d{1,10})\s*", re.IGNORECASE)
_NOT_THERE = tuple(each for each in DELIVERIES if each not in ("queued", "sent"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tickets to show, and in which order: everything that stands in the list's address."""

    show: str = ""
    kind: str = ""
    priority: str = ""
    agency_id: int | None = None
    requester_id: int | None = None
    outage_id: int | None = None
    tag: str = ""
    words: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets stand where, each counted no further than COUNTED and one."""

    living: int = 0
    mine: int = 0
    unassigned: int = 0
    new: int = 0
    waiting: int = 0
    soon: int = 0
    overdue: int = 0
    redact: int = 0


_BY_DUE = Order(((Ticket.due_key, datetime.fromisoformat), (Ticket.id, int)))
_BY_TOUCHED = Order(((Ticket.touched_at, datetime.fromisoformat), (Ticket.id, int)))
_LATEST = Order(((Ticket.touched_at, datetime.fromisoformat), (Ticket.id, int)), down=True)
_BY_NUMBER, _NEWEST = Order(((Ticket.id, int),)), Order(((Ticket.id, int),), down=True)
_FOUND = Order(((TicketWord.ticket_id, int),), down=True)
_ORDERS: Mapping[str, tuple[Order, Callable[[Any], tuple[Any, ...]]]] = {
    "due": (_BY_DUE, lambda row: (row[0].due_key, row[0].id)),
    "touched": (_BY_TOUCHED, lambda row: (row[0].touched_at, row[0].id)),
    "-touched": (_LATEST, lambda row: (row[0].touched_at, row[0].id)),
    "number": (_BY_NUMBER, lambda row: (row[0].id,)),
    "-number": (_NEWEST, lambda row: (row[0].id,)),
}


def page(
    session: Session, actor: Actor, *, wanted: Wanted, now: datetime, policy: Policy, after: str = "", limit: int = PAGE
) -> Page:
    """The tickets with their Agency, who has them, and tags. What words find comes with the newest first.

    Without an order: what is due first where something is to do, else the newest. As many statements for 5 as for 50.
    """
    query = _filtered(select(Ticket), wanted, actor, session, now=now, policy=policy)
    query = query.options(joinedload(Ticket.agency), joinedload(Ticket.assignee), selectinload(Ticket.tags))
    if wanted.words and (found := words_of(wanted.words)):
        return _FOUND.page(session, _holding(session, query, found), after, lambda row: (row[0].id,), limit=limit)
    sort = wanted.sort if wanted.sort in _ORDERS else "due" if wanted.show not in ("solved", "all", "redact", "undelivered") else "-number"  # fmt: skip
    order, key = _ORDERS[sort]
    return order.page(session, query, after, key, limit=limit)


def next_after(session: Session, actor: Actor, ticket: Ticket, *, now: datetime, policy: Policy) -> int | None:
    """The ticket to go on with: what the actor has and then what nobody has, by what is due first, each list once around.

    None where there is no other. A constant number of statements.
    """
    here = "~".join(map(str, _ORDERS["due"][1]((ticket,))))
    turns = [("mine", ""), ("unassigned", "")]
    if ticket.assignee_id is None:
        turns = [("unassigned", here), ("mine", ""), ("unassigned", "")]
    elif ticket.assignee_id == actor.person_id:
        turns = [("mine", here), ("unassigned", ""), ("mine", "")]
    for show, after in turns:
        found = page(session, actor, wanted=Wanted(show=show), now=now, policy=policy, after=after, limit=2)
        for (row,) in found.rows:
            if row.id != ticket.id:
                return int(row.id)
    return None


def numbered(session: Session, actor: Actor, text: str) -> int | None:
    """The id of the ticket whose number this is, 'HD-123' or '123', if the actor may see it."""
    found = _NUMBER.fullmatch(text)
    if found is None or int(found[1]) > permissions.LARGEST_ID:
        return None
    seen = permissions.visible(actor, Action.TICKET_SEE, Ticket)
    return session.scalar(select(Ticket.id).where(Ticket.id == int(found[1]), seen))


def counts(session: Session, actor: Actor, *, now: datetime, policy: Policy) -> Counts:
    """How many open tickets stand where; one statement, and one for the calendar."""
    until = soon_until(session, now=now, policy=policy)
    living = (
        select(Ticket.status, Ticket.assignee_id, Ticket.due_key, Ticket.to_redact)
        .where(is_living(), permissions.visible(actor, Action.TICKET_WORK, Ticket))
        .limit(COUNTED + 1)
        .subquery()
    )
    late, soon = living.c.due_key < now, (living.c.due_key >= now) & (living.c.due_key <= until)
    query = select(
        func.count(),
        func.count().filter(living.c.assignee_id == actor.person_id),
        func.count().filter(living.c.assignee_id.is_(None)),
        func.count().filter(living.c.status == "new"),
        func.count().filter(living.c.status == "waiting"),
        func.count().filter(soon),
        func.count().filter(late),
        func.count().filter(living.c.to_redact),
    ).select_from(living)
    return Counts(*map(int, session.execute(query).one()))


def soon_until(session: Session, *, now: datetime, policy: Policy) -> datetime:
    """Until when what is due is 'due soon', in business time."""
    return due(now, 60 * policy.helpdesk.desk_hours_left, clock.calendar(session, policy=policy)) or now


def is_living() -> ColumnElement[bool]:
    """Whether somebody still has to do something about a ticket, in the very words of the partial indexes.

    With bound values SQLite would not see that such an index fits.
    """
    return Ticket.status.in_([literal_column(f"'{status}'") for status in LIVING])


def tags(session: Session, *, limit: int = 200) -> list[str]:
    """The tags in use, in their order."""
    return list(session.scalars(select(TicketTag.tag).distinct().order_by(TicketTag.tag).limit(limit)))


def _filtered(
    query: Select[Any], wanted: Wanted, actor: Actor, session: Session, *, now: datetime, policy: Policy
) -> Select[Any]:
    query = query.where(permissions.visible(actor, Action.TICKET_WORK, Ticket), Ticket.status != "merged")
    for column, value in (
        (Ticket.kind, wanted.kind), (Ticket.priority, wanted.priority), (Ticket.agency_id, wanted.agency_id),
        (Ticket.requester_id, wanted.requester_id), (Ticket.outage_id, wanted.outage_id),
    ):  # fmt: skip
        if value not in ("", None):
            query = query.where(column == value)
    if wanted.tag:
        tagged = select(TicketTag.ticket_id).where(TicketTag.tag == wanted.tag)
        query = query.where(Ticket.id.in_(tagged))
    shown = _shown(wanted.show, actor, session, now=now, policy=policy)
    return query.where(*shown)


def _shown(
    show: str, actor: Actor, session: Session, *, now: datetime, policy: Policy
) -> tuple[ColumnElement[bool], ...]:
    living = is_living()
    if show == "soon":
        until = soon_until(session, now=now, policy=policy)
        return living, Ticket.due_key >= now, Ticket.due_key <= until
    others: Mapping[str, tuple[ColumnElement[bool], ...]] = {
        "mine": (living, Ticket.assignee_id == actor.person_id),
        "unassigned": (living, Ticket.assignee_id.is_(None)),
        "new": (Ticket.status == "new", living),
        "waiting": (Ticket.status == "waiting", living),
        "overdue": (living, Ticket.due_key < now),
        "agency": (living, Ticket.rung == "agency_admin"),
        "solved": (Ticket.status.in_(("solved", "closed")),),
        "redact": (Ticket.to_redact.is_(True),),
        "undelivered": (Ticket.id.in_(select(TicketEntry.ticket_id).where(TicketEntry.delivery.in_(_NOT_THERE))),),
        "all": (),
    }
    return others.get(show, (living,))


def _holding(session: Session, query: Select[Any], words: list[str]) -> Select[Any]:
    """Tickets in which all these words stand: the rarest is walked through, the others are asked of each ticket."""
    rarest, *others = _by_rarity(session, [_known(session, word) for word in words[:10]])
    query = query.join(TicketWord, TicketWord.ticket_id == Ticket.id).where(TicketWord.word == rarest)
    for word in others:
        other = select(literal(1)).where(TicketWord.word == word, TicketWord.ticket_id == Ticket.id)
        query = query.where(there(other.correlate(Ticket)))
    return query


def _known(session: Session, word: str) -> str:
    """The word itself where it stands anywhere, else the first one that begins like it."""
    first = select(func.min(TicketWord.word)).where(TicketWord.word >= word)
    found = session.scalar(first)
    return found if found is not None and found.startswith(word) else word


def _by_rarity(session: Session, words: list[str]) -> list[str]:
    if len(words) == 1:
        return words
    each = [select(literal(1)).where(TicketWord.word == word).limit(COUNTED).subquery() for word in words]
    numbers = session.execute(select(*(select(func.count()).select_from(some).scalar_subquery() for some in each))).one()  # fmt: skip
    return [word for _, word in sorted(zip(numbers, words, strict=True))]
