"""Mail comes in and goes out while workers are killed: each message one entry, each answer sent once or in doubt."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.proof.mail_kills import proven
from tests.proof.test_kills import seed, size


def test_sixty_messages_while_two_workers_are_killed(engine: Engine, tmp_path: Path) -> None:
    proven(engine, tmp_path, messages=60, kills=2, workers=2, seed=seed())


@pytest.mark.proof
def test_a_thousand_messages_while_five_workers_are_killed(each_engine: Engine, tmp_path: Path) -> None:
    proven(each_engine, tmp_path, messages=size("MESSAGES", 1000), kills=size("MAIL_KILLS", 5), workers=2, seed=seed())
