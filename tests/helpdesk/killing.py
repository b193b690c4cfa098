"""Workers in processes of their own that a test kills among the slices of a mailing, and what they left behind."""

import email
import email.policy
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import Engine, func, select

from portal.models import Job
from tests.services.world import World
from workflows.vocabulary import Effect

ROOT = Path(__file__).resolve().parents[2]
LEASE, PATIENCE = 1.0, 120.0

Start = Callable[..., subprocess.Popen[bytes]]


@contextmanager
def starting(engine: Engine, folder: Path) -> Iterator[Start]:
    """start(hang=0): another worker on this database, whose mails lie in the folder; all of them end with the block."""
    with ExitStack() as running:

        def begin(hang: int = 0) -> subprocess.Popen[bytes]:
            url = engine.url.render_as_string(hide_password=False)
            command = [sys.executable, "-m", "tests.helpdesk.slice_worker", url, str(LEASE), str(folder), str(hang)]
            process = subprocess.Popen(command, cwd=ROOT)
            running.callback(process.wait)
            running.callback(process.kill)
            return process

        yield begin


def until(true: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < ends, f"in vain: {what}"
        time.sleep(0.02)


def all_done(world: World, *effects: Effect) -> bool:
    with world.look() as session:
        left = select(func.count()).select_from(Job).where(Job.effect.in_(effects), Job.state != "done")
        return not session.scalar(left)


def mails_in(folder: Path) -> list[EmailMessage]:
    read = [file.read_bytes() for file in (folder / "mail").glob("*.eml")]
    return [email.message_from_bytes(each, policy=email.policy.default) for each in read]
