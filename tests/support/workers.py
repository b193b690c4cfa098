"""Workers in processes of their own, which a test kills, and waiting for what they do."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds after which a test gives up: a machine that has other work to do is slow."""

Start = Callable[..., subprocess.Popen[bytes]]


@contextmanager
def starting(module: str, folder: Path) -> Iterator[Start]:
    """start(engine, lease, *more): `python -m module ADDRESS LEASE FOLDER MORE…`; whatever still runs at the end is killed."""
    with ExitStack() as running:

        def begin(engine: Engine, lease: float, *more: str) -> subprocess.Popen[bytes]:
            url = engine.url.render_as_string(hide_password=False)
            process = subprocess.Popen([sys.executable, "-m", module, url, str(lease), str(folder), *more], cwd=ROOT)
            running.callback(process.wait)
            running.callback(process.kill)
            return process

        yield begin


def until(true: Callable[[], bool], what: str) -> None:
    """Waits until it is true; AssertionError with `what` was awaited in vain."""
    ends = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < ends, f"in vain: {what}"
        time.sleep(0.02)
