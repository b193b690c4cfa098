"""The one lock: asked for again in the same transaction it costs nothing, and after it, or after a savepoint's end, it counts anew."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from portal.models import Agency
from portal.services.locks import lock
from tests.services.world import World
from tests.web.browsing import statements


@pytest.fixture
def world(postgres_engine: Engine) -> World:
    return World(postgres_engine)


@pytest.fixture
def agency(world: World) -> Agency:
    return world.agency()


def test_what_is_locked_is_not_locked_again_until_the_transaction_ends(world: World, agency: Agency) -> None:
    person = world.person()
    for _ in range(2):
        with world.change() as session, statements(world.engine) as said:
            lock(session, agencies=[agency.id])
            lock(session, agencies=[agency.id], people=[person.id])
            lock(session, agencies=[agency.id], people=[person.id])
            assert len([one for one in said if "FOR UPDATE" in one]) == 2
            assert len([one for one in said if "FOR SHARE" in one]) == 1
            lock(session, agencies=[agency.id], lead=True)
            assert len([one for one in said if "FOR UPDATE" in one]) == 3


def test_a_savepoint_that_is_rolled_back_lets_its_locks_go(world: World, agency: Agency) -> None:
    with world.change() as session, statements(world.engine) as said:
        point = session.begin_nested()
        lock(session, agencies=[agency.id])
        point.rollback()
        lock(session, agencies=[agency.id])
        assert len([one for one in said if "FOR UPDATE" in one]) == 2
        with world.sessions() as other:
            other.connection().exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                lock(other, agencies=[agency.id])
