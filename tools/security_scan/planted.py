"""A tiny application with faults on purpose, to show that the scanners find them; it listens on this machine only.

Nobody gets further than its sign-in page without the cookie that it was started with, and its forms want a token, as
the portal's do; one of them wants none, which is a fault too. Run as `python -m tools.security_scan.planted PORT COOKIE FOLDER`.
"""

import http.client
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import waitress
from flask import Flask, Response, abort, redirect, request

from tools.security_scan.undoubled import Undoubled

NOTHING = "no such file"
PAGE = """<!DOCTYPE html><html lang="en"><head><title>Planted</title></head><body><h1>Planted</h1>
<a href="/search?q=ann">Search</a> <a href="/hello?name=ann">Hello</a> <a href="/go?to=/search">Go</a>
<a href="/fetch?url=none">Fetch</a> <a href="/read?file=note.txt">Read</a> <a href="/look-up">Look up</a> <a href="/guestbook">Guestbook</a>
<a href="/wish">Wish</a>
{body}</body></html>"""
FORM = """<form method="post" action="{action}"><input type="hidden" name="csrf_token" value="{token}">
<label>{name} <input type="text" name="{name}" value="ann"></label><button>Send</button></form>"""


def build(cookie: str, folder: Path) -> Flask:
    """The faulty application; `cookie` is the only session it knows, `folder` holds its database."""
    app = Flask("planted")
    token = cookie[::-1]
    (folder / "note.txt").write_text("A note.")

    @app.before_request
    def only_with_the_cookie() -> Any:
        if request.path != "/sign-in" and request.cookies.get("session") != cookie:
            return redirect("/sign-in")
        if request.method == "POST" and request.path != "/wish" and request.form.get("csrf_token") != token:
            abort(400)
        return None

    said: list[str] = []
    search = _search(folder / "planted.db")
    views: dict[str, Callable[[], Any]] = {
        "/": lambda: page("<p>Signed in.</p>"),
        "/sign-in": lambda: page("<p>Sign in.</p>"),
        "/search": lambda: search(request.args.get("q", "")),
        "/hello": lambda: page(f"<p>Hello {request.args.get('name', '')}</p>"),
        "/go": lambda: Response(status=302, headers={"Location": request.args.get("to", "/")}),
        "/fetch": lambda: page(f"<p>{_fetched(request.args.get('url', ''))}</p>"),
        "/read": lambda: page(f"<pre>{_read(folder, request.args.get('file', ''))}</pre>"),
        "/look-up": lambda: (
            search(request.form["who"]) if "who" in request.form else page(form("/look-up", "who", token))
        ),
        "/guestbook": lambda: _guestbook(said, token),
        "/wish": lambda: page(form("/wish", "wish", token)),
    }
    for path, view in views.items():
        app.add_url_rule(path, path, view, methods=["GET", "POST"])
    return app


def page(body: str, code: int = 200) -> Response:
    return Response(PAGE.format(body=body), code, mimetype="text/html")


def form(action: str, name: str, token: str) -> str:
    return FORM.format(action=action, name=name, token=token)


def _search(file: Path) -> Callable[[str], Response]:
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT)")
        database.executemany("INSERT INTO person (name) VALUES (?)", [("ann",), ("bob",), ("eve",)])

    def found(name: str) -> Response:
        query = f"SELECT name FROM person WHERE name = '{name}'"  # noqa: S608 - the fault that has to be found
        try:
            with sqlite3.connect(file) as database:
                rows = database.execute(query).fetchall()
        except sqlite3.Error as error:
            return page(f"<p>sqlite3.OperationalError: {error}</p>", 500)
        return page("".join(f"<p>{row[0]}</p>" for row in rows) or "<p>Nobody.</p>")

    return found


def _guestbook(said: list[str], token: str) -> Any:
    if "text" in request.form:
        said.append(request.form["text"])
        return redirect("/guestbook")
    return page(form("/guestbook", "text", token) + "".join(f"<p>{each}</p>" for each in said))


def _fetched(url: str) -> str:
    """What lies at an address, of this machine alone: the fault is not to be used for anything else."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname != "127.0.0.1":
        return "nothing"
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().read(200).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return "nothing"
    finally:
        connection.close()


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")[:2000]
    except (OSError, ValueError):
        return NOTHING


def main(arguments: list[str]) -> None:
    """Serves until it is ended."""
    port, cookie, folder = arguments
    waitress.serve(Undoubled(build(cookie, Path(folder))), host="127.0.0.1", port=int(port), threads=8, ident=None)


if __name__ == "__main__":
    main(sys.argv[1:])
