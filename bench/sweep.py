"""The sweep of everybody, beside hand-written SQL that does the same and beside deciding one by one."""

from collections.abc import Callable
from datetime import date
from math import log10
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from bench import by_hand, community
from portal.standing.facts import published, standing_of
from portal.standing.sweep import stand, sweep
from workflows.gate import EVERYTHING
from workflows.policy import Policy, load

SIZES, ALL_SIZES = (1_000, 10_000), (1_000, 10_000, 100_000, 200_000)
BY_HAND_GOAL, ONE_BY_ONE_GOAL, GROWTH_GOAL = 1.5, 20, 11
ROUNDS, SAMPLE = 7, 200
LARGE, ROUNDS_WHEN_LARGE = 100_000, 3
SWEPT = "sweep against by hand"


def run(whole: bool = False) -> list[dict[str, Any]]:
    """Rows for the table: name, database, n, milliseconds, beside, ratio, goal, statements."""
    policy, rows = load(), []
    with community.databases() as databases:
        for name, engine in databases:
            before: tuple[int, float] | None = None
            for size in ALL_SIZES if whole else SIZES:
                members = community.fill(engine, size)
                measured = _measured(name, engine, policy, members, community.TODAY)
                took = next(row["milliseconds"] for row in measured if row["name"] == SWEPT)
                rows += measured
                if before is not None:
                    rows.append({"database": name, "n": size} | _growth(before, (size, took)))
                before = size, took
    return rows


def _growth(before: tuple[int, float], after: tuple[int, float]) -> dict[str, Any]:
    """How many times longer the sweep takes for ten times as many, from one size to the next."""
    tenfolds = log10(after[0] / before[0])
    ratio = (after[1] / before[1]) ** (1 / tenfolds)
    return {
        "name": f"sweep, growth per tenfold from {before[0]:,}", "milliseconds": after[1], "beside": before[1], "ratio": ratio,
        "goal": f"at most {GROWTH_GOAL}", "met": ratio <= GROWTH_GOAL,
    }  # fmt: skip


def _measured(name: str, engine: Engine, policy: Policy, members: list, day: date) -> list[dict[str, Any]]:
    size, here = len(members), {"database": name, "n": len(members)}
    with Session(engine) as session:
        known = published(session)
        hand = by_hand.statement()
        values = by_hand.values(
            day, EVERYTHING, [(e.detail, e.version, e.valid_from, e.recorded_at, e.withdrawn_at) for e in known]
        )
        some = members[:: max(1, size // SAMPLE)]
        swept, written, whole, sample = in_turns(
            lambda: session.execute(sweep(policy, day, None, known)).all(),
            lambda: session.execute(hand, values).all(),
            lambda: list(stand(session, policy, day)),
            lambda: [standing_of(session, member, policy, day) for member in some],
            rounds=ROUNDS_WHEN_LARGE if size >= LARGE else ROUNDS,
        )
        single = sample / len(some) * size
        sent = statements(engine, lambda: list(stand(session, policy, day)))
    by_hand_ratio, single_ratio = swept / written, single / whole
    return [
        {"name": "sweep, by hand", **here, "milliseconds": written, "ratio": 1.0, "goal": None, "statements": 1},
        {"name": SWEPT, **here, "milliseconds": swept, "beside": written, "ratio": by_hand_ratio,
         "goal": f"at most {BY_HAND_GOAL}", "met": by_hand_ratio <= BY_HAND_GOAL, "statements": 1},
        {"name": "one by one against sweep", **here, "milliseconds": single, "ratio": single_ratio,
         "goal": f"at least {ONE_BY_ONE_GOAL}", "met": single_ratio >= ONE_BY_ONE_GOAL, "statements": size},
        {"name": "stand() with its rows", **here, "milliseconds": whole, "ratio": whole / written, "goal": None,
         "statements": sent},
    ]  # fmt: skip


def in_turns(*what: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The least milliseconds that each takes, measured in turns: whatever else the machine does falls on all."""
    for one in what:
        one()
    return [min(times) for times in zip(*([_once(one) for one in what] for _ in range(rounds)), strict=True)]


def best(what: Callable[[], object], rounds: int = ROUNDS) -> float:
    what()
    return min(_once(what) for _ in range(rounds))


def _once(what: Callable[[], object]) -> float:
    begun = perf_counter()
    what()
    return (perf_counter() - begun) * 1000


def statements(engine: Engine, what: Callable[[], object]) -> int:
    """How many statements something sends."""
    sent: list[str] = []

    def count(_connection, _cursor, statement, *_rest) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        what()
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(sent)
