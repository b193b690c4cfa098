"""Puts the thirty prerequisites to decisions, to grants or to requests, with one pack's thresholds handed in."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Integer, RowMapping, String, bindparam, text

from portal.auditor import pack

HERE = Path(__file__).parent
MANY_DAYS = 2000
"""So many days of decisions go into one statement: each is three of the values that a statement may be handed."""


def put_to(
    connection: Connection,
    whom: str,
    each: pack.Pack,
    *,
    on: date | None = None,
    known_at: datetime | None = None,
    only: Collection[int] | None = None,
) -> Iterable[RowMapping]:
    """One row for each of `whom`: decisions (at their own days), or grants (`only` these) and requests on one day at one moment.

    A row has `ask` (the id of what was asked about), `inherited`, and for each prerequisite met, unmet, waived or '-'.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SET LOCAL enable_nestloop = off")
        )  # the planner knows nothing of tables made on the way
    days = [on] if on else _days_of(connection, each.version)
    published = connection.execute(
        text(
            "SELECT id, detail, valid_from FROM evidence WHERE about = 'lead' AND subject_id = 0 AND kind = 'published'"
        ).columns(id=Integer, detail=String, valid_from=Date)
    ).all()
    for start in range(0, len(days), MANY_DAYS):
        some = days[start : start + MANY_DAYS]
        sql, values = _asking(whom, each, some, published, known_at, only)
        yield from connection.execute(sql, values).mappings()


def _days_of(connection: Connection, version: str) -> list[date]:
    query = text(
        "SELECT DISTINCT on_day FROM decision WHERE outcome = 'permitted' AND policy_version = :version ORDER BY on_day"
    )
    return list(connection.scalars(query.columns(on_day=Date), {"version": version}))


def _asking(
    whom: str,
    each: pack.Pack,
    days: list[date],
    published: Any,
    known_at: datetime | None,
    only: Collection[int] | None,
) -> Any:
    values = _Values()
    reach = values.rows(
        "reach", ("on_day", "review_since", "training_since"), (Date(), Date(), Date()),
        [(day, *(_since(each, called, day) for called in ("security-review", "security-training"))) for day in days],
    )  # fmt: skip
    marks = values.rows("marks", ("course", "mark"), (String(), Integer()), list(each.marks.items()) or [("", 0)])
    binding = values.rows(
        "binding", ("prerequisite", "kind", "published", "binds_on"), (String(), String(), Integer(), Date()),
        [
            (called, document, row.id, pack.last_day(row.valid_from, grace))
            for called, (document, grace) in each.documents.items()
            for row in published
            if row.detail == document
        ] or [("", "", 0, date.max)],
    )  # fmt: skip
    ctes = [reach, marks, binding]
    if known_at is not None:
        ctes.append(values.rows("moment", ("known_at",), (DateTime(),), [(known_at,)]))
    ctes.append(f"asked AS MATERIALIZED (\n{_read(f'asked_{whom}.sql')})")
    sql = "WITH " + ",\n".join(ctes) + ",\n" + _read("prerequisites.sql")
    for name, listed in each.lists.items():
        values.add(name, list(listed) or [""], String(), expanding=True)
        values.add(f"{name}_count", len(listed), Integer())
    values.add("pass_mark", each.pass_mark, Integer())
    values.add("everybody", 1 if only is None else 0, Integer())
    values.add("only", sorted(only or ()) or [0], Integer(), expanding=True)
    if whom == "decisions":
        values.add("pack", each.version, String())
        values.add("first_day", days[0], Date())
        values.add("last_day", days[-1], Date())
    bare = text(sql)
    names = bare.compile().params
    wanted = [each_one for each_one in values.params if each_one.key in names]
    return bare.bindparams(*wanted), {name: values.given[name] for name in names}


def _since(each: pack.Pack, called: str, day: date) -> date:
    period = each.max_ages.get(called)
    return pack.first_day(day, period) if period else date.min


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


class _Values:
    """Values to bind, each with its type: a bare NULL or text would be a guess on one of the two databases."""

    def __init__(self) -> None:
        self.params: list[Any] = []
        self.given: dict[str, Any] = {}

    def add(self, name: str, value: Any, kind: Any, expanding: bool = False) -> str:
        self.params.append(bindparam(name, type_=kind, expanding=expanding))
        self.given[name] = value
        return f":{name}"

    def rows(self, table: str, columns: tuple[str, ...], kinds: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> str:
        """A small table of the statement's own, from what is handed in."""
        lines = [
            "("
            + ", ".join(self.add(f"{table}_{n}_{c}", v, k) for c, v, k in zip(columns, row, kinds, strict=True))
            + ")"
            for n, row in enumerate(rows)
        ]
        return f"{table}({', '.join(columns)}) AS (VALUES {', '.join(lines)})"
