"""What keeps plans current: the yearly review by another person, and handing them in again after a change of the HMIS."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import HmisChange, PlanResubmission, PlanReview, PlanVersion
from portal.refusals import Refused, a_reason, bad_input
from portal.services.security.plans import plans
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.plan_days import resubmit_by
from workflows.policy import Policy
from workflows.vocabulary import Reason

EARLIEST = date(2000, 1, 1)


def reviewed(
    session: Session, row: PlanVersion, *, on: date, note: str, actor: Actor, now: datetime, policy: Policy
) -> PlanReview:
    """Records that a version in force was reviewed and needs no change, by another person than who wrote it.

    It is due again a period of the pack after that day. BAD_INPUT for a day before it came into force or after today.
    """
    permissions.check(session, actor, Action.PLAN_REVIEW, row)
    plans.hold(session, row)
    if row.status != "in_force" or row.in_force_from is None:
        raise Refused(
            Reason.ILLEGAL_MOVE, "Only a version in force is reviewed. Load the page again to see which one is."
        )
    today, kind = local_day(now, policy.zone), plans.kind_of(policy, row.kind)
    if not row.in_force_from <= on <= today:
        raise bad_input(
            f"Choose a day from {us_date(row.in_force_from)}, when it came into force, until today, {us_date(today)}.",
            "on",
        )
    why = a_reason(note, "Say what was looked at, and why nothing has to change.", field="note")
    made = PlanReview(
        version_id=row.id, drafted_by=row.drafted_by, reviewed_by=actor.person_id or 0, reviewed_on=on, note=why, recorded_at=now
    )  # fmt: skip
    session.add(made)
    row.review_due = max(row.review_due or on, kind.review.after(on))
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="plan.review", thing=row, after={"review_due": row.review_due.isoformat()},
        said=f"Reviewed version {row.number} of the plan '{kind.title}' on {us_date(on)}: no change. {why}",
    )  # fmt: skip
    return made


def enter_change(
    session: Session, *, what: str, changed_on: date, kinds: Iterable[str], actor: Actor, now: datetime, policy: Policy
) -> HmisChange:
    """Records a change of the HMIS and the plans that it touches: each is due at the Board again within the pack's months.

    A change that is entered late is met by a version that was written after it and is with the Board, or past it, by now.
    BAD_INPUT for a day to come, no plan, or one that the pack does not have handed in again.
    """
    permissions.check(session, actor, Action.HMIS_CHANGE_ENTER)
    today, said = local_day(now, policy.zone), a_reason(what, "Say in a sentence what was changed.", field="what")
    if not EARLIEST <= changed_on <= today:
        raise bad_input(
            f"Enter the day of the change: not after today, {us_date(today)}, and not before 2000.", "changed_on"
        )
    touched, again = list(dict.fromkeys(kinds)), [plan.id for plan in policy.plans.plans if plan.resubmit]
    if not touched or any(each not in again for each in touched):
        raise bad_input("Choose the plans that the change touches.", "kinds")
    row = HmisChange(what=said, changed_on=changed_on, entered_by=actor.person_id or 0, entered_at=now)
    session.add(row)
    session.flush()
    due, went = resubmit_by(changed_on, policy.notice), _put_to_board(session, touched, changed_on, policy)
    session.add_all(
        [
            PlanResubmission(
                change_id=row.id, kind=each, due=due, met_by=went[each].id if each in went else None,
                met_on=went[each].submitted_on if each in went else None,
            )
            for each in touched
        ]
    )  # fmt: skip
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="hmis_change.enter", thing=row, after={"plans": touched, "due": due.isoformat()},
        said=f"The HMIS was changed on {us_date(changed_on)}: {said} Plans are due at the Board again by {us_date(due)}.",
    )  # fmt: skip
    return row


def _put_to_board(session: Session, kinds: list[str], changed_on: date, policy: Policy) -> dict[str, PlanVersion]:
    """Of each plan the first version that was written on or after a day and put to the Board; not one from before the portal."""
    query = select(PlanVersion).where(
        PlanVersion.kind.in_(kinds), PlanVersion.submitted_on.is_not(None), PlanVersion.from_before.is_(False),
        PlanVersion.status != "withdrawn",
    )  # fmt: skip
    found: dict[str, PlanVersion] = {}
    for row in session.scalars(query.order_by(PlanVersion.id)):
        if local_day(row.written_at, policy.zone) >= changed_on:
            found.setdefault(row.kind, row)
    return found
