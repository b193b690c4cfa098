"""The order of support: who has a question first, and when it moves on by itself ('The HMIS Application Support')."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actors import PORTAL
from portal.models import Membership, Person, Ticket, TicketEntry
from portal.services import holders
from portal.services.helpdesk.tickets import clock, moves, telling
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.ticket_clock import Calendar, remaining, span_in_words, standing
from workflows.vocabulary import LEAD, Role

AGENCY_ADMIN, THE_LEAD = "agency_admin", "lead"
_OPEN = ("new", "open")
_WORD = re.compile(r"[^\W_]+")
_EVERY = 200  # tickets looked at together; what is left over comes at the next look


def first_rung(
    session: Session,
    *,
    kind: str,
    requester: Person | None,
    agency_id: int | None,
    membership_id: int | None = None,
    text: str = "",
    now: datetime,
    policy: Policy,
) -> str:
    """Who has a question first: the asker's Agency Administrators where the kind allows it, else the Lead.

    Never an Agency Administrator who asks, whom it is about, or whose name stands in `text`, and nobody beside them either: it goes
    straight to the Lead. So does whatever belongs to no Agency, or to one without an Agency Administrator.
    """
    about = policy.helpdesk.kind(kind)
    if about is None or not about.agency_admin_first or requester is None or agency_id in (None, LEAD):
        return THE_LEAD
    admins = admins_of(session, agency_id, now=now, policy=policy)
    concerned = {requester.id}
    if membership_id is not None and (whom := session.get(Membership, membership_id)) is not None:
        concerned.add(whom.person_id)
    if not admins or any(admin.id in concerned or _named(admin, text) for admin in admins):
        return THE_LEAD
    return AGENCY_ADMIN


def admins_of(session: Session, agency_id: int | None, *, now: datetime, policy: Policy) -> Sequence[Person]:
    """The Agency Administrators of an Agency, by name: whom its people ask first. One statement."""
    if agency_id in (None, LEAD):
        return []
    on = local_day(now, policy.zone)
    there = holders.held(on, Role.AGENCY_ADMIN).with_only_columns(Membership.person_id)
    people = select(Person).where(Person.id.in_(there.where(Membership.agency_id == agency_id, ~holders.left(on))))
    return session.scalars(people.order_by(Person.last_key, Person.first_key, Person.id)).all()


def due_to_move(session: Session, *, now: datetime, policy: Policy) -> list[int]:
    """The tickets that waited with an Agency Administrator for too long, the oldest first; none while the desk is closed."""
    desk = clock.calendar(session, policy=policy)
    if not standing(now, desk).open:
        return []
    there = (Ticket.rung == AGENCY_ADMIN) & Ticket.status.in_(_OPEN)
    rows = session.scalars(select(Ticket).where(there).order_by(Ticket.rung_since, Ticket.id)).all()
    return [ticket.id for ticket, left in _left(session, rows, desk, now, policy) if left == 0][:_EVERY]


def move_on(session: Session, ticket_id: int, *, now: datetime, policy: Policy) -> bool:
    """Moves one ticket to the Lead, if its time is still over: somebody may have answered meanwhile. Whoever asked is told."""
    ticket = session.get_one(Ticket, ticket_id, with_for_update=True)
    if ticket.rung != AGENCY_ADMIN or ticket.status not in _OPEN:
        return False
    desk = clock.calendar(session, policy=policy)
    if not standing(now, desk).open or [left for _, left in _left(session, [ticket], desk, now, policy)] != [0]:
        return False
    minutes = minutes_here(ticket, policy)
    alone = not admins_of(session, ticket.agency_id, now=now, policy=policy)
    why = (
        "The Agency has no Agency Administrator any more."
        if alone
        else f"The Agency Administrator did not answer within {span_in_words(minutes)} of business time."
    )
    moves.pass_on(session, ticket, to=THE_LEAD, words=why, actor=PORTAL, now=now)
    telling.moved(session, ticket, now=now)
    return True


def minutes_here(ticket: Ticket, policy: Policy) -> int:
    """Business minutes that the Agency Administrator has before it moves on."""
    return policy.helpdesk.step_minutes(AGENCY_ADMIN, ticket.kind, ticket.priority)


def _left(
    session: Session, rows: Sequence[Ticket], desk: Calendar, now: datetime, policy: Policy
) -> Iterable[tuple[Ticket, int]]:
    """How many business minutes are left on this step; none of a ticket whose last word is an answer. Four statements."""
    ids = [ticket.id for ticket in rows]
    asked, stood = _asked_since(session, ids), clock.pauses(session, ids)
    with_admin = _with_an_admin(session, {ticket.agency_id for ticket in rows if ticket.agency_id}, now, policy)
    for ticket in rows:
        if ticket.agency_id not in with_admin:
            yield ticket, 0
        elif (since := asked.get(ticket.id)) is not None:
            begins = max(since, ticket.rung_since)
            yield ticket, remaining(begins, minutes_here(ticket, policy), now, desk, stood[ticket.id])


def _asked_since(session: Session, ids: Sequence[int]) -> Mapping[int, datetime]:
    """Since when the sender has been waiting for an answer; a ticket whose last word is an answer is left out."""
    waiting: dict[int, datetime] = {}
    words = TicketEntry.ticket_id.in_(ids) & TicketEntry.kind.in_(("in", "out"))
    query = select(TicketEntry.ticket_id, TicketEntry.kind, TicketEntry.at).where(words)
    for ticket_id, kind, at in session.execute(query.order_by(TicketEntry.at, TicketEntry.id)):
        if kind == "out":
            waiting.pop(ticket_id, None)
        else:
            waiting.setdefault(ticket_id, at)
    return waiting


def _with_an_admin(session: Session, agencies: set[int], now: datetime, policy: Policy) -> set[int]:
    on = local_day(now, policy.zone)
    there = holders.held(on, Role.AGENCY_ADMIN).with_only_columns(Membership.agency_id)
    return set(session.scalars(there.where(Membership.agency_id.in_(agencies), ~holders.left(on))))


def _named(admin: Person, text: str) -> bool:
    """Whether both names of an Agency Administrator stand in the text, in any order."""
    said = set(_WORD.findall(text.casefold()))
    return set(_WORD.findall(admin.name.casefold())) <= said
