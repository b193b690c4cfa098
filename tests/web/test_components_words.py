"""Filters and addresses of the components say exactly what is stored; the static files are those that were built."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.web import components

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "portal" / "web" / "static"
MOMENT = datetime(2026, 11, 23, 20, 5)


@pytest.fixture(scope="module")
def app() -> Flask:
    """Only what the filters need: no database, no routes."""
    app = Flask("words", static_folder=str(STATIC))
    components.init_app(app)
    return app


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.test_request_context("/people?sort=name&status=a&status=b&after=77"):
        yield


def test_lists_keep_their_state_in_the_address(inside: None) -> None:
    assert components.address() == "/people?sort=name&status=a&status=b"
    assert components.address(after="9") == "/people?sort=name&status=a&status=b&after=9"
    assert components.address(status=None, sort="-name") == "/people?sort=-name"
    assert components.address(status=["c", "d & e"]) == "/people?sort=name&status=c&status=d+%26+e"
    assert components.sorting("name") == ("/people?status=a&status=b&sort=-name", "ascending")
    assert components.sorting("agency") == ("/people?status=a&status=b&sort=agency", "none")


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (8000, "80 %"),
        (7999, "79.99 %"),
        (7990, "79.9 %"),
        (5, "0.05 %"),
        (0, "0 %"),
        (10000, "100 %"),
        (-150, "-1.5 %"),
        (None, ""),
    ],
)
def test_percent(given_: int | None, said: str) -> None:
    assert components.percent(given_) == said


@given(st.integers(0, 10**7))
def test_percent_says_exactly_what_is_stored(hundredths: int) -> None:
    assert Fraction(components.percent(hundredths).removesuffix(" %")) == Fraction(hundredths, 100)


def test_days_are_said_the_us_way_and_moments_are_no_days() -> None:
    assert components.us_date(date(2026, 11, 3)) == "November 3, 2026"
    assert components.us_date(None) == ""
    with pytest.raises(TypeError, match="us_time"):
        components.us_date(MOMENT)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 23, 20, 5), "November 23, 2026 at 3:05 p.m. Eastern"),
        (datetime(2026, 7, 1, 4, 0), "July 1, 2026 at 12:00 a.m. Eastern"),
        (datetime(2026, 7, 1, 3, 59), "June 30, 2026 at 11:59 p.m. Eastern"),
        (datetime(2026, 11, 1, 5, 30), "November 1, 2026 at 1:30 a.m. Eastern"),
        (datetime(2026, 11, 1, 17, 0), "November 1, 2026 at 12:00 p.m. Eastern"),
    ],
)
def test_moments_are_said_in_the_leads_zone(app: Flask, moment: datetime, said: str) -> None:
    assert app.jinja_env.filters["us_time"](moment) == said
    assert app.jinja_env.filters["us_day"](moment) == said.split(" at ", maxsplit=1)[0]
    assert components.local_day(moment, ZoneInfo("UTC")) == moment.date()
    assert moment.replace(tzinfo=UTC).astimezone(ZoneInfo("America/New_York")).day == int(said.split()[1].rstrip(","))


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (timedelta(seconds=59), "just now"), (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"), (timedelta(days=45), "1 month ago"), (timedelta(days=800), "2 years ago"),
        (timedelta(hours=-2), "in 2 hours"),
    ],
)  # fmt: skip
def test_ago(past: timedelta, said: str) -> None:
    assert components.ago(MOMENT - past, MOMENT) == said


def test_small_words() -> None:
    assert components.initials("  jamie van sample ") == "J. V. S."
    assert components.initials(None) == ""
    assert components.plural(1, "person", "people") == "1 person"
    assert components.plural(1200, "person", "people") == "1,200 people"
    assert components.money(125005) == "$1,250.05"
    assert components.money(-5) == "-$0.05"
    assert components.status_word("not_applicable") == "Does not apply"
    assert components.status_word("a_new_word") == "A new word"
    assert components.status_tone("unmet") == "stop"
    assert components.status_tone("a_new_word") == "plain"


def test_every_status_has_one_tone() -> None:
    words = " ".join(components.TONES.values()).split()
    assert len(words) == len(set(words))
    assert set(components.TONES) == {"good", "wait", "stop", "info"}


def test_what_templates_ask_of_the_static_folder_is_there(app: Flask) -> None:
    sprite = set(re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r'asset\("([^"]+)"\)', text):
            assert (STATIC / name).is_file(), f"{path.name}: {name}"
        for call in re.findall(r"\bicon\(([^)]*)\)", text):
            assert set(re.findall(r'"(\w+)"', call)) - {"ascending", "descending"} <= sprite, f"{path.name}: {call}"


def test_static_files_are_those_that_were_built() -> None:
    sums = dict(line.split("  ", 1)[::-1] for line in (STATIC / "SHA256SUMS").read_text(encoding="utf-8").splitlines())
    there = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    assert there == set(sums)
    for name, digest in sums.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest, name
    for name in ("portal.js", "idle.js", "review.js", "suggest.js", "tickets.js", "LICENCES", "mark.svg"):
        assert (STATIC / name).read_bytes() == (ROOT / "tools" / "ui" / name).read_bytes(), (
            f"{name}: run the build in tools/ui"
        )


def test_the_sheet_is_small_and_loads_nothing_from_elsewhere() -> None:
    css = (STATIC / "portal.css").read_text(encoding="utf-8")
    assert len(css) < 350_000
    assert "@import" not in css
    for address in re.findall(r"url\(\"?([^)\"]*)\"?\)", css):
        assert not address or (STATIC / address).is_file(), address


def test_an_asset_is_addressed_by_its_content(inside: None) -> None:
    digest = hashlib.sha256((STATIC / "portal.js").read_bytes()).hexdigest()[:12]
    assert components.asset("portal.js") == f"/static/portal.js?v={digest}"
