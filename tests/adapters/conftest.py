"""The peers of the adapters, each started once for the whole run and emptied for each test."""

from collections.abc import Iterator

import pytest

from tests.support import peers


@pytest.fixture(scope="session")
def running_scim2_server() -> Iterator[peers.ScimServer]:
    with peers.scim2_server() as server:
        yield server


@pytest.fixture(scope="session")
def running_scimmy() -> Iterator[peers.ScimServer]:
    with peers.scimmy() as server:
        yield server


@pytest.fixture
def scim2_server(running_scim2_server: peers.ScimServer) -> peers.ScimServer:
    running_scim2_server.empty()
    return running_scim2_server


@pytest.fixture
def scimmy(running_scimmy: peers.ScimServer) -> peers.ScimServer:
    running_scimmy.empty()
    return running_scimmy


@pytest.fixture(params=["scim2_server", "scimmy"])
def scim_server(request: pytest.FixtureRequest) -> peers.ScimServer:
    return request.getfixturevalue(request.param)
