"""What the portal's own records say about an item of the checklist, to be confirmed by whoever answers ('Annual security review')."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Agency, CorrectiveAction, Document, PlanVersion, SecurityReview
from portal.services.security.reviews.review_records import Records
from workflows.business_time import us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Kind, Role

SHOWN = 25
"""As many names as a page shows of those who lack something."""

ADMINISTERING = (Role.SECURITY_OFFICER, Role.AGENCY_ADMIN, Role.LEAD_ADMIN, Role.LEAD_SECURITY, Role.HELP_DESK)
SECURITY_PLAN = "security_plan"
CLOSED = ("verified", "accepted", "withdrawn")


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence from the records; `holds` says whether the standard is met by them, None where only people can tell.

    `names` are those who lack something, for whoever may read names there.
    """

    said: str
    holds: bool | None = None
    names: tuple[str, ...] = ()


def _counted(records: Records, whom: Sequence[int], lacking: Sequence[int], what: str) -> Fact:
    if not whom:
        return Fact(f"Nobody here to whom this applies: {what}.", None)
    done = len(whom) - len(lacking)
    return Fact(f"{done} of {len(whom)} people: {what}.", not lacking, records.names(lacking))


def _agreement(records: Records) -> Fact:
    held = [row for row in records.of_agency if row.kind == Kind.PARTICIPATION_AGREEMENT]
    if not held:
        return Fact("No participation agreement is in force on record.", False)
    newest = held[-1]
    return Fact(
        f"The participation agreement, version {newest.version}, is in force since {us_date(newest.valid_from)}.", True
    )


def _officer(records: Records) -> Fact:
    role = Role.LEAD_SECURITY if records.agency.id == LEAD else Role.SECURITY_OFFICER
    named = [each for each in records.people if records.has(each, Kind.ROLE, role)]
    if not named:
        return Fact("No security officer is named.", False)
    lacking = [
        each for each in named if records.agency.id != LEAD and not records.has(each, Kind.SECURITY_OFFICER_ACCEPTANCE)
    ]
    who = ", ".join(f"{records.people[each].name} ({records.people[each].email})" for each in named)
    said = (
        ""
        if records.agency.id == LEAD
        else " The acceptance is signed."
        if not lacking
        else " The acceptance is not signed."
    )
    return Fact(f"Named: {who}.{said}", not lacking, records.names(lacking))


def _plan(records: Records) -> Fact:
    """Approved by the Board, and its next review not yet past: a review moves that day on."""
    row = records.session.scalars(
        select(PlanVersion).where(PlanVersion.kind == SECURITY_PLAN, PlanVersion.status == "in_force")
    ).one_or_none()
    if row is None or row.voted_on is None:
        return Fact("No security plan is in force on record.", False)
    due = row.review_due
    said = f"Version {row.number} of the security plan was approved on {us_date(row.voted_on)}."
    if due is None:
        return Fact(f"{said} No next review is on record.", None)
    late = due < records.on
    return Fact(f"{said} Its review {'was' if late else 'is'} due by {us_date(due)}.", not late)


def _protocols(records: Records) -> Fact:
    attested = {row.detail for row in records.of_agency if row.kind == Kind.PROTOCOL}
    topics = records.policy.protocols
    lacking = tuple(topic.title for topic in topics if topic.id not in attested)
    return Fact(
        f"{len(topics) - len(lacking)} of {len(topics)} topics are attested in the portal.", not lacking, lacking
    )


def _contracts(records: Records) -> Fact:
    executed = select(func.count(func.distinct(Document.agency_id))).where(
        Document.kind == "participation_agreement", Document.status == "executed"
    )
    there = select(func.count()).where(Agency.status != "ended", Agency.id != LEAD)
    kept, all_ = records.session.execute(select(executed.scalar_subquery(), there.scalar_subquery())).one()
    return Fact(
        f"The portal keeps the executed participation agreement of {kept} of {all_} Agencies that take part.", None
    )


def _last_findings(records: Records) -> Fact:
    if records.previous_id is None:
        return Fact("There is no earlier review on record in the portal.", None)
    rows = records.session.execute(
        select(CorrectiveAction.status, func.count())
        .where(CorrectiveAction.review_id == records.previous_id, CorrectiveAction.status != "withdrawn")
        .group_by(CorrectiveAction.status)
    )
    counts = {status: count for status, count in rows}  # noqa: C416
    total, left = sum(counts.values()), sum(count for status, count in counts.items() if status not in CLOSED)
    if not total:
        return Fact("The last review led to no corrective action.", True)
    return Fact(f"{total - left} of {total} corrective actions of the last review are closed.", not left)


def _checks(records: Records) -> Fact:
    whom = [each for each in records.people if records.has(each, Kind.ROLE, *ADMINISTERING)]
    return _counted(records, whom, records.lacking(Kind.BACKGROUND_CHECK, whom), "background check cleared")


def _agreements(records: Records) -> Fact:
    whom = records.with_access
    return _counted(records, whom, records.lacking(Kind.USER_AGREEMENT, whom), "user agreement in force")


def _training(records: Records) -> Fact:
    whom = list(records.people)
    return _counted(
        records, whom, records.lacking(Kind.TRAINING, whom, "security"), "security training passed within the last year"
    )


def _left(records: Records) -> Fact:
    if not records.departures:
        return Fact("Nobody who had access left within the last year.", True)
    late, longest = [], 0
    for name, day, ended, still in records.departures:
        between = max(0, ((ended.date() if ended and not still else records.on) - day).days)
        longest = max(longest, between)
        if between > 1:
            late.append(f"{name}: {between} days" + (", still open" if still else ""))
    days = "1 day" if longest == 1 else f"{longest} days"
    count = len(records.departures)
    said = f"{count} left within the last year; at most {days} lay between the first day away and the end of access."
    return Fact(said, not late, tuple(late))


def _no_staff(records: Records) -> Fact:
    others = [each for each in records.with_access if records.has(each, Kind.WORKER, "volunteer", "contractor")]
    if not others:
        return Fact("Nobody with access is on record as a volunteer or contractor.", None)
    lacking = sorted({
        *records.lacking(Kind.USER_AGREEMENT, others), *records.lacking(Kind.TRAINING, others), *records.lacking(Kind.BACKGROUND_CHECK, others),
    })  # fmt: skip
    return _counted(records, others, lacking, "volunteers and contractors with the same papers as staff")


def _levels(records: Records) -> Fact:
    titles = {level.id: level.title for level in records.policy.access_levels}
    counts: dict[str, int] = {}
    for each in records.with_access:
        level = next((row.detail for row in records.of_people[each] if row.kind == Kind.ACCESS_LEVEL), "")
        counts[titles.get(level, "no level on record")] = counts.get(titles.get(level, "no level on record"), 0) + 1
    listed = ", ".join(f"{title}: {count}" for title, count in sorted(counts.items()))
    return Fact(f"People with access by level: {listed or 'none'}.", None)


def _of_devices(records: Records, wanted: str, what: str, *given: str) -> Fact:
    """Of the devices that are `wanted` ('kind=detail', '' for all), how many have all that is `given`."""
    all_ = [(label, held) for label, held in records.devices.values() if not wanted or wanted in held]
    if not all_:
        return Fact("No such device is on the list.", None)
    lacking = tuple(label for label, held in all_ if not held.issuperset(given))
    return Fact(f"{len(all_) - len(lacking)} of {len(all_)} devices: {what}.", not lacking, lacking)


def _devices(records: Records) -> Fact:
    return _of_devices(records, "", "authorized", f"{Kind.DEVICE_AUTHORISED}=")


def _home_offices(records: Records) -> Fact:
    return _of_devices(
        records,
        f"{Kind.TRAIT}=home_office",
        "authorized for use at home, the policy on file",
        f"{Kind.HOME_OFFICE}=authorisation",
        f"{Kind.HOME_OFFICE}=policy",
    )


def _laptops(records: Records) -> Fact:
    return _of_devices(records, f"{Kind.TRAIT}=laptop", "laptop statement signed", f"{Kind.LAPTOP_STATEMENT}=")


def _victim_services(records: Records) -> Fact:
    held = [row for row in records.of_agency if row.kind == Kind.EXCLUDED_PROVIDER]
    if records.agency.id == LEAD:
        return Fact("The gate lets nobody of a victim service provider into the HMIS.", None)
    if held:
        return Fact(
            "The information form says that this Agency is a victim or legal service provider; nobody there has access.",
            None,
        )
    return Fact("The information form names no victim services.", None)


FACTS: Mapping[str, Callable[[Records], Fact]] = {
    "GOV1": _agreement, "GOV2": _officer, "GOV3": _plan, "GOV4": _protocols, "GOV5": _contracts, "GOV6": _last_findings, "WRK1": _checks, "WRK2": _agreements,
    "WRK3": _training, "WRK4": _left, "WRK5": _no_staff, "ACC7": _levels, "PUB2": _devices, "REM1": _home_offices,
    "REM2": _laptops, "VSP1": _victim_services,
}  # fmt: skip
"""By the item's id; an item that the records know nothing about has none."""


def records_of(session: Session, review: SecurityReview, *, on: date, policy: Policy) -> Records:
    return Records(session, review.agency, on=on, policy=policy, previous_id=review.previous_id)


def of(records: Records, item: str) -> Fact | None:
    """What the records say about one item."""
    look = FACTS.get(item)
    return look(records) if look else None


def of_all(session: Session, review: SecurityReview, *, on: date, policy: Policy) -> dict[str, Fact]:
    """What the records say about every item of which they say anything; a fixed number of statements."""
    records = records_of(session, review, on=on, policy=policy)
    return {item: look(records) for item, look in FACTS.items()}


def snapshot(session: Session, review: SecurityReview, item: str, *, on: date, policy: Policy) -> dict[str, Any]:
    """What the records said at this moment, as it is kept with the answer: without names. Empty where they say nothing."""
    fact = of(records_of(session, review, on=on, policy=policy), item)
    return {} if fact is None else {"said": fact.said, "holds": fact.holds, "on": on.isoformat()}
