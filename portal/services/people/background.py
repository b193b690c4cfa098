"""Background checks: status, dates, reference and decider, and nothing else ('Workforce security')."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import BackgroundCheck, Membership, Person
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.locks import lock
from portal.services.people import particulars
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import About, Kind, Reason

STATUSES = ("ordered", "pending", "cleared", "not_cleared")
DECIDED = ("cleared", "not_cleared")
MOVES: Mapping[str, str] = {"pending": "wait", "cleared": "clear", "not_cleared": "refuse"}
SSN = re.compile(r"(?<!\d)\d{3}[- .]?\d{2}[- .]?\d{4}(?!\d)")
FOUND = re.compile(
    r"\b(felon\w*|misdemeanou?r\w*|convict\w*|arrest\w*|offen[cs]e\w*|assault\w*|theft|larceny|burglary|robbery|fraud|drugs?|oui|dui|dwi|"
    r"guilty|plea|probation|parole|warrant|charges?|charged|sentence\w*|crim\w*|victim\w*|court|docket|dob|birth\w*|ssn|report)\b",
    re.IGNORECASE,
)
EARLIEST = date(1990, 1, 1)


def enter(
    session: Session,
    *,
    membership: Membership,
    status: str,
    ordered_on: date,
    actor: Actor,
    now: datetime,
    policy: Policy,
    decided_on: date | None = None,
    reference: str = "",
    decider: str = "",
) -> BackgroundCheck:
    """Enters a check or how it stands by now, and the evidence that follows. A decision names its day and its decider.

    Not for oneself (NOT_ALLOWED); refuses what looks like a Social Security number, an offence or a report (BAD_INPUT).
    """
    permissions.check(session, actor, Action.BACKGROUND_ENTER, membership)
    today = local_day(now, policy.zone)
    person = session.get_one(Person, membership.person_id)
    reference, decider = _checked(person, status, ordered_on, decided_on, reference, decider, on=today)
    lock(session, agencies=[membership.agency_id], people=[membership.person_id])
    check = _open_check(session, membership)
    if check is None:
        check = BackgroundCheck(
            membership_id=membership.id,
            agency_id=membership.agency_id,
            person_id=membership.person_id,
            ordered_on=ordered_on,
            entered_by=actor.person_id,
            entered_at=now,
        )
        session.add(check)
        session.flush()
        _record(session, check, "ordered", ordered_on, actor=actor, now=now)
    elif status == "ordered":
        raise Refused(
            Reason.ALREADY_DONE,
            f"A check was ordered on {us_date(check.ordered_on)} and is not decided yet. Enter how it stands.",
        )
    check.ordered_on, check.reference, check.decider = ordered_on, reference or check.reference, decider
    if status != "ordered" and status != check.status:
        transition(session, check, MOVES[status], actor=actor, now=now)
        if status in DECIDED:
            check.decided_on = decided_on
        _record(session, check, status, decided_on or today, actor=actor, now=now)
    return check


def checks_of(session: Session, person_id: int) -> list[BackgroundCheck]:
    """Every check about a person, the newest first."""
    query = select(BackgroundCheck).where(BackgroundCheck.person_id == person_id)
    return list(session.scalars(query.order_by(BackgroundCheck.id.desc())))


def refuse_findings(text: str, field: str) -> str:
    """The text, unless it holds what a background check may never leave behind here."""
    if SSN.search(text):
        raise bad_input(
            "This looks like a Social Security number. Enter the provider's reference for the order instead.", field
        )
    if found := FOUND.search(text):
        raise bad_input(
            f"'{found[0]}' sounds like something a check has found. Only the status, the dates, the "
            "provider's reference and who decided are "
            "kept here; the report stays with the Agency.",
            field,
        )
    return text


def _record(session: Session, check: BackgroundCheck, status: str, since: date, *, actor: Actor, now: datetime) -> None:
    """One state at a time holds; a check that was not cleared ends an earlier clearance."""
    if status in DECIDED or status == "pending":
        over = DECIDED if status in DECIDED else ()
        for row in evidence.in_force(session, About.PERSON, check.person_id, Kind.BACKGROUND_CHECK, on=now.date()):
            if row.detail in {"pending", *over} or (status in DECIDED and row.detail == "ordered"):
                evidence.end(
                    session,
                    row,
                    actor=actor,
                    now=now,
                    last_day=since - timedelta(1),
                    reason=f"The check is now {status.replace('_', ' ')}.",
                )
    evidence.record(
        session,
        actor=actor,
        now=now,
        kind=Kind.BACKGROUND_CHECK,
        about=About.PERSON,
        subject_id=check.person_id,
        detail=status,
        valid_from=since,
        rests_on="background_check",
        rests_on_id=check.id,
    )


def _open_check(session: Session, membership: Membership) -> BackgroundCheck | None:
    query = select(BackgroundCheck).where(
        BackgroundCheck.membership_id == membership.id, BackgroundCheck.status.in_(("ordered", "pending"))
    )
    return session.scalars(query.order_by(BackgroundCheck.id.desc()).limit(1).with_for_update()).one_or_none()


def _checked(
    person: Person, status: str, ordered_on: date, decided_on: date | None, reference: str, decider: str, *, on: date
) -> tuple[str, str]:
    if status not in STATUSES:
        raise bad_input("Choose ordered, pending, cleared or not cleared.", "status")
    if not EARLIEST <= ordered_on <= on:
        raise bad_input(
            f"Enter the day the check was ordered: not after today, {us_date(on)}, and not before 1990.", "ordered_on"
        )
    reference = refuse_findings(particulars.short(reference, 60, "reference"), "reference")
    decider = refuse_findings(particulars.short(decider, 200, "decider"), "decider")
    if status not in DECIDED:
        return reference, ""
    if decided_on is None or not ordered_on <= decided_on <= on:
        raise bad_input("Enter the day it was decided: not before it was ordered and not after today.", "decided_on")
    if not decider:
        raise bad_input("Say who at the Agency decided.", "decider")
    if decider.casefold() == person.name.casefold():
        raise Refused(
            Reason.SAME_PERSON, "Nobody decides about the own background check. Enter who decided.", "decider"
        )
    return reference, decider
