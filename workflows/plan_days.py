"""The days of plans and records: implemented by, handed in again by, reviewed by, and what state a record is in."""

from datetime import date
from enum import StrEnum

from workflows.pack import Notice
from workflows.periods import Period

SOON = 30
"""Days before a record is due again from which it is shown as due soon: the furthest of the pack's warnings in Maine."""


def implement_by(approved_on: date, notice: Notice) -> date:
    """The last day to implement a plan that the Continuum approved ('Lead Agency', (f)): August 31 gives February 28."""
    return Period(months=notice.plan_months).after(approved_on)


def resubmit_by(changed_on: date, notice: Notice) -> date:
    """The last day to hand a plan in again after a change of the HMIS ('Lead Agency', (f))."""
    return Period(months=notice.plan_months).after(changed_on)


class RecordState(StrEnum):
    ON_FILE = "on_file"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    MISSING = "missing"


def record_state(held_on: date | None, due_again: date | None, on: date, soon: int = SOON) -> RecordState:
    """What the newest record of its kind is on a day; None held: there is none. It is overdue the day after `due_again`."""
    if held_on is None:
        return RecordState.MISSING
    if due_again is None or (due_again - on).days > soon:
        return RecordState.ON_FILE
    return RecordState.DUE_SOON if due_again >= on else RecordState.OVERDUE


def majority(votes_for: int, votes_against: int) -> bool:
    """Whether the Board approved: more for than against; whoever abstains is counted on neither side."""
    return votes_for > votes_against
