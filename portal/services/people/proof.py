"""Whether a decision that was kept still proves itself: its hash, its facts, and the gate asked about them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.models import Decision, Membership
from portal.services.decisions import member_of
from portal.services.people.packs_then import kept
from portal.standing.facts import facts_of
from workflows import gate
from workflows.policy import Policy

SLACK = timedelta(minutes=1)
"""Evidence may carry an earlier moment than a decision that it was committed after, by as long as a lock is waited for."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Three questions put to a stored decision, and in sentences what is wrong."""

    untouched: bool
    on_record: bool
    agrees: bool
    faults: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return self.untouched and self.on_record and self.agrees

    @property
    def sentence(self) -> str:
        if self.sound:
            return (
                "The stored decision agrees with its own facts: its fingerprint is right, every fact is on record as it "
                "was, and the same rules give the same answer."
            )
        return "The stored decision does NOT prove itself. " + " ".join(self.faults)


def prove(session: Session, decision: Decision, membership: Membership, *, policy: Policy) -> Proof:
    """Works a stored decision out again, in two statements: hash, facts against the evidence, answer from the facts."""
    faults: list[str] = []
    canonical = {
        "policy": decision.policy_version,
        "membership": decision.membership_id,
        "on": decision.on.isoformat(),
        "findings": decision.findings,
        "facts": decision.facts,
    }
    untouched = gate.fingerprint_of(canonical) == decision.fingerprint
    if not untouched:
        faults.append("Its fingerprint does not fit what is stored.")
    pack = kept(session, decision.policy_version, policy)
    facts = [evidence_of(fact) for fact in decision.facts]
    missing = _not_on_record(session, decision, membership, pack, facts)
    faults += missing
    again = gate.decide(pack, member_of(membership), facts, decision.on)
    was = {each["id"]: (each["status"], each["evidence"]) for each in decision.findings}
    now = {each.id: (str(each.status), sorted(each.evidence)) for each in again.findings}
    differ = sorted(called for called in was.keys() | now.keys() if was.get(called) != now.get(called))
    if differ:
        faults.append(f"Asked again about the stored facts, the gate answers otherwise for: {', '.join(differ)}.")
    return Proof(untouched, not missing, not differ, tuple(faults))


def evidence_of(fact: Mapping[str, Any]) -> gate.Evidence:
    """A fact as it is kept in a decision (days and moments as ISO text), as the gate reads it."""
    days = {name: date.fromisoformat(fact[name]) for name in ("valid_from", "valid_until")}
    moments = {name: datetime.fromisoformat(fact[name]) for name in ("recorded_at", "withdrawn_at")}
    return gate.Evidence(**{**fact, **days, **moments})


def _not_on_record(
    session: Session, decision: Decision, membership: Membership, pack: Policy, facts: list[gate.Evidence]
) -> list[str]:
    """What the decision rested on that the evidence does not have, and what the evidence had that it left out."""
    rows = {row.id: row for row in facts_of(session, member_of(membership), pack)}
    made, faults = decision.made_at, []
    invented = [f.id for f in facts if f.id not in rows or not _same(f, rows[f.id], made)]
    if invented:
        faults.append(f"Not on record as the decision has it: evidence {_numbers(invented)}.")
    used = {fact.id for fact in facts}
    left_out = [
        row.id
        for row in rows.values()
        if row.recorded_at < made - SLACK and row.withdrawn_at > made + SLACK and row.id not in used
    ]
    if left_out:
        faults.append(f"On record at that moment, but not among its facts: evidence {_numbers(left_out)}.")
    return faults


def _same(fact: gate.Evidence, row: gate.Evidence, made: datetime) -> bool:
    """The same row, known when it was decided; that it was withdrawn since is no fault."""
    names = [name for name in gate.Evidence.__dataclass_fields__ if name != "withdrawn_at"]
    same = all(getattr(fact, name) == getattr(row, name) for name in names)
    return same and row.recorded_at <= made + SLACK and row.withdrawn_at >= made - SLACK


def _numbers(ids: list[int]) -> str:
    return ", ".join(str(each) for each in sorted(ids)[:10])
