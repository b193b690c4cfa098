"""The record: one row for every act and every refusal that matters, in the act's own transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import AuditEntry


def record(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    act: str,
    said: str,
    thing: Any = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    decision_id: int | None = None,
    refused: str = "",
) -> AuditEntry:
    """Writes who did what to which thing, in words. `thing` is a row; its agency and person are taken from it."""
    values = entry(
        actor=actor, now=now, act=act, said=said, thing=thing, before=before, after=after, decision_id=decision_id,
        refused=refused,
    )  # fmt: skip
    row = AuditEntry(**values)
    session.add(row)
    return row


def entry(
    *,
    actor: Actor,
    now: datetime,
    act: str,
    said: str,
    thing: Any = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    decision_id: int | None = None,
    refused: str = "",
) -> dict[str, Any]:
    """What record() writes, not written yet: for record_all()."""
    return {
        "at": now,
        "actor_id": actor.person_id,
        "actor": actor.name,
        "via": actor.via,
        "address": actor.address,
        "act": act,
        "thing": thing.__tablename__ if thing is not None else "",
        "thing_id": getattr(thing, "id", None),
        "agency_id": getattr(thing, "agency_id", None),
        "person_id": getattr(thing, "person_id", None),
        "said": said,
        "before": before or {},
        "after": after or {},
        "decision_id": decision_id,
        "refused": refused,
    }


def record_all(session: Session, entries: Sequence[dict[str, Any]]) -> None:
    """Writes many entries in one statement, in this order, after whatever waits to be written."""
    if entries:
        session.flush()
        session.execute(insert(AuditEntry), entries)
