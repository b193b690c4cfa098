"""A mail provider's token endpoint on this machine, and the question by which its mail server looks a token up."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER = "desk"


@dataclass
class TokenServer:
    """`good` are the tokens that are taken by the mail server, `asked` the forms that came; `says` answers in its place."""

    port: int = 0
    good: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    lasts: object = 3600
    says: tuple[int, bytes] | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    @property
    def looked_up(self) -> str:
        return f"http://127.0.0.1:{self.port}/tokeninfo?token="

    def give(self, form: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append(form)
        if self.says is not None:
            return self.says
        if form.get("client_secret", "the-secret") != "the-secret":
            return 401, b'{"error": "invalid_client", "error_description": "the-secret is what was expected"}'
        token = f"token-{len(self.asked)}"
        self.good.add(token)
        said = {"access_token": token, "token_type": "Bearer", "expires_in": self.lasts} | self.more
        return 200, json.dumps(said).encode()


class _Handler(BaseHTTPRequestHandler):
    tokens: TokenServer

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(*self.tokens.give({name: values[0] for name, values in parse_qs(raw).items()}))

    def do_GET(self) -> None:
        [token] = parse_qs(urlsplit(self.path).query).get("token", [""])
        known = token in self.tokens.good
        self._answer(200 if known else 401, json.dumps({"email": USER} if known else {"error": "no"}).encode())

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """The endpoint on a free port, until the block ends."""
    tokens = TokenServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"tokens": tokens}))
    tokens.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield tokens
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
