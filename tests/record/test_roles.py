"""On PostgreSQL the role of pages and workers can do everything that the portal does, and can only add to the record."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from portal import privileges, record_keeping
from portal.services import evidence
from portal.worker import Worker
from tests.services.world import World
from tests.support import databases
from workflows.vocabulary import About, Kind


@pytest.fixture
def role(postgres_engine: Engine) -> Iterator[str]:
    """A role that may sign in and do nothing else yet."""
    name = f"portal_app_{uuid.uuid4().hex[:8]}"
    with postgres_engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
    yield name
    with postgres_engine.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")
        connection.exec_driver_sql("GRANT CREATE ON SCHEMA public TO PUBLIC")


@pytest.fixture
def as_role(postgres_engine: Engine, role: str) -> Iterator[Engine]:
    privileges.grant(postgres_engine, role)
    privileges.grant(postgres_engine, role)  # after every upgrade once more
    url = make_url(postgres_engine.url.render_as_string(hide_password=False)).set(username=role)
    with databases.engine_on(url.render_as_string(hide_password=False)) as engine:
        yield engine


def test_the_portal_works_as_that_role(as_role: Engine) -> None:
    """From the first agency to access, withdrawn evidence, the worker's duties and the verification."""
    world = World(as_role)
    member = world.ready(world.agency())
    world.let_in(member)
    row = world.record(Kind.SANCTION, About.MEMBERSHIP, member.id, detail="suspension")
    with world.change() as session:
        evidence.withdraw(session, session.merge(row), actor=world.admin, now=world.now, reason="Lifted on appeal")
    Worker(world.context).see_to_duties()
    world.drain()
    assert record_keeping.verified(as_role, world.context.settings).sound


REFUSED = (
    "UPDATE audit_entry SET said = 'x'",
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
    "DROP TRIGGER audit_is_kept ON audit_entry",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "DROP TABLE audit_entry CASCADE",
    "DROP INDEX uq_audit_entry_seq",
    "CREATE OR REPLACE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "CREATE TABLE of_its_own (id integer)",
    "SET session_replication_role = replica",
    "SELECT * FROM audit_entry FOR UPDATE",
    "UPDATE decision SET outcome = 'permitted'",
    "DELETE FROM decision",
    "TRUNCATE decision CASCADE",
    "DELETE FROM evidence",
    "UPDATE evidence SET value = 10000",
    "TRUNCATE evidence",
    "UPDATE alembic_version SET version_num = '0001'",
    "SELECT setval(pg_get_serial_sequence('audit_entry', 'id'), 1)",
)


def test_that_role_changes_nothing_that_is_kept(as_role: Engine) -> None:
    for statement in REFUSED:
        refused = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
        with refused, as_role.begin() as connection:
            connection.execute(text(statement))


def test_a_role_that_may_do_everything_anyway_is_refused(postgres_engine: Engine, role: str, engine: Engine) -> None:
    owner = postgres_engine.url.username
    for name, says in (
        (owner, "superuser or owns"),
        ("nobody_here", "CREATE ROLE nobody_here"),
        ('x"; DROP TABLE person', "no plain name"),
    ):
        with pytest.raises(privileges.NotGranted, match=says):
            privileges.grant(postgres_engine, str(name))
    with postgres_engine.begin() as connection:
        connection.exec_driver_sql(f'GRANT "{owner}" TO {role}')
    with pytest.raises(privileges.NotGranted, match="owns the tables"):
        privileges.grant(postgres_engine, role)
    with pytest.raises(privileges.NotGranted, match="SQLite has no roles"):
        privileges.grant(engine, role)
