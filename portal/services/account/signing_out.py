"""Signing somebody else out everywhere: a lost phone, a browser left open in a public place ('System Inactivity')."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Person, WebSession
from portal.refusals import Refused
from portal.services.account import lockout, sessions
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Reason


def signed_in(session: Session, *, person_id: int) -> bool:
    """Whether the person is signed in anywhere."""
    live = exists().where(WebSession.person_id == person_id, WebSession.ended_at.is_(None))
    return bool(session.scalar(select(live)))


def sign_out(session: Session, *, person: Person, reason: str, actor: Actor, now: datetime, policy: Policy) -> int:
    """Ends every session of another person, for a reason; in how many browsers. ALREADY_DONE where there is none.

    Who may not unlock somebody may not sign them out either. Nothing changes in the core HMIS, and they may sign in again.
    """
    permissions.check(session, actor, Action.SESSIONS_END, person)
    lockout.refuse_others(session, person=person, actor=actor, on=local_day(now, policy.zone))
    why = lockout.why_helped(reason)
    ended = sessions.end_sessions(session, person_id=person.id, now=now)
    if not ended:
        raise Refused(Reason.ALREADY_DONE, f"{person.name} is not signed in.")
    audit.record(
        session, actor=actor, now=now, act="session.end", thing=person, said=f"{person.name} was signed out everywhere. Reason: {why}",
    )  # fmt: skip
    return ended
