"""A small made-up community, loaded once on each database; tests look at it and leave it as it is."""

from collections.abc import Iterator
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
from workflows.business_time import local_day

PRESENT = datetime(2026, 11, 23, 15, 0)
KEYS = ("for tests alone, nothing is signed with it",)


def made(url: str, folder: Path, people: int = 40) -> Iterator[Context]:
    settings = Settings(
        database_url=url,
        secret_keys=KEYS,
        mail_url=f"file:{folder / 'mail'}",
        storage=folder / "storage",
        demo=True,
        testing=True,
    )
    context = make_context(settings, clock=lambda: PRESENT)
    migrate.upgrade(context.engine)
    community.load(context, people=people)
    yield context
    context.engine.dispose()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(dialect, marks=pytest.mark.postgresql if dialect == "postgresql" else ())
        for dialect in databases.BOTH
    ],
    ids=databases.BOTH,
)
def each_community(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    folder = tmp_path_factory.mktemp("community")
    if request.param == "sqlite":
        yield from made(f"sqlite:///{folder / 'portal.db'}", folder)
    else:
        yield from made(request.getfixturevalue("postgres_server").create("community"), folder)


@pytest.fixture(scope="session")
def small_community(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """On SQLite, for what is the same on both."""
    folder = tmp_path_factory.mktemp("small")
    yield from made(f"sqlite:///{folder / 'portal.db'}", folder)


@pytest.fixture(scope="session")
def demo_app(small_community: Context) -> Flask:
    return build(context=small_community)


@pytest.fixture(scope="session")
def cast(small_community: Context) -> list[Listed]:
    with small_community.sessions() as session:
        return listed(session, on=local_day(PRESENT, small_community.policy.zone), now=PRESENT)


def without_demo(context: Context) -> Context:
    return replace(context, settings=replace(context.settings, demo=False))
