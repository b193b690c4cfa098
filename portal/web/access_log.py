"""Who opened what, and whether it was let through: one line of the log for each request of somebody signed in (ASVS 16.3.2)."""

import logging
from typing import Any

from flask import Flask, Response, request

from portal.web import kernel

log = logging.getLogger("portal.access")
log.setLevel(logging.INFO)
LEFT_OUT = frozenset({"static", "account.alive", "account.draft"})
"""What the pages' own scripts ask for, and files that are everybody's."""


def init_app(app: Flask) -> None:
    app.after_request(note)


def note(response: Response) -> Response:
    """Person, route, the ids in its address and the answer's status; nothing of what the page said, or of what was typed."""
    actor = kernel.actor()
    if actor.person_id is not None and request.endpoint and request.endpoint not in LEFT_OUT:
        log.info(
            "person %s (%s) from %s: %s %s%s answered %s", actor.person_id, actor.via, actor.address or "nowhere", request.method,
            request.endpoint, _ids(request.view_args), response.status_code,
        )  # fmt: skip
    return response


def _ids(arguments: dict[str, Any] | None) -> str:
    """The numbers of an address by name; texts can be a live link or a search, and stay out."""
    numbers = {name: value for name, value in (arguments or {}).items() if isinstance(value, int)}
    return "".join(f" {name}={value}" for name, value in sorted(numbers.items()))
