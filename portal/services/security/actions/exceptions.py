"""A standard that cannot be met for now: justified, mitigated, with milestones, accepted by another until a day ('Security management')."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import PORTAL, Actor
from portal.models import CorrectiveAction
from portal.refusals import a_reason, bad_input
from portal.services.security.actions import actions
from portal.services.security.actions.actions import TEXT, Step
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy


def ask(
    session: Session,
    row: CorrectiveAction,
    *,
    justification: str,
    mitigation: str,
    until: date,
    steps: Iterable[Step],
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """Asks that the standard may go unmet until a day: why, what protects people meanwhile, and the milestones to its end.

    BAD_INPUT by field, also for a day beyond the pack's longest exception.
    """
    actions.hold(session, row)
    permissions.check(session, actor, Action.CORRECTIVE_PLAN, row)
    if actor.person_id is None:
        raise bad_input("An exception is asked for by a person.")
    why = a_reason(justification, "Say why the standard cannot be met now.", field="justification", most=TEXT)
    meanwhile = a_reason(mitigation, "Say what protects the data meanwhile.", field="mitigation", most=TEXT)
    day = _until(until, now, policy)
    milestones = actions.checked_steps(steps, last=day)
    transition(session, row, "ask", actor=actor, now=now, why=why)
    row.justification, row.mitigation, row.until = why, meanwhile, day
    row.asked_by, row.asked_at = actor.person_id, now
    row.accepted_by = row.accepted_at = None
    row.accepted_reason = ""
    actions.put_steps(session, row, milestones)


def take_back(session: Session, row: CorrectiveAction, *, actor: Actor, now: datetime) -> None:
    """Takes the question back before it is decided: the action is open as before."""
    actions.hold(session, row)
    transition(session, row, "take_back", actor=actor, now=now)


def accept(
    session: Session, row: CorrectiveAction, *, until: date, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Accepts it until a day no later than was asked for; for the Lead's own, the auditor does. SAME_PERSON for one's own place."""
    actions.hold(session, row)
    permissions.check(session, actor, Action.CORRECTIVE_ACCEPT, row)
    actions.refuse_own_place(row, actor)
    why, day = a_reason(reason, actions.WHY), _until(until, now, policy)
    if row.until is not None and day > row.until:
        raise bad_input(f"It was asked for until {us_date(row.until)}. Accept it until then at most.", "until")
    transition(session, row, "accept", actor=actor, now=now, why=why)
    row.until, row.accepted_by, row.accepted_at, row.accepted_reason = day, actor.person_id, now, why
    session.flush()
    actions.tell(session, row, "accepted", actor=actor, now=now, policy=policy)


def refuse(
    session: Session, row: CorrectiveAction, *, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Refuses it: the action is open again, to be planned."""
    actions.hold(session, row)
    permissions.check(session, actor, Action.CORRECTIVE_ACCEPT, row)
    actions.refuse_own_place(row, actor)
    why = a_reason(reason, actions.WHY)
    transition(session, row, "refuse", actor=actor, now=now, why=why)
    row.accepted_reason = why
    session.flush()
    actions.tell(session, row, "refused", actor=actor, now=now, policy=policy)


def lapse(session: Session, *, now: datetime, policy: Policy) -> int:
    """Opens again every action whose exception has run out, due at once; how many. The portal does it each morning."""
    today = local_day(now, policy.zone)
    query = select(CorrectiveAction).where(CorrectiveAction.status == "accepted", CorrectiveAction.until < today)
    rows = session.scalars(query.order_by(CorrectiveAction.id).with_for_update(skip_locked=True)).all()
    for row in rows:
        last = row.until
        transition(session, row, "lapse", actor=PORTAL, now=now, why=f"accepted until {us_date(last)}" if last else "")
        actions.clear(row)
        row.due = max(row.due, last) if last else row.due
        session.flush()
        actions.tell(session, row, "ran_out", actor=PORTAL, now=now, policy=policy)
    return len(rows)


def in_force(session: Session, *, agencies: Iterable[int], on: date) -> Mapping[tuple[int, str], CorrectiveAction]:
    """The exceptions that hold on a day, by Agency and item: shown beside the item in the next review, and answer its finding."""
    query = select(CorrectiveAction).where(
        CorrectiveAction.agency_id.in_(list(agencies)), CorrectiveAction.status == "accepted", CorrectiveAction.until >= on
    )  # fmt: skip
    return {(row.agency_id, row.item): row for row in session.scalars(query.order_by(CorrectiveAction.id)) if row.item}


def _until(until: date, now: datetime, policy: Policy) -> date:
    today = local_day(now, policy.zone)
    last = policy.corrective.exception.after(today)
    if until <= today:
        raise bad_input("The last day has to be still to come.", "until")
    if until > last:
        raise bad_input(f"An exception lasts until {us_date(last)} at most; then somebody decides again.", "until")
    return until
