"""The worker is killed among the slices of a mailing: nobody is written to twice, and nobody is missed."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.db import utc_now
from portal.models import OutageNotice, Person
from tests.helpdesk.killing import Start, all_done, mails_in, starting
from tests.helpdesk.outaging import Outaging
from tests.services.world import World
from tests.support.workers import until
from workflows.vocabulary import Effect

PEOPLE = 118
MORE = 8
"""So many mails a worker sends before it is killed among them."""


@pytest.fixture
def start(each_engine: Engine, tmp_path: Path) -> Iterator[Start]:
    with starting(each_engine, tmp_path) as begin:
        yield begin


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

    until(lambda: all_done(here.world, Effect.MAIL, Effect.OUTAGE), "everything is sent")
    with here.world.look() as session:
        notices = session.scalars(select(OutageNotice.person_id).where(OutageNotice.update_id == update.id)).all()
        addresses = dict(session.execute(select(Person.email, Person.id)).all())
    about = [mail for mail in mails_in(tmp_path) if outage.title in mail["Subject"]]
    written_to = Counter(addresses[mail["To"].addresses[0].addr_spec] for mail in about)
    assert len(notices) == len(set(notices)) == told
    assert set(written_to) == set(notices) and set(written_to.values()) == {1}
    assert len({mail["Message-ID"] for mail in about}) == told
