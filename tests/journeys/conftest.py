"""A living portal for each journey, one Chromium for all of them."""

import socket
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from portal.config import Settings
from portal.db import utc_now
from portal.wiring import make_context
from tests.support.browser import CHROMIUM, FLAGS, WIDE, Gallery, Visitor
from tests.support.living import Living, Mailboxes
from tests.support.record import AUDIT_KEY

Visit = Callable[..., Visitor]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")
            item.add_marker(pytest.mark.xdist_group("browser"))  # one Chromium at a time


class MovableClock:
    """Runs on from ten in the morning in Maine on today's date; `advance(seconds=61)` moves it."""

    def __init__(self) -> None:
        real = utc_now()
        self.ahead = datetime.combine(real.date(), time(15)) - real

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def advance(self, **by: float) -> None:
        self.ahead += timedelta(**by)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: install the Debian package chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def wall_clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def database(clean_url: Callable[[str], str]) -> str:
    """Where the living portal keeps its data; a journey that begins later in the path brings its own."""
    return clean_url("sqlite")


@pytest.fixture
def inbox_url() -> str:
    """Where mail to the help desk comes in; a journey by mail brings a folder of its own."""
    return ""


@pytest.fixture
def living(database: str, tmp_path: Path, wall_clock: MovableClock, inbox_url: str) -> Iterator[Living]:
    """The real application on a real port with a real worker, on an empty migrated database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(
        database_url=database,
        secret_keys=("for journeys alone, nothing else is signed with it",),
        audit_keys=(AUDIT_KEY,),
        audit_anchor=tmp_path / "anchors",
        base_url=f"http://127.0.0.1:{port}",
        mail_url=f"file:{tmp_path / 'mail'}",
        inbox_url=inbox_url,
        storage=tmp_path / "storage",
    )
    context = make_context(settings, clock=wall_clock)
    alive = Living(context)
    yield alive
    alive.stop()
    context.engine.dispose()


@pytest.fixture
def mailbox(living: Living) -> Mailboxes:
    return living.mail


@pytest.fixture
def visitor(living: Living, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """visitor(name, width=1280, script=True): a browser of that person's own."""
    gallery = Gallery(request.node.name.removeprefix("test_").replace("[", "-").replace("]", ""))
    come: list[Visitor] = []

    def arrive(name: str, *, width: int = WIDE, script: bool = True) -> Visitor:
        come.append(Visitor(living, chromium, gallery, name, width=width, script=script))
        return come[-1]

    yield arrive
    for one in come:
        one.close()
