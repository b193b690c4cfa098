"""A small made-up community, loaded once on each database; tests look at it and leave it as it is."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from portal import migrate
from portal.config import Settings
from portal.demo import community
from portal.demo.people import Listed, listed
from portal.web.app import build
from portal.wiring import Context, make_context
from tests.support import databases
from tests.support.record import AUDIT_KEY
from workflows.business_time import local_day

PRESENT = datetime(2026, 11, 23, 15, 0)
KEYS = ("for tests alone, nothing is signed with it",)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker looks at all that is in a community: making one takes longer than looking at it."""
    for item in items:
        asked = getattr(item, "fixturenames", ())
        if "each_community" in asked and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.xdist_group(f"community on {item.callspec.params['each_community']}"))
        elif {"small_community", "sqlite_folder"} & set(asked):
            item.add_marker(pytest.mark.xdist_group("community on sqlite"))


def opened(url: str, folder: Path) -> Context:
    settings = Settings(
        database_url=url,
        secret_keys=KEYS,
        audit_keys=(AUDIT_KEY,),
        audit_anchor=folder / "anchors",
        mail_url=f"file:{folder / 'mail'}",
        storage=folder / "storage",
        demo=True,
        testing=True,
    )
    return make_context(settings, clock=lambda: PRESENT)


@contextmanager
def made(url: str, folder: Path, people: int = 40) -> Iterator[Context]:
    context = opened(url, folder)
    migrate.upgrade(context.engine)
    community.load(context, people=people)
    yield context
    context.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Database, mail and documents of a community on SQLite, which nobody opens: it is there to be copied."""
    folder = tmp_path_factory.mktemp("made") / "community"
    folder.mkdir()
    with made(f"sqlite:///{folder / 'portal.db'}", folder):
        pass
    return folder


@contextmanager
def copied(sqlite_folder: Path, folder: Path) -> Iterator[Context]:
    shutil.copytree(sqlite_folder, folder, dirs_exist_ok=True)
    context = opened(f"sqlite:///{folder / 'portal.db'}", folder)
    yield context
    context.engine.dispose()


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(dialect, marks=pytest.mark.postgresql if dialect == "postgresql" else ())
        for dialect in databases.BOTH
    ],
    ids=databases.BOTH,
)
def each_community(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    folder = tmp_path_factory.mktemp("community")
    if request.param == "sqlite":
        with copied(request.getfixturevalue("sqlite_folder"), folder) as context:
            yield context
    else:
        with made(request.getfixturevalue("postgres_server").create("community"), folder) as context:
            yield context


@pytest.fixture(scope="session")
def small_community(sqlite_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """On SQLite, for what is the same on both."""
    with copied(sqlite_folder, tmp_path_factory.mktemp("small")) as context:
        yield context


@pytest.fixture(scope="session")
def demo_app(small_community: Context) -> Flask:
    return build(context=small_community)


@pytest.fixture(scope="session")
def cast(small_community: Context) -> list[Listed]:
    with small_community.sessions() as session:
        return listed(session, on=local_day(PRESENT, small_community.policy.zone), now=PRESENT)


def without_demo(context: Context) -> Context:
    return replace(context, settings=replace(context.settings, demo=False))
