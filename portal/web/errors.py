"""The one place that turns a refusal or a fault into a page."""

import logging
from typing import Any

from flask import Flask, Response, g, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from portal import audit, refusals
from portal.db import transaction
from portal.refusals import Refused
from portal.web import kernel
from workflows.vocabulary import Reason

log = logging.getLogger("portal.web")

NOT_FOR_THEM = frozenset({Reason.NOT_ALLOWED, Reason.SAME_PERSON})
CODES = {
    Reason.NOT_ALLOWED: 403, Reason.NOT_FOUND: 404, Reason.ILLEGAL_MOVE: 409, Reason.BAD_INPUT: 400, Reason.ALREADY_DONE: 409,
    Reason.GATE_CLOSED: 409, Reason.NO_SEAT: 409, Reason.SAME_PERSON: 403, Reason.LINK_SPENT: 410, Reason.WRONG_CODE: 403, Reason.CONFLICT: 409,
}  # fmt: skip
TITLES = {
    403: "You may not do this", 404: "Page not found", 405: "This address does not work that way", 409: "This is no longer possible",
    410: "This link does not work any more", 413: "The file is too large", 400: "Something is missing", 429: "Too many tries",
    500: "Something went wrong here",
}  # fmt: skip


def init_app(app: Flask) -> None:
    app.before_request(notice_refusals)
    app.after_request(put_on_record)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(CSRFError, csrf)
    app.register_error_handler(RequestEntityTooLarge, too_large)
    app.register_error_handler(HTTPException, http)
    app.register_error_handler(Exception, fault)


def refused(refusal: Refused) -> Any:
    """The page for a refusal."""
    g.shown = refusal
    return page(CODES[refusal.reason], refusal.sentence)


def notice_refusals() -> None:
    """From here on each refusal of this request is noticed, wherever it is caught."""
    g.noticed = refusals.notice()


def put_on_record(response: Response) -> Response:
    """What somebody tried and was not allowed to do is on record, whether a page of its own says no or the form does.

    Looking at pages does not count where the page itself came: it asks much to find out what to offer.
    """
    tried = request.method not in ("GET", "HEAD", "OPTIONS")
    shown = [g.shown] if "shown" in g else []
    for refusal in (*shown, *(g.get("noticed", ()) if tried else ())):
        if refusal.reason in NOT_FOR_THEM:
            with transaction(kernel.sessions()) as session:
                audit.record(
                    session,
                    actor=kernel.actor(),
                    now=kernel.now(),
                    act="refused",
                    said=refusal.sentence,
                    after={"page": request.endpoint or "", "method": request.method} | _numbers(),
                    refused=refusal.reason.value,
                )
            break
    return response


def _numbers() -> dict[str, int]:
    """Which thing the address named; never the words in it, which may be a link's own secret."""
    return {name: value for name, value in (request.view_args or {}).items() if isinstance(value, int)}


def csrf(_error: CSRFError) -> Any:
    return page(
        400,
        "This form was open for too long or came from another window. Go back, load the page again and send it once more.",
    )


def too_large(_error: RequestEntityTooLarge) -> Any:
    return page(
        413, "A file may have 15 megabytes at most. Scan it in black and white, or at 200 dots per inch, and try again."
    )


def http(error: HTTPException) -> Any:
    sentences = {
        404: "There is nothing at this address, or it is not yours to see. Check the address, or start again from home.",
        405: "This address exists, but not for this kind of request. Start again from home.",
    }
    return page(
        error.code or 500,
        sentences.get(error.code or 500, "The portal could not answer this request. Start again from home."),
    )


def fault(error: Exception) -> Any:
    log.error("a request failed", exc_info=error)
    return page(
        500,
        "Nothing was saved. Try again in a minute; if it happens again, tell the help desk what you did and at what time.",
    )


def page(code: int, sentence: str) -> Any:
    g.setdefault("actor", kernel.NOBODY)
    return render_template(
        "pages/errors/error.html", title=TITLES.get(code, "This did not work"), sentence=sentence, code=code
    ), code
