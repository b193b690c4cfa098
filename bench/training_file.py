"""Reading a file of quiz results: what checking every cell costs beside the standard library's bare reader."""

import csv
import io
from datetime import datetime
from typing import Any

from bench.sweep import best
from portal.adapters.lms import read_training

ROWS = 100_000
NOW = datetime(2026, 11, 23, 15, 0)


def run(_whole: bool = False, rows: int = ROWS) -> list[dict[str, Any]]:
    """Rows for the table: name, n, milliseconds, and the ratio to the bare reader."""
    content = _file(rows)
    read = read_training(content, "results.csv", now=NOW)
    if len(read.rows) != rows or read.errors:
        raise RuntimeError(f"{len(read.rows)} of {rows} rows came in: nothing was measured")
    bare = best(lambda: list(csv.reader(io.StringIO(content.decode()))), rounds=3)
    ours = best(lambda: read_training(content, "results.csv", now=NOW), rounds=3)
    return [{"name": "quiz results read and checked", "n": rows, "milliseconds": ours, "ratio": ours / bare}]


def _file(rows: int) -> bytes:
    lines = ["email,course,score,max_score,taken_at,attempt"]
    lines += [
        f"person{n}@example.org,Course {n % 20},{n % 50}.{n % 89:02d},50,2026-{n % 10 + 1:02d}-{n % 28 + 1:02d},1"
        for n in range(rows)
    ]
    return "\n".join(lines).encode()
