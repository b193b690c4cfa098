"""The database: one engine per process, one way to open a transaction, the same on SQLite and PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine, MetaData, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

Sessions = sessionmaker[Session]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


CACHE = "cache_size=-16000"
"""16 MB of pages for each connection: with SQLite's own 2 MB a page of the portal reads most of the index anew."""


def utc_now() -> datetime:
    """The present moment as naive UTC. Only the outermost floor (web, worker, command line) asks; services are told."""
    return datetime.now(UTC).replace(tzinfo=None)


def make_engine(url: str, **options) -> Engine:
    """An engine on `url`; SQLite gets WAL, foreign keys and BEGIN IMMEDIATE, PostgreSQL a statement time-out."""
    # What a statement carried is not for the logs: names, addresses, hashes of passwords.
    options = {"hide_parameters": True} | options
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if url.startswith("postgresql"):
        # Statements are not prepared: a plan made for nobody in particular once took the sweep of 10,000 from 0.4 to 4.6 s.
        engine = create_engine(url, pool_pre_ping=True, connect_args={"prepare_threshold": None}, **options)
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def make_sessionmaker(engine: Engine, **info) -> Sessions:
    """Sessions on that engine; `record_keys` are what seals the record, the environment's where they are not given."""
    return sessionmaker(engine, expire_on_commit=False, info=info)


@contextmanager
def transaction(sessions: Sessions) -> Iterator[Session]:
    """One change, whole or not at all. 'Done' is said after the block has ended, never inside."""
    with sessions() as session, session.begin():
        yield session


@contextmanager
def reading(sessions: Sessions) -> Iterator[Session]:
    """A look without a write lock: SQLite starts a deferred transaction here, PostgreSQL an ordinary one."""
    with sessions() as session:
        session.connection(execution_options={"deferred": True})
        yield session
        session.rollback()


def look_over(engine: Engine) -> None:
    """Lets SQLite count what its tables hold, a thousand rows of each index: without that it guesses, and reads them whole.

    PostgreSQL does this by itself. Takes a fraction of a second at any size.
    """
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
            connection.exec_driver_sql("ANALYZE")


def is_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _prepare_sqlite(connection, _record) -> None:
    connection.isolation_level = None  # the driver shall not begin by itself: see _begin_sqlite
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "busy_timeout=30000", CACHE):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgresql(connection, _record) -> None:
    # Of a large table PostgreSQL thinks that two helpers pay even for a handful of rows, and starting them takes 5 to 20 ms
    # where the question takes a half: half of the pages took half as long again. The sweep is worth far more than this.
    with connection.cursor() as cursor:
        cursor.execute("SET parallel_setup_cost = 50000")
    connection.commit()


def _begin_sqlite(connection) -> None:
    # A deferred transaction that reads first and writes later lets one licence be given to forty people at once.
    deferred = connection.get_execution_options().get("deferred")
    connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")
