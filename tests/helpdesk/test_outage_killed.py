"""The worker is killed among the slices of a mailing: nobody is written to twice, and nobody is missed."""

import email
import email.policy
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from portal.db import utc_now
from portal.models import Job, OutageNotice, Person
from tests.helpdesk.outaging import Outaging
from tests.services.world import World
from workflows.vocabulary import Effect

ROOT = Path(__file__).resolve().parents[2]
LEASE, PATIENCE, PEOPLE = 1.0, 120.0, 118
MORE = 8
"""So many mails a worker sends before it is killed among them."""

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(each_engine: Engine, tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as running:

        def begin(hang: int = 0) -> subprocess.Popen[bytes]:
            url = each_engine.url.render_as_string(hide_password=False)
            command = [sys.executable, "-m", "tests.helpdesk.outage_worker", url, str(LEASE), str(tmp_path), str(hang)]
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


def test_killed_in_the_middle_of_a_slice_and_among_the_mails(each_engine: Engine, start: Start, tmp_path: Path) -> None:
    """Killed once inside a slice's own transaction, then at random; every process after it takes the rest over.

    A mail that was being handed over in the moment of a kill is handed over once more, as the same message: its
    Message-ID is the same, so a mailbox shows it once. Another Message-ID for anybody would be a second mail.
    """
    here = Outaging(World(each_engine, now=utc_now() - timedelta(hours=1)))
    here.admins(PEOPLE)
    outage = here.report(tells="admins")
    update = here.said(outage)[0]
    told, drawn = PEOPLE + 2, random.Random(20261123)

    def count(*where: object) -> int:
        return here.world.count(OutageNotice, *where)

    first = start(hang=2)
    until((tmp_path / "reached").exists, "the first worker is inside its second slice")
    first.kill()
    first.wait()
    assert count() == here.world.policy.outages.slice, "of the slice in which it was killed nothing stays"
    kept, cut = tmp_path / "mail", 0

    def sent() -> int:
        return len(list(kept.glob("*.eml"))) if kept.exists() else 0

    while cut < 2 and (before := sent()) + MORE < told:
        victim = start()
        until(lambda least=before + MORE: sent() >= least, "it sends some mails")  # type: ignore[misc]
        time.sleep(drawn.uniform(0, 0.05))
        victim.kill()
        victim.wait()
        cut += sent() < told
    assert cut, "no worker was killed while there was something left to send"
    start()

    def quiet() -> bool:
        with here.world.look() as session:
            mine = Job.effect.in_((Effect.MAIL, Effect.OUTAGE))
            return not session.scalar(select(func.count()).select_from(Job).where(mine, Job.state != "done"))

    until(quiet, "everything is sent")
    with here.world.look() as session:
        notices = session.scalars(select(OutageNotice.person_id).where(OutageNotice.update_id == update.id)).all()
        addresses = dict(session.execute(select(Person.email, Person.id)).all())
    mails = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in (tmp_path / "mail").glob("*.eml")
    ]
    about = [mail for mail in mails if outage.title in mail["Subject"]]
    written_to = Counter(addresses[mail["To"].addresses[0].addr_spec] for mail in about)
    assert len(notices) == len(set(notices)) == told
    assert set(written_to) == set(notices) and set(written_to.values()) == {1}
    assert len({mail["Message-ID"] for mail in about}) == told
