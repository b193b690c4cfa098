"""People are let in while web and worker processes are killed at random: nobody wrong, lost or doubled, on both databases."""

import os
import random
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.proof.kills import proven


def size(name: str, default: int) -> int:
    """PORTAL_PROOF_PEOPLE, _KILLS, _WORKERS and _SEED make a run larger, smaller or the same again."""
    return int(os.environ.get(f"PORTAL_PROOF_{name}", default))


def seed() -> int:
    return size("SEED", random.SystemRandom().randrange(10**6))


def test_twelve_are_let_in_while_four_processes_are_killed(each_engine: Engine, tmp_path: Path) -> None:
    proven(each_engine, tmp_path, people=12, kills=4, workers=2, seed=seed())


@pytest.mark.proof
def test_a_thousand_are_let_in_while_a_hundred_processes_are_killed(each_engine: Engine, tmp_path: Path) -> None:
    proven(
        each_engine, tmp_path, people=size("PEOPLE", 1000), kills=size("KILLS", 110), workers=size("WORKERS", 3), seed=seed(),
    )  # fmt: skip
