"""Days on which the Lead closes its desk, and holidays on which it works; what is due then follows (H1)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Closure, Ticket
from portal.models.helpdesk.tickets import LIVING
from portal.refusals import Refused, bad_input
from portal.services.helpdesk.tickets import clock
from workflows.actions import Action
from workflows.business_time import local_day, us_date, works
from workflows.policy import Policy
from workflows.ticket_clock import day_in_words, kept
from workflows.vocabulary import Reason

FARTHEST = timedelta(days=800)
_LONGEST = 100


def listed(session: Session, *, on: date) -> Sequence[Closure]:
    """What was entered for today and later, then the newest of what is past; one statement."""
    query = select(Closure).options(joinedload(Closure.adder)).where(Closure.day >= on - timedelta(days=400))
    return session.scalars(query.order_by(Closure.day, Closure.id)).all()


def holidays(*, on: date, policy: Policy) -> list[tuple[date, str]]:
    """The pack's holidays of the next twelve months, in their order."""
    days = {**kept(policy.holiday_rules, on.year), **kept(policy.holiday_rules, on.year + 1)}
    return sorted((day, name) for day, name in days.items() if on <= day < on + timedelta(days=366))


def add(session: Session, *, day: date, name: str, actor: Actor, now: datetime, policy: Policy) -> tuple[Closure, int]:
    """Closes the desk on a business day, or has it work on a holiday of the pack; how many tickets are due at another time.

    BAD_INPUT for a day that is past, too far away or a weekend; ALREADY_DONE for one that is entered.
    """
    permissions.check(session, actor, Action.CLOSURE_EDIT)
    words = " ".join(name.split())
    if not words or len(words) > _LONGEST:
        raise bad_input(f"Say in at most {_LONGEST} characters what it is, as people will read it.", "name")
    _refuse_past(day, now, policy)
    if day > local_day(now, policy.zone) + FARTHEST:
        raise bad_input(f"Enter days within {FARTHEST.days} days from today.", "day")
    if day.weekday() > 4:
        raise bad_input(f"{us_date(day)} is a weekend: the desk is closed anyway.", "day")
    if session.scalar(select(Closure.id).where(Closure.day == day)) is not None:
        raise Refused(Reason.ALREADY_DONE, f"{us_date(day)} is entered already. Remove it first to change it.", "day")
    row = Closure(day=day, name=words, worked=not works(day, policy.holidays), added_by=actor.person_id, added_at=now)
    session.add(row)
    session.flush()
    what = "The desk works" if row.worked else "The desk is closed"
    audit.record(
        session, actor=actor, now=now, act="closure.add", thing=row, after={"day": day.isoformat(), "name": words, "worked": row.worked},
        said=f"{what} on {day_in_words(day)}, {day.year}: {words}.",
    )  # fmt: skip
    return row, _recount(session, policy)


def remove(session: Session, closure_id: int, *, actor: Actor, now: datetime, policy: Policy) -> tuple[date, int]:
    """Takes such a day back, unless it is past: what was due then stays explained. The day, and how many tickets it moved."""
    permissions.check(session, actor, Action.CLOSURE_EDIT)
    row = session.get(Closure, closure_id)
    if row is None:
        raise Refused(Reason.NOT_FOUND, "This day is not entered any more.")
    _refuse_past(row.day, now, policy)
    day = row.day
    audit.record(
        session, actor=actor, now=now, act="closure.remove", thing=row, before={"day": day.isoformat(), "name": row.name, "worked": row.worked},
        said=f"{us_date(day)} is as the policy pack has it again.",
    )  # fmt: skip
    session.delete(row)
    session.flush()
    return day, _recount(session, policy)


def _refuse_past(day: date, now: datetime, policy: Policy) -> None:
    if day < local_day(now, policy.zone):
        raise bad_input("A day that is past stays as it was: due times were reckoned with it.", "day")


def _running(session: Session) -> Sequence[Ticket]:
    due = or_(Ticket.answer_due.is_not(None), Ticket.solve_due.is_not(None))
    return session.scalars(select(Ticket).where(Ticket.status.in_(LIVING), due).order_by(Ticket.id)).all()


def _recount(session: Session, policy: Policy) -> int:
    desk = clock.calendar(session, policy=policy)
    changed = clock.recount(session, _running(session), policy=policy, calendar=desk)
    session.flush()
    return changed
