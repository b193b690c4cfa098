"""The only writer of any status."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from portal import audit, permissions
from portal.actors import Actor
from portal.models.base import HasStatus
from portal.refusals import Refused
from workflows.machine import IllegalMove
from workflows.vocabulary import Reason, in_words


def transition(
    session: Session,
    thing: HasStatus,
    name: str,
    *,
    actor: Actor,
    now: datetime,
    why: str = "",
    decision_id: int | None = None,
) -> None:
    """Moves a thing to its next status: locked, permitted, legal, audited, all in the caller's transaction.

    Refuses with NOT_ALLOWED, or ILLEGAL_MOVE where the status has changed meanwhile or never allowed it.
    """
    session.flush()
    model: Any = type(thing)
    now_is = session.scalar(select(model.status).where(model.id == thing.id).with_for_update())  # type: ignore[attr-defined]
    set_committed_value(thing, "status", now_is)
    machine = model.__machine__
    try:
        move = machine.move(now_is, name)
    except IllegalMove as illegal:
        raise Refused(Reason.ILLEGAL_MOVE, _sentence(illegal)) from illegal
    permissions.check(session, actor, move.action, thing)
    thing.status = move.target
    audit.record(
        session, actor=actor, now=now, act=f"{machine.name}.{name}", thing=thing, before={"status": now_is},
        after={"status": move.target}, said=f"The {machine.name} {move.said}." + (f" Reason: {why}" if why else ""),
        decision_id=decision_id,
    )  # fmt: skip


def _sentence(illegal: IllegalMove) -> str:
    state = in_words(illegal.status)
    return f"This {illegal.machine} is {state} by now, so this is no longer possible. Load the page again to see where it stands."
