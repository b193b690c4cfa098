"""The availability of a month from the outages on record: who is counted, what is planned, what is not known."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from portal.services.helpdesk.outages import moves, reckoning
from tests.helpdesk.outaging import HOUR, Outaging
from tests.services.world import World
from workflows.availability import Month

EVENINGS = 3 * 60
"""Minutes of weekly maintenance in November 2026 until its 23rd."""


@pytest.fixture
def here(each_engine: Engine) -> Outaging:
    return Outaging(World(each_engine))


def november(here: Outaging) -> Month:
    with here.world.look() as session:
        reckoned = reckoning.by_month(session, now=here.world.now, policy=here.world.policy)
    assert [str(each.first) for each in reckoned.months] == ["2026-11-01"]
    return reckoned.months[0]


def test_nothing_is_known_without_an_outage_on_record(here: Outaging) -> None:
    taken_back = here.report()
    here.do(moves.call_off, taken_back)
    here.announce()
    with here.world.look() as session:
        assert reckoning.by_month(session, now=here.world.now, policy=here.world.policy).months == []


def test_only_what_was_down_of_what_counts_is_counted(here: Outaging) -> None:
    for more in ({"impact": "trouble"}, {"systems": ["reports"]}):
        here.end(here.report(**more))
    assert (november(here).down, november(here).planned) == (0, EVENINGS)
    here.end(here.report(starts_at=here.world.now - 2 * HOUR, systems=["reports", "core_hmis"]))
    assert november(here).down == 120


def test_one_that_is_still_on_counts_until_now(here: Outaging) -> None:
    here.report(starts_at=here.world.now - 3 * HOUR)
    assert november(here).down == 180
    here.later(HOUR)
    assert november(here).down == 240


def test_what_took_longer_than_announced_counts_against_it(here: Outaging) -> None:
    begins = here.world.now + HOUR
    outage = here.announce(starts_at=begins, ends_expected_at=begins + 2 * HOUR)
    here.later(6 * HOUR)
    here.end(outage, at=begins + 5 * HOUR)
    assert (november(here).planned, november(here).down) == (EVENINGS + 120, 180)


def test_one_that_was_over_early_was_planned_only_so_long(here: Outaging) -> None:
    begins = here.world.now + HOUR
    outage = here.announce(starts_at=begins, ends_expected_at=begins + 4 * HOUR)
    here.later(6 * HOUR)
    here.end(outage, at=begins + HOUR)
    assert (november(here).planned, november(here).down) == (EVENINGS + 60, 0)


def test_an_evening_that_was_called_off_was_no_planned_time(here: Outaging) -> None:
    here.end(here.report(systems=["reports"]))
    one = here.world.now.replace(day=26, hour=3)
    here.evening(moves.call_off_evening, (one - timedelta(days=1)).date())
    here.world.now = one + timedelta(days=1)
    assert november(here).planned == EVENINGS


def test_an_evening_that_took_longer_counts_from_its_usual_end(here: Outaging) -> None:
    begins = here.world.now.replace(day=26, hour=3)
    longer = here.evening(moves.prolong_evening, (begins - timedelta(days=1)).date(), until=begins + 3 * HOUR)
    here.world.now = begins + 4 * HOUR
    here.end(longer, at=begins + 3 * HOUR)
    assert (november(here).planned, november(here).down) == (EVENINGS + 60, 120)
