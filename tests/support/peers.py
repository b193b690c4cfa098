"""Real SCIM servers on this machine for the tests to talk to, each in a process of its own."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

SCIMMY = Path(__file__).resolve().parents[1] / "peers" / "scimmy"
TOKEN = "a-token-for-tests-only"
LONGEST_START = 30.0
# The command `scim2-server`. A run in the background ignores SIGINT, at which the server writes down what it holds.
SCIM2_SERVER = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from scim2_server.testserver.cli import main
main()
"""


@dataclass(frozen=True, slots=True)
class ScimServer:
    """A running server. `base` has no slash at its end; `dump`: where its accounts are written when it stops."""

    name: str
    base: str
    process: "subprocess.Popen[str]"
    dump: Path | None = None

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """A request without the adapter: how a test looks at the server, or puts something there."""
        with httpx2.Client(
            base_url=self.base + "/", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
        ) as it:
            return it.request(method, path, **more)

    def users(self) -> list[dict[str, Any]]:
        return self.ask("GET", "Users", params={"startIndex": 1, "count": 1000}).json()["Resources"]

    def add(self, **fields: Any) -> dict[str, Any]:
        """An account that somebody else made."""
        schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
        answer = self.ask("POST", "Users", json={"schemas": schemas, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def change(self, id_: str, path: str, value: Any) -> None:
        """A change that somebody else made."""
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        asked = {"schemas": schemas, "Operations": [{"op": "replace", "path": path, "value": value}]}
        answer = self.ask("PATCH", f"Users/{id_}", json=asked)
        assert answer.status_code in (200, 204), answer.text

    def empty(self) -> None:
        for user in self.users():
            self.ask("DELETE", f"Users/{user['id']}")

    def stop(self) -> dict[str, dict[str, Any]]:
        """Ends it and gives its accounts by external id, passwords too, where it writes them down."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        assert self.dump is not None
        return {user["externalId"]: user for user in json.loads(self.dump.read_text()) if "externalId" in user}


@contextmanager
def scim2_server(dump: Path | None = None) -> Iterator[ScimServer]:
    """scim2-server; with `dump`, stop() tells what it held."""
    port = free_port()
    command = [sys.executable, "-c", SCIM2_SERVER, "--port", str(port), "--bearer-token", TOKEN]
    command += ["--dump-resources", str(dump)] if dump else []
    with _running(command) as process:
        yield ScimServer("scim2-server", f"http://127.0.0.1:{port}/v2", process, dump)


@contextmanager
def scimmy() -> Iterator[ScimServer]:
    """SCIMMY's routers under Node."""
    if not (SCIMMY / "node_modules" / "scimmy-routers").is_dir():
        raise RuntimeError("tests/peers/scimmy is not installed. Run `make setup`; it needs node and npm.")
    port = free_port()
    with _running(["node", str(SCIMMY / "server.mjs"), str(port), TOKEN]) as process:
        yield ScimServer("scimmy", f"http://127.0.0.1:{port}/scim", process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    # Its first line says that it listens; its log goes nowhere, or a full pipe would stop it.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip(), f"{command[0]} did not start"
        _wait(int(next(part for part in command if part.isdigit())))
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _wait(port: int) -> None:
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")
