"""Access that is older than the portal: taken over with the day from which the gate rules it, reported apart."""

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Evidence, Grant, Membership, Person
from portal.refusals import Refused, bad_input
from portal.services import decisions, evidence
from portal.services.locks import lock
from portal.services.people import accounts, grants, licences
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import About, Kind, Outcome, Reason

FURTHEST = timedelta(days=366)
IMPORT = "day_one_import"


def check_takes_over(takes_over: date, *, today: date) -> None:
    """BAD_INPUT for a day on which the gate cannot take over: today or earlier, or more than a year away."""
    if takes_over <= today:
        raise bad_input(
            f"The gate takes over after today, {us_date(today)}, so that everybody can be warned. Enter a later day.",
            "takes_over",
        )
    if takes_over - today > FURTHEST:
        raise bad_input(f"{us_date(takes_over)} is more than a year away. Enter an earlier day.", "takes_over")


def inherit(
    session: Session,
    *,
    membership: Membership,
    user_id: str,
    takes_over: date,
    actor: Actor,
    now: datetime,
    policy: Policy,
    rests_on_id: int = 0,
) -> Grant:
    """The membership's access as the core HMIS has it, with a decision that says so and why it is not a permission.

    Until the day before `takes_over` nothing that is merely missing closes it; what speaks against it does, at once.
    Refuses ALREADY_DONE where access is there, CONFLICT where it ended here before or the User ID is another's.
    """
    permissions.check(session, actor, Action.DAY_ONE_IMPORT, membership)
    today = local_day(now, policy.zone)
    check_takes_over(takes_over, today=today)
    lock(session, agencies=[membership.agency_id], people=[membership.person_id])
    before = session.scalars(select(Grant.status).where(Grant.membership_id == membership.id)).all()
    if before:
        there = set(before) != {"ended"}
        raise Refused(
            Reason.ALREADY_DONE if there else Reason.CONFLICT,
            "This access is in the portal already."
            if there
            else "This access ended here before. It has to be requested again.",
        )
    person = session.get_one(Person, membership.person_id)
    evidence.record(
        session, actor=actor, now=now, kind=Kind.INHERITED, about=About.MEMBERSHIP, subject_id=membership.id, valid_from=today,
        valid_until=takes_over - timedelta(1), rests_on=IMPORT if rests_on_id else "", rests_on_id=rests_on_id,
        note=f"The gate takes over on {us_date(takes_over)}.",
    )  # fmt: skip
    seat = licences.seat_of(session, membership.id) or licences.occupy(session, membership, now=now, policy=policy)
    if seat.status == "reserved":
        seat = licences.take(session, membership, now=now, policy=policy)
    account = accounts.take_over(session, person, user_id, active=True, actor=actor, now=now)
    said = decisions.ask(session, membership, now=now, policy=policy)
    decision = decisions.keep(session, membership, said, Outcome.INHERITED, now=now, made_for="inherit", policy=policy)
    grant = Grant(
        account_id=account.id, person_id=person.id, membership_id=membership.id, decision_id=decision.id, outcome=decision.outcome,
        seat_id=seat.id, access_level=grants.level_of(said), issued_at=now, confirmed_at=now,
    )  # fmt: skip
    session.add(grant)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="access.inherit", thing=membership, decision_id=decision.id,
        after={"user_id": user_id, "grant": grant.id, "takes_over": takes_over.isoformat()},
        said=f"Took over {person.name}'s access as {user_id}, which is older than the portal. The gate rules it from {us_date(takes_over)}.",
    )  # fmt: skip
    return grant


def move_day(
    session: Session,
    *,
    membership: Membership,
    takes_over: date,
    actor: Actor,
    now: datetime,
    policy: Policy,
    rests_on_id: int = 0,
) -> bool:
    """Another day on which the gate takes over; False where it is that day already, or the gate has taken over before."""
    permissions.check(session, actor, Action.DAY_ONE_IMPORT, membership)
    today = local_day(now, policy.zone)
    check_takes_over(takes_over, today=today)
    rows = evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.INHERITED, on=today)
    last = takes_over - timedelta(1)
    if not rows or rows[-1].valid_until == last:
        return False
    for row in rows:
        evidence.withdraw(
            session, row, actor=actor, now=now, reason=f"The gate takes over on {us_date(takes_over)} instead."
        )
    evidence.record(
        session, actor=actor, now=now, kind=Kind.INHERITED, about=About.MEMBERSHIP, subject_id=membership.id,
        valid_from=rows[0].valid_from, valid_until=last, rests_on=IMPORT if rests_on_id else "", rests_on_id=rests_on_id,
        note=f"The gate takes over on {us_date(takes_over)}.",
    )  # fmt: skip
    return True


def takes_over_of(session: Session, memberships: list[int], *, on: date) -> dict[int, date]:
    """By membership the day from which the gate rules it, for those whose access is inherited still; one statement."""
    if not memberships:
        return {}
    rows = session.execute(
        select(Evidence.subject_id, func.max(Evidence.valid_until))
        .where(
            Evidence.about == About.MEMBERSHIP, Evidence.kind == Kind.INHERITED, Evidence.subject_id.in_(memberships),
            *Evidence.in_force(on),
        )
        .group_by(Evidence.subject_id)
    )  # fmt: skip
    return {member: last + timedelta(1) if last < date.max else last for member, last in rows}


def still_inherited(session: Session, *, on: date) -> tuple[int, date | None]:
    """How many accounts are inherited on a day, and the first day on which the gate takes one of them over."""
    # Few are: looked up by their index first, where SQLite would read every grant.
    few = select(Grant.id).correlate(None).where(Grant.outcome == Outcome.INHERITED, Grant.status != "ended")
    count, last = session.execute(
        select(func.count(), func.min(Evidence.valid_until))
        .select_from(Grant)
        .join(Evidence, Evidence.subject_id == Grant.membership_id)
        .where(
            Grant.id.in_(few), Evidence.about == About.MEMBERSHIP,
            Evidence.kind == Kind.INHERITED, *Evidence.in_force(on),
        )
    ).one()  # fmt: skip
    return count, last + timedelta(1) if last is not None and last < date.max else last
