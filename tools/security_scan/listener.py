"""Listens for what a fault lets the server call: the addresses that the scanner plants lead here, and nowhere outside.

Wapiti asks `get_ssrf.php` and `get_xxe.php` afterwards who called. Run as `python -m tools.security_scan.listener PORT`.
"""

import sys
from datetime import UTC, datetime
from typing import Any

import waitress
from flask import Flask, Response, jsonify, request

DTD = """<!ENTITY % payload SYSTEM "file:///etc/passwd">
<!ENTITY % intern "<!ENTITY &#37; trick SYSTEM '{back}'>">"""


def build() -> Flask:
    """The listening application: notes each call by scan, request and parameter."""
    app = Flask("listener")
    heard: dict[tuple[str, str], dict[str, dict[str, list[dict[str, Any]]]]] = {}

    def note(kind: str, scan: str, path: str, parameter: str) -> None:
        call = {
            "url": request.url, "date": datetime.now(UTC).isoformat(), "ip": request.remote_addr or "",
            "method": request.method, "size": request.content_length or 0, "payload": request.args.get("p", ""),
        }  # fmt: skip
        heard.setdefault((kind, scan), {}).setdefault(path, {}).setdefault(parameter, []).append(call)

    @app.get("/")
    def alive() -> str:
        return "listening"

    @app.route("/ssrf/<scan>/<path>/<parameter>/", methods=["GET", "POST"])
    def called(scan: str, path: str, parameter: str) -> str:
        note("ssrf", scan, path, parameter)
        return "called"

    @app.get("/dtd/<scan>/<path>/<parameter>/<_name>")
    def definition(scan: str, path: str, parameter: str, _name: str) -> Response:
        note("xxe", scan, path, parameter)  # that the definition was asked for is the fault already
        return Response(DTD.format(back=request.url), mimetype="application/xml-dtd")

    @app.get("/get_<kind>.php")
    def told(kind: str) -> Response:
        return jsonify(heard.get((kind, request.args.get("session_id", "")), {}))

    return app


def main(arguments: list[str]) -> None:
    """Serves until it is ended."""
    waitress.serve(build(), host="127.0.0.1", port=int(arguments[0]), threads=4, ident=None)


if __name__ == "__main__":
    main(sys.argv[1:])
