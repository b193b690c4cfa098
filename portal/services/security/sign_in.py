"""Coming in: passwords (argon2), the Lead's second factor (TOTP), server-side sessions."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from zxcvbn import zxcvbn

from portal import audit
from portal.actors import PORTAL, Actor
from portal.models import Credential, Link, Person, WebSession
from portal.refusals import Refused, bad_input
from portal.secrets import Keys, hash_of, new_token
from portal.services import links
from workflows.policy import Policy
from workflows.vocabulary import Reason

HASHER = PasswordHasher()
DUMMY = HASHER.hash("nobody has this password")
SHORTEST, LONGEST = 15, 128
ENOUGH = 3  # of zxcvbn's 4
PAUSE_AFTER, PAUSE = 5, timedelta(minutes=15)
AT_MOST = 3
STEP = 30
LINK_AGAIN, LINKS_A_DAY = timedelta(minutes=1), 10
WRONG = (
    "The e-mail address and the password do not belong together. Check both, or have a sign-in link mailed to you. "
    "After five wrong tries there is a pause of 15 minutes."
)


def by_email(session: Session, email: str) -> Person | None:
    return session.scalars(select(Person).where(Person.email_key == email.strip().lower())).one_or_none()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a password, counted already. `counts` is false for an address nobody has and during a pause."""

    person_id: int | None
    password_hash: str
    counts: bool


def begin(session: Session, *, email: str, now: datetime) -> Attempt:
    """Takes one of the five tries. It is committed before the password is looked at, so that of fifty at once five are.

    Looking at the password costs a sixth of a second: `fits` does it outside any transaction.
    """
    person = by_email(session, email)
    credential = session.get(Credential, person.id, with_for_update=True) if person else None
    if credential is None or not credential.password_hash:
        return Attempt(None, DUMMY, counts=False)
    if _paused(credential, now):
        return Attempt(credential.person_id, credential.password_hash, counts=False)
    _count(credential, now)
    return Attempt(credential.person_id, credential.password_hash, counts=True)


def fits(attempt: Attempt, password: str) -> bool:
    """Whether the password is right; the same work for every address."""
    return _fits(attempt.password_hash, password) and attempt.counts


def finish(
    session: Session, *, attempt: Attempt, right: bool, password: str, actor: Actor, now: datetime
) -> Person | None:
    """The person who came in, or None; what was tried is on record. The caller commits either way."""
    if attempt.person_id is None:
        return None
    person = session.get_one(Person, attempt.person_id)
    if not right:
        said = (
            f"A wrong password was given for {person.name}."
            if attempt.counts
            else f"A password was tried for {person.name} during a pause."
        )
        audit.record(session, actor=actor, now=now, act="sign.in", thing=person, said=said, refused="wrong_password")
        return None
    credential = session.get_one(Credential, attempt.person_id, with_for_update=True)
    if credential.password_hash != attempt.password_hash:
        return None
    # Where a second factor follows, its wrong codes stay counted: the password must not wipe them out.
    credential.failures = max(0, credential.failures - 1) if credential.totp_confirmed_at else 0
    credential.locked_at = None
    if HASHER.check_needs_rehash(credential.password_hash):
        credential.password_hash = HASHER.hash(password)
    return person


def set_password(session: Session, *, person: Person, password: str, actor: Actor, now: datetime) -> None:
    """Sets one's own password: 15 to 128 characters, not guessable; every other session of the person ends."""
    _refuse_weak(password, person)
    credential = session.get(Credential, person.id)
    if credential is None:
        credential = Credential(person_id=person.id, changed_at=now, failures=0, totp_last_step=0)
        session.add(credential)
    credential.password_hash, credential.changed_at, credential.failures, credential.locked_at = (
        HASHER.hash(password),
        now,
        0,
        None,
    )
    end_sessions(session, person_id=person.id, now=now)
    audit.record(
        session, actor=actor, now=now, act="password.set", thing=person, said=f"{person.name} set a new password."
    )


def start_session(
    session: Session, *, person: Person, via: str, actor: Actor, now: datetime, link_id: int | None = None
) -> str:
    """A new session's token; the oldest ends where there would be more than three."""
    token = new_token()
    session.get(Person, person.id, with_for_update=True)  # two browsers at once must not make a fourth session
    live = session.scalars(
        select(WebSession)
        .where(WebSession.person_id == person.id, WebSession.ended_at.is_(None))
        .order_by(WebSession.seen_at.desc())
    ).all()
    for old in live[AT_MOST - 1 :]:
        old.ended_at = now
    session.add(
        WebSession(
            token_hash=hash_of(token), person_id=person.id, via=via, started_at=now, seen_at=now, address=actor.address,
            agent=actor.agent, link_id=link_id,
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


def ask_for_link(session: Session, *, email: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Mails a sign-in link where the address is known: once a minute and ten times a day at most, whoever asks.

    Each link ends the one before; without a limit a stranger could keep somebody out, and fill the mailbox.
    """
    person = by_email(session, email)
    if person is None:
        return
    mine = (Link.person_id == person.id, Link.purpose == "sign_in")
    today, latest = session.execute(
        select(func.count(), func.max(Link.sent_at)).where(*mine, Link.sent_at > now - timedelta(days=1))
    ).one()
    if today >= LINKS_A_DAY or (latest is not None and now - latest < LINK_AGAIN):
        return
    links.invite(
        session,
        person=person,
        purpose="sign_in",
        actor=replace(PORTAL, address=actor.address, agent=actor.agent),
        now=now,
        policy=policy,
    )


def end_session(session: Session, *, token: str, now: datetime) -> None:
    session.execute(
        update(WebSession)
        .where(WebSession.token_hash == hash_of(token), WebSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_sessions(session: Session, *, person_id: int, now: datetime) -> None:
    """Signs a person out everywhere."""
    session.execute(
        update(WebSession).where(WebSession.person_id == person_id, WebSession.ended_at.is_(None)).values(ended_at=now)
    )


def begin_totp(session: Session, *, person: Person, keys: Keys) -> str:
    """The address for the authenticator app's QR code; an unconfirmed seed is made once and shown until it is confirmed."""
    credential = session.get(Credential, person.id, with_for_update=True)
    if credential is None or not credential.password_hash:
        raise bad_input("A second factor comes after a password. Choose a password first.")
    if credential.totp_confirmed_at:
        raise Refused(Reason.ALREADY_DONE, "Your second factor is set up already.")
    if credential.totp_sealed is None:
        credential.totp_sealed = keys.seal(pyotp.random_base32())
    return pyotp.TOTP(keys.unseal(credential.totp_sealed)).provisioning_uri(
        name=person.email, issuer_name="HMIS Access Portal"
    )


def check_totp(
    session: Session, *, person: Person, session_id: int, code: str, keys: Keys, actor: Actor, now: datetime
) -> bool:
    """Whether the code is the app's present one and was not used before; True marks the session. The caller commits either way."""
    credential = session.get(Credential, person.id, with_for_update=True)
    if credential is None or credential.totp_sealed is None:
        return False
    if _paused(credential, now):
        return False
    seconds = int((now - datetime(1970, 1, 1)).total_seconds())
    step = seconds // STEP
    right = pyotp.TOTP(keys.unseal(credential.totp_sealed)).verify(
        code.strip().replace(" ", ""), for_time=seconds, valid_window=0
    )
    if not right or step <= credential.totp_last_step:
        _count(credential, now)
        audit.record(
            session,
            actor=actor,
            now=now,
            act="sign.in",
            thing=person,
            said=f"A wrong second-factor code was given for {person.name}.",
            refused="wrong_code",
        )
        return False
    credential.totp_last_step, credential.failures, credential.locked_at = step, 0, None
    credential.totp_confirmed_at = credential.totp_confirmed_at or now
    session.execute(update(WebSession).where(WebSession.id == session_id).values(second_factor_at=now))
    audit.record(
        session, actor=actor, now=now, act="sign.in", thing=person, said=f"{person.name} passed the second factor."
    )
    return True


def has_password(session: Session, person_id: int) -> bool:
    return bool(
        session.scalar(select(func.count()).where(Credential.person_id == person_id, Credential.password_hash != ""))
    )


def _paused(credential: Credential, now: datetime) -> bool:
    return credential.locked_at is not None and now - credential.locked_at < PAUSE


def _count(credential: Credential, now: datetime) -> None:
    credential.failures += 1
    if credential.failures % PAUSE_AFTER == 0:
        credential.locked_at = now


def _fits(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False


def _refuse_weak(password: str, person: Person) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise bad_input(
            f"A password has {SHORTEST} to {LONGEST} characters. A few unrelated words are easy to remember.",
            "password",
        )
    known = [person.first_name, person.last_name, person.email, "hmis", "portal", "mainehousing", "servicepoint"]
    guess = zxcvbn(password[:72], user_inputs=known)
    lowered = password.lower()
    if guess["score"] < ENOUGH or any(len(word) > 3 and word.lower() in lowered for word in known[:2]):
        raise bad_input(
            "This password is easy to guess. Use a few unrelated words, without your name or the portal's.", "password"
        )
