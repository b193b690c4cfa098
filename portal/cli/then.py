"""What `portal gate` adds about a day: the pack in force then, the state of access, the decision, and the paper."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.cli.common import fail
from portal.models import Membership
from portal.services import packs
from portal.services.people import paper_then, time_machine
from portal.services.people.time_machine import Known, Question, Then
from portal.services.people.verdict import verdict
from workflows.policy import Policy


def asked(
    session: Session, membership: Membership, day: date, known_at: datetime | None, *, actor: Actor, now: datetime, policy: Policy
) -> Then:  # fmt: skip
    """The time machine's answer; without `known_at` (naive UTC) as known now, and never later than now."""
    question = Question(day, Known.MOMENT, min(known_at, now)) if known_at else Question(day, Known.TODAY)
    today = packs.in_force(session, policy)
    return time_machine.ask(session, membership=membership, question=question, actor=actor, now=now, policy=today)


def as_json(then: Then, membership: Membership, policy: Policy) -> dict[str, Any]:
    """The keys that the time machine adds to `portal gate --json`; moments are naive UTC in ISO form."""
    said, state, details = verdict(then, paper_then.names_of(membership, policy)), then.state, then.details
    found: dict[str, Any] = {
        "known_at": then.known_at.isoformat(),
        "pack_then": {
            "name": then.pack.policy.name,
            "version": then.pack.policy.version,
            "how": then.pack.how,
            "permitted": then.said.permitted,
        },
        "access": {"state": state.status, "since": None, "why": state.why},
        "verdict": {"answer": said.answer, "sentence": said.sentence, "further": list(said.further)},
        "decision": None,
    }
    if state.status != "none":
        found["access"]["since"] = state.since.isoformat()
    if details is not None:
        found["access"] |= {
            "user_id": details.user_id,
            "level": details.access_level,
            "inherited": details.inherited,
            "issued_at": details.issued_at.isoformat(),
            "confirmed_at": details.confirmed_at and details.confirmed_at.isoformat(),
            "core_account": details.core,
        }
    if then.decision is not None and then.proof is not None:
        found["decision"] = {
            "number": then.decision.id,
            "outcome": then.decision.outcome,
            "made_at": then.decision.made_at.isoformat(),
            "policy": then.decision.policy_version,
            "fingerprint": then.decision.fingerprint,
            "proves_itself": then.proof.sound,
            "faults": list(then.proof.faults),
        }
    return found


def write(
    session: Session, then: Then, membership: Membership, file: Path, *, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Writes the paper to a file, and on record that it was taken; ends the command, and the transaction, where it cannot."""
    from portal.adapters.pdf.authorization import TooLong, authorization

    paper = paper_then.take(session, then, membership, actor=actor, now=now, policy=policy)
    try:
        file.write_bytes(authorization(paper))
    except OSError as wrong:
        fail(f"The paper could not be written to {file}: {wrong.strerror}. Nothing was put on record.")
    except TooLong as wrong:
        fail(str(wrong))
