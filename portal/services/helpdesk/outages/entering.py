"""An outage is entered: announced before it comes, or reported when it is there ('The HMIS System Availability Policies')."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import Outage
from portal.refusals import Refused, bad_input
from portal.services.helpdesk.outages.telling import say
from portal.services.helpdesk.outages.words import line
from portal.services.transition import transition
from workflows.actions import Action
from workflows.outage_pack import Impact, OutageKind
from workflows.policy import Policy
from workflows.recurrence import Occurrence, Weekly, occurrence, occurrences
from workflows.vocabulary import Effect, Reason

FURTHEST = timedelta(days=366)
LONGEST = timedelta(days=30)
LONG_AGO = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What somebody enters: what is out and how badly, from when until when (naive UTC), what to say, whom to write to."""

    title: str
    systems: Sequence[str]
    impact: str
    starts_at: datetime
    ends_expected_at: datetime | None
    text: str
    tells: str
    vendor_case: str = ""


def rule_of(policy: Policy) -> Weekly | None:
    """The hour of the weekly maintenance; None where the pack in force has none."""
    weekly = policy.outages.weekly
    return Weekly(weekly.weekday, weekly.opens, weekly.lasts, policy.zone) if weekly else None


def announce(session: Session, entered: Entered, *, actor: Actor, now: datetime, policy: Policy) -> Outage:
    """Announces a planned outage; BAD_INPUT by field. It begins by itself, and somebody says when it is over."""
    permissions.check(session, actor, Action.OUTAGE_ANNOUNCE)
    if entered.starts_at <= now:
        raise bad_input("This has begun. Enter a later time, or report it as an outage that is going on.", "starts_at")
    if entered.starts_at > now + FURTHEST:
        raise bad_input("That is more than a year from now. Check the year.", "starts_at")
    if entered.ends_expected_at is None:
        raise bad_input("Enter when it is expected to be over.", "ends_at")
    outage = _enter(session, OutageKind.PLANNED, entered, actor=actor, now=now, policy=policy)
    begin_at(session, outage, now=now)
    return outage


def report(session: Session, entered: Entered, *, actor: Actor, now: datetime, policy: Policy) -> Outage:
    """Reports an outage that nobody planned and that is going on; BAD_INPUT by field. When it ends may be unknown."""
    permissions.check(session, actor, Action.OUTAGE_ANNOUNCE)
    if entered.starts_at > now:
        raise bad_input("This lies ahead. Enter when it began, or announce a planned outage.", "starts_at")
    if entered.starts_at < now - LONG_AGO:
        raise bad_input("That is more than a year ago. Check the year.", "starts_at")
    if entered.ends_expected_at is not None and entered.ends_expected_at <= now:
        raise bad_input("Enter a time that lies ahead, or leave it empty while nobody knows.", "ends_at")
    outage = _enter(session, OutageKind.UNPLANNED, entered, actor=actor, now=now, policy=policy)
    transition(session, outage, "report", actor=actor, now=now)
    return outage


def evening(session: Session, on: date, *, actor: Actor, now: datetime, policy: Policy) -> Outage:
    """The row of one evening's weekly maintenance, made where there is none; for whoever then says how it departs.

    BAD_INPUT for a day without maintenance, one that is over, or one more than a year from now.
    """
    permissions.check(session, actor, Action.OUTAGE_ANNOUNCE)
    rule, weekly, one = rule_of(policy), policy.outages.weekly, _on(policy, on)
    if rule is None or weekly is None or one is None or one.starts_at > now + FURTHEST:
        raise bad_input("There is no weekly maintenance on that day. Choose one from the list.", "on")
    row = session.scalars(select(Outage).where(Outage.occurrence_on == on).with_for_update()).one_or_none()
    if row is not None:
        return row
    if one.ends_at <= now:
        raise Refused(Reason.CONFLICT, "That evening's maintenance is over. Report an outage if something is out.")
    row = Outage(
        kind=OutageKind.WEEKLY, title=weekly.title, systems=list(weekly.systems), starts_at=one.starts_at,
        ends_expected_at=one.ends_at, occurrence_on=on, announced_at=now, announced_by=actor.person_id, touched_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    begin_at(session, row, now=now)
    return row


def begin_at(session: Session, outage: Outage, *, now: datetime) -> None:
    """Has the portal begin it at its time."""
    jobs.enqueue(session, Effect.OUTAGE, key=f"begin:{outage.id}", now=now, run_at=outage.starts_at)


def next_evenings(policy: Policy, *, now: datetime, days: int) -> list[Occurrence]:
    """The weekly maintenance of so many days from now on, one that is going on first."""
    rule = rule_of(policy)
    return list(occurrences(rule, now, now + timedelta(days))) if rule else []


def refuse_times(starts_at: datetime, ends_expected_at: datetime | None) -> None:
    """BAD_INPUT for an end before the start, or a length that is a slip of the pen."""
    if ends_expected_at is None:
        return
    if ends_expected_at <= starts_at:
        raise bad_input("It ends before it begins. Check both times.", "ends_at")
    if ends_expected_at > starts_at + LONGEST:
        raise bad_input("That is longer than 30 days. Check both days.", "ends_at")


def known_systems(systems: Sequence[str], policy: Policy) -> list[str]:
    """What is out, in the pack's order; BAD_INPUT for nothing, or for what the pack does not know."""
    order = [system.id for system in policy.outages.systems]
    if not systems or set(systems) - set(order):
        raise bad_input("Choose from the list what is out.", "systems")
    return [each for each in order if each in systems]


def _enter(
    session: Session, kind: OutageKind, entered: Entered, *, actor: Actor, now: datetime, policy: Policy
) -> Outage:
    refuse_times(entered.starts_at, entered.ends_expected_at)
    if entered.impact not in tuple(Impact):
        raise bad_input("Choose how bad it is.", "impact")
    if len(entered.vendor_case.strip()) > 100:
        raise bad_input("At most 100 characters.", "vendor_case")
    outage = Outage(
        kind=kind, impact=entered.impact, title=line(entered.title, "Say in a few words what is out.", "title", 200),
        systems=known_systems(entered.systems, policy), starts_at=entered.starts_at, ends_expected_at=entered.ends_expected_at,
        vendor_case=" ".join(entered.vendor_case.split()), announced_at=now, announced_by=actor.person_id, touched_at=now,
    )  # fmt: skip
    session.add(outage)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="outage.enter", thing=outage,
        said=f"{outage.reference}: {'announced' if kind == OutageKind.PLANNED else 'reported'} '{outage.title}'.",
        after={"kind": kind, "impact": outage.impact, "systems": outage.systems, "tells": entered.tells},
    )  # fmt: skip
    say(
        session, outage, "announced", entered.text, public=True, tells=entered.tells, by=actor.person_id, now=now, policy=policy
    )  # fmt: skip
    return outage


def _on(policy: Policy, on: date) -> Occurrence | None:
    rule = rule_of(policy)
    return occurrence(rule, on) if rule and on.weekday() == rule.weekday else None
