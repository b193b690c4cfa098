"""The pack's words for plans and policies, for what the Board keeps on file, and for releases of data (S5, S7, S8)."""

import re
from dataclasses import dataclass
from typing import TypeVar

from workflows.periods import NO_TIME, Period
from workflows.questions import Basis
from workflows.stanza import Stanza

_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")
HOLDERS = ("board", "lead")


@dataclass(frozen=True, slots=True)
class PlanKind:
    """One plan or policy that the Continuum approves. `review`: how long after a look at it the next one is due.

    `resubmit`: whether it is handed in again after a change of the HMIS ('Lead Agency', (f)).
    """

    id: str
    title: str
    purpose: str
    approver: str
    review: Period
    resubmit: bool
    public: bool
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One record that has to be on file; `due_again` None: kept once. `several`: one for each that it is about."""

    id: str
    title: str
    asks: str
    held_by: str
    several: bool
    due_again: Period | None
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """What every release of data keeps to: in aggregate, with no cell of fewer people than `smallest_cell`."""

    smallest_cell: int
    suppression: str
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class PlansPack:
    """All of it; packs kept from before there was any have no plans and no records, and release no data."""

    plans: tuple[PlanKind, ...] = ()
    records: tuple[RecordKind, ...] = ()
    release: ReleaseRule | None = None

    def plan(self, plan_id: str) -> PlanKind | None:
        return next((plan for plan in self.plans if plan.id == plan_id), None)

    def record(self, record_id: str) -> RecordKind | None:
        return next((record for record in self.records if record.id == record_id), None)


NO_PLANS = PlansPack()

T = TypeVar("T", PlanKind, RecordKind)


def read_plans(pack: Stanza) -> PlansPack:
    """The stanzas [[plan]], [[board_record]] and [data_release] of a pack; PolicyError by stanza and field."""
    plans = pack.each("plan", _plan) if "plan" in pack else ()
    records = pack.each("board_record", _record) if "board_record" in pack else ()
    if "data_release" not in pack:
        return PlansPack(plans, records)
    return PlansPack(plans, records, pack.one("data_release", _release))


def _plan(s: Stanza) -> PlanKind:
    return PlanKind(
        id=_id(s),
        title=s.text("title", longest=100),
        purpose=s.text("purpose"),
        approver=s.text("approver", longest=100),
        review=_some_time(s, "review"),
        resubmit=s.flag("resubmit"),
        public=s.flag("public"),
        cite=s.text("cite"),
        basis=s.choice("basis", Basis),
    )


def _release(s: Stanza) -> ReleaseRule:
    return ReleaseRule(
        s.number("smallest_cell", 2, 1000),
        s.text("suppression", longest=1000),
        s.text("cite"),
        s.choice("basis", Basis),
    )


def _record(s: Stanza) -> RecordKind:
    return RecordKind(
        id=_id(s),
        title=s.text("title", longest=100),
        asks=s.text("asks"),
        held_by=s.one_of("held_by", HOLDERS),
        several=s.flag("several"),
        due_again=_some_time(s, "due_again") if "due_again" in s else None,
        cite=s.text("cite"),
        basis=s.choice("basis", Basis),
    )


def _id(s: Stanza) -> str:
    called = s.text("id", longest=40)
    if not _ID.fullmatch(called):
        raise s.wrong("id", f"{called!r} is no id: small letters, digits and underscores, beginning with a letter")
    return called


def _some_time(s: Stanza, key: str) -> Period:
    period = s.period(key)
    if period == NO_TIME:
        raise s.wrong(key, "this is no time at all; write a period such as P1Y")
    return period
