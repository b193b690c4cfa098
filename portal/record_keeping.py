"""The record's head written down outside the database, and the record verified: what the worker does by itself and the command line on request."""

from datetime import datetime

from sqlalchemy import Engine

from portal import audit
from portal.actors import PORTAL, Actor
from portal.audit import anchors, verifying
from portal.audit.sealing import Head
from portal.audit.verifying import Outcome
from portal.config import Settings
from portal.db import Sessions, reading, transaction
from portal.services import record_checks
from workflows.policy import Policy


def anchor(sessions: Sessions, settings: Settings, *, now: datetime, actor: Actor = PORTAL) -> Head | None:
    """Writes the head into the file of anchors where it has moved; that head, or None.

    The first time, it is put on record before that anchors are kept. OSError where the file cannot be written.
    """
    path = settings.anchors
    with reading(sessions) as session:
        head = audit.head(session)
    if head is None:
        return None
    if not path.exists():
        with transaction(sessions) as session:
            record_checks.begins_to_anchor(session, actor=actor, now=now)
        with reading(sessions) as session:
            head = audit.head(session) or head
    return head if anchors.put(path, head, keys=settings.record_keys, now=now) else None


def verified(engine: Engine, settings: Settings, *, since: int = 1) -> Outcome:
    """The outcome of verifying the record against its seals and its anchors; writes nothing."""
    kept = anchors.read(settings.anchors, keys=settings.record_keys)
    with engine.connect().execution_options(deferred=True) as connection:
        try:
            return verifying.verify(connection, keys=settings.record_keys, anchors=kept, since=since)
        finally:
            connection.rollback()


def verify_and_keep(
    sessions: Sessions, engine: Engine, settings: Settings, *, now: datetime, policy: Policy
) -> Outcome:
    """verified(), kept as the night's result, with the alarm where something is wrong and the head by mail where that is set."""
    outcome = verified(engine, settings)
    with transaction(sessions) as session:
        record_checks.keep(session, outcome, now=now, policy=policy)
        if settings.audit_mail and outcome.sound:
            record_checks.mail_head(session, seq=outcome.last, mac=outcome.mac, now=now, policy=policy)
    return outcome
