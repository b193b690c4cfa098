"""Puts the web application together: context, sign-in, blueprints, headers; a route without a permission stops the start."""

import hashlib
import logging

from flask import Flask, g, request
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from portal.config import ROOT, Settings
from portal.permissions import LARGEST_ID
from portal.web import access_log, components, errors, headers, kernel, navigation, origin
from portal.wiring import Context, make_context, settle_on_pack

log = logging.getLogger("portal.web")

LIMIT = 16 * 1024 * 1024


class SignedCookie(SecureCookieSessionInterface):
    """The browser's cookie, signed with SHA-256 as the links are; Flask's own choice is SHA-1."""

    digest_method = staticmethod(hashlib.sha256)


class Number(IntegerConverter):
    """A number that an id can be: a longer one is an address where nothing is, and not a fault of the database's driver."""

    def __init__(self, rules: Map) -> None:
        super().__init__(rules, max=LARGEST_ID)


def build(settings: Settings | None = None, context: Context | None = None) -> Flask:
    """The application for these settings; `context` is handed in by tests and by the command that also runs the worker."""
    if context is None:
        context = make_context(settings or Settings.from_environment())
        if differs := settle_on_pack(context):
            log.warning(differs)
    settings = context.settings
    app = Flask(
        "portal", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "portal" / "web" / "static")
    )
    app.url_map.converters["int"] = Number
    app.session_interface = SignedCookie()
    app.config.update(
        SECRET_KEY=settings.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        MAX_CONTENT_LENGTH=LIMIT,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_NAME="__Host-session" if settings.secure else "session",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # the session ends by itself; a form left open over lunch shall not be lost
        TESTING=settings.testing,
    )
    app.extensions["portal"] = context
    if proxies := settings.trusted_proxies:  # without it, the record would hold the proxy's address for everybody
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    origin.init_app(app)
    CSRFProtect(app)
    _sign_in(app)
    components.init_app(app)
    access_log.init_app(app)
    errors.init_app(app)
    headers.init_app(app)
    navigation.init_app(app)
    _blueprints(app, settings)
    refuse_unclassified(app)
    return app


def _sign_in(app: Flask) -> None:
    from portal.web import signed_in

    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(signed_in.load)

    @app.before_request
    def who() -> None:
        if request.endpoint != "static":
            kernel.policy()  # before any view opens a transaction: a second connection in one request could wait for ever
            g.actor = signed_in.actor_of_request()
            signed_in.keep_what_came_late()


def _blueprints(app: Flask, settings: Settings) -> None:
    from portal.web.blueprints import all_of_them

    for blueprint in all_of_them(demo=settings.demo):
        app.register_blueprint(blueprint)


def refuse_unclassified(app: Flask) -> None:
    """Deny by default: every route says which permission it needs, or why it needs none."""
    bare = sorted(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and not hasattr(app.view_functions[rule.endpoint], "__permission__")
    )
    if bare:
        raise RuntimeError(f"These routes declare no permission: {', '.join(bare)}")
