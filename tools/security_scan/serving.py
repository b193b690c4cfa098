"""The portal itself as the scanners' target: a small made-up community, served on this machine, every request noted.

Run as `python -m tools.security_scan.serving PORT FOLDER DATABASE_URL`.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import waitress
from flask import Flask
from sqlalchemy import func, select
from werkzeug.exceptions import HTTPException

from portal import migrate
from portal.config import Settings
from portal.db import reading
from portal.demo import community
from portal.models import Person
from portal.web.app import build
from portal.wiring import Context, make_context, settle_on_pack
from tools.security_scan.undoubled import Undoubled

PEOPLE = 40
KEY = "a key for the scan of a made-up community alone"
NOWHERE = "(no page)"


class Noted:
    """The application, and a line in the journal for each request: agent, method, endpoint, status, address."""

    def __init__(self, app: Flask, journal: TextIO) -> None:
        self._app = app
        self._routes = app.url_map.bind("127.0.0.1")
        self._journal = journal

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        said: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            to_sign_in = any(k.lower() == "location" and v.startswith("/sign-in") for k, v in headers)
            said[:] = ["signed-out" if to_sign_in else status[:3]]
            return start_response(status, headers, *rest)

        answer = self._app.wsgi_app(environ, start)
        agent = environ.get("HTTP_USER_AGENT", "")[:40]
        where = f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')}"
        line = (agent, environ.get("REQUEST_METHOD", ""), self._endpoint(environ), *said, where[:500])
        self._journal.write("\t".join(part.encode("ascii", "backslashreplace").decode() for part in line) + "\n")
        return answer

    def _endpoint(self, environ: dict[str, Any]) -> str:
        try:
            endpoint, _ = self._routes.match(environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "GET"))
        except HTTPException:
            return NOWHERE
        return str(endpoint)


def prepared(port: int, folder: Path, database_url: str) -> Context:
    """The context of a portal whose database holds a made-up community; an empty one is filled first."""
    settings = Settings(
        database_url=database_url,
        secret_keys=(KEY,),
        base_url=f"http://127.0.0.1:{port}",
        mail_url=f"file:{folder / 'mail'}",
        storage=folder / "storage",
        audit_anchor=folder / "anchors",
        demo=True,
    )
    context = make_context(settings)
    migrate.upgrade(context.engine)
    settle_on_pack(context)
    with reading(context.sessions) as session:
        empty = not session.scalar(select(func.count()).select_from(Person))
    if empty:
        community.load(context, people=PEOPLE)
    return context


def main(arguments: list[str]) -> None:
    """Serves until it is ended."""
    port, folder = int(arguments[0]), Path(arguments[1])
    app = build(context=prepared(port, folder, arguments[2]))
    with (folder / "journal.tsv").open("a", encoding="ascii", buffering=1) as journal:
        waitress.serve(Undoubled(Noted(app, journal)), host="127.0.0.1", port=port, threads=8, ident=None)


if __name__ == "__main__":
    main(sys.argv[1:])
