"""Writes HMIS CSV as HUD spells it: its column order, texts and dates in quotation marks, CRLF, no cell lost."""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from portal.adapters.hmis_csv.columns import TEXTS, Column, Kind, as_text, read_cell
from portal.adapters.hmis_csv.rows import (
    Export,
    Funder,
    Inventory,
    Organization,
    Participation,
    Project,
    ProjectCoC,
    Reading,
    Row,
    User,
    columns,
)
from portal.adapters.tables import Problem, header_key

_ADDRESS = frozenset({"address1", "address2", "city", "zip"})
_UNQUOTED = frozenset({Kind.NUMBER, Kind.CODE})


class NotWritableError(ValueError):
    """Rows that would make an invalid export; `problems` names each, and nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{problems[0].file}: {problems[0].sentence} ({len(problems)} in all)")
        self.problems = tuple(problems)


def write(
    directory: Path | str,
    *,
    organizations: Iterable[Organization] | None = None,
    projects: Iterable[Project] | None = None,
    project_cocs: Iterable[ProjectCoC] | None = None,
    funders: Iterable[Funder] | None = None,
    inventories: Iterable[Inventory] | None = None,
    participations: Iterable[Participation] | None = None,
    users: Iterable[User] | None = None,
    export: Export | None = None,
    withhold_addresses: bool = False,
) -> list[Path]:
    """Write the files whose rows are given into a folder, a header alone where there are none; returns their paths.

    A file given as None is left out, and what refers to it is not checked. Columns that the format does not have but
    that were read follow at the end. With `withhold_addresses` the street, city and ZIP of victim service providers'
    projects are left empty, for whoever has no need of them. Raises `NotWritableError` before anything is written when
    a row lacks what the format demands, repeats an id or refers to a row that is not there.
    """
    given: dict[type[Row], Iterable[Any] | None] = {
        Organization: organizations,
        Project: projects,
        ProjectCoC: project_cocs,
        Funder: funders,
        Inventory: inventories,
        Participation: participations,
        User: users,
        Export: [export] if export else None,
    }
    rows = {row_type: list(held) for row_type, held in given.items() if held is not None}
    if problems := [problem for row_type in rows for problem in _invalid(row_type, rows)]:
        raise NotWritableError(problems)
    hidden = _confidential(rows) if withhold_addresses else frozenset()
    texts = {row_type.FILE: _file_text(row_type, held, hidden) for row_type, held in rows.items()}
    place = Path(directory)
    place.mkdir(parents=True, exist_ok=True)
    return [_put(place / name, text) for name, text in texts.items()]


def write_reading(reading: Reading, directory: Path | str, *, withhold_addresses: bool = False) -> list[Path]:
    """Write everything that a reading holds, and no file that it did not find; see `write`."""

    def held(row_type: type[Row]) -> tuple[Any, ...] | None:
        return None if row_type.FILE in reading.absent and not reading.rows(row_type) else reading.rows(row_type)

    return write(
        directory,
        organizations=held(Organization),
        projects=held(Project),
        project_cocs=held(ProjectCoC),
        funders=held(Funder),
        inventories=held(Inventory),
        participations=held(Participation),
        users=held(User),
        export=reading.export,
        withhold_addresses=withhold_addresses,
    )


# --- what may not be written -----------------------------------------------------------------------------------------


def _invalid(row_type: type[Row], rows: Mapping[type[Row], list[Any]]) -> Iterable[Problem]:
    present = {each.FILE: {row.id for row in held} for each, held in rows.items()}
    seen: set[str] = set()
    for row in rows[row_type]:
        for name, column in columns(row_type).items():
            value = as_text(getattr(row, name))
            _, fault = read_cell(column, value)
            if fault and fault.severity == "error":
                yield _problem(row, column, value, fault.sentence)
            elif value and column.refers_to in present and value not in present[column.refers_to]:
                said = f"{column.header} {value} is not among the rows of {column.refers_to}."
                yield _problem(row, column, value, said)
        if row.id in seen:
            own = next(iter(columns(row_type).values()))
            yield _problem(row, own, row.id, f"{own.header} {row.id} is there twice. Every row needs an id of its own.")
        seen.add(row.id)


def _problem(row: Row, column: Column, value: str, sentence: str) -> Problem:
    return Problem("error", row.FILE, row.line, column.header, value, sentence, "write")


def _confidential(rows: Mapping[type[Row], list[Any]]) -> frozenset[str]:
    """The projects of victim service providers."""
    if ProjectCoC in rows and not {Organization, Project} <= rows.keys():
        raise ValueError("addresses can be withheld only where the organizations and projects are written too")
    victim_services = {each.organization_id for each in rows.get(Organization, ()) if each.victim_service_provider}
    return frozenset(each.project_id for each in rows.get(Project, ()) if each.organization_id in victim_services)


# --- text ------------------------------------------------------------------------------------------------------------


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if text else ""


def _extra_columns(row_type: type[Row], rows: Iterable[Row]) -> dict[str, str]:
    """The columns that were read and that the format does not have: how they were first spelt, by their key."""
    known = {header_key(column.header) for column in columns(row_type).values()}
    extra: dict[str, str] = {}
    for row in rows:
        for header in row.cells:
            if (key := header_key(header)) not in known:
                extra.setdefault(key, header.strip())
    return extra


def _cell(row: Row, name: str, column: Column, as_read: Mapping[str, str], hidden: frozenset[str]) -> str:
    if name in _ADDRESS and getattr(row, "project_id", None) in hidden:
        return ""
    text = as_text(getattr(row, name))
    if column.kind in _UNQUOTED:
        return text
    original = as_read.get(header_key(column.header), "")
    # Spaces around a text are no part of its value, yet they were in the cell.
    if column.kind in TEXTS and original.strip() == text:
        text = original
    return _quoted(text)


def _file_text(row_type: type[Row], rows: Sequence[Row], hidden: frozenset[str]) -> str:
    held = columns(row_type)
    extra = _extra_columns(row_type, rows)
    lines = [",".join([column.header for column in held.values()] + [_header(header) for header in extra.values()])]
    for row in rows:
        as_read = {header_key(header): cell for header, cell in row.cells.items()}
        cells = [_cell(row, name, column, as_read, hidden) for name, column in held.items()]
        cells += [_quoted(as_read.get(key, "")) for key in extra]
        lines.append(",".join(cells))
    return "\r\n".join(lines) + "\r\n"


def _header(header: str) -> str:
    return _quoted(header) if set(header) & set(',"\r\n') else header


def _put(path: Path, text: str) -> Path:
    """Write beside the file and put it in its place at once, so that a broken run leaves the old file or none."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as opened:
            opened.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
