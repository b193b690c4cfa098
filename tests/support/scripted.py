"""An HTTP server on loopback that answers what a test tells it to: for peers that behave badly."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
SCIM = {"Content-Type": "application/scim+json"}


def scim(status: int, /, **fields: Any) -> Answer:
    return status, SCIM, json.dumps(fields).encode()


@dataclass
class Scripted:
    """`answer` gets the method and the path of each request; `hosts` are the Host headers that came."""

    answer: Callable[[str, str], Answer]
    port: int = 0
    hosts: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    scripted: Scripted

    def respond(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.scripted.hosts.append(self.headers.get("Host", ""))
        status, headers, body = self.scripted.answer(self.command, self.path)
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = respond  # noqa: N815 - http.server's own names

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_arguments: object) -> None:
        """A client that breaks off is what some tests are about."""


@contextmanager
def scripted(answer: Callable[[str, str], Answer], *, tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """A server that answers so, under TLS where a context is given."""
    made = Scripted(answer)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"scripted": made}))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
