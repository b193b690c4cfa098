"""The log of data releases: entered, approved by another, handed over; in aggregate only ('Data Release Criteria')."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import DataRelease
from portal.refusals import Refused, a_reason, bad_input
from portal.services.paging import PAGE, Order, Page, like
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import Reason

EARLIEST = date(1990, 1, 1)
DECIDED = "Say why: it is shown wherever this decision is shown."
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody outside asked for, as it stands on the form. `aggregate`: whoever enters it confirmed that it is."""

    recipient: str
    purpose: str
    what: str
    period_from: date
    period_until: date
    smallest_cell: int
    suppression: str
    asked_on: date
    aggregate: bool


def enter(session: Session, asked: Asked, *, actor: Actor, now: datetime, policy: Policy) -> DataRelease:
    """Enters a release that was asked for; another of the Lead decides. BAD_INPUT by field.

    CONFLICT where the pack in force has no rule for releases.
    """
    permissions.check(session, actor, Action.RELEASE_ENTER)
    rule, today = policy.plans.release, local_day(now, policy.zone)
    if rule is None:
        raise Refused(
            Reason.CONFLICT, "The policy pack in force says nothing about releases of data, so none is logged here."
        )
    if actor.person_id is None:
        raise bad_input("A release is entered by a person.", "")
    recipient = _line(
        asked.recipient, 200, "Enter who asked for the data: the organization, and the person's office.", "recipient"
    )
    purpose = a_reason(asked.purpose, "Say what the data is for.", field="purpose")
    what = a_reason(asked.what, "Say what is released: which tables, of which projects.", field="what", most=2000)
    suppression = a_reason(asked.suppression, "Say how small cells are left out.", field="suppression")
    if not asked.aggregate:
        raise bad_input(
            "Data leaves the HMIS in aggregate only. Confirm that nobody can be recognized in it.", "aggregate"
        )
    if asked.smallest_cell < rule.smallest_cell:
        raise bad_input(
            f"No cell may count fewer than {rule.smallest_cell} people. Have smaller ones left out, and enter what remains.",
            "smallest_cell",
        )
    if asked.period_from < EARLIEST:
        raise bad_input("The day lies before 1990. Check the year.", "period_from")
    if asked.period_until < asked.period_from:
        raise bad_input("The period ends before it begins. Check the two days.", "period_until")
    if asked.asked_on > today or asked.asked_on < EARLIEST:
        raise bad_input(f"Enter the day it was asked for: not after today, {us_date(today)}.", "asked_on")
    row = DataRelease(
        recipient=recipient, recipient_key=recipient.casefold(), purpose=purpose, what=what, what_key=what.casefold(),
        period_from=asked.period_from, period_until=asked.period_until, smallest_cell=asked.smallest_cell, suppression=suppression,
        asked_on=asked.asked_on, asked_by=actor.person_id, asked_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="release.enter", thing=row, after={"recipient": recipient, "smallest_cell": asked.smallest_cell},
        said=f"Entered a data release that {recipient} asked for. Purpose: {purpose}",
    )  # fmt: skip
    return row


def approve(session: Session, row: DataRelease, *, reason: str, actor: Actor, now: datetime) -> None:
    """Approves a release, as another person than whoever entered it."""
    _decide(session, row, "approve", reason, actor=actor, now=now)


def refuse(session: Session, row: DataRelease, *, reason: str, actor: Actor, now: datetime) -> None:
    """Refuses a release, as another person than whoever entered it."""
    _decide(session, row, "refuse", reason, actor=actor, now=now)


def withdraw(session: Session, row: DataRelease, *, reason: str, actor: Actor, now: datetime) -> None:
    """Takes it out of the line before it is decided; it stays in the log."""
    why = a_reason(reason, "Say why it is withdrawn.")
    transition(session, row, "withdraw", actor=actor, now=now, why=why)


def hand_over(
    session: Session, row: DataRelease, *, on: date, how: str, sha256: str, file_name: str, actor: Actor, now: datetime, policy: Policy
) -> None:  # fmt: skip
    """Records that an approved release was handed over on a day, with the fingerprint of the file where there is one.

    The file itself is never kept here. BAD_INPUT for a day before the approval or after today, or what is no fingerprint.
    """
    permissions.check(session, actor, Action.RELEASE_ENTER, row)
    today, said, mark = local_day(now, policy.zone), " ".join(how.split()), sha256.strip().lower()
    approved = local_day(row.decided_at, policy.zone) if row.decided_at else today
    if not approved <= on <= today:
        raise bad_input(
            f"Enter the day it was handed over: from {us_date(approved)}, when it was approved, until today, {us_date(today)}.", "on"
        )  # fmt: skip
    if len(said) > 500:
        raise bad_input("At most 500 characters.", "how")
    if mark and not _HASH.fullmatch(mark):
        raise bad_input(
            "A SHA-256 fingerprint has 64 digits and letters from a to f. Choose the file instead.", "sha256"
        )
    transition(session, row, "release", actor=actor, now=now, why=f"on {us_date(on)}")
    row.released_on, row.released_by, row.released_how = on, actor.person_id, said
    row.file_sha256, row.file_name = mark, file_name[-200:] if mark else ""
    session.flush()


def _decide(session: Session, row: DataRelease, move: str, reason: str, *, actor: Actor, now: datetime) -> None:
    permissions.check(session, actor, Action.RELEASE_DECIDE, row)
    why = a_reason(reason, DECIDED)
    transition(session, row, move, actor=actor, now=now, why=why)
    # With the status in one statement: the database keeps them together.
    row.decided_by, row.decided_at, row.decided_reason = actor.person_id, now, why
    session.flush()


def _line(text: str, most: int, ask: str, field: str) -> str:
    said = " ".join(text.split())
    if not said:
        raise bad_input(ask, field)
    if len(said) > most:
        raise bad_input(f"At most {most:,} characters; this has {len(said):,}.", field)
    return said


# --- the log ----------------------------------------------------------------------------------------------------------

LOG = Order(((DataRelease.asked_on, date.fromisoformat), (DataRelease.id, int)), down=True)


def page(
    session: Session, actor: Actor, *, show: str = "", search: str = "", after: str = "", limit: int = PAGE
) -> Page:
    """The log as far as the actor may see it, the latest first; `show` is a status, 'open', or '' for all."""
    query = select(DataRelease).where(permissions.visible(actor, Action.RELEASE_SEE, DataRelease))
    query = _shown(query, show)
    for word in search.split()[:5]:
        query = query.where(
            DataRelease.recipient_key.like(like(word), escape="/") | DataRelease.what_key.like(like(word), escape="/")
        )
    query = query.options(
        joinedload(DataRelease.asker), joinedload(DataRelease.decider), joinedload(DataRelease.releaser)
    )
    return LOG.page(session, query, after, lambda row: (row[0].asked_on, row[0].id), limit=limit)


def waiting(session: Session, actor: Actor) -> int:
    """How many wait for a decision that this actor may take."""
    query = select(func.count()).where(
        DataRelease.status == "asked", permissions.visible(actor, Action.RELEASE_DECIDE, DataRelease)
    )
    return session.scalar(query) or 0


def _shown(query: Select[DataRelease], show: str) -> Select[DataRelease]:
    if show == "open":
        return query.where(DataRelease.status.in_(("asked", "approved")))
    return query.where(DataRelease.status == show) if show else query
