"""Service requests: asked for, accepted, worked on, delivered, resolved or declined, each with its activities ('Lead Agency')."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import ProgramTask, ServiceActivity, ServiceRequest, Ticket
from portal.models.helpdesk.service_requests import PRIORITIES, TO
from portal.refusals import Refused, a_reason, bad_input
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Effect, Reason

TEXT, SAID = 4000, 2000
LONGEST = timedelta(days=1100)
LIVING = ("asked", "accepted", "in_progress", "delivered")
"""What nobody has ended yet."""


def ask(
    session: Session,
    *,
    title: str,
    description: str,
    sent_to: str,
    agency_id: int,
    actor: Actor,
    now: datetime,
    priority: str = "normal",
    ticket: Ticket | None = None,
) -> ServiceRequest:
    """Asks the vendor or the Lead for a change; `agency_id` is whose wish it is (0: the Lead's own). BAD_INPUT by field.

    With a ticket it is asked for whoever sent that, where the portal knows who it was.
    """
    row = ServiceRequest(
        title="",
        description="",
        sent_to=sent_to,
        agency_id=agency_id,
        asked_by=actor.person_id,
        asked_at=now,
        priority=priority,
    )
    permissions.check(session, actor, Action.SERVICE_ASK, row)
    if agency_id == LEAD and not actor.lead_roles:
        raise bad_input("Choose your Agency.", "agency")
    if ticket is not None:
        permissions.check(session, actor, Action.TICKET_WORK, ticket)
        row.ticket_id, row.asked_by = ticket.id, ticket.requester_id or actor.person_id
    row.title = a_reason(title, "Say in a few words what you want.", field="title", most=150)
    row.description = _text(
        description, "Describe it: what happens now, what should happen, and why.", "description", TEXT
    )
    row.sent_to, row.priority = _one_of(sent_to, TO, "sent_to"), _one_of(priority, PRIORITIES, "priority")
    session.add(row)
    session.flush()
    say_so(session, row, "Asked." if ticket is None else f"Asked, from {ticket.reference}.", actor, now)
    said = f"Asked for {row.number}: {row.title}"
    audit.record(session, actor=actor, now=now, act="service.ask", thing=row, said=said)
    return row


def accept(
    session: Session, row: ServiceRequest, *, due: date, deliverable: str, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:  # fmt: skip
    """Takes it on: what will be delivered, until when. Also one that was declined before."""
    what = _text(deliverable, "Say what will be delivered.", "deliverable", SAID)
    day, why = _day(due, local_day(now, policy.zone)), a_reason(reason, "Say what happens first.", most=SAID)
    _move(session, row, "accept", why, actor, now, due=day, deliverable=what, resolution="", ended_at=None)


def begin(session: Session, row: ServiceRequest, *, reason: str, actor: Actor, now: datetime) -> None:
    """Says that work on it has begun."""
    _move(session, row, "begin", a_reason(reason, "Say who works on what.", most=SAID), actor, now)


def deliver(
    session: Session, row: ServiceRequest, *, deliverable: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Says that it is delivered, and what was. CONFLICT while a task of a program's change is open."""
    what = _text(deliverable, "Say what was delivered.", "deliverable", SAID)
    why = a_reason(reason, "Say how whoever asked can see it.", most=SAID)
    locked(session, row)
    left = select(func.count()).where(ProgramTask.request_id == row.id, ProgramTask.done_at.is_(None))
    if number := session.scalar(left):
        said = f"{number} {'task is' if number == 1 else 'tasks are'} still open. Say first that they are done."
        raise Refused(Reason.CONFLICT, said)
    _move(session, row, "deliver", why, actor, now, deliverable=what)


def send_back(
    session: Session, row: ServiceRequest, *, due: date, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Opens it again: what was delivered is not what was asked for."""
    why, day = a_reason(reason, "Say what is missing.", most=SAID), _day(due, local_day(now, policy.zone))
    _move(session, row, "send_back", why, actor, now, due=day, resolution="", ended_at=None)


def resolve(
    session: Session, row: ServiceRequest, *, resolution: str, actor: Actor, now: datetime, told: bool = False
) -> None:
    """Ends it: what came of it. Whoever asked gets a mail, unless they are `told` already, or did it themselves."""
    words = _text(resolution, "Say what came of it, for whoever asked.", "resolution", SAID)
    _move(session, row, "resolve", words, actor, now, resolution=words, ended_at=now)
    _tell(session, row, told, actor, now)


def decline(
    session: Session, row: ServiceRequest, *, resolution: str, actor: Actor, now: datetime, told: bool = False
) -> None:
    """Ends it without what was asked for, and says why; whoever asked is told as by resolve()."""
    words = _text(resolution, "Say why: whoever asked reads it.", "resolution", SAID)
    _move(session, row, "decline", words, actor, now, resolution=words, ended_at=now)
    _tell(session, row, told, actor, now)


def change(
    session: Session, row: ServiceRequest, *, priority: str, sent_to: str, due: date | None, reference: str, reason: str,
    actor: Actor, now: datetime, policy: Policy,
) -> None:  # fmt: skip
    """Corrects the priority, who is asked, the day and the vendor's own number; what changed is said in the log."""
    locked(session, row)
    permissions.check(session, actor, Action.SERVICE_WORK, row)
    if row.status not in LIVING:
        raise Refused(Reason.ILLEGAL_MOVE, "This request is ended. Send it back first, or ask anew.")
    why = a_reason(reason, "Say why.", most=SAID)
    number = " ".join(reference.split())[:60]
    day = None if due is None else due if due == row.due else _day(due, local_day(now, policy.zone))
    if day is None and row.status in ("accepted", "in_progress"):
        raise bad_input("What is accepted has a day by which it is due.", "due")
    wanted = {"priority": _one_of(priority, PRIORITIES, "priority"), "sent_to": _one_of(sent_to, TO, "sent_to"), "due": day, "reference": number}  # fmt: skip
    changed = {name: (getattr(row, name), value) for name, value in wanted.items() if getattr(row, name) != value}
    if not changed:
        raise bad_input("Nothing is different from what is there already.", "reason")
    for name, (_, value) in changed.items():
        setattr(row, name, value)
    session.flush()
    told = "; ".join(f"{_NAMES[name]}: {_shown(old)} → {_shown(value)}" for name, (old, value) in changed.items())
    say_so(session, row, f"{told}. {why}", actor, now)
    audit.record(session, actor=actor, now=now, act="service.change", thing=row, said=f"{row.number}: {told}. {why}")


def log(session: Session, row: ServiceRequest, *, said: str, actor: Actor, now: datetime) -> ServiceActivity:
    """Puts an activity in the log of a request; the Lead's staff, and whoever may ask for that Agency."""
    permissions.check(session, actor, Action.SERVICE_ASK, row)
    words = a_reason(said, "Say what was done or found out.", field="said", most=SAID)
    activity = say_so(session, row, words, actor, now)
    audit.record(session, actor=actor, now=now, act="service.log", thing=row, said=f"{row.number}: {words}")
    return activity


_NAMES = {"priority": "Priority", "sent_to": "Asked of", "due": "Due", "reference": "Vendor's number"}


def _move(
    session: Session, row: ServiceRequest, name: str, why: str, actor: Actor, now: datetime, **values: Any
) -> None:
    """The next status and what belongs to it, together: the database refuses one without the other."""
    locked(session, row)
    transition(session, row, name, actor=actor, now=now, why=why)
    for field, value in values.items():
        setattr(row, field, value)
    session.flush()
    say_so(session, row, f"It {row.__machine__.moves[name].said}. {why}", actor, now)


def _tell(session: Session, row: ServiceRequest, told: bool, actor: Actor, now: datetime) -> None:
    if told or row.asked_by in (None, actor.person_id):
        return
    payload = {"mail": "service_ended", "person_id": row.asked_by, "service_id": row.id, "agency_id": row.agency_id}
    jobs.enqueue(session, Effect.MAIL, key=f"service_ended:{row.id}", now=now, payload=payload)


def locked(session: Session, row: ServiceRequest) -> None:
    """Locks the request for what is written next."""
    session.refresh(row, with_for_update=True)


def say_so(session: Session, row: ServiceRequest, said: str, actor: Actor, now: datetime) -> ServiceActivity:
    """Puts a line in the log; it is never changed."""
    activity = ServiceActivity(request_id=row.id, at=now, by=actor.person_id, said=said[:SAID])
    session.add(activity)
    session.flush()
    return activity


def _text(text: str, ask_: str, field: str, most: int) -> str:
    """A text of several lines; BAD_INPUT for none or too much."""
    words = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().splitlines())
    if len(words) < 3:
        raise bad_input(ask_, field)
    if len(words) > most:
        raise bad_input(f"At most {most:,} characters; this has {len(words):,}. Shorten it.", field)
    return words


def _one_of(word: str, words: tuple[str, ...], field: str) -> str:
    if word not in words:
        raise bad_input("Choose one.", field)
    return word


def _day(due: date, today: date) -> date:
    if due < today:
        raise bad_input("This day is past. Choose one that is still to come.", "due")
    if due > today + LONGEST:
        raise bad_input(f"Choose a day before {us_date(today + LONGEST)}.", "due")
    return due


def _shown(value: object) -> str:
    if isinstance(value, date):
        return us_date(value)
    return str(value).replace("_", " ") if value else "none"
