"""One's own password: kept as argon2, refused where it is weak or comes back, changed by its person alone ('User Passwords')."""

from datetime import date, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from zxcvbn import zxcvbn

from portal import audit, jobs
from portal.actors import Actor
from portal.models import Agency, Credential, Membership, PastPassword, Person
from portal.refusals import bad_input
from portal.services import links
from portal.services.account import sessions
from workflows import passwords as rules
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Effect

HASHER = PasswordHasher()
DUMMY = HASHER.hash("nobody has this password")
LONGEST = 128
A_YEAR = timedelta(days=366)
ESTIMATED = 72
"""Letters that the estimator looks at: it takes longer than linear time, and 72 letters say enough."""

OPENS = ("sign_in", "reset", "invitation")


def fits(password_hash: str, password: str) -> bool:
    """Whether this is the password; a sixth of a second of work, so never inside a transaction."""
    try:
        return HASHER.verify(password_hash, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False


def has_password(session: Session, person_id: int) -> bool:
    return bool(
        session.scalar(select(func.count()).where(Credential.person_id == person_id, Credential.password_hash != ""))
    )


def runs_out(changed_at: datetime, policy: Policy) -> date | None:
    """The last day of a password that was set at that moment; None where the profile lets it never run out."""
    return rules.runs_out(policy.sign_in.passwords, local_day(changed_at, policy.zone))


def set_password(
    session: Session, *, person: Person, password: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Sets one's own password, as the pack's profile asks; every session of the person ends, and links to come in by.

    BAD_INPUT says what is wrong with it. Nobody else's hands touch it: staff can only have a link mailed. A lock stays.
    """
    refuse_weak(session, person=person, password=password, now=now, policy=policy)
    credential = session.get(Credential, person.id, with_for_update=True)
    if credential is None:
        credential = Credential(person_id=person.id, changed_at=now, failures=0, totp_last_step=0, password_hash="")
        session.add(credential)
    # The credential, the person, the sessions: whoever takes several of them takes them in this order.
    session.get(Person, person.id, with_for_update=True)
    if credential.password_hash:
        session.add(PastPassword(person_id=person.id, password_hash=credential.password_hash, replaced_at=now))
        _forget_old(session, person, now=now)
        jobs.enqueue(
            session, Effect.MAIL, key=f"password_changed:{person.id}:{now}", now=now,
            payload={"mail": "password_changed", "person_id": person.id},
        )  # fmt: skip
    credential.password_hash, credential.changed_at = HASHER.hash(password), now
    if credential.locked_since is None:
        credential.failures = 0
    sessions.end_sessions(session, person_id=person.id, now=now)
    links.revoke_own(session, person_id=person.id, purposes=OPENS, now=now)
    audit.record(
        session, actor=actor, now=now, act="password.set", thing=person, said=f"{person.name} set a new password."
    )


def refuse_weak(session: Session, *, person: Person, password: str, now: datetime, policy: Policy) -> None:
    """BAD_INPUT where the profile does not allow it: composed otherwise, easy to guess, or used lately."""
    profile = policy.sign_in.passwords
    if wrong := rules.misfit(profile, password):
        raise bad_input(f"{wrong} {_advice(profile)}", "password")
    agencies = session.scalars(
        select(Agency.name)
        .join(Membership, Membership.agency_id == Agency.id)
        .where(Membership.person_id == person.id)
        .limit(50)
    )
    own = [person.first_name.lower(), person.last_name.lower(), person.email.partition("@")[0].lower()]
    known = rules.known_words([*agencies, *own, person.email, policy.lead, policy.name])
    guess = zxcvbn(password[:ESTIMATED], user_inputs=[*own, person.email, *known])
    if guess["score"] < rules.ENOUGH or rules.guessable(password, own, known):
        raise bad_input(
            "This password is easy to guess: it rests on names, seasons, years or words that many use. "
            f"{_advice(profile)} Leave out your name, your Agency and the portal's.",
            "password",
        )
    if any(fits(old, password) for old in _not_again(session, person, now=now, policy=policy)):
        raise bad_input(
            "This is your present password or one that you used lately. Choose one that you have not used.", "password"
        )


def _advice(profile: rules.Profile) -> str:
    if profile.digits:
        return f"Use a few unrelated words and {profile.digits} digits that are no year."
    return "A few unrelated words are easy to remember."


def _not_again(session: Session, person: Person, *, now: datetime, policy: Policy) -> list[str]:
    """The present password and those replaced so lately that they would not have run out yet; where none does, none."""
    if runs_out(now, policy) is None:
        return []
    credential = session.get(Credential, person.id)
    past = session.execute(
        select(PastPassword.password_hash, PastPassword.replaced_at)
        .where(PastPassword.person_id == person.id)
        .order_by(PastPassword.id.desc())
        .limit(50)
    )
    today = local_day(now, policy.zone)
    lately = [old for old, at in past if today <= (runs_out(at, policy) or today)]
    return ([credential.password_hash] if credential and credential.password_hash else []) + lately


def _forget_old(session: Session, person: Person, *, now: datetime) -> None:
    """What may come back need not be kept; a pack may change to the profile that asks, so a year of them is."""
    session.flush()
    session.execute(
        delete(PastPassword).where(
            PastPassword.person_id == person.id,
            PastPassword.replaced_at < now - A_YEAR,
        )
    )
