"""What comes every week: each evening once, at the same hour on the wall, through both changes of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.policy import load
from workflows.recurrence import WEEK, Weekly, following, occurrence, occurrences

EASTERN = "America/New_York"
WEDNESDAYS = Weekly(2, time(22), timedelta(hours=1), EASTERN)
ZONES = (EASTERN, "America/Los_Angeles", "Europe/London", "Australia/Lord_Howe", "UTC")
RULES = st.builds(
    Weekly,
    st.integers(0, 6),
    st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None)),
    st.integers(1, 7 * 24 * 60 - 1).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from(ZONES),
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1))


def on_wall(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def test_the_pack_has_the_manual_s_hour() -> None:
    weekly = load().outages.weekly
    assert weekly is not None
    assert (weekly.weekday, weekly.opens, weekly.lasts) == (2, time(22), timedelta(hours=1))
    assert weekly.cite == "The HMIS System Availability Policies"


def test_the_hour_on_the_wall_stays_when_the_clocks_go_back_and_forward() -> None:
    """November 1, 2026 and March 14, 2027: before and after, ten in the evening is another hour in UTC."""
    assert [str(occurrence(WEDNESDAYS, date(2026, 10, 28)).starts_at), str(occurrence(WEDNESDAYS, date(2026, 11, 4)).starts_at)] == [
        "2026-10-29 02:00:00", "2026-11-05 03:00:00",
    ]  # fmt: skip
    assert [str(occurrence(WEDNESDAYS, date(2027, 3, 10)).starts_at), str(occurrence(WEDNESDAYS, date(2027, 3, 17)).starts_at)] == [
        "2027-03-11 03:00:00", "2027-03-18 02:00:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [
        (
            date(2027, 3, 14),
            "2027-03-14 07:30:00",
            "2027-03-14 08:30:00",
        ),  # 2:30 is skipped: it begins at 3:30 on the wall
        (date(2027, 3, 21), "2027-03-21 06:30:00", "2027-03-21 07:30:00"),
        (date(2026, 11, 1), "2026-11-01 07:30:00", "2026-11-01 08:30:00"),
    ],
)
def test_an_hour_that_is_skipped_or_follows_one_that_comes_twice(day: date, begins: str, ends: str) -> None:
    sundays = Weekly(6, time(2, 30), timedelta(hours=1), EASTERN)
    one = occurrence(sundays, day)
    assert (str(one.starts_at), str(one.ends_at)) == (begins, ends)


def test_of_an_hour_that_comes_twice_it_is_the_first() -> None:
    one = occurrence(Weekly(6, time(1, 30), timedelta(hours=1), EASTERN), date(2026, 11, 1))
    assert str(one.starts_at) == "2026-11-01 05:30:00"


def test_a_day_without_it_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-11-24 is no day of this rule"):
        occurrence(WEDNESDAYS, date(2026, 11, 24))


def test_the_one_that_is_on_comes_first_and_at_its_end_the_next() -> None:
    begins = datetime(2026, 11, 26, 3, 0)
    assert following(WEDNESDAYS, begins - timedelta(seconds=1)).on == date(2026, 11, 25)
    assert following(WEDNESDAYS, begins + timedelta(minutes=59)).on == date(2026, 11, 25)
    assert following(WEDNESDAYS, begins + timedelta(minutes=60)).on == date(2026, 12, 2)


@given(RULES, MOMENTS, st.integers(1, 400))
def test_none_is_missed_and_none_comes_twice(rule: Weekly, after: datetime, days: int) -> None:
    """Against a count of the days on the calendar that knows nothing of how the moments are found."""
    before = after + timedelta(days)
    found = list(occurrences(rule, after, before))
    first = on_wall(after, rule.zone).date() - timedelta(10)
    calendar = [first + timedelta(n) for n in range(days + 22)]
    expected = []
    for day in calendar:
        if day.weekday() == rule.weekday:
            one = occurrence(rule, day)
            if one.ends_at > after and one.starts_at < before:
                expected.append(day)
    assert [one.on for one in found] == expected
    assert all(later.on - one.on == WEEK and later.starts_at > one.starts_at for one, later in pairwise(found))


@given(RULES, MOMENTS)
def test_the_wall_shows_the_rule_s_hour_wherever_there_is_one(rule: Weekly, after: datetime) -> None:
    one = following(rule, after)
    assert one.ends_at > after and one.ends_at - one.starts_at == rule.lasts
    wall = on_wall(one.starts_at, rule.zone)
    said = datetime.combine(one.on, rule.opens)
    skipped = on_wall(said.replace(tzinfo=ZoneInfo(rule.zone)).astimezone(UTC).replace(tzinfo=None), rule.zone) != said
    assert wall == said or (skipped and timedelta() < wall - said <= timedelta(hours=1))
