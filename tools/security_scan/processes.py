"""Programs that the scan starts, each in a group of its own, so that it ends those and no others."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tools.security_scan.environment import CannotScan

PATIENCE = 20.0  # seconds for a server to open its port, and for a program to end when asked


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """A running program; its output goes to `log`. `with` ends it and whatever it started."""

    def __init__(self, command: Sequence[str], *, log: Path, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd,
                env=_plain(env or {}), start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_why: object) -> None:
        self.end()

    def wait(self, seconds: float) -> bool:
        """Whether it ended by itself within that time."""
        try:
            self._process.wait(max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            return False
        return True

    def opened(self, port: int, patience: float = PATIENCE) -> None:
        """Returns once the program listens on the port. CannotScan where it ends, or takes longer than `patience`."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise CannotScan(f"A server of the scan did not start; see {self.log}.")

    def end(self) -> None:
        """Asks the program to end, and ends its group where it does not."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, sign)
            except ProcessLookupError:
                break
            if self.wait(PATIENCE / 2):
                break
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # what it left behind
        self._process.wait()


def _plain(more: Mapping[str, str]) -> dict[str, str]:
    """The environment without proxies: everything here stays on this machine."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return kept | {"NO_PROXY": "*", "no_proxy": "*", "PYTHONWARNINGS": "ignore"} | dict(more)
