"""Appeals: by the person or the director, within the pack's days, heard by somebody who had no hand in the decision."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Sanction
from portal.refusals import Refused, a_reason, bad_input
from portal.services.security.sanctions import sanction_force, sanction_notices
from portal.services.security.sanctions.sanction_measures import Measure, refuse_measure
from portal.services.security.sanctions.sanctions import lock_it, refuse_own_place, sign_out
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import About, Reason

WHY = "Say why: whoever appealed reads it."


def appeal(
    session: Session,
    row: Sanction,
    *,
    text: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
    came_from: str = "",
    received_on: date | None = None,
) -> None:
    """Appeals a sanction. The Lead enters what came on paper with `came_from`, and counts the day it was received.

    Refuses an appeal after its last day or of what an appeal was heard about (CONFLICT), and an empty text (BAD_INPUT).
    """
    permissions.check(session, actor, Action.SANCTION_APPEAL, row)
    today, own = local_day(now, policy.zone), speaks_for_itself(row, actor)
    said = a_reason(text, "Say what you want to be looked at again. Name no client.", field="text", most=2000)
    source = "" if own else a_reason(came_from, "Say from whom it came, and how.", field="came_from", most=200)
    day = today if own else _received(received_on, row, today, policy)
    lock_it(session, row)
    session.refresh(row, with_for_update=True)
    _refuse_past(row, day)
    rests = policy.enforcement.appeal_suspends and row.status == "in_force"
    transition(session, row, "appeal", actor=actor, now=now, why=said[:300])
    row.appealed_by, row.appealed_at, row.appeal_text, row.appeal_from = actor.person_id, now, said, source
    row.appeal_holds = rests
    session.flush()
    if rests:
        sanction_force.stop(
            session, row, reason="It rests while an appeal is heard.", actor=actor, now=now, policy=policy
        )
    sanction_notices.tell_hearers(session, row, now=now, policy=policy)


def uphold(session: Session, row: Sanction, *, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """The decision stands; what rested during the appeal holds again from today on."""
    why = _begin(session, row, reason, actor)
    rested = row.appeal_holds
    _heard(session, row, "uphold", "upheld", why, actor=actor, now=now)
    if rested:
        sanction_force.put_back(session, row, actor=actor, now=now, policy=policy)
        sign_out(session, row, now=now)
    sanction_force.come_back(session, row, now=now, policy=policy)
    sanction_notices.make(session, row, "outcome", now=now, policy=policy)


def overturn(session: Session, row: Sanction, *, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """The decision was not right: its evidence is taken back, and it counts as no earlier violation."""
    why = _begin(session, row, reason, actor)
    _heard(session, row, "overturn", "lifted", why, actor=actor, now=now)
    row.ended_at, row.ended_reason = now, why
    session.flush()
    sanction_force.take_back(session, row, reason=why, actor=actor, now=now)
    sanction_force.ask_again(session, row, now=now)
    sanction_notices.make(session, row, "outcome", now=now, policy=policy)


def change(
    session: Session, row: Sanction, *, measure: Measure, reason: str, actor: Actor, now: datetime, policy: Policy
) -> Sanction:
    """Another measure replaces it, in force at once; the days of a suspension that were served count. The new one.

    The case is the one that was drafted: whoever drafted it stays on the new row, whoever heard the appeal decides it.
    """
    why = _begin(session, row, reason, actor)
    today = local_day(now, policy.zone)
    refuse_measure(measure, About(row.about), today, policy)
    if (measure.measure, measure.days, measure.course, measure.amount_cents) == (
        row.measure, row.days, row.course, row.amount_cents,
    ):  # fmt: skip
        raise bad_input("This is the measure as it is. Uphold the decision, or choose another measure.", "measure")
    first = (
        row.first_day if measure.measure == "suspension" and row.measure == "suspension" and row.first_day else today
    )
    last = None if measure.days is None else first + timedelta(measure.days - 1)
    _heard(session, row, "change", "changed", why, actor=actor, now=now)
    row.ended_at, row.ended_reason = now, why
    session.flush()
    if first == row.first_day:
        sanction_force.take_back(session, row, reason=why, actor=actor, now=now)
    else:
        sanction_force.stop(session, row, reason=why, actor=actor, now=now, policy=policy)
    new = _replacement(session, row, measure, actor=actor)
    held = sanction_force.begin(session, new, first=first, last=last, note=why, actor=actor, now=now)
    transition(session, new, "replace", actor=actor, now=now, why=why)
    new.decided_by, new.decided_at, new.decided_reason = actor.person_id, now, why
    new.first_day, new.last_day, new.evidence_id = first, last, held.id
    session.flush()
    sanction_force.come_back(session, new, now=now, policy=policy)
    sign_out(session, new, now=now)
    sanction_notices.make(session, new, "outcome", now=now, policy=policy)
    return new


def may_still(row: Sanction, on: date) -> bool:
    """Whether it can be appealed on a day: once, and within its time."""
    return (
        row.status in ("in_force", "expired")
        and not row.appeal_outcome
        and row.appeal_by is not None
        and on <= row.appeal_by
    )


def speaks_for_itself(row: Sanction, actor: Actor) -> bool:
    """Whether this is the person or the director, and not the Lead entering what came on paper."""
    if actor.person_id == row.person_id:
        return True
    return any(agency == row.agency_id and role == "executive_director" for agency, role in actor.roles)


def _received(received_on: date | None, row: Sanction, today: date, policy: Policy) -> date:
    decided = local_day(row.decided_at, policy.zone) if row.decided_at else today
    if received_on is None or not decided <= received_on <= today:
        raise bad_input(f"Enter the day it was received: from {us_date(decided)} to {us_date(today)}.", "received_on")
    return received_on


def _refuse_past(row: Sanction, day: date) -> None:
    if row.appeal_outcome or row.replaces_id is not None:
        raise Refused(
            Reason.CONFLICT, "An appeal in this case has been heard. Write to the HMIS Lead with anything new."
        )
    if row.status in ("in_force", "expired") and row.appeal_by is not None and day > row.appeal_by:
        raise Refused(
            Reason.CONFLICT,
            f"The time to appeal ended on {us_date(row.appeal_by)}. Write to the HMIS Lead, which can lift a sanction at any time.",
        )


def _begin(session: Session, row: Sanction, reason: str, actor: Actor) -> str:
    permissions.check(session, actor, Action.SANCTION_HEAR, row)
    refuse_own_place(row, actor)
    why = a_reason(reason, WHY)
    lock_it(session, row)
    session.refresh(row, with_for_update=True)
    if row.status != "appealed":
        raise Refused(Reason.ILLEGAL_MOVE, "No appeal waits here any more. Load the page again.")
    return why


def _heard(session: Session, row: Sanction, move: str, outcome: str, why: str, *, actor: Actor, now: datetime) -> None:
    transition(session, row, move, actor=actor, now=now, why=why)
    # With the status in one statement: the database keeps them together.
    row.appeal_decided_by, row.appeal_decided_at, row.appeal_reason = actor.person_id, now, why
    row.appeal_outcome, row.appeal_holds = outcome, False
    session.flush()


def _replacement(session: Session, row: Sanction, measure: Measure, *, actor: Actor) -> Sanction:
    kept = (
        "about", "agency_id", "person_id", "membership_id", "violation", "violation_title", "severity", "facts", "proposed",
        "proposed_days", "proposed_course", "proposed_because", "incident_id", "investigated_by", "drafted_by", "drafted_at",
    )  # fmt: skip
    new = Sanction(
        **{name: getattr(row, name) for name in kept}, replaces_id=row.id, departs=True,
        departs_because=f"Changed on appeal by {actor.name}.",
        measure=measure.measure, days=measure.days, remedy=measure.remedy, course=measure.course,
        amount_cents=measure.amount_cents, due_on=measure.due_on, referred_to=measure.referred_to,
    )  # fmt: skip
    session.add(new)
    session.flush()
    return new
