"""Reads a spreadsheet into a table, Excel workbook or CSV: workbooks in a short-lived child with limits."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from portal.adapters.tables import Limits, Line, Table, TableError, header_key, read_table

CHILD = Path(__file__).with_name("workbook_child.py")
SECONDS = 60
LIMITS = Limits(bytes=16 * 1024 * 1024, rows=20_000, columns=100)

SENTENCES = {
    "kind": "This is a zip file, not an Excel workbook. Save the list as an Excel workbook (.xlsx) or as CSV.",
    "damaged": "This workbook is damaged and can't be read. Open it in a spreadsheet program and save it again.",
    "encrypted": "This workbook is protected by a password. Save a copy without the password and send that.",
    "bomb": "This workbook unpacks to far more than it seems to hold. Save the list alone, as CSV, and send that.",
    "empty": "No visible sheet of this workbook has a cell. Put the list on the first sheet and save the file again.",
    "rows": f"The sheet has more than {LIMITS.rows:,} rows. Split it and send the parts.",
    "columns": f"The sheet has more than {LIMITS.columns} columns. Send only the columns asked for.",
    "cell": "A cell is longer than 5,000 characters. Shorten it and save the file again.",
}
STALE = (
    "This row has a formula whose value the file does not hold. Open the workbook in a spreadsheet program, save it, and "
    "send it again."
)


def read_spreadsheet(data: bytes, *, known: frozenset[str] = frozenset(), limits: Limits = LIMITS) -> Table:
    """The table in an Excel workbook (its first visible sheet with cells) or a CSV file, told apart by their content.

    `known` are header keys that help to find a CSV file's delimiter. Lines are numbered as the spreadsheet shows them.
    Raises TableError with a sentence that says what to do.
    """
    if len(data) > limits.bytes:
        raise TableError(f"The file is larger than {limits.bytes // (1024 * 1024)} MB. Split it and send the parts.")
    if data.startswith(b"PK\x03\x04"):
        return _workbook(data, limits)
    return read_table(data, known=known, limits=limits)


def _workbook(data: bytes, limits: Limits) -> Table:
    answer = _asked(data, limits)
    if answer["verdict"] != "ok":
        raise TableError(SENTENCES.get(answer["verdict"], SENTENCES["damaged"]))
    (first, cells, _), *rest = answer["rows"]
    headers = _headers([cell.strip() for cell in cells], first)
    lines = [_line(number, row, stale, len(headers)) for number, row, stale in rest]
    return Table(headers, lines, f"workbook, sheet {answer['sheet']}", "", None)


def _asked(data: bytes, limits: Limits) -> dict[str, Any]:
    try:
        # The command is made of our own words; the file comes by standard input only.
        child = subprocess.run(  # noqa: S603
            [sys.executable, "-I", "-B", str(CHILD), str(limits.rows), str(limits.columns)],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            env={},
            check=False,
        )
        answer = json.loads(child.stdout)
    except subprocess.TimeoutExpired:
        return {"verdict": "bomb"}
    except ValueError:
        # The child died of a limit before it could answer: what does that is no ordinary list.
        return {"verdict": "bomb"}
    return answer if isinstance(answer, dict) else {"verdict": "damaged"}


def _headers(cells: list[str], number: int) -> tuple[str, ...]:
    while cells and not cells[-1]:
        cells.pop()
    seen: set[str] = set()
    for position, header in enumerate(cells, start=1):
        key = header_key(header)
        if not key:
            raise TableError(f"Column {position} has no name in row {number}. Name it or delete it.", number)
        if key in seen:
            raise TableError(f"Row {number} names the column {header} twice. Delete or rename one.", number)
        seen.add(key)
    return tuple(cells)


def _line(number: int, cells: list[str], stale: list[int], width: int) -> Line:
    if len(cells) > width:
        return Line(
            number,
            tuple(cells),
            f"This row has {len(cells)} cells and the header has {width}. Name the column or delete it.",
        )
    fault = STALE if any(at < width for at in stale) else ""
    return Line(number, tuple(cells) + ("",) * (width - len(cells)), fault)
