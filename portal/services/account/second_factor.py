"""The second factor of everybody who holds an office and has a password: codes of an app, and ten to fall back on."""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal import audit, jobs
from portal.actors import Actor
from portal.models import Credential, Person, RecoveryCode, WebSession
from portal.refusals import Refused, bad_input
from portal.secrets import Keys, hash_of
from portal.services.account import lockout
from workflows.policy import Policy
from workflows.vocabulary import Effect, Reason, Role

STEP = 30
TEN = 10
_BYTES = 15


def needed(roles: Iterable[tuple[int, str]]) -> bool:
    """Whether whoever holds these roles and signs in by a password needs a second factor: everybody above end user."""
    return any(role != Role.END_USER for _, role in roles)


def is_set_up(session: Session, person_id: int) -> bool:
    credential = session.get(Credential, person_id)
    return bool(credential and credential.totp_confirmed_at)


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
    session: Session,
    *,
    person: Person,
    session_id: int,
    code: str,
    keys: Keys,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> bool:
    """Whether the code is the app's present one and was not used before; True marks the session. The caller commits either way."""
    if not lockout.take_try(session, person_id=person.id, now=now, policy=policy):
        return False
    credential = session.get_one(Credential, person.id, with_for_update=True, populate_existing=True)
    seconds = int((now - datetime(1970, 1, 1)).total_seconds())
    step = seconds // STEP
    right = (
        credential.totp_sealed is not None
        and step > credential.totp_last_step
        and pyotp.TOTP(keys.unseal(credential.totp_sealed)).verify(_plain(code), for_time=seconds, valid_window=0)
    )
    if not right:
        _wrong(session, person, "second-factor", actor=actor, now=now)
        return False
    credential.totp_last_step, credential.totp_confirmed_at = step, credential.totp_confirmed_at or now
    _passed(session, person, session_id, "the second factor", actor=actor, now=now)
    return True


def use_recovery_code(
    session: Session, *, person: Person, session_id: int, code: str, actor: Actor, now: datetime, policy: Policy
) -> bool:
    """Whether this is one of the person's codes that was not used; True uses it up, marks the session and tells the person."""
    if not lockout.take_try(session, person_id=person.id, now=now, policy=policy):
        return False
    used = update(RecoveryCode).where(
        RecoveryCode.person_id == person.id,
        RecoveryCode.code_hash == _hash(person.id, code),
        RecoveryCode.used_at.is_(None),
    )
    if session.execute(used.values(used_at=now)).rowcount != 1:  # type: ignore[attr-defined]
        _wrong(session, person, "recovery", actor=actor, now=now)
        return False
    _passed(session, person, session_id, "the second factor by a recovery code", actor=actor, now=now)
    jobs.enqueue(
        session, Effect.MAIL, key=f"recovery_used:{person.id}:{now}", now=now,
        payload={"mail": "recovery_used", "person_id": person.id},
    )  # fmt: skip
    return True


def new_codes(session: Session, *, person: Person, actor: Actor, now: datetime) -> list[str]:
    """Ten new recovery codes, to be shown this once; those before stop working. ILLEGAL_MOVE before a factor is set up."""
    credential = session.get(Credential, person.id, with_for_update=True)
    if credential is None or not credential.totp_confirmed_at:
        raise Refused(Reason.ILLEGAL_MOVE, "Recovery codes come after the second factor. Set that up first.")
    forget_codes(session, person_id=person.id)
    made = [_new_code() for _ in range(TEN)]
    session.add_all(RecoveryCode(person_id=person.id, code_hash=_hash(person.id, code), made_at=now) for code in made)
    audit.record(
        session, actor=actor, now=now, act="recovery_codes.new", thing=person,
        said=f"{person.name} had ten new recovery codes made; earlier ones do not work any more.",
    )  # fmt: skip
    return made


def codes_left(session: Session, person_id: int) -> int:
    return (
        session.scalar(select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)))
        or 0
    )


def forget_codes(session: Session, *, person_id: int) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


def clear(session: Session, *, person_id: int) -> bool:
    """Takes the second factor away with its codes: whoever signs in next sets up a new one. False where there is none."""
    credential = session.get(Credential, person_id, with_for_update=True)
    if credential is None or credential.totp_sealed is None:
        return False
    credential.totp_sealed, credential.totp_confirmed_at = None, None
    forget_codes(session, person_id=person_id)
    return True


def _passed(session: Session, person: Person, session_id: int, what: str, *, actor: Actor, now: datetime) -> None:
    lockout.give_back_try(session, person_id=person.id, all_of_them=True)
    session.execute(update(WebSession).where(WebSession.id == session_id).values(second_factor_at=now))
    audit.record(session, actor=actor, now=now, act="sign.in", thing=person, said=f"{person.name} passed {what}.")


def _wrong(session: Session, person: Person, what: str, *, actor: Actor, now: datetime) -> None:
    audit.record(
        session, actor=actor, now=now, act="sign.in", thing=person,
        said=f"A wrong {what} code was given for {person.name}.", refused="wrong_code",
    )  # fmt: skip
    lockout.end_where_locked(session, person_id=person.id, now=now)
    lockout.have_it_noticed(session, now=now)


def _plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _new_code() -> str:
    """24 letters and digits of base 32, 120 random bits, in six groups that can be read aloud."""
    text = base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _hash(person_id: int, code: str) -> str:
    return hash_of(f"{person_id}:{_plain(code)}")
