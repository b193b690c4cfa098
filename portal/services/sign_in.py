"""Coming in: passwords (argon2), the Lead's second factor (TOTP), server-side sessions."""

from datetime import datetime, timedelta

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from zxcvbn import zxcvbn

from portal import audit
from portal.actors import Actor
from portal.models import Credential, Person, WebSession
from portal.refusals import Refused, bad_input
from portal.secrets import Keys, hash_of, new_token
from workflows.vocabulary import Reason

HASHER = PasswordHasher()
DUMMY = HASHER.hash("nobody has this password")
SHORTEST, LONGEST = 15, 128
ENOUGH = 3  # of zxcvbn's 4
PAUSE_AFTER, PAUSE = 5, timedelta(minutes=15)
AT_MOST = 3
STEP = 30
WRONG = "The e-mail address and the password do not belong together. Check both, or have a sign-in link mailed to you."


def by_email(session: Session, email: str) -> Person | None:
    return session.scalars(select(Person).where(Person.email_key == email.strip().lower())).one_or_none()


def check_password(session: Session, *, email: str, password: str, actor: Actor, now: datetime) -> Person | None:
    """The person whose e-mail and password these are, or None. The same work is done for an address nobody has.

    Failures are counted, and after five there is a pause: the caller commits whatever comes back.
    """
    person = by_email(session, email)
    credential = session.get(Credential, person.id, with_for_update=True) if person else None
    fits = _fits(credential.password_hash if credential and credential.password_hash else DUMMY, password)
    if person is None or credential is None or not credential.password_hash:
        return None
    if credential.locked_at and now - credential.locked_at < PAUSE:
        return None
    if not fits:
        credential.failures += 1
        if credential.failures % PAUSE_AFTER == 0:
            credential.locked_at = now
        audit.record(session, actor=actor, now=now, act="sign.in", thing=person, said=f"A wrong password was given for {person.name}.", refused="wrong_password")
        return None
    credential.failures, credential.locked_at = 0, None
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
    credential.password_hash, credential.changed_at, credential.failures, credential.locked_at = HASHER.hash(password), now, 0, None
    end_sessions(session, person_id=person.id, now=now)
    audit.record(session, actor=actor, now=now, act="password.set", thing=person, said=f"{person.name} set a new password.")


def start_session(session: Session, *, person: Person, via: str, actor: Actor, now: datetime, link_id: int | None = None) -> str:
    """A new session's token; the oldest ends where there would be more than three."""
    token = new_token()
    live = session.scalars(
        select(WebSession).where(WebSession.person_id == person.id, WebSession.ended_at.is_(None)).order_by(WebSession.seen_at.desc())
    ).all()
    for old in live[AT_MOST - 1 :]:
        old.ended_at = now
    session.add(
        WebSession(
            token_hash=hash_of(token), person_id=person.id, via=via, started_at=now, seen_at=now, address=actor.address,
            agent=actor.agent, link_id=link_id,
        )
    )  # fmt: skip
    audit.record(session, actor=actor, now=now, act="sign.in", thing=person, said=f"{person.name} signed in ({via.replace('_', ' ')}).")
    return token


def end_session(session: Session, *, token: str, now: datetime) -> None:
    session.execute(update(WebSession).where(WebSession.token_hash == hash_of(token), WebSession.ended_at.is_(None)).values(ended_at=now))


def end_sessions(session: Session, *, person_id: int, now: datetime) -> None:
    """Signs a person out everywhere."""
    session.execute(update(WebSession).where(WebSession.person_id == person_id, WebSession.ended_at.is_(None)).values(ended_at=now))


def begin_totp(session: Session, *, person: Person, keys: Keys, now: datetime) -> str:
    """The address for the authenticator app's QR code; an unconfirmed seed is made once and shown until it is confirmed."""
    credential = session.get_one(Credential, person.id)
    if credential.totp_confirmed_at:
        raise Refused(Reason.ALREADY_DONE, "Your second factor is set up already.")
    if credential.totp_sealed is None:
        credential.totp_sealed = keys.seal(pyotp.random_base32())
    return pyotp.TOTP(keys.unseal(credential.totp_sealed)).provisioning_uri(name=person.email, issuer_name="HMIS Access Portal")


def check_totp(session: Session, *, person: Person, session_id: int, code: str, keys: Keys, actor: Actor, now: datetime) -> bool:
    """Whether the code is the app's present one and was not used before; True marks the session. The caller commits either way."""
    credential = session.get(Credential, person.id, with_for_update=True)
    if credential is None or credential.totp_sealed is None:
        return False
    if credential.locked_at and now - credential.locked_at < PAUSE:
        return False
    seconds = int((now - datetime(1970, 1, 1)).total_seconds())
    step = seconds // STEP
    right = pyotp.TOTP(keys.unseal(credential.totp_sealed)).verify(code.strip().replace(" ", ""), for_time=seconds, valid_window=0)
    if not right or step <= credential.totp_last_step:
        credential.failures += 1
        if credential.failures % PAUSE_AFTER == 0:
            credential.locked_at = now
        audit.record(session, actor=actor, now=now, act="sign.in", thing=person, said=f"A wrong second-factor code was given for {person.name}.", refused="wrong_code")
        return False
    credential.totp_last_step, credential.failures = step, 0
    credential.totp_confirmed_at = credential.totp_confirmed_at or now
    session.execute(update(WebSession).where(WebSession.id == session_id).values(second_factor_at=now))
    audit.record(session, actor=actor, now=now, act="sign.in", thing=person, said=f"{person.name} passed the second factor.")
    return True


def has_password(session: Session, person_id: int) -> bool:
    return bool(session.scalar(select(func.count()).where(Credential.person_id == person_id, Credential.password_hash != "")))


def _fits(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False


def _refuse_weak(password: str, person: Person) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise bad_input(f"A password has {SHORTEST} to {LONGEST} characters. A few unrelated words are easy to remember.", "password")
    known = [person.first_name, person.last_name, person.email, "hmis", "portal", "mainehousing", "servicepoint"]
    guess = zxcvbn(password[:72], user_inputs=known)
    lowered = password.lower()
    if guess["score"] < ENOUGH or any(len(word) > 3 and word.lower() in lowered for word in known[:2]):
        raise bad_input("This password is easy to guess. Use a few unrelated words, without your name or the portal's.", "password")
