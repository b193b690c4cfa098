"""The portal with a made-up community of any size, on either database, and clients that have signed in to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, func, insert, inspect, make_url, select
from sqlalchemy.orm import Session

from bench import grown
from portal import migrate
from portal.actors import Actor, actor_of
from portal.config import Settings
from portal.db import Base, look_over, make_engine, transaction
from portal.demo import community as made_up
from portal.models import Membership, Person, WebSession
from portal.services.security import sign_in
from portal.web.app import build
from portal.wiring import Context, make_context
from workflows.business_time import local_day

CROWD, CROWD_NAMED_FROM = 400, 7_000


def context_on(url: str, folder: Path) -> Context:
    """The portal on a database, its mail and files under a folder."""
    return make_context(
        Settings(
            database_url=url,
            secret_keys=("for the benchmark alone, and nothing else",),
            mail_url=f"file:{folder / 'mail'}",
            storage=folder / "storage",
            testing=True,
        )
    )


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def made(folder: Path, people: int) -> Engine:
    """A made-up community of about so many people, brought in by the services, in an SQLite file."""
    url = f"sqlite:///{folder}/made-{people}.sqlite3"
    context = context_on(url, folder)
    migrate.upgrade(context.engine)
    made_up.load(context, people=people)
    return context.engine


def same_as(source: Engine, target: Engine) -> None:
    """Fills a migrated, empty database with all that is in another one."""
    there = set(inspect(source).get_table_names()) & set(inspect(target).get_table_names())
    with grown.loading(target) as to, source.connect().execution_options(deferred=True) as of:
        for table in (table for table in Base.metadata.sorted_tables if table.name in there):
            columns = [column for column in table.c if column.computed is None]
            rows = [dict(row) for row in of.execute(select(*columns)).mappings()]
            if rows:
                to.execute(table.delete())
                to.execute(insert(table), rows)
                grown.count_on(to, table)


def of_size(source: Engine, target: Engine, people: int) -> int:
    """A database with the community of `source`, multiplied to about `people`; how many there are then.

    One Agency has about 400 people of them, in every size; one of the others is the largest of those as they were made.
    """
    migrate.upgrade(target)
    same_as(source, target)
    with target.connect().execution_options(deferred=True) as connection:
        each = connection.scalar(select(func.count()).select_from(Person)) or 1
        agency_id, there = connection.execute(by_size()).first() or (0, 0)
    grown.grow(target, round(people / each) - 1)
    crowd = max(0, round((CROWD - there) / max(1, there - 5)))
    grown.grow(target, crowd, lambda _: grown.people_of(agency_id), first=CROWD_NAMED_FROM)
    grown.settle(target)
    look_over(target)
    with target.connect().execution_options(deferred=True) as connection:
        return connection.scalar(select(func.count()).select_from(Person)) or 0


def by_size() -> Any:
    """(Agency, people), the largest first, the Lead left out."""
    count = func.count().desc()
    return (
        select(Membership.agency_id, func.count())
        .where(Membership.agency_id != 0)
        .group_by(Membership.agency_id)
        .order_by(count, Membership.agency_id)
    )


@contextmanager
def signed_in(context: Context, person_id: int) -> Iterator[FlaskClient]:
    """A browser in which somebody has signed in, the second factor passed."""
    with transaction(context.sessions) as session:
        person = session.get_one(Person, person_id)
        actor, now = actor_in(session, context, person_id), context.clock()
        token = sign_in.start_session(session, person=person, via="password", actor=actor, now=now)
        session.flush()
        for row in session.scalars(select(WebSession).where(WebSession.person_id == person.id)):
            row.second_factor_at = now
    client = build(context.settings, context).test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    yield client


def get(client: FlaskClient, path: str) -> bytes:
    """The page, or RuntimeError where it did not open: then nothing was measured."""
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}: nothing was measured")
    return bytes(answer.data)


def actor_in(session: Session, context: Context, person_id: int) -> Actor:
    on = local_day(context.clock(), context.policy.zone)
    return actor_of(session, session.get_one(Person, person_id), on, via="password")


def another(engine: Engine, name: str) -> Engine:
    """A database of another name beside a measured one."""
    if engine.dialect.name == "sqlite":
        return make_engine(f"sqlite:///{Path(str(engine.url.database)).with_name(name)}.sqlite3")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return make_engine(make_url(url_of(engine)).set(database=name).render_as_string(hide_password=False))
