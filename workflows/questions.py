"""What is asked and what is known: a stanza of the policy pack, a piece of evidence, and the words that join them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any

from workflows.periods import NO_TIME, Period
from workflows.vocabulary import LEAD

FOR_GOOD = date.max
"""The last day of evidence that has none."""

NEVER = datetime.max
"""When a row was withdrawn that never was. No NULLs: one predicate reads rows and columns alike."""

EVERYTHING = datetime.max.replace(microsecond=999998)
"""The moment to ask about when all that is committed counts: later than any withdrawal, earlier than NEVER."""


class Needs(StrEnum):
    HELD = "held"
    ABSENT = "absent"


class OnLapse(StrEnum):
    """What the loss of a prerequisite does to an account that exists."""

    SUSPEND = "suspend"
    HOLD_NEW = "hold_new"
    WARN = "warn"


class Basis(StrEnum):
    """What stands behind a rule. The federal HMIS rule, 24 CFR 580, was proposed and never made final."""

    LOCAL = "local"
    PROPOSED_RULE = "proposed rule"
    NOTICE = "notice"
    REGULATION = "regulation"
    STATUTE = "statute"
    PRACTICE = "practice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing known about one subject: it holds from day to day, and was known from moment to moment (naive UTC)."""

    id: int
    about: str
    subject_id: int
    kind: str
    detail: str = ""
    value: int = 0  # a score in hundredths of a percent, cut off and never rounded (79.999 % is 7999); a device's id
    version: str = ""
    valid_from: date
    valid_until: date = FOR_GOOD
    recorded_at: datetime
    withdrawn_at: datetime = NEVER


@dataclass(frozen=True, slots=True)
class Member:
    """One person at one agency: the unit that gets access."""

    id: int
    agency_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class Named:
    """A kind of evidence with or without one detail: 'role=agency_admin', 'information_form_sent'."""

    kind: str
    detail: str = ""

    @property
    def details(self) -> tuple[str, ...]:
        return (self.detail,) if self.detail else ()

    def __str__(self) -> str:
        return f"{self.kind}={self.detail}" if self.detail else self.kind


@dataclass(frozen=True, slots=True)
class Alternative:
    """Other evidence that answers as well: a seat that is free at the Agency, for one that is held."""

    evidence: str
    about: str
    detail: tuple[str, ...] = ()


OFFICES = frozenset({"agency_admin", "executive_director", "security_officer"})
"""Whose turn it may be at an Agency, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Step:
    """Who does what next; `done` is the evidence that shows that this step is behind us."""

    who: str
    do: str
    done: Named | None = None

    def at(self, agency_id: int) -> "Step":
        """The step as it is there: the Lead has none of an Agency's officers, and does for its own staff what theirs do."""
        return replace(self, who="lead") if agency_id == LEAD and self.who in OFFICES else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite:
    """A stanza of the pack. `since` and `versions` are filled in by asked_on(): from there on, reading is comparing."""

    id: str
    title: str
    unmet: str
    needs: Needs
    evidence: str
    about: str
    detail: tuple[str, ...] = ()
    each: str = ""
    names: tuple[tuple[str, str], ...] = ()
    at_least: int = 0
    marks: tuple[tuple[str, int], ...] = ()
    max_age: Period | None = None
    version: str = ""
    grace: Period = NO_TIME
    at: str = ""
    applies_to: tuple[Named, ...] = ()
    when: str = ""
    alternative: Alternative | None = None
    warn: Period = NO_TIME
    on_lapse: OnLapse = OnLapse.HOLD_NEW
    waivable: bool = False
    steps: tuple[Step, ...] = ()
    cite: str = ""
    basis: Basis = Basis.LOCAL
    since: date | None = None
    versions: tuple[str, ...] = ()

    def asked_on(self, day: date, published: Sequence[Evidence]) -> "Prerequisite":
        """The question this stanza asks on a day: periods become dates, 'current' becomes the versions that will do.

        A version published on a day binds once its grace has run out: with P45D, what was signed before still does for
        45 days. Whoever signs a coming version early need not sign again. A publication has no last day: it is
        withdrawn.
        """
        if not self.max_age and not self.version:
            return self
        mine = [p for p in published if p.detail == self.evidence]
        binding = max((p.valid_from for p in mine if self.grace.after(p.valid_from) <= day), default=date.min)
        return replace(
            self,
            since=self.max_age.reaching(day) if self.max_age else None,
            versions=tuple(sorted({p.version for p in mine if p.valid_from >= binding})),
        )

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind of evidence on which the answer can depend."""
        named = {self.evidence, *(n.kind for n in self.applies_to)}
        if self.alternative:
            named.add(self.alternative.evidence)
        return frozenset(named | {"waiver", "role", "trait", "device_in_use", "published", self.each})


# One sentence, two readers: in these five, `e` is a row of evidence, or the columns of the evidence table (the sweep).


def known(e: Any, at: Any) -> Any:
    return (e.recorded_at <= at) & (e.withdrawn_at > at)


def holds(e: Any, on: Any) -> Any:
    return (e.valid_from <= on) & (e.valid_until >= on)


def among(value: Any, these: Sequence[Any]) -> Any:
    """Among nothing there is nothing: `value != value` is false for rows, and in SQL too."""
    return reduce(or_, (value == this for this in these)) if these else value != value


def says(e: Any, kind: str, *details: str) -> Any:
    return (e.kind == kind) & (not details or among(e.detail, details))


def answers(e: Any, q: Prerequisite) -> Any:
    """Whether this evidence answers this question, given that it is known and holds."""
    yes = says(e, q.evidence, *q.detail)
    if yes is False:
        return False
    if q.version:
        yes &= among(e.version, q.versions)
    if q.since:
        yes &= e.valid_from >= q.since
    if q.at_least:
        yes &= (e.value >= q.at_least) | among(e.detail, [course for course, _ in q.marks])
    for course, mark in q.marks:
        yes &= (e.detail != course) | (e.value >= mark)
    return yes
