"""Refuses what another site made a browser send: every request that may change something has to come from a page of ours."""

from urllib.parse import urlsplit

from flask import Flask, request

from portal.refusals import Refused
from portal.web import kernel
from workflows.vocabulary import Reason

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WEBHOOKS: frozenset[str] = frozenset()
"""Endpoints that other systems call, which send no page of ours: none yet. Each of them has to verify its caller itself."""

SENTENCE = "This form was sent from another site. Go back to the portal, load the page again and send it once more."


def init_app(app: Flask) -> None:
    app.before_request(refuse_foreign)


def refuse_foreign() -> None:
    """Refuses (BAD_INPUT) an unsafe request of which the browser says that another site sent it.

    Beside the token in every form: Origin and Sec-Fetch-Site are written by the browser, and no page can change them.
    A browser that sends neither is left to the token.
    """
    if request.method in SAFE or request.endpoint in WEBHOOKS:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Refused(Reason.BAD_INPUT, SENTENCE)
    origin = request.headers.get("Origin")
    if origin is not None and not _own(origin):
        raise Refused(Reason.BAD_INPUT, SENTENCE)


def _own(origin: str) -> bool:
    """Whether this is the address the portal knows itself by, or the one that this request came to."""
    settings = kernel.context().settings
    known = {request.host_url.rstrip("/")} if not settings.secure else set()
    base = urlsplit(settings.base_url)
    return origin in {f"{base.scheme}://{base.netloc}", *known}
