"""What everybody may see: the start page, and whether the portal is alive and ready."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from portal import jobs, migrate
from portal.db import reading
from portal.web import kernel
from portal.web.kernel import now, public, sessions

blueprint = Blueprint("public", __name__)
SAID_FOR = timedelta(days=180)
TOO_OLD = 600
"""Seconds that a job may be due before the portal says that its worker does not keep up."""


@blueprint.get("/welcome", endpoint="index")
@public("the start page of whoever is not signed in")
def index() -> Any:
    if current_user.is_authenticated:
        return redirect(url_for("home.index"))
    return render_template("pages/public/index.html")


@blueprint.get("/healthz", endpoint="healthz")
@public("asked by whatever watches the process; says nothing about anybody")
def healthz() -> Any:
    return jsonify({"alive": True})


@blueprint.get("/.well-known/security.txt", endpoint="security_txt")
@public("tells whoever found a weakness where to report it; says nothing about anybody")
def security_txt() -> Any:
    """RFC 9116."""
    settings = kernel.context().settings
    lines = (
        f"Contact: {settings.told_of_weaknesses}",
        f"Expires: {now() + SAID_FOR:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: en",
        f"Canonical: {settings.base_url}{request.path}",
    )
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/readyz", endpoint="readyz")
@public("asked by whatever sends requests here; says nothing about anybody")
def readyz() -> Any:
    """200 while database, migrations and worker are as they should be, 503 otherwise; each said by name."""
    said: dict[str, Any] = {"database": False, "migrations": False, "queue": False}
    try:
        said["migrations"] = migrate.current(kernel.context().engine) == migrate.head()
        with reading(sessions()) as session:
            oldest = jobs.overview(session, now=now())["oldest_seconds"]
        said |= {"database": True, "queue": oldest <= TOO_OLD, "oldest_job_seconds": round(oldest)}
    except SQLAlchemyError as error:
        current_app.logger.warning("not ready: %s", type(error).__name__)
    ready = said["database"] and said["migrations"] and said["queue"]
    return jsonify({"ready": ready} | said), 200 if ready else 503
