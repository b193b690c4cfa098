"""One decision: reading the facts, deciding, and explaining."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from bench import community
from bench.sweep import best, statements
from portal.standing.facts import facts_of, standing_of
from workflows.gate import Member, decide
from workflows.policy import load

SIZE = 10_000
GOAL = 10  # milliseconds


def run(_whole: bool = False, size: int = SIZE) -> list[dict[str, Any]]:
    """Rows for the table: name, database, n, milliseconds, ratio, goal, statements."""
    rows = []
    with community.databases() as databases:
        for name, engine in databases:
            members = community.fill(engine, size)
            with Session(engine) as session:
                for what, do, goal in _timed(session, members[size // 2]):
                    took, sent = best(do, rounds=50), statements(engine, do)
                    rows.append(
                        {"name": what, "database": name, "n": size, "milliseconds": took, "ratio": None,
                         "goal": f"at most {goal} ms" if goal else None, "met": took <= goal if goal else None,
                         "statements": sent}
                    )  # fmt: skip
    return rows


def _timed(session: Session, member: Member) -> list[tuple[str, Callable[[], object], int | None]]:
    policy, day = load(), community.TODAY
    facts = facts_of(session, member, policy)
    return [
        ("one decision: facts and gate", lambda: standing_of(session, member, policy, day), GOAL),
        ("one decision: the gate alone", lambda: decide(policy, member, facts, day), None),
        ("one decision: explained and hashed", lambda: decide(policy, member, facts, day).fingerprint(), None),
    ]
