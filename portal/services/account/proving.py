"""Showing once more that it is oneself who sits there, before what weighs much."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal import audit
from portal.actors import Actor
from portal.models import Person, WebSession


def proved(session: Session, *, session_id: int, how: str, actor: Actor, now: datetime) -> None:
    """Notes that whoever uses this browser has just given their code or password again; the caller has checked it."""
    session.execute(update(WebSession).where(WebSession.id == session_id).values(proved_at=now))
    person = session.get_one(Person, actor.person_id)
    audit.record(
        session, actor=actor, now=now, act="sign.again", thing=person, said=f"{person.name} showed once more that it is them ({how}).",
    )  # fmt: skip
