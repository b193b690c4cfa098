"""One import under way: what is on record by HUD's ids, what differs cell by cell, and what has been said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from portal import audit
from portal.actors import Actor
from portal.adapters.hmis_csv.rows import Row
from portal.adapters.tables import Problem
from portal.models import Agency, HudRecord, Project
from portal.services.desk.import_report import Report
from workflows.policy import Policy

RENEWED = frozenset({"exportid"})
"""What differs in every export and says nothing about the row."""


@dataclass(slots=True)
class Work:
    """One import under way: what is on record by HUD's ids, and what has been said so far."""

    session: Session
    actor: Actor
    now: datetime
    policy: Policy
    report: Report
    agencies: dict[str, Agency] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    records: dict[tuple[str, str], HudRecord] = field(default_factory=dict)
    names: dict[str, Agency] = field(default_factory=dict)
    titles: dict[tuple[int, str], Project] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def error(self, row: Row, column: str, value: str, sentence: str, rule: str) -> None:
        self.problems.append(Problem("error", row.FILE, row.line, column, value, sentence, rule))

    def warn(self, row: Row, column: str, value: str, sentence: str, rule: str) -> None:
        self.problems.append(Problem("warning", row.FILE, row.line, column, value, sentence, rule))

    def told(self, thing: Any, act: str, said: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        audit.record(
            self.session,
            actor=self.actor,
            now=self.now,
            act=act,
            thing=thing,
            said=said[:4000],
            before=dict(before),
            after=dict(after),
        )


def update(work: Work, thing: Any, values: Mapping[str, Any], row: Row, counted: str, named: str, act: str) -> None:
    before = {name: getattr(thing, name) for name in values}
    changed = {name: value for name, value in values.items() if value != before[name]}
    cells_before, cells_after = differences(thing.cells, row.cells)
    if not changed and not cells_after:
        work.report.count("unchanged")
        if dict(row.cells) != thing.cells:
            thing.cells = dict(row.cells)
        return
    for name, value in changed.items():
        setattr(thing, name, value)
    thing.cells = dict(row.cells)
    work.session.flush()
    work.report.count(f"{counted} changed")
    was = {name: before[name] for name in changed if name not in ("agency_id", "hud_id")} or cells_before
    now_is = {name: changed[name] for name in changed if name not in ("agency_id", "hud_id")} or cells_after
    if "agency_id" in changed:
        was, now_is = was | {"agency_id": before["agency_id"]}, now_is | {"agency_id": changed["agency_id"]}
    work.told(
        thing, act, f"{named} changed by HMIS CSV: {words(plain(was), plain(now_is))}.", plain(was), plain(now_is)
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cells that differ, old and new; headers count in any case, and what each export renews does not count."""
    old, new = ({header.casefold(): value for header, value in cells.items()} for cells in (before, after))
    names = {header.casefold(): header for header in (*before, *after)}
    differ = [key for key in names if old.get(key, "") != new.get(key, "") and key not in RENEWED]
    return {names[key]: old.get(key, "") for key in differ}, {names[key]: new.get(key, "") for key in differ}


def words(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    def shown(value: Any) -> str:
        return f"'{value}'" if value not in ("", None) else "empty"

    told = [
        f"{name.replace('_', ' ')} from {shown(before.get(name))} to {shown(value)}" for name, value in after.items()
    ]
    return "; ".join(told) or "nothing that shows"


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
