"""The worker is killed while it asks people by mail what they think: each is asked once, by one mail."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.db import utc_now
from portal.models import Person, SurveyInvite
from portal.services.helpdesk.feedback import surveys
from tests.helpdesk.front_world import a_survey
from tests.helpdesk.killing import Start, all_done, mails_in, starting
from tests.services.world import World
from tests.support.workers import until
from workflows.vocabulary import Effect

PEOPLE = 14


@pytest.fixture
def start(engine: Engine, tmp_path: Path) -> Iterator[Start]:
    with starting(engine, tmp_path) as begin:
        yield begin


def monday() -> timedelta:
    """How far back the last Monday at eleven in the morning in Maine lies: nobody is mailed at night or on a Sunday."""
    now = utc_now()
    at = (now - timedelta(days=now.weekday())).replace(hour=16, minute=0)
    return now - (at if at < now else at - timedelta(days=7))


@pytest.mark.proof
def test_each_is_asked_once_though_the_worker_is_killed_in_the_slice_and_among_the_mails(
    engine: Engine, start: Start, tmp_path: Path
) -> None:
    world = World(engine, now=utc_now() - monday())
    agency = world.agency()
    for _ in range(PEOPLE):
        world.member(agency)
    a_survey(world, "users")
    with world.look() as session:
        asked = surveys.how_many(session, "users", on=world.today)
    first = start(hang=1)
    until((tmp_path / "reached").exists, "the first worker is inside the slice")
    first.kill()
    first.wait()
    assert world.count(SurveyInvite) == 0, "of the slice in which it was killed nothing stays"
    victim, kept = start(), tmp_path / "mail"
    until(lambda: kept.exists() and len(list(kept.glob("*.eml"))) >= 3, "it sends some mails")
    victim.kill()
    victim.wait()
    cut = len(list(kept.glob("*.eml")))
    start()
    until(
        lambda: world.count(SurveyInvite) == asked and all_done(world, Effect.MAIL, Effect.SURVEY_MAIL), "all are sent"
    )
    time.sleep(0.5)  # nobody sends anything after it
    with world.look() as session:
        invited = set(session.scalars(select(Person.email).join(SurveyInvite, SurveyInvite.person_id == Person.id)))
    about = [mail for mail in mails_in(tmp_path) if "asks a few questions" in mail["Subject"]]
    written_to = Counter(mail["To"].addresses[0].addr_spec for mail in about)
    assert set(written_to) == invited and set(written_to.values()) == {1} and len(invited) == asked >= PEOPLE
    assert cut < asked, "the second worker was killed when all were sent"
    assert len({mail["Message-ID"] for mail in about}) == asked
