"""Strict headers on every answer; no page loads, frames or sends anything elsewhere."""

from flask import Flask, Response, g, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: over HTTPS Flask-WTF refuses every form that comes without one. Links out get none either way.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
}
TWO_YEARS = 63_072_000
# Not `preload`: that would bind every site of the Lead's domain, for which the portal cannot speak.
HTTPS_ONLY = f"max-age={TWO_YEARS}; includeSubDomains"


def init_app(app: Flask) -> None:
    secure = app.extensions["portal"].settings.secure

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(HEADERS)
        if request.endpoint != "static" and not g.get("open_to_caches"):
            response.headers["Cache-Control"] = "no-store"
        if request.endpoint == "account.sign_out" and request.method == "POST":
            # What is left for whoever sits down here next; after time ran out, a note that something typed waits stays.
            kept = request.args.get("kept") == "1"
            response.headers["Clear-Site-Data"] = '"cache"' if kept else '"cache", "storage"'
        if secure or request.is_secure:
            response.headers["Strict-Transport-Security"] = HTTPS_ONLY
        return response
