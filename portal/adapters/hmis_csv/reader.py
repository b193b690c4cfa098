"""Reads HMIS CSV: bad ids, names, dates, references and codes are refused, all else comes in with a warning."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from portal.adapters.hmis_csv import rules
from portal.adapters.hmis_csv.columns import Column, as_text, read_cell
from portal.adapters.hmis_csv.rows import FILES, Export, Reading, Row, columns
from portal.adapters.hmis_csv.sources import gather
from portal.adapters.tables import Limits, Line, Problem, Severity, Table, TableError, header_key, read_table

_FILED_AS = {
    "Organization.csv": "organizations",
    "Project.csv": "projects",
    "ProjectCoC.csv": "project_cocs",
    "Funder.csv": "funders",
    "Inventory.csv": "inventories",
    "HMISParticipation.csv": "participations",
    "User.csv": "users",
}
_PERIODS = (
    ("operating_start_date", "operating_end_date"),
    ("inventory_start_date", "inventory_end_date"),
    ("start_date", "end_date"),
)
_VERSION = re.compile(r"(FY)?\s*(2024|2026)\b", re.IGNORECASE)


@dataclass
class _File:
    """A file while it is read: its good rows, every id it names with the line, and how many rows it has."""

    row_type: type[Row]
    rows: list[Any] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    found: int = 0
    problems: list[Problem] = field(default_factory=list)
    readable: bool = True

    def say(
        self, severity: Severity, rule: str, sentence: str, line: int = 0, column: str = "", value: str = ""
    ) -> None:
        """Note a problem of this file."""
        self.problems.append(Problem(severity, self.row_type.FILE, line, column, value, sentence, rule))


def read(source: Path | str | bytes, *, limits: Limits | None = None) -> Reading:
    """Read a folder of HMIS CSV files, their zip file, or the bytes of one; never raises for what is in them.

    Rows with an error are left out of the reading, and so are the rows that refer to them; `Reading.errors` names each.
    """
    limits = limits or Limits()
    gathered = gather(source, [row_type.FILE for row_type in FILES], limits)
    files: dict[str, _File] = {}
    absent: list[str] = []
    problems = list(gathered.problems)
    for row_type in FILES:
        name = row_type.FILE
        files[name] = file = _File(row_type, readable=False)
        if name in gathered.data:
            files[name] = file = _read_file(row_type, gathered.data[name], limits)
        elif gathered.data and not any(problem.file == name for problem in problems):
            said = f"{name} is not there. What refers to it was not checked; send it too if the HMIS can export it."
            file.say("warning", "file-absent", said)
        if not file.readable:
            absent.append(name)
    for file in files.values():
        _check_references(file, files)
    reading = _collect(files, absent, gathered.ignored)
    problems += [problem for file in files.values() for problem in file.problems]
    problems += rules.check(reading)
    order = {row_type.FILE: position for position, row_type in enumerate(FILES)}
    problems.sort(key=lambda problem: (order.get(problem.file, -1), problem.line))
    return replace(reading, problems=tuple(problems))


def _collect(files: Mapping[str, _File], absent: list[str], ignored: list[str]) -> Reading:
    exports: list[Export] = files[Export.FILE].rows
    held: dict[str, Any] = {attribute: tuple(files[name].rows) for name, attribute in _FILED_AS.items()}
    return Reading(
        **held,
        export=exports[0] if exports else None,
        absent=tuple(absent),
        ignored=tuple(ignored),
        found={name: file.found for name, file in files.items() if name not in absent},
    )


# --- one file --------------------------------------------------------------------------------------------------------


def _read_file(row_type: type[Row], data: bytes, limits: Limits) -> _File:
    file = _File(row_type)
    known = {header_key(column.header): name for name, column in columns(row_type).items()}
    try:
        table = read_table(data, known=known.keys(), limits=limits)
    except TableError as error:
        file.readable = False
        file.say("error", "file", error.sentence, error.line)
        return file
    if table.stopped:
        # What stands after the break is unknown, so nothing that refers to this file can be called missing.
        file.readable = False
        file.say("error", "file", table.stopped.sentence, table.stopped.line)
    if table.encoding == "cp1252":
        said = "The file is not UTF-8 and was read as Windows-1252. Check the names with accents, or export as UTF-8."
        file.say("warning", "encoding", said)
    placed = _place(file, table, known)
    if placed is None:
        file.readable = False
        return file
    for line in table.lines:
        _read_line(file, table, line, placed)
    if row_type is Export:
        _check_export(file)
    return file


def _place(file: _File, table: Table, known: Mapping[str, str]) -> dict[str, int] | None:
    """Where each attribute stands in a line; None when a column is missing without which no row can come in."""
    placed: dict[str, int] = {}
    for position, header in enumerate(table.headers):
        if name := known.get(header_key(header)):
            placed[name] = position
        else:
            said = f"{header.strip()} is no column of {file.row_type.FILE}. It is kept as read and not used."
            file.say("warning", "column-unknown", said, 1, header.strip())
    missing = [(name, column) for name, column in columns(file.row_type).items() if name not in placed]
    for _, column in missing:
        if column.required and not column.empty:
            seen = ", ".join(header.strip() for header in table.headers[:30])
            said = f"The column {column.header} is missing, so no row can be read. The file has: {seen}."
            file.say("error", "column-missing", said, 1, column.header)
        else:
            said = f"The column {column.header} is missing. The rows come in without it."
            file.say("warning", "column-absent", said, 1, column.header)
    return None if any(column.required and not column.empty for _, column in missing) else placed


def _read_line(file: _File, table: Table, line: Line, placed: Mapping[str, int]) -> None:
    file.found += 1
    if line.fault:
        file.say("error", "shape", line.fault, line.number, "", line.cells[0] if line.cells else "")
        return
    values: dict[str, Any] = {}
    good = True
    for name, column in columns(file.row_type).items():
        if name not in placed:
            continue
        written = line.cells[placed[name]]
        values[name], fault = read_cell(column, written)
        if fault:
            file.say(fault.severity, fault.rule, fault.sentence, line.number, column.header, written)
            good = good and fault.severity != "error"
    good = _unique(file, line, values) and good
    if good:
        row = file.row_type(line=line.number, cells=dict(zip(table.headers, line.cells, strict=True)), **values)
        if _periods_run_forward(file, row):
            file.rows.append(row)


def _unique(file: _File, line: Line, values: Mapping[str, Any]) -> bool:
    """Whether the row's id is its own; every id is remembered, so that what refers to a refused row can be told so."""
    name, column = next(iter(columns(file.row_type).items()))
    own = values.get(name)
    if not own:
        return False
    first = file.lines.setdefault(own, line.number)
    if first == line.number:
        return True
    said = f"{column.header} {own} already stands on line {first}. Every row needs an id of its own."
    file.say("error", "duplicate", said, line.number, column.header, own)
    return False


def _periods_run_forward(file: _File, row: Row) -> bool:
    held = columns(file.row_type)
    for start, end in _PERIODS:
        if start not in held or end not in held:
            continue
        begins, ends = getattr(row, start), getattr(row, end)
        if begins and ends and ends < begins:
            said = f"{held[end].header} is before {held[start].header} ({as_text(begins)}). Correct one of them."
            file.say("error", "date", said, row.line, held[end].header, as_text(ends))
            return False
    return True


def _check_export(file: _File) -> None:
    if file.found != 1:
        said = f"Export.csv has {file.found} rows; an export describes itself in exactly one. The first one is used."
        file.say("warning", "export-rows", said)
    # Without a row there is no export to belong to, and calling every ExportID wrong would bury the one cause.
    file.readable = file.readable and file.found > 0
    for row in file.rows[:1]:
        if not _VERSION.match(row.csv_version):
            said = "CSVVersion is neither 2024 nor 2026. The files are read as FY2026; check what came in."
            file.say("warning", "csv-version-unknown", said, row.line, "CSVVersion", row.csv_version)


# --- references ------------------------------------------------------------------------------------------------------


def _check_references(file: _File, files: Mapping[str, _File]) -> None:
    """Drop every row that refers to a row that is missing or was refused; parents are checked before their children."""
    referring = [(name, column) for name, column in columns(file.row_type).items() if column.refers_to]
    for name, column in referring:
        target = files[column.refers_to]
        if target.readable or target.found:
            present = {row.id for row in target.rows}
            file.rows = [row for row in file.rows if _found(file, row, name, column, target, present)]


def _found(file: _File, row: Row, name: str, column: Column, target: _File, present: Iterable[str]) -> bool:
    value = getattr(row, name)
    if not value or value in present:
        return True
    line = target.lines.get(value)
    if line is None and not target.readable:
        return True
    why = f"no row of {column.refers_to} has this id"
    if line is not None:
        why = f"line {line} of {column.refers_to} was refused"
    said = f"{column.header} {value} leads nowhere: {why}. Correct it, or export both files together."
    file.say("error", "reference", said, row.line, column.header, value)
    return False
