"""What is done with a ticket: who has it, what it is about, how pressing it is, whether it waits, is solved or open again."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Person, Ticket
from portal.models.helpdesk.tickets import LIVING, PRIORITIES
from portal.refusals import Refused, bad_input
from portal.services import holders
from portal.services.helpdesk.tickets import clock, states
from portal.services.helpdesk.tickets.entries import say
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Reason, Role

STAFF = (Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.TRAINER)
"""To whom a ticket may be given."""

TO_LEAD = "Passed on to the HMIS Lead."
"""What an act begins with that may hold words of whoever passed it on: the one that can be redacted."""


def assign(session: Session, ticket: Ticket, *, to: Person | None, actor: Actor, now: datetime, policy: Policy) -> None:
    """Gives the ticket to one of the Lead's staff, or to nobody; a new one is open with it. Nothing happens where it is so."""
    _begin(session, ticket, Action.TICKET_WORK, actor)
    if to is not None and to.id not in holders.of_the_lead(session, *STAFF, on=local_day(now, policy.zone)):
        raise bad_input("Choose one of the HMIS Lead's staff.", "assignee")
    before = ticket.assignee_id
    if before == (to.id if to else None):
        return
    ticket.assignee_id = to.id if to else None
    ticket.touched_at = max(now, ticket.touched_at)
    if to is not None and ticket.status == "new":
        transition(session, ticket, "take", actor=actor, now=now)
    said = f"Given to {to.name}." if to else "Given to nobody: it waits for who takes it."
    _done(session, ticket, "assign", said, actor=actor, now=now, before={"assignee_id": before}, after={"assignee_id": ticket.assignee_id})  # fmt: skip


def set_kind(session: Session, ticket: Ticket, *, kind: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Says what it is about; when it is due follows."""
    _begin(session, ticket, Action.TICKET_WORK, actor)
    about = policy.helpdesk.kind(kind)
    if about is None:
        raise bad_input("Choose from the list what it is about.", "kind")
    if (before := ticket.kind) == kind:
        return
    ticket.kind = kind
    _recount(session, ticket, policy=policy)
    _done(session, ticket, "kind", f"It is about: {about.title}.", actor=actor, now=now, before={"kind": before}, after={"kind": kind})  # fmt: skip


def set_priority(
    session: Session, ticket: Ticket, *, priority: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Says how pressing it is; when it is due follows."""
    _begin(session, ticket, Action.TICKET_WORK, actor)
    if priority not in PRIORITIES:
        raise bad_input("Choose a priority from the list.", "priority")
    if (before := ticket.priority) == priority:
        return
    ticket.priority = priority
    _recount(session, ticket, policy=policy)
    _done(session, ticket, "priority", f"Its priority is {priority}.", actor=actor, now=now, before={"priority": before}, after={"priority": priority})  # fmt: skip


def take_up(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """A new ticket is open: somebody looks at it."""
    _begin(session, ticket, Action.TICKET_ANSWER, actor)
    if ticket.status == "new":
        transition(session, ticket, "take", actor=actor, now=now)


def wait(
    session: Session, ticket: Ticket, *, last_seen: int | None = None, actor: Actor, now: datetime, policy: Policy
) -> None:
    """It waits for who asked: the clock stands until an answer comes. CONFLICT as in solve()."""
    _begin(session, ticket, Action.TICKET_ANSWER, actor)
    _refuse_unread(ticket, last_seen)
    states.waits(session, ticket, actor=actor, now=now, policy=policy)
    say(session, ticket, "Waits for who asked.", actor=actor, now=now)


def resume(session: Session, ticket: Ticket, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """It goes on without waiting any longer: the clock runs again."""
    _begin(session, ticket, Action.TICKET_ADD, actor)
    transition(session, ticket, "resume", actor=actor, now=now)
    clock.resume(session, ticket, now=now, policy=policy)
    say(session, ticket, "Goes on.", actor=actor, now=now)


def solve(
    session: Session, ticket: Ticket, *, last_seen: int | None = None, actor: Actor, now: datetime, policy: Policy
) -> None:
    """It is solved: the clock stands, and an answer of the sender opens it again.

    CONFLICT where somebody has written since `last_seen`, the newest entry that the actor had before their eyes.
    """
    _begin(session, ticket, Action.TICKET_SOLVE, actor)
    _refuse_unread(ticket, last_seen)
    if ticket.status not in LIVING:
        raise Refused(Reason.ALREADY_DONE, "This ticket is solved already. Load the page again.")
    ticket.touched_at = max(now, ticket.touched_at)
    states.is_solved(session, ticket, actor=actor, now=now, policy=policy)
    say(session, ticket, "Solved.", actor=actor, now=now)


def reopen(session: Session, ticket: Ticket, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """It is open again."""
    _begin(session, ticket, Action.TICKET_ADD, actor)
    if ticket.status not in ("solved", "closed"):
        raise Refused(Reason.ALREADY_DONE, "This ticket is open. Load the page again.")
    ticket.touched_at = max(now, ticket.touched_at)
    states.again(session, ticket, actor=actor, now=now, policy=policy)
    say(session, ticket, "Opened again.", actor=actor, now=now)


def close(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """Nobody came back to it: the portal closes it for good, until somebody writes again."""
    _begin(session, ticket, Action.TICKET_REACT, actor)
    ticket.closed_at = now
    transition(session, ticket, "close", actor=actor, now=now)


def pass_on(session: Session, ticket: Ticket, *, to: str, actor: Actor, now: datetime, words: str = "") -> None:
    """Moves it to another step of the ladder, 'agency_admin' or 'lead'; what is due stays as it is."""
    up = Action.TICKET_REACT if actor.is_portal else Action.TICKET_ADD  # whoever asked may direct it to the Lead, too
    _begin(session, ticket, up if to == "lead" else Action.TICKET_ANSWER, actor)
    if to not in ("agency_admin", "lead") or (to == "agency_admin" and ticket.agency_id is None):
        raise bad_input("This ticket belongs to no Agency, so it stays with the HMIS Lead.", "rung")
    if (before := ticket.rung) == to:
        return
    ticket.rung, ticket.rung_since, ticket.touched_at = to, now, max(now, ticket.touched_at)
    said = TO_LEAD if to == "lead" else "Passed on to the Agency Administrator."
    _done(session, ticket, "pass_on", f"{said} {words}".strip(), actor=actor, now=now, before={"rung": before}, after={"rung": to}, kept=said)  # fmt: skip


def living(ticket: Ticket) -> bool:
    """Whether somebody still has to do something about it."""
    return ticket.status in LIVING


def _begin(session: Session, ticket: Ticket, action: Action, actor: Actor) -> None:
    permissions.check(session, actor, action, ticket)
    session.refresh(ticket, with_for_update=True)
    if ticket.merged_into_id is not None:
        raise Refused(Reason.CONFLICT, f"This ticket was merged into HD-{ticket.merged_into_id}. Go on there.")


def _refuse_unread(ticket: Ticket, last_seen: int | None) -> None:
    if last_seen is not None and ticket.last_entry_id > last_seen:
        raise Refused(
            Reason.CONFLICT, "Somebody wrote in this ticket since you opened it. Read it first: nothing was done."
        )


def _recount(session: Session, ticket: Ticket, *, policy: Policy) -> None:
    clock.start(session, ticket, policy=policy)


def _done(
    session: Session, ticket: Ticket, act: str, said: str, *, actor: Actor, now: datetime, before: dict[str, object],
    after: dict[str, object], kept: str = "",
) -> None:  # fmt: skip
    """Says it in the ticket and on the record; `kept` where the record must not hold what somebody wrote."""
    say(session, ticket, said, actor=actor, now=now)
    audit.record(
        session, actor=actor, now=now, act=f"ticket.{act}", thing=ticket, said=f"{ticket.reference}: {kept or said}",
        before=before, after=after,
    )  # fmt: skip
