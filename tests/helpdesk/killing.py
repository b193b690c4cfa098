"""Workers that a test kills among the slices of a mailing, and what they left behind."""

import email
import email.policy
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import Engine, func, select

from portal.models import Job
from tests.services.world import World
from tests.support import workers
from workflows.vocabulary import Effect

LEASE = 1.0

Start = Callable[..., subprocess.Popen[bytes]]


@contextmanager
def starting(engine: Engine, folder: Path) -> Iterator[Start]:
    """start(hang=0): another worker on this database, whose mails lie in the folder; all of them end with the block."""
    with workers.starting("tests.helpdesk.slice_worker", folder) as start:
        yield lambda hang=0: start(engine, LEASE, str(hang))


def all_done(world: World, *effects: Effect) -> bool:
    with world.look() as session:
        left = select(func.count()).select_from(Job).where(Job.effect.in_(effects), Job.state != "done")
        return not session.scalar(left)


def mails_in(folder: Path) -> list[EmailMessage]:
    read = [file.read_bytes() for file in (folder / "mail").glob("*.eml")]
    return [email.message_from_bytes(each, policy=email.policy.default) for each in read]
