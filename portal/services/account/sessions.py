"""Server-side sessions: one row for each signed-in browser, three for a person at most, ended anywhere by one update."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from portal import audit
from portal.actors import Actor
from portal.models import Person, WebSession
from portal.refusals import Refused, not_found
from portal.secrets import hash_of, new_token
from workflows.vocabulary import Reason

AT_MOST = 3
LONGEST = timedelta(hours=12)


def start_session(
    session: Session,
    *,
    person: Person,
    via: str,
    actor: Actor,
    now: datetime,
    link_id: int | None = None,
    second_factor: bool = False,
) -> str:
    """A new session's token; the oldest ends where there would be more than three.

    `second_factor`: it takes the place of one in which the second factor was passed.
    """
    token = new_token()
    session.get(Person, person.id, with_for_update=True)  # two browsers at once must not make a fourth session
    live = session.scalars(
        select(WebSession)
        .where(WebSession.person_id == person.id, WebSession.ended_at.is_(None))
        .order_by(WebSession.seen_at.desc(), WebSession.id.desc())
    ).all()
    for old in live[AT_MOST - 1 :]:
        old.ended_at = now
    session.add(
        WebSession(
            token_hash=hash_of(token), person_id=person.id, via=via, started_at=now, seen_at=now, address=actor.address,
            agent=actor.agent, link_id=link_id, second_factor_at=now if second_factor else None,
        )
    )  # fmt: skip
    audit.record(
        session,
        actor=actor,
        now=now,
        act="sign.in",
        thing=person,
        said=f"{person.name} signed in ({via.replace('_', ' ')}).",
    )
    return token


def rotate(session: Session, *, token: str, now: datetime) -> str:
    """A new token for a session that has risen in privilege; the one before stops working. LINK_SPENT where it has ended."""
    fresh = new_token()
    changed = update(WebSession).where(WebSession.token_hash == hash_of(token), WebSession.ended_at.is_(None))
    if session.execute(changed.values(token_hash=hash_of(fresh), seen_at=now)).rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(Reason.LINK_SPENT, "You were signed out meanwhile. Sign in again.")
    return fresh


def end_session(session: Session, *, token: str, now: datetime) -> None:
    _end(session, WebSession.token_hash == hash_of(token), now=now)


def end_sessions(session: Session, *, person_id: int, now: datetime, but: int | None = None) -> int:
    """Signs a person out everywhere, but in the session of that id; in how many browsers that was."""
    which = [WebSession.person_id == person_id] + ([] if but is None else [WebSession.id != but])
    return _end(session, *which, now=now)


def live(session: Session, *, person_id: int, now: datetime, idle: timedelta) -> Sequence[WebSession]:
    """The browsers in which a person is signed in at this moment, the one used last first."""
    return session.scalars(
        select(WebSession)
        .where(
            WebSession.person_id == person_id,
            WebSession.ended_at.is_(None),
            WebSession.seen_at >= now - idle,
            WebSession.started_at >= now - LONGEST,
        )
        .order_by(WebSession.seen_at.desc(), WebSession.id.desc())
    ).all()


def end_one(session: Session, *, session_id: int, actor: Actor, now: datetime) -> None:
    """Ends one of one's own sessions; NOT_FOUND for anybody else's, and for one that has ended."""
    own = (WebSession.id == session_id, WebSession.person_id == actor.person_id)
    if not _end(session, *own, now=now):
        raise not_found()
    _tell(session, actor, now, "signed out in another browser")


def end_others(session: Session, *, but: int, actor: Actor, now: datetime) -> int:
    """Ends all of one's own sessions but one; how many."""
    ended = end_sessions(session, person_id=actor.person_id or 0, now=now, but=but)
    _tell(session, actor, now, "signed out everywhere else")
    return ended


def _tell(session: Session, actor: Actor, now: datetime, what: str) -> None:
    person = session.get_one(Person, actor.person_id)
    audit.record(session, actor=actor, now=now, act="session.end", thing=person, said=f"{person.name} {what}.")


def _end(session: Session, *which: ColumnElement[bool], now: datetime) -> int:
    ended = session.execute(update(WebSession).where(*which, WebSession.ended_at.is_(None)).values(ended_at=now))
    return int(ended.rowcount)  # type: ignore[attr-defined]
