"""The feed and the calendar as readers of other makes understand them: ids that stay, moments that only move on, each evening once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import icalendar
import pytest
import recurring_ical_events
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import Engine

from portal.adapters.atom import Entry, Feed, to_atom
from portal.adapters.icalendar import LINE, Calendar, Event, WeeklyEvent, to_icalendar
from portal.services.helpdesk.outages import moves
from portal.web.app import build
from tests.helpdesk.outaging import HOUR, Outaging
from tests.services.world import World
from workflows.recurrence import Weekly, occurrences

EASTERN = ZoneInfo("America/New_York")
NAMES = {"a": "http://www.w3.org/2005/Atom"}
WEDNESDAY = date(2026, 11, 25)
AT = datetime(2026, 11, 23, 15, 0)
Look = Callable[[], Any]


@pytest.fixture
def here(engine: Engine) -> Outaging:
    return Outaging(World(engine))


@pytest.fixture
def client(here: Outaging) -> FlaskClient:
    app: Flask = build(context=here.world.context)
    return app.test_client()


@pytest.fixture
def feed(client: FlaskClient) -> Look:
    return lambda: feedparser.parse(client.get("/outages/feed.xml").get_data())


@pytest.fixture
def calendar(client: FlaskClient) -> Look:
    return lambda: icalendar.Calendar.from_ical(client.get("/outages/calendar.ics").get_data())


def on_calendar(calendar: Any, first: date, last: date) -> list[tuple[datetime, timedelta]]:
    """Every weekly evening as a reader of other make works it out: when it begins in UTC, and how long it lasts."""
    found = recurring_ical_events.of(calendar).between(first, last)
    weekly = [each for each in found if str(each["UID"]).startswith("weekly-maintenance")]
    return sorted(
        (each["DTSTART"].dt.astimezone(UTC).replace(tzinfo=None), each["DTEND"].dt - each["DTSTART"].dt)
        for each in weekly
    )


# --- the feed


def test_an_empty_feed_is_one_too(feed: Look) -> None:
    read = feed()
    assert not read.bozo and read.version == "atom10" and read.entries == []
    assert read.feed.updated == "2026-01-01T00:00:00Z"


def test_the_feed_is_as_the_standard_asks(here: Outaging, client: FlaskClient, feed: Look) -> None:
    here.announce(title="Servers <b>move</b> & rest", text="Save & close.\nThen wait.")
    here.report()
    answer = client.get("/outages/feed.xml")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    root = etree.fromstring(answer.get_data())
    for at in (root, *root.findall("a:entry", NAMES)):
        for name in ("id", "title", "updated"):
            assert len(at.findall(f"a:{name}", NAMES)) == 1, (at.tag, name)
    assert root.find("a:author/a:name", NAMES).text == here.world.policy.lead
    links = {link.get("rel"): link.get("href") for link in root.findall("a:link", NAMES)}
    assert links["self"].endswith("/outages/feed.xml") and links["alternate"].endswith("/outages")
    read = feed()
    assert not read.bozo and [entry.title for entry in read.entries] == [
        "Nobody can sign in (unplanned)",
        "Servers <b>move</b> & rest (planned)",
    ]
    assert b"<b>move" not in answer.get_data()
    assert "Then wait." in read.entries[1].content[0].value and "Save &amp; close." in read.entries[1].content[0].value
    assert all(entry.link == entry.id for entry in read.entries)


def test_ids_stay_and_moments_only_move_on(here: Outaging, feed: Look) -> None:
    outage = here.report()
    other = here.announce()
    seen: dict[str, str] = {}
    steps = [
        lambda: None,
        lambda: here.do(moves.update, outage),
        lambda: here.do(moves.update, outage, public=False),
        lambda: here.do(
            moves.correct, other, starts_at=other.starts_at + HOUR, ends_expected_at=other.starts_at + 2 * HOUR
        ),
        lambda: here.end(outage),
        lambda: here.do(moves.call_off, other),
        lambda: here.do(moves.update, outage, text="It was a cable."),
    ]
    whole = ""
    for step in steps:
        here.later(HOUR)
        step()
        read = feed()
        now = {entry.id: entry.updated for entry in read.entries}
        assert len(now) == 2 and set(seen) <= set(now)
        assert all(seen[each] <= now[each] for each in seen) and whole <= read.feed.updated == max(now.values())
        seen, whole = now, read.feed.updated
    assert sorted(entry.title.split(":")[0] for entry in feed().entries) == ["Called off", "Over"]


def test_a_note_for_the_staff_is_in_neither(here: Outaging, client: FlaskClient) -> None:
    outage = here.report()
    before = [client.get(path).headers["ETag"] for path in ("/outages/feed.xml", "/outages/calendar.ics")]
    here.do(moves.update, outage, text="The vendor was slow.", public=False)
    for path, tag in zip(("/outages/feed.xml", "/outages/calendar.ics"), before, strict=True):
        answer = client.get(path)
        assert b"slow" not in answer.get_data() and here.world.desk.name.encode() not in answer.get_data()
        assert answer.headers["ETag"] == tag


def test_whoever_has_it_is_told_so_until_there_is_news(here: Outaging, client: FlaskClient) -> None:
    outage = here.report()
    for path in ("/outages/feed.xml", "/outages/calendar.ics"):
        first = client.get(path)
        assert first.last_modified == here.row(outage).touched_at.replace(tzinfo=UTC)
        assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
        here.later(HOUR)
        here.do(moves.update, outage)
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 200 and again.last_modified > first.last_modified
        assert "Set-Cookie" not in again.headers


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=4))
def test_whatever_is_written_the_feed_can_be_read(texts: list[str]) -> None:
    entry = Entry("https://x.example.org/1", texts[0], "https://x.example.org/1", AT, AT, "planned", texts)
    made = to_atom(
        Feed("https://x.example.org", "t", "s", "a", "https://x.example.org", "https://x.example.org/f", AT, [entry])
    )
    root = etree.fromstring(made)
    assert len(root.findall(".//{http://www.w3.org/1999/xhtml}p")) == len(texts)


# --- the calendar


def test_the_calendar_is_as_the_standard_asks(here: Outaging, client: FlaskClient) -> None:
    here.announce(title="Servers, moved; twice \\ over", text="Ünïcödé, " * 40 + "\nand a second line")
    here.report()
    answer = client.get("/outages/calendar.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    raw = answer.get_data()
    lines = raw.split(b"\r\n")
    assert raw.endswith(b"\r\n") and b"\n" not in raw.replace(b"\r\n", b"") and max(len(line) for line in lines) <= 75
    read = icalendar.Calendar.from_ical(raw)
    assert read.errors == [] and str(read["VERSION"]) == "2.0" and read["PRODID"]
    events = {str(each["SUMMARY"]): each for each in read.walk("VEVENT")}
    planned = events["Servers, moved; twice \\ over (planned)"]
    assert "and a second line" in str(planned["DESCRIPTION"]).split("\n")[-1] and "Ünïcödé" in str(
        planned["DESCRIPTION"]
    )
    assert planned["DTEND"].dt - planned["DTSTART"].dt == timedelta(hours=2)
    assert "DTEND" not in events["Nobody can sign in (unplanned)"]
    uids = [str(each["UID"]) for each in read.walk("VEVENT")]
    assert len(set(uids)) == 3 and all(each["DTSTAMP"] and "SEQUENCE" in each for each in read.walk("VEVENT"))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 10, 20), date(2026, 11, 15)),
        (date(2027, 3, 1), date(2027, 3, 31)),
        (date(2033, 10, 1), date(2033, 11, 30)),
    ],
)
def test_a_reader_of_other_make_finds_each_evening_at_its_hour(
    calendar: Look, here: Outaging, first: date, last: date
) -> None:
    weekly = here.world.policy.outages.weekly
    rule = Weekly(weekly.weekday, weekly.opens, weekly.lasts, "America/New_York")
    begins, ends = (datetime(each.year, each.month, each.day) for each in (first, last))
    ours = [(each.starts_at, each.ends_at - each.starts_at) for each in occurrences(rule, begins, ends)]
    assert on_calendar(calendar(), first, last) == ours and len(ours) >= 4


def test_the_zone_s_own_rules_say_the_same_as_the_zone(calendar: Look) -> None:
    """Readers that do not know the zone by its name go by what the calendar says of it."""
    [zone] = calendar().walk("VTIMEZONE")
    told = zone.to_tz(lookup_tzid=False)
    for year in range(2026, 2037):
        for month in range(1, 13):
            for day in (1, 7, 8, 14, 15, 28):
                at = datetime(year, month, day, 12)
                assert told.utcoffset(at) == at.replace(tzinfo=EASTERN).utcoffset(), at


def test_an_evening_that_is_called_off_is_left_out_and_a_longer_one_is_longer(here: Outaging, calendar: Look) -> None:
    before = calendar()
    here.evening(moves.call_off_evening, WEDNESDAY)
    until = datetime(2026, 12, 3, 7, 0)
    here.evening(moves.prolong_evening, WEDNESDAY + timedelta(7), until=until)
    after = calendar()
    found = on_calendar(after, date(2026, 11, 16), date(2026, 12, 12))
    assert found == [
        (datetime(2026, 11, 19, 3), HOUR), (datetime(2026, 12, 3, 3), 4 * HOUR), (datetime(2026, 12, 10, 3), HOUR),
    ]  # fmt: skip
    sequences = [
        next(int(each["SEQUENCE"]) for each in read.walk("VEVENT") if "RRULE" in each) for read in (before, after)
    ]
    assert sequences[0] < sequences[1]
    assert len({str(each["UID"]) for each in after.walk("VEVENT")}) == 1


def test_each_change_is_the_same_event_once_more_and_newer(here: Outaging, calendar: Look) -> None:
    """A program that subscribes replaces what it has: by UID, where the SEQUENCE is higher and the stamp no older."""
    outage = here.announce()

    def event() -> Any:
        [found] = [each for each in calendar().walk("VEVENT") if "RRULE" not in each]
        return found

    seen = [event()]
    moved = outage.starts_at + 24 * HOUR
    for change in (
        lambda: here.do(moves.correct, outage, starts_at=moved, ends_expected_at=moved + HOUR),
        lambda: here.do(moves.update, outage, text="The room is booked."),
        lambda: here.do(moves.call_off, outage),
    ):
        here.later(HOUR)
        change()
        seen.append(event())
    assert len({str(each["UID"]) for each in seen}) == 1
    assert [int(each["SEQUENCE"]) for each in seen] == sorted({int(each["SEQUENCE"]) for each in seen})
    assert [each["DTSTAMP"].dt for each in seen] == sorted({each["DTSTAMP"].dt for each in seen})
    assert seen[1]["DTSTART"].dt - seen[0]["DTSTART"].dt == 24 * HOUR
    assert seen[1]["DTEND"].dt - seen[1]["DTSTART"].dt == HOUR and "The room is booked." in str(seen[2]["DESCRIPTION"])
    assert [str(each["STATUS"]) for each in seen] == ["CONFIRMED", "CONFIRMED", "CONFIRMED", "CANCELLED"]


def an_event(**more: Any) -> Event:
    values: dict[str, Any] = {
        "uid": "1@example.org", "starts_at": AT, "until": AT + HOUR, "stamp": AT, "sequence": 0, "summary": "s", "description": "d", "url": "https://example.org/1",
    }  # fmt: skip
    return Event(**values | more)


@given(st.text(max_size=300))
def test_whatever_is_written_the_calendar_can_be_read(text: str) -> None:
    made = to_icalendar(
        Calendar(
            "n", "p//q", "America/New_York", "https://example.org", None, [an_event(summary="x", description=text)]
        )
    )
    assert all(len(line) <= LINE for line in made.split(b"\r\n"))
    [event] = icalendar.Calendar.from_ical(made).walk("VEVENT")
    kept = "".join(letter for letter in text.replace("\r\n", "\n") if letter >= " " or letter == "\n")
    assert str(event["DESCRIPTION"]) == kept and str(event["STATUS"]) == "CONFIRMED"


def zone_told(zone: str) -> Any:
    made = to_icalendar(
        Calendar("n", "p//q", zone, "https://example.org", WeeklyEvent(an_event(), datetime(2026, 1, 7, 22), HOUR))
    )
    [told] = icalendar.Calendar.from_ical(made).walk("VTIMEZONE")
    return told


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Australia/Sydney", "America/Phoenix", "UTC"])
def test_other_zones_are_said_as_they_are(zone: str) -> None:
    told = zone_told(zone).to_tz(lookup_tzid=False)
    for at in (datetime(year, month, 20, 12) for year in (2026, 2027, 2030) for month in (1, 4, 7, 11)):
        assert told.utcoffset(at) == at.replace(tzinfo=ZoneInfo(zone)).utcoffset(), at


def test_a_zone_whose_changes_follow_no_weekday_is_given_no_rule() -> None:
    """Casablanca goes by the moon: what stands there are the changes of the year before, and no promise about the next."""
    told = zone_told("Africa/Casablanca")
    assert (
        b"RRULE" not in told.to_ical()
        and told.to_ical().count(b"BEGIN:STANDARD") + told.to_ical().count(b"BEGIN:DAYLIGHT") == 2
    )
