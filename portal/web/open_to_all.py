"""Pages that everybody may read: caches may keep them, and ask each time whether they still hold; they set no cookie."""

from flask import Response, g, request, session

KEPT_AND_ASKED_FOR = "public, no-cache"
"""No page is shown without asking: an outage that has just begun stands above every one of them."""


def may_be_kept(response: Response) -> Response:
    """Lets shared caches keep a page that nobody's browser was named in, with a fingerprint by which it is asked for again.

    The fingerprint is of the whole page as it would be sent, so that whatever changes on it changes the fingerprint.
    Whoever has signed in gets a page of their own; a page with a form has a token of its own, and is kept by nobody.
    """
    response.vary.add("Cookie")
    read = request.method in ("GET", "HEAD") and response.status_code in (200, 304)
    if read and not request.cookies and not session.modified:
        g.open_to_caches = True
        response.headers["Cache-Control"] = KEPT_AND_ASKED_FOR
        if not response.is_streamed and "ETag" not in response.headers:
            response.add_etag(weak=True)
        response.make_conditional(request)
    return response
