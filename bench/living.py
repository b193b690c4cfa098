"""The portal with a made-up community of any size, on either database, and clients that have signed in to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, func, insert, inspect, make_url, select
from sqlalchemy.orm import Session

from bench import grown, queued
from portal import jobs, migrate
from portal.actors import Actor, actor_of
from portal.config import Settings
from portal.db import Base, look_over, make_engine, make_sessionmaker, transaction, utc_now
from portal.demo import community as made_up
from portal.models import (
    AccessRequest,
    Account,
    Agency,
    Document,
    Evidence,
    Grant,
    Lapse,
    Membership,
    Person,
    TrainingResult,
    WebSession,
    WorkOrder,
)
from portal.services.account import sign_in
from portal.services.desk import configuration
from portal.web.app import build
from portal.wiring import Context, make_context
from workflows.business_time import local_day
from workflows.vocabulary import LEAD, Effect

CROWD, CROWD_NAMED_FROM = 400, grown.FILLED_FROM
LATE_FROM = 1_900_000_000
FILLED_NAMED_FROM = grown.FILLED_FROM + 100


def context_on(url: str, folder: Path) -> Context:
    """The portal on a database, its mail and files under a folder."""
    return make_context(
        Settings(
            database_url=url,
            secret_keys=("for the benchmark alone, and nothing else",),
            audit_anchor=folder / "anchors",
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
        if target.dialect.name == "postgresql":
            queued.carry(of, to)


def of_size(source: Engine, target: Engine, people: int) -> int:
    """A database with the community of `source`, multiplied to about `people`; how many there are then.

    One Agency has about 400 people of them, in every size; one of the others is the largest of those as they were made.
    """
    migrate.upgrade(target)
    same_as(source, target)
    with target.connect().execution_options(deferred=True) as connection:
        each = connection.scalar(select(func.count()).select_from(Person)) or 1
        agency_id, there = connection.execute(by_size()).first() or (0, 0)
    step = grown.grow(target, round(people / each) - 1)
    crowd = max(0, round((CROWD - there) / max(1, there - 5)))
    grown.grow(
        target, crowd, lambda connection: grown.crowd_of(connection, agency_id), first=CROWD_NAMED_FROM, step=step
    )
    fill(target, step)
    late(target)
    grown.settle(target)
    look_over(target)
    with target.connect().execution_options(deferred=True) as connection:
        return connection.scalar(select(func.count()).select_from(Person)) or 0


def fill(target: Engine, step: int) -> None:
    """As much that waits, in every size, as fills the pages of the Lead: so that pages are compared and not their rows."""
    with_papers = select(Document.agency_id).where(
        Document.status.in_(("signed", "scanned")), Document.agency_id != LEAD
    )
    joining = select(Agency.id).where(Agency.status == "joining", Agency.id.in_(with_papers))
    ordered = select(Membership.id).join(Account, Account.person_id == Membership.person_id)
    ordered = ordered.join(WorkOrder, WorkOrder.account_id == Account.id).where(WorkOrder.status == "open")
    claimed = select(Membership.id).join(TrainingResult, TrainingResult.person_id == Membership.person_id)
    suspended = select(Grant.membership_id).where(Grant.status == "suspended")
    asked = select(AccessRequest.membership_id).where(AccessRequest.status == "open", AccessRequest.agency_id != LEAD)
    departed = select(Evidence.subject_id).where(Evidence.about == "membership", Evidence.kind == "departure")
    running_out = select(Lapse.subject_id).where(Lapse.about == "membership", Lapse.settled_at.is_(None))
    nobodys = partial(grown.those, also="was.status = 'unmatched'")
    # Of what was copied before, the first rows are taken again: those of the community as it was made, in every size.
    for n, (copy, what, copies) in enumerate((
        (grown.agencies, joining.order_by(Agency.id).limit(4), 26),
        (grown.agencies, ready(), 51),
        (grown.those, asked.order_by(AccessRequest.id).limit(8), 20),
        (grown.those, ordered.order_by(WorkOrder.id).limit(1), 101),
        (nobodys, claimed.where(TrainingResult.status == "claimed").order_by(TrainingResult.id).limit(1), 101),
        (grown.those, suspended.order_by(Grant.id).limit(5), 11),
        (grown.those, named(), 51),
        (grown.those, signed(), 101),
        (grown.those, departed.order_by(Evidence.id).limit(5), 13),
        (grown.those, running_out.order_by(Lapse.id).limit(5), 26),
    )):  # fmt: skip
        grown.grow(target, copies, partial(_copying, copy, what), first=FILLED_NAMED_FROM + 110 * n, step=step)


def late(target: Engine) -> None:
    """A page of jobs that should have run long ago: the worker of a community that is measured never runs."""
    now = utc_now()
    with transaction(make_sessionmaker(target)) as session:
        keys = [f"seat:{LATE_FROM + n}" for n in range(101)]
        jobs.enqueue_all(session, Effect.EXPIRE, keys=keys, now=now - timedelta(days=2))


def _copying(copy: Any, what: Any, connection: Connection) -> grown.Copying:
    return copy(connection, what)


def ready() -> Any:
    """The first Agency that joins and has handed in every document of its own."""
    pieces = [piece.kind for piece in configuration.PACKAGE if not piece.of_admin]
    has = [
        Agency.id.in_(select(Evidence.subject_id).where(Evidence.about == "agency", Evidence.kind == each))
        for each in pieces
    ]
    return select(Agency.id).where(Agency.status == "joining", *has).order_by(Agency.id).limit(1)


def signed() -> Any:
    """The first person with an open request who has signed and is not enrolled in any course."""
    of = Evidence.about == "membership", Evidence.subject_id == AccessRequest.membership_id
    agreed, enrolled = (
        select(Evidence.id).where(*of, Evidence.kind == kind).limit(1).correlate(AccessRequest).scalar_subquery()
        for kind in ("user_agreement", "course_assigned")
    )
    query = select(AccessRequest.membership_id).where(
        AccessRequest.status == "open", AccessRequest.basis == "agency_admin", agreed.is_not(None), enrolled.is_(None)
    )
    return query.order_by(AccessRequest.id).limit(1)


def named() -> Any:
    """The first person with access who holds no office: the one who is searched by name."""
    office = select(Evidence.subject_id).where(
        Evidence.about == "membership", Evidence.kind == "role", Evidence.detail != "end_user"
    )
    return (
        select(Grant.membership_id)
        .where(Grant.status == "live", Grant.membership_id.not_in(office))
        .order_by(Grant.membership_id)
        .limit(1)
    )


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
