"""Entries as they stand in the database, read without trusting them: a garbled row is a finding, never a fault."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Text, cast, func, select
from sqlalchemy.exc import SQLAlchemyError

from portal.audit import form
from portal.models import AuditEntry

BATCH = 1000
_PLAIN = [name for name in form.FIELDS if name not in ("at", "before", "after")]


class Unreadable(Exception):
    """The database holds something that cannot even be read as an entry."""


def read(connection: Connection, *, sealed: bool = True, since: int = 1, where: Any = None) -> Iterator[dict[str, Any]]:
    """Entries with FIELDS and `mac`, `at` as canonical text, a batch in memory at a time.

    Sealed ones from the number `since` on in order of it, or those outside the chain in order of id. What is no moment or
    no JSON stays the text that it is. Unreadable where the database hands over no row at all.
    """
    query = _columns(connection)
    if sealed:
        query = query.where(AuditEntry.seq >= since).order_by(AuditEntry.seq, AuditEntry.id)
    else:
        query = query.where(AuditEntry.seq.is_(None)).order_by(AuditEntry.id)
    yield from taken(connection, query if where is None else query.where(where))


def with_the_seal_before(connection: Connection, where: Any = None) -> Iterator[dict[str, Any]]:
    """Entries with FIELDS, `mac` and `prev`, the seal before each: older ones first, in order of id, then the sealed ones."""
    other = AuditEntry.__table__.alias()
    before = select(other.c.mac).where(other.c.seq == AuditEntry.seq - 1).scalar_subquery()
    query = _columns(connection).add_columns(func.coalesce(before, "").label("prev"))
    query = query if where is None else query.where(where)
    yield from taken(connection, query.where(AuditEntry.seq.is_(None)).order_by(AuditEntry.id))
    yield from taken(connection, query.where(AuditEntry.seq.is_not(None)).order_by(AuditEntry.seq))


def taken(connection: Connection, query: Select[Any]) -> Iterator[dict[str, Any]]:
    """The rows of a query over _columns(), as read() gives them."""
    try:
        with connection.execute(query, execution_options={"yield_per": BATCH}) as found:
            for row in found.mappings():
                yield {**row, "at": _moment(row["at"]), "before": _json(row["before"]), "after": _json(row["after"])}
    except (SQLAlchemyError, UnicodeDecodeError) as fault:
        raise Unreadable(str(fault).splitlines()[0]) from fault


def _columns(connection: Connection) -> Select[Any]:
    columns = AuditEntry.__table__.c
    at: Any = cast(columns.at, Text)
    if connection.dialect.name == "postgresql":  # however the server writes its dates
        at = func.to_char(columns.at, 'YYYY-MM-DD"T"HH24:MI:SS.US')
    return select(
        *(columns[name] for name in _PLAIN),
        columns.mac,
        at.label("at"),
        cast(columns.before, Text).label("before"),
        cast(columns.after, Text).label("after"),
    )


def _moment(value: Any) -> Any:
    try:
        return form.moment(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return value


def _json(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value
