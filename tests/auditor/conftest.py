"""One community for all tests of a database; each plants its fault in a transaction that is rolled back."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from portal.db import make_engine
from tests.auditor.community import Community, build, silence
from tests.support import databases


@pytest.fixture(
    scope="module", params=[pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def community(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Community]:
    """One community for all tests of a database: each plants its fault in a transaction that is rolled back."""
    if request.param == "sqlite":
        url = request.getfixturevalue("sqlite_template").copy(tmp_path_factory.mktemp("audited"))
    else:
        from portal import migrate

        url = request.getfixturevalue("postgres_server").create("audited")
        engine = make_engine(url)
        migrate.upgrade(engine)
        engine.dispose()
    with databases.engine_on(url) as engine:
        yield build(engine)


@pytest.fixture
def connection(community: Community) -> Iterator[Connection]:
    with community.world.engine.connect() as connection:
        silence(connection)
        yield connection
        connection.rollback()
