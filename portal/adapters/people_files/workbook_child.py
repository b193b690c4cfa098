"""Runs alone in a limited process: reads an Excel workbook from standard input and writes its first sheet as JSON."""

import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any

MEMORY = 1024 * 1024 * 1024
PROCESSOR_SECONDS = 40
MAX_UNPACKED = 150 * 1024 * 1024
MAX_PARTS = 2_000
MAX_RATIO = 200
LONGEST_CELL = 5_000


class Refused(Exception):
    """The verdict, one of the keys the parent has a sentence for."""


def limit() -> None:
    """Takes away from this process what reading one workbook does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def check_parts(data: bytes) -> None:
    """Refuses what is no workbook, is encrypted, or unpacks to far more than it seems to hold."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            parts = packed.infolist()
    except zipfile.BadZipFile:
        raise Refused("damaged") from None
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Refused("kind")
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("encrypted")
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(len(data), 50_000):
        raise Refused("bomb")


def rows_of(data: bytes, most_rows: int, most_columns: int) -> dict[str, Any]:
    """The first visible sheet that has a cell: its name, and each row that is not blank with its number and cells.

    The workbook is opened twice, for the values that the spreadsheet last worked out and for the formulas: a formula
    without a value would otherwise look like an empty cell.
    """
    from openpyxl import load_workbook

    options: dict[str, Any] = {"read_only": True, "keep_links": False}
    values = load_workbook(BytesIO(data), data_only=True, **options)
    formulas = load_workbook(BytesIO(data), data_only=False, **options)
    sheets = [name for name in values.sheetnames if getattr(values[name], "sheet_state", "visible") == "visible"]
    others: list[str] = []
    found: dict[str, Any] = {}
    for name in sheets:
        if not hasattr(values[name], "iter_rows"):
            continue
        rows = list(_rows(values[name], formulas[name], most_rows, most_columns))
        if rows and not found:
            found = {"sheet": name, "rows": rows}
        elif rows:
            others.append(name)
    if not found:
        raise Refused("empty")
    return found | {"others": others}


def _rows(values: Any, formulas: Any, most_rows: int, most_columns: int) -> Iterator[tuple[int, list[str], list[int]]]:
    """Row number, cells as text, and which of them (from 0) hold a formula whose value the file does not have."""
    # What a sheet says about its own size proves nothing, and is often a million rows.
    values.reset_dimensions()
    formulas.reset_dimensions()
    kept = 0
    for number, (row, source) in enumerate(zip(values.iter_rows(), formulas.iter_rows(), strict=False), start=1):
        if number > most_rows * 20:
            raise Refused("rows")
        cells = [text_of(cell.value, getattr(cell, "number_format", "")) for cell in row]
        stale = [
            at
            for at, (cell, written) in enumerate(zip(cells, source, strict=False))
            if not cell and _is_formula(written)
        ]
        while cells and not cells[-1] and len(cells) - 1 not in stale:
            cells.pop()
        if not cells:
            continue
        if len(cells) > most_columns:
            raise Refused("columns")
        kept += 1
        if kept > most_rows:
            raise Refused("rows")
        yield number, cells, stale


def _is_formula(cell: Any) -> bool:
    return getattr(cell, "data_type", "") == "f" and cell.value is not None


def text_of(value: Any, number_format: str) -> str:
    """A cell as people would have typed it: days as 2026-11-23, 79.99 % as 79.99%, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (int, float)):
        exact = Decimal(repr(value))
        if "%" in (number_format or ""):
            return f"{_plain(exact * 100)}%"
        return _plain(exact)
    text = str(value)
    if len(text) > LONGEST_CELL:
        raise Refused("cell")
    return text.strip()


def _plain(number: Decimal) -> str:
    if not number.is_finite():
        return str(number)
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def main() -> None:
    """Limits first, then the file."""
    limit()
    data = sys.stdin.buffer.read()
    try:
        check_parts(data)
        answer: dict[str, Any] = {"verdict": "ok"} | rows_of(data, int(sys.argv[1]), int(sys.argv[2]))
    except Refused as refusal:
        answer = {"verdict": str(refusal)}
    except MemoryError:
        answer = {"verdict": "bomb"}
    except Exception:  # whatever a parser trips over, nothing of the file is taken in
        answer = {"verdict": "damaged"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
