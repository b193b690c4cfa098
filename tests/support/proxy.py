"""A proxy on loopback that loses, delays and cuts what passes through it, as a plan says, request by request."""

import http.client
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

DROP, LATE, HELD, LOST, TORN = "drop", "late", "held", "lost", "torn"
"""Never arrives; arrives when nobody waits any more; arrives when the test says; answer lost; answer cut in the middle."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Proxy:
    """`plan` holds a fault, or "" for none, for each of the next requests; afterwards everything passes."""

    target: str
    patience: float
    plan: deque[str] = field(default_factory=deque)
    held: list[Request] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    base: str = ""
    under_way: int = 0
    settled: threading.Condition = field(default_factory=threading.Condition)

    def fault(self, *faults: str) -> None:
        self.plan.extend(faults)

    def deliver(self) -> int:
        """Lets what was held arrive now, the oldest first; how many requests that were."""
        waiting, self.held = self.held, []
        for request in waiting:
            self.forward(request)
        return len(waiting)

    def wait(self) -> None:
        """Until every late request has arrived."""
        with self.settled:
            assert self.settled.wait_for(lambda: not self.under_way, 30), "a late request never arrived"

    def forward(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
        parts = urlsplit(self.target)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        try:
            connection.request(request.method, request.path, body=request.body or None, headers=request.headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def next_fault(self, request: Request) -> str:
        fault = self.plan.popleft() if self.plan else ""
        self.seen.append((request.method, fault))
        return fault


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def handle_one(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        keep = {
            name: value for name, value in self.headers.items() if name.lower() not in ("connection", "content-length")
        }
        request = Request(self.command, self.path, keep, body)
        fault = self.proxy.next_fault(request)
        if fault in (LATE, HELD):
            self._too_late(request, fault)
        elif fault != DROP:
            self._answer(request, fault)
        if fault:
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_one  # noqa: N815 - http.server's own names

    def _too_late(self, request: Request, fault: str) -> None:
        with self.proxy.settled:
            self.proxy.under_way += 1
        try:
            if fault == HELD:
                self.proxy.held.append(request)
            time.sleep(self.proxy.patience * 1.5)
            if fault == LATE:
                self.proxy.forward(request)
        finally:
            with self.proxy.settled:
                self.proxy.under_way -= 1
                self.proxy.settled.notify_all()

    def _answer(self, request: Request, fault: str) -> None:
        status, headers, body = self.proxy.forward(request)
        if fault == LOST or (fault == TORN and not body):
            return
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "keep-alive"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == TORN:
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Says nothing: the tests look at `seen`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_arguments: object) -> None:
        """A client that has gone away is what this proxy is for."""


@contextmanager
def proxy_to(target: str, *, patience: float) -> Iterator[Proxy]:
    """A proxy in front of `target` (scheme, host, port, path); `patience`: seconds after which the client gives up."""
    proxy = Proxy(target, patience)
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    server = _Server(("127.0.0.1", 0), handler)
    proxy.base = f"http://127.0.0.1:{server.server_address[1]}{urlsplit(target).path}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
