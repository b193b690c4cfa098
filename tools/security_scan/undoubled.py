"""Mends a slip of Wapiti's: replaying a form, it names the form's content type twice in one header.

No server reads such a form. Its comparison of a right and a wrong CSRF token would then compare two refusals, and
call every form unprotected.
"""

from collections.abc import Callable, Iterable
from typing import Any


class Undoubled:
    """The application, handed each request's content type once."""

    def __init__(self, app: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        kinds = {kind.strip() for kind in environ.get("CONTENT_TYPE", "").split(",")}
        if len(kinds) == 1:
            environ["CONTENT_TYPE"] = kinds.pop()
        return self._app(environ, start_response)
