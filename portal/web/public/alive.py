"""Whether the portal is alive and ready, and where to report a weakness."""

from datetime import timedelta
from typing import Any

from flask import Response, current_app, jsonify, request
from sqlalchemy.exc import SQLAlchemyError

from portal import jobs, migrate
from portal.db import reading
from portal.services.helpdesk.mail import mailbox
from portal.web import kernel
from portal.web.kernel import now, public, sessions
from portal.web.public.room import blueprint

SAID_FOR = timedelta(days=180)
TOO_OLD = 600
"""Seconds that a job may be due before the portal says that its worker does not keep up."""


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
    """200 while database, migrations and worker are as they should be, 503 otherwise; each said by name, the mailbox as well."""
    said: dict[str, Any] = {"database": False, "migrations": False, "queue": False}
    try:
        said["migrations"] = migrate.current(kernel.context().engine) == migrate.head()
        with reading(sessions()) as session:
            oldest = jobs.overview(session, now=now())["oldest_seconds"]
            if (box := kernel.context().inbox) is not None:  # told, and no reason to send nobody here: the pages work
                said["mail"] = not mailbox.is_late(mailbox.standing(session, box.name), now=now())
        said |= {"database": True, "queue": oldest <= TOO_OLD, "oldest_job_seconds": round(oldest)}
    except SQLAlchemyError as error:
        current_app.logger.warning("not ready: %s", type(error).__name__)
    ready = said["database"] and said["migrations"] and said["queue"]
    return jsonify({"ready": ready} | said), 200 if ready else 503
