"""Runs every check in one look at the database: what was decided, what stands now, what is under way."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Date, DateTime, Engine, RowMapping, TextClause, bindparam, text

from portal.auditor import core, pack, queue
from portal.auditor.findings import CoreAccount, Problem, Report
from portal.auditor.prerequisites import put_to

_COMING = (
    "SELECT count(*) FROM queue WHERE effect = 'reconsider' AND state IN ('waiting', 'running') AND run_at <= :now"
)
HERE = Path(__file__).parent
GRACE = timedelta(minutes=15)
LAPSE = timedelta(days=5)
"""A lapse ends access on the next business morning, Monday to Thursday: five days are more than any holiday needs."""

UNUSED = "Nobody has used this access yet, and this is not met any more"
MANY = 5000
"""So many grants are named to one statement."""

_TYPES: dict[str, Any] = {"now": DateTime(), "settled": DateTime(), "today": Date(), "settled_day": Date()}
_COUNTED = {
    "grants": "SELECT count(*) FROM access_grant",
    "live grants": "SELECT count(*) FROM access_grant WHERE status = 'live'",
    "accounts": "SELECT count(*) FROM account",
    "decisions that let in": "SELECT count(*) FROM decision WHERE outcome = 'permitted'",
    "unfinished jobs": "SELECT count(*) FROM queue WHERE state IN ('waiting', 'running') AND run_at <= :now",
}


def audit(engine: Engine, **asked: Any) -> Report:
    """look() at a database through a connection of its own that cannot write."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        else:
            connection = connection.execution_options(deferred=True)
        try:
            return look(connection, **asked)
        finally:
            connection.rollback()


def look(
    connection: Connection,
    *,
    now: datetime,
    in_force: tuple[str, str] | None = None,
    core_accounts: Sequence[CoreAccount] | None = None,
    grace: timedelta = GRACE,
) -> Report:
    """Checks every issued access in the connection's transaction; `now` is naive UTC.

    `in_force` is the version and text of the pack that today's standing is judged by where the database names none.

    `core_accounts` is what the core HMIS itself lists, if that is to be compared. `grace` is how long the queue may
    take to react; with zero, what is under way counts as undone. ValueError for a pack that cannot be read.
    """
    began, report = time.monotonic(), Report()
    today_is = pack.read(*_in_force(connection, in_force))
    moments = _moments(now, grace, today_is.zone)
    for check, statement in _checks(connection):
        report.problems += _found(connection, check, statement, moments)
    report.problems += _decisions(connection, today_is, report)
    report.problems += _standing(connection, today_is, moments)
    report.problems += _forgotten(connection, today_is, moments)
    if core_accounts is not None:
        report.problems += core.compare(connection, core_accounts)
        report.counts["accounts in the core HMIS"] = len(core_accounts)
    for counted, query in _COUNTED.items():
        report.counts[counted] = _number(connection, query, moments)
    inherited = text("SELECT id FROM access_grant WHERE outcome = 'inherited' ORDER BY id")
    report.inherited = list(connection.scalars(inherited))
    report.counts["inherited grants"] = len(report.inherited)
    report.problems = sorted(set(report.problems))
    report.seconds = time.monotonic() - began
    return report


def _in_force(connection: Connection, given: tuple[str, str] | None) -> tuple[str, str]:
    if queue.has_table(connection, "pack_activation"):
        row = connection.execute(
            text(
                "SELECT p.version, p.text FROM pack_activation a JOIN policy_pack p ON p.version = a.version "
                "WHERE a.status = 'in_force'"
            )
        ).first()
        if row is not None:
            return row.version, row.text
    if given is None:
        raise ValueError("No policy pack is in force in this database. Name one with --policy FILE.")
    return given


def _moments(now: datetime, grace: timedelta, zone: str) -> dict[str, Any]:
    settled = now - grace
    return {"now": now, "settled": settled, "today": _day(now, zone), "settled_day": _day(settled, zone)}


def _day(at: datetime, zone: str) -> date:
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()


def _checks(connection: Connection) -> list[tuple[str, TextClause]]:
    return [
        (path.stem, _statement(queue.within(connection, path.read_text(encoding="utf-8"))))
        for path in sorted((HERE / "checks").glob("*.sql"))
    ]


def _statement(sql: str) -> TextClause:
    bare = text(sql)
    return bare.bindparams(*(bindparam(name, type_=_TYPES[name]) for name in bare.compile().params))


def _found(connection: Connection, check: str, statement: TextClause, moments: Mapping[str, Any]) -> list[Problem]:
    sentence = str(statement).partition("/*")[2].partition("*/")[0].strip()
    asked = {name: moments[name] for name in statement.compile().params}
    found = []
    for row in connection.execute(statement, asked).mappings():
        told = ", ".join(
            f"{name.replace('_', ' ')} {value}" for name, value in row.items() if name not in ("thing", "id")
        )
        found.append(Problem(check, row["thing"], row["id"], f"{sentence} {told[:1].upper()}{told[1:]}."))
    return found


def _number(connection: Connection, sql: str, moments: Mapping[str, Any]) -> int:
    statement = _statement(queue.within(connection, sql))
    return connection.scalar(statement, {name: moments[name] for name in statement.compile().params}) or 0


def _decisions(connection: Connection, in_force: pack.Pack, report: Report) -> Iterable[Problem]:
    """Every decision that let somebody in, by the pack it names, on its own day, with what was known at its moment."""
    rows = connection.execute(text("SELECT version, text FROM policy_pack ORDER BY first_used_at, version")).all()
    packs = {in_force.version: in_force} | {version: pack.read(version, words) for version, words in rows}
    used: Counter[str] = Counter(
        dict(connection.execute(text("SELECT policy_version, count(*) FROM decision GROUP BY policy_version")).all())
    )
    judged = 0
    for version, each in packs.items():
        for called in each.unknown if used[version] or version == in_force.version else ():
            yield Problem("not-audited", "pack", 0, f"Not audited: {called}, of the pack {version[:12]}.")
        for row in put_to(connection, "decisions", each) if used[version] else ():
            judged += 1
            for called in _unmet(row, each.asked):
                yield Problem(
                    "decision", "decision", row["ask"], f"It let somebody in although this was not met: {called}."
                )
    report.counts["decisions checked"] = judged


def _unmet(row: RowMapping, asked: Iterable[str]) -> list[str]:
    return [called for called in asked if row[called] == "unmet"]


_BEHIND_THE_BRAKE = """
SELECT g.id FROM access_grant g JOIN stopped_case c ON c.membership_id = g.membership_id AND c.settled_at IS NULL
  JOIN sweep_stop s ON s.id = c.stop_id AND s.status = 'pulled'
"""  # the Lead has been asked whether they lapse, and has not answered


def _standing(connection: Connection, each: pack.Pack, moments: Mapping[str, Any]) -> Iterable[Problem]:
    """What has lapsed for longer than any business morning is away, and what new access still lacks."""
    unused = set(
        connection.scalars(text("SELECT id FROM access_grant WHERE confirmed_at IS NULL AND outcome = 'permitted'"))
    )
    lapsed: set[tuple[int, str]] = set()
    for row in put_to(connection, "grants", each, on=moments["settled_day"], known_at=moments["settled"]):
        if row["ask"] in unused:
            for called in _unmet(row, each.asked):
                yield Problem("unmet-before-use", "grant", row["ask"], f"{UNUSED}: {called}.")
        elif not row["inherited"]:
            lapsed |= {(row["ask"], called) for called in _unmet(row, each.closing)}
    for grant, called in sorted(_throughout(connection, each, moments, lapsed)):
        yield Problem(
            "lapsed", "grant", grant, f"Access goes on although this lapsed more than five days ago: {called}."
        )


def _throughout(
    connection: Connection, each: pack.Pack, moments: Mapping[str, Any], lapsed: set[tuple[int, str]]
) -> set[tuple[int, str]]:
    """What was unmet on each of the last days too: what was put right in between may have lapsed anew."""
    for days in range(LAPSE.days, 0, -1):
        grants = sorted({grant for grant, _ in lapsed})
        then, found = moments["now"] - timedelta(days), set()
        for start in range(0, len(grants), MANY):
            some = grants[start : start + MANY]
            for row in put_to(connection, "grants", each, on=_day(then, each.zone), known_at=then, only=some):
                found |= {(row["ask"], called) for called in _unmet(row, each.closing)}
        lapsed = lapsed & found
    return lapsed


def _forgotten(connection: Connection, each: pack.Pack, moments: Mapping[str, Any]) -> Iterable[Problem]:
    """Whoever has everything and waits, while no job is on its way that would let them in."""
    if _number(connection, _COMING, moments):
        return
    for row in put_to(connection, "requests", each, on=moments["settled_day"], known_at=moments["settled"]):
        if not each.unknown and not _unmet(row, each.asked):
            yield Problem("forgotten", "request", row["ask"], "Every prerequisite is met, and nobody was let in.")
