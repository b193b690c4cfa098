"""Pages that everybody may read: shared caches may keep them, and they set no cookie."""

from flask import Response, g, request, session

FOR_SECONDS = 300


def may_be_kept(response: Response, seconds: int = FOR_SECONDS) -> Response:
    """Lets shared caches keep a page that nobody's browser was named in, with a fingerprint by which it is asked for again.

    Whoever has signed in gets a page of their own; a page with a form has a token of its own, and is kept by nobody.
    """
    response.vary.add("Cookie")
    read = request.method in ("GET", "HEAD") and response.status_code in (200, 304)
    if read and not request.cookies and not session.modified:
        g.open_to_caches = True
        response.headers["Cache-Control"] = f"public, max-age={seconds}"
        if not response.is_streamed and "ETag" not in response.headers:
            response.add_etag(weak=True)
        response.make_conditional(request)
    return response
