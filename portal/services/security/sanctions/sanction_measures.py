"""The measures of a sanction: what belongs to each, how it is refused where that lacks, and how it reads in words."""

from dataclasses import dataclass
from datetime import date

from portal.models import Sanction
from portal.refusals import bad_input
from workflows.business_time import us_date
from workflows.policy import Policy
from workflows.vocabulary import SANCTIONS, About

MOST_CENTS = 100_000_000
LONGEST = 3650
_SUSPENDED = {"agency": "suspension of all access of the Agency", "person": "suspension of all HMIS access"}
_REVOKED = {"agency": "revocation of the whole Agency's access", "person": "revocation of all HMIS privileges"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is to be done, one of vocabulary.SANCTIONS, with what belongs to it.

    `days` of a suspension; without them it lasts until `remedy`, in words, is done. `amount_cents` of a penalty.
    """

    measure: str
    days: int | None = None
    remedy: str = ""
    course: str = ""
    amount_cents: int | None = None
    due_on: date | None = None
    referred_to: str = ""


def measure_of(row: Sanction) -> Measure:
    """The measure of a sanction that is on record."""
    return Measure(
        measure=row.measure, days=row.days, remedy=row.remedy, course=row.course, amount_cents=row.amount_cents, due_on=row.due_on,
        referred_to=row.referred_to,
    )  # fmt: skip


def in_words(measure: Measure, about: str, policy: Policy | None = None) -> str:
    """The measure in words: 'suspension of all HMIS access for 30 days', 'financial penalty of $250.00'."""
    match measure.measure:
        case "reprimand":
            return "formal letter of reprimand"
        case "training":
            titles = {course.id: course.title for course in policy.courses} if policy else {}
            return f"required training: {titles.get(measure.course, measure.course)}"
        case "penalty":
            return f"financial penalty of ${(measure.amount_cents or 0) / 100:,.2f}"
        case "suspension":
            what = _SUSPENDED.get(about, "suspension of the access at this Agency")
            days = f"{measure.days} {'day' if measure.days == 1 else 'days'}" if measure.days else ""
            return f"{what} for {days}" if days else f"{what} until remedied"
        case "revocation":
            return _REVOKED.get(about, "revocation of the license at this Agency")
    return f"referral to {measure.referred_to}"


def until_in_words(row: Sanction) -> str:
    """When it ends, in words, for a letter or a page."""
    match row.measure:
        case "suspension":
            return f"after {us_date(row.last_day)}" if row.last_day else f"when this has been remedied: {row.remedy}"
        case "training":
            return "when the course has been taken again and its quiz passed"
        case "penalty":
            return f"when it is paid, which is due by {us_date(row.due_on)}" if row.due_on else "when it is paid"
        case "revocation":
            return "not by itself; it can be lifted"
    return "it has no end to wait for"


def refuse_measure(measure: Measure, about: About, today: date, policy: Policy, *, due_matters: bool = True) -> None:
    """BAD_INPUT, by field, for a measure that lacks what belongs to it or has what belongs to another."""
    if measure.measure not in SANCTIONS:
        raise bad_input("Choose the measure.", "measure")
    _refuse_days(measure)
    _refuse_course(measure, about, policy)
    _refuse_amount(measure, today, due_matters=due_matters)
    if (measure.measure == "referral") != bool(measure.referred_to.strip()):
        raise bad_input("A referral says to whom, and nothing else does.", "referred_to")


def _refuse_days(measure: Measure) -> None:
    if measure.measure != "suspension":
        if measure.days is not None:
            raise bad_input("Only a suspension is for a number of days. Leave it empty.", "days")
        return
    if measure.days is not None and not 1 <= measure.days <= LONGEST:
        raise bad_input(f"Enter from 1 to {LONGEST:,} days, or leave it empty for 'until remedied'.", "days")
    if measure.days is None and len(measure.remedy.strip()) < 3:
        raise bad_input("Without a number of days, say what has to be remedied first.", "remedy")


def _refuse_course(measure: Measure, about: About, policy: Policy) -> None:
    if measure.measure != "training":
        if measure.course:
            raise bad_input("Only required training names a course. Leave it empty.", "course")
        return
    if about is not About.PERSON:
        raise bad_input("Training is required of a person everywhere. Draft it about the person.", "measure")
    if measure.course not in {course.id for course in policy.courses}:
        raise bad_input("Choose the course that has to be taken again.", "course")


def _refuse_amount(measure: Measure, today: date, *, due_matters: bool) -> None:
    if measure.measure != "penalty":
        if measure.amount_cents is not None:
            raise bad_input("Only a financial penalty has an amount. Leave it empty.", "amount")
        return
    if measure.amount_cents is None or not 0 < measure.amount_cents <= MOST_CENTS:
        raise bad_input("Enter an amount from $0.01 to $1,000,000.00.", "amount")
    if due_matters and (measure.due_on is None or measure.due_on < today):
        raise bad_input(f"Say until when it is to be paid: {us_date(today)} or later.", "due_on")
