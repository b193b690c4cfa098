"""A ticket's clock: when its first answer and its solution are due, when it stands, and why ('The HMIS Application Support')."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Closure, Ticket, TicketPause
from workflows.policy import Policy
from workflows.ticket_clock import Calendar, Pause, due, explain, left, remaining

WAITING = "waiting for the sender"
SOLVED = "taken as solved"


def calendar(session: Session, *, policy: Policy) -> Calendar:
    """When the desk works: the pack's hours and holidays, and what the Lead has entered besides; one statement."""
    rows = session.execute(select(Closure.day, Closure.name, Closure.worked)).all()
    closed = {day: name for day, name, worked in rows if not worked}
    return Calendar(policy.hours, policy.holiday_rules, closed, frozenset(day for day, _, worked in rows if worked))


def start(session: Session, ticket: Ticket, *, policy: Policy, calendar: Calendar | None = None) -> None:
    """Sets when it is due, by its kind and priority, from when it was opened; also for a ticket that changed either."""
    desk = _calendar(session, policy, calendar)
    _count(ticket, policy, desk, pauses(session, [ticket.id])[ticket.id])


def stop(
    session: Session, ticket: Ticket, *, now: datetime, why: str, policy: Policy, calendar: Calendar | None = None
) -> None:
    """The clock stands from now on, and nothing is due; a clock that stands already goes on standing for the new reason."""
    desk = _calendar(session, policy, calendar)
    if ticket.clock_stopped_at is not None:
        _end_pause(session, ticket, now)
    else:
        _keep_left(ticket, now, desk)
    session.add(TicketPause(ticket_id=ticket.id, began_at=now, why=why))
    ticket.clock_stopped_at = now
    session.flush()


def resume(
    session: Session, ticket: Ticket, *, now: datetime, policy: Policy, calendar: Calendar | None = None
) -> None:
    """The clock runs again with the business time that was left; nothing happens to one that runs."""
    if ticket.clock_stopped_at is None:
        return
    _end_pause(session, ticket, now)
    ticket.clock_stopped_at = ticket.answer_left = ticket.solve_left = None
    session.flush()
    start(session, ticket, policy=policy, calendar=calendar)


def recount(session: Session, tickets: Iterable[Ticket], *, policy: Policy, calendar: Calendar) -> int:
    """Sets again when these are due, after the calendar has changed; how many have another time now. One statement."""
    listed = list(tickets)
    stood = pauses(session, [ticket.id for ticket in listed])
    changed = 0
    for ticket in listed:
        before = (ticket.answer_due, ticket.solve_due)
        _count(ticket, policy, calendar, stood[ticket.id])
        changed += before != (ticket.answer_due, ticket.solve_due)
    return changed


def pauses(session: Session, tickets: Sequence[int]) -> dict[int, list[Pause]]:
    """When the clocks of these tickets stood, the earliest first; one statement."""
    found: dict[int, list[Pause]] = defaultdict(list)
    query = select(TicketPause).where(TicketPause.ticket_id.in_(tickets)).order_by(TicketPause.began_at, TicketPause.id)
    for row in session.scalars(query):
        found[row.ticket_id].append(Pause(row.began_at, row.ended_at, row.why))
    return found


def explained(session: Session, ticket: Ticket, *, policy: Policy, calendar: Calendar | None = None) -> list[str]:
    """In a sentence each: how the first answer's due time (until there was one) and the solution's come about."""
    desk = _calendar(session, policy, calendar)
    stood = pauses(session, [ticket.id])[ticket.id]
    said = []
    if ticket.first_answered_at is None:
        minutes = policy.helpdesk.answer_minutes(ticket.kind, ticket.priority)
        said.append(f"First answer: {explain(ticket.opened_at, minutes, desk, stood)}")
    minutes = policy.helpdesk.solve_minutes(ticket.kind, ticket.priority)
    return [*said, f"Solution: {explain(ticket.opened_at, minutes, desk, stood)}"]


def minutes_left(ticket: Ticket, *, now: datetime, calendar: Calendar) -> int | None:
    """Business minutes until what is due next, negative when overdue; None while the clock stands."""
    until = next_due(ticket)
    return None if until is None else left(now, until, calendar)


def next_due(ticket: Ticket) -> datetime | None:
    """The first answer's due time until there was one, then the solution's; None while the clock stands."""
    if ticket.clock_stopped_at is not None:
        return None
    return ticket.answer_due if ticket.first_answered_at is None else ticket.solve_due


def _count(ticket: Ticket, policy: Policy, desk: Calendar, stood: Sequence[Pause]) -> None:
    answer = policy.helpdesk.answer_minutes(ticket.kind, ticket.priority)
    solve = policy.helpdesk.solve_minutes(ticket.kind, ticket.priority)
    if ticket.clock_stopped_at is not None:
        if ticket.first_answered_at is None:
            ticket.answer_left = remaining(ticket.opened_at, answer, ticket.clock_stopped_at, desk, stood)
        ticket.solve_left = remaining(ticket.opened_at, solve, ticket.clock_stopped_at, desk, stood)
        return
    if ticket.first_answered_at is None:  # what was due before an answer came is kept as it was then
        ticket.answer_due = due(ticket.opened_at, answer, desk, stood)
    ticket.solve_due = due(ticket.opened_at, solve, desk, stood)


def _keep_left(ticket: Ticket, now: datetime, desk: Calendar) -> None:
    """How much was left, negative for what is late already: it shows what will be left when the clock runs again."""
    if ticket.first_answered_at is None:
        ticket.answer_left = None if ticket.answer_due is None else left(now, ticket.answer_due, desk)
        ticket.answer_due = None
    ticket.solve_left = None if ticket.solve_due is None else left(now, ticket.solve_due, desk)
    ticket.solve_due = None


def _end_pause(session: Session, ticket: Ticket, now: datetime) -> None:
    open_ = select(TicketPause).where(TicketPause.ticket_id == ticket.id, TicketPause.ended_at.is_(None))
    for row in session.scalars(open_):
        row.ended_at = now
    session.flush()


def _calendar(session: Session, policy: Policy, given: Calendar | None) -> Calendar:
    return calendar(session, policy=policy) if given is None else given
