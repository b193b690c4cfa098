"""What the gate found: a finding for each prerequisite, and the decision that they make together."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol

from workflows.business_time import end_of_day
from workflows.explain import Because, Explanation
from workflows.questions import Evidence, Member, Needs, OnLapse, Prerequisite, Step, holds
from workflows.vocabulary import Outcome


class Status(StrEnum):
    MET = "met"
    UNMET = "unmet"
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"


class Case(Protocol):
    """The question behind a finding, kept so that it can be asked again about other days."""

    @property
    def on(self) -> date: ...
    @property
    def known_at(self) -> datetime: ...
    @property
    def zone(self) -> str: ...
    def why(self) -> Explanation:
        """The reason and the sentence."""

    def status(self, day: date, known_at: datetime) -> Status:
        """How the same prerequisite stands on another day."""

    def later(self) -> list[date]:
        """The days after `on` on which that can change, in order."""

    def earlier(self) -> list[date]:
        """`on`, and the days before it on which that can have changed or something became known, latest first."""

    def begun(self) -> date | None:
        """The first day from which anybody could wait: when the membership, or its agency, came on record."""


@dataclass(frozen=True)
class Finding:
    """One prerequisite and how it stands. What costs (sentence, days) is worked out when it is asked for."""

    prerequisite: Prerequisite
    status: Status
    evidence: tuple[int, ...] = ()
    next_step: Step | None = None
    case: Case = field(compare=False, repr=False, kw_only=True)

    @property
    def id(self) -> str:
        return self.prerequisite.id

    @property
    def title(self) -> str:
        return self.prerequisite.title

    @property
    def cite(self) -> str:
        return self.prerequisite.cite

    @property
    def basis(self) -> str:
        return self.prerequisite.basis

    @property
    def waiting_on(self) -> str | None:
        """Whose turn it is: person, agency_admin, executive_director, security_officer, help_desk or lead."""
        return self.next_step.who if self.next_step else None

    @property
    def do(self) -> str | None:
        return self.next_step.do if self.next_step else None

    @property
    def reason(self) -> Because:
        return self._why[0]

    @property
    def sentence(self) -> str:
        """What is missing or in the way, in plain English."""
        return self._why[1]

    @cached_property
    def _why(self) -> Explanation:
        return self.case.why()

    @cached_property
    def since(self) -> date | None:
        """The first day of the present wait, each day judged by what was known that evening; None: nobody waits."""
        begun = self.case.begun()
        if self.status is not Status.UNMET or begun is None:
            return None
        first = min(begun, self.case.on)
        since = self.case.on
        for day in sorted({first, *self.case.earlier()}, reverse=True):
            evening = min(self.case.known_at, end_of_day(day, self.case.zone))
            if day < first or self.case.status(day, evening) is not Status.UNMET:
                break
            since = day
        return since

    @cached_property
    def valid_until(self) -> date | None:
        """The last day before it becomes unmet, as far as is known; None where no end is known, or it is unmet now."""
        if self.status is Status.UNMET:
            return None
        known_at = self.case.known_at
        ends = (day - timedelta(1) for day in self.case.later() if self.case.status(day, known_at) is Status.UNMET)
        return next(ends, None)

    def as_json(self) -> dict[str, Any]:
        """The stable shape of `portal gate --json`."""
        return {
            "id": self.id,
            "title": self.title,
            "status": str(self.status),
            "reason": str(self.reason),
            "sentence": self.sentence,
            "evidence": sorted(self.evidence),
            "waiting_on": self.waiting_on,
            "do": self.do,
            "since": self.since and self.since.isoformat(),
            "valid_until": self.valid_until and self.valid_until.isoformat(),
            "cite": self.cite,
            "basis": str(self.basis),
        }


@dataclass(frozen=True)
class Decision:
    """What the gate says about one membership on a day, and everything it rested on."""

    policy: str
    policy_version: str
    member: Member
    on: date
    known_at: datetime
    findings: tuple[Finding, ...]
    facts: tuple[Evidence, ...]
    inherited: bool = False

    @property
    def unmet(self) -> list[Finding]:
        return [f for f in self.findings if f.status is Status.UNMET]

    @property
    def permitted(self) -> bool:
        """Access may be issued: nothing that applies is unmet."""
        return not self.unmet

    @property
    def closes(self) -> bool:
        """Access that exists must be suspended. What is merely missing closes nothing that is older than the portal."""
        return bool(self.closing)

    @property
    def closing(self) -> list[Finding]:
        """The findings for which access that exists must be suspended."""
        return [
            f
            for f in self.unmet
            if f.prerequisite.on_lapse is OnLapse.SUSPEND
            and not (self.inherited and f.prerequisite.needs is Needs.HELD)
        ]

    @property
    def held_new(self) -> bool:
        """No new access until something is mended; access that exists goes on."""
        return any(f.prerequisite.on_lapse is OnLapse.HOLD_NEW for f in self.unmet)

    @property
    def outcome(self) -> Outcome:
        """What it means for a membership that has no access yet."""
        return self.outcome_for(live=False)

    def outcome_for(self, *, live: bool) -> Outcome:
        """What it means for a membership whose access is `live` or not."""
        if self.permitted:
            return Outcome.PERMITTED
        if self.closes:
            return Outcome.CLOSED if live else Outcome.REFUSED
        if self.inherited:
            return Outcome.INHERITED
        return Outcome.KEPT if live else Outcome.REFUSED

    @cached_property
    def runs_out(self) -> date | None:
        """The last day on which the gate stays open, as far as is known; None where it is shut or no end is known."""
        ends = [f.valid_until for f in self.findings if f.valid_until]
        return min(ends, default=None) if self.permitted else None

    def held(self, about: str, subject_id: int, kind: str) -> list[Evidence]:
        """The facts of a kind about a subject that hold on the decision's day, in the order in which they were recorded."""
        facts = (e for e in self.facts if (e.about, e.subject_id, e.kind) == (about, subject_id, kind))
        return sorted((e for e in facts if holds(e, self.on)), key=lambda e: e.id)

    def finding(self, prerequisite_id: str) -> Finding:
        return next(f for f in self.findings if f.id == prerequisite_id)

    def as_json(self, subject: str = "", agency: str = "") -> dict[str, Any]:
        """The stable shape of `portal gate --json`; `subject` and `agency` are the names to show."""
        return {
            "subject": subject,
            "agency": agency,
            "on": self.on.isoformat(),
            "policy": self.policy_version,
            "permitted": self.permitted,
            "findings": [f.as_json() for f in self.findings],
        }

    def canonical(self) -> dict[str, Any]:
        """What is kept and hashed: the same for the same facts, in whatever order they were read.

        Its five parts are columns of the stored decision, so that whoever has the row can work the hash out again.
        """
        return {
            "policy": self.policy_version,
            "membership": self.member.id,
            "on": self.on.isoformat(),
            "findings": [f.as_json() for f in self.findings],
            "facts": [_plain(e) for e in sorted(self.facts, key=lambda e: e.id)],
        }

    def fingerprint(self) -> str:
        """SHA-256 of the canonical form as compact JSON with sorted keys."""
        return fingerprint_of(self.canonical())


def fingerprint_of(canonical: dict[str, Any]) -> str:
    """The same SHA-256 from a canonical form that was stored, to prove that it was not touched."""
    return hashlib.sha256(json.dumps(canonical, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(e: Evidence) -> dict[str, Any]:
    each = ((name, getattr(e, name)) for name in Evidence.__dataclass_fields__)
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in each}
