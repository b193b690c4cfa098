"""What follows a sanction that is in force: a penalty is paid, a referral gets its reference."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Sanction
from portal.refusals import Refused, a_reason, bad_input
from portal.services.security.sanctions import sanction_force
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import Reason


def paid(session: Session, row: Sanction, *, on: date, actor: Actor, now: datetime, policy: Policy) -> None:
    """Marks a penalty as paid on a day; the worker then ends the sanction. ALREADY_DONE where it was."""
    permissions.check(session, actor, Action.SANCTION_FOLLOW, row)
    session.refresh(row, with_for_update=True)
    if row.measure != "penalty":
        raise Refused(Reason.CONFLICT, "Only a financial penalty is paid.")
    if row.paid_on is not None:
        raise Refused(Reason.ALREADY_DONE, f"It is on record as paid on {us_date(row.paid_on)}.")
    _refuse_day(on, row, now, policy, "paid_on")
    row.paid_on = on
    session.flush()
    said = f"The penalty was paid on {us_date(on)}."
    audit.record(
        session, actor=actor, now=now, act="sanction.paid", thing=row, after={"paid_on": on.isoformat()}, said=said
    )
    sanction_force.look_at(session, row, now=now)


def referred(session: Session, row: Sanction, *, reference: str, actor: Actor, now: datetime) -> None:
    """Keeps the reference under which whoever it was referred to has the case."""
    permissions.check(session, actor, Action.SANCTION_FOLLOW, row)
    if row.measure != "referral":
        raise Refused(Reason.CONFLICT, "Only a referral has a reference.")
    found = a_reason(reference, "Enter the reference that you were given.", field="reference", least=1, most=100)
    before, row.reference = row.reference, found
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="sanction.referred", thing=row, before={"reference": before}, after={"reference": found},
        said=f"Its reference with {row.referred_to} is {found}.",
    )  # fmt: skip


def _refuse_day(on: date, row: Sanction, now: datetime, policy: Policy, field: str) -> None:
    first, today = row.first_day or on, local_day(now, policy.zone)
    if not first <= on <= today:
        raise bad_input(f"The day lies between {us_date(first)} and {us_date(today)}.", field)
