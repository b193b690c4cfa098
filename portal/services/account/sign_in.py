"""Coming in by password or by a mailed link: the limits come first, the same work is done for everybody, then the door opens."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from portal import audit, jobs
from portal.actors import PORTAL, Actor
from portal.models import Credential, Link, Person, WebSession
from portal.secrets import hash_of
from portal.services import links
from portal.services.account import limits, lockout, passwords
from portal.services.account.passwords import has_password, set_password
from portal.services.account.sessions import end_session, end_sessions, rotate, start_session
from workflows.policy import Policy
from workflows.vocabulary import Effect

LINK_AGAIN, LINKS_A_DAY = timedelta(minutes=1), 10
KNOWN_FOR = timedelta(days=90)
NOBODY = -1
WRONG = (
    "The e-mail address and the password do not belong together, or the account is locked. After three failures it is locked "
    "until your Agency Administrator or the help desk unlocks it. Forgot your password? Have a link mailed to choose a new one."
)
SLOW_DOWN = (
    "There were too many failures from your network lately. Wait {minutes} minutes and try again, or call the help desk. No "
    "account was locked by this."
)
BUSY = (
    "Very many wrong passwords are being tried at this portal just now, so for some minutes passwords are taken only from where "
    "you have signed in before. Have a sign-in link mailed instead, or try again in {minutes} minutes."
)


def by_email(session: Session, email: str) -> Person | None:
    return session.scalars(select(Person).where(Person.email_key == email.strip().lower())).one_or_none()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a password, counted already. `counts` is false for an address nobody has and for a locked account.

    `refused` is the sentence where a limit came first: then nobody's account was touched, and nothing is looked at.
    """

    person_id: int
    password_hash: str
    counts: bool
    address: str = ""
    counted_for_all: bool = False
    refused: str = ""


def begin(session: Session, *, email: str, now: datetime, policy: Policy, address: str = "") -> Attempt:
    """Takes one of the three tries. It is committed before the password is looked at, so that of fifty at once three are.

    Looking at the password costs a sixth of a second: `fits` does it outside any transaction. The limits of the
    address and of all addresses come first; the statements are the same whoever's address it is, or nobody's.
    """
    rule, key = policy.sign_in, limits.of_address("failures", address)
    person = by_email(session, email)
    person_id = person.id if person else NOBODY
    row = session.get(Credential, person_id)
    stored = row.password_hash if row else ""
    known = session.scalar(select(_seen_before(person_id, address, now)))
    within = timedelta(minutes=rule.address_minutes)
    if not limits.take(session, key, most=rule.address_tries, within=within, now=now):
        return Attempt(NOBODY, passwords.DUMMY, False, refused=SLOW_DOWN.format(minutes=rule.address_minutes))
    within = timedelta(minutes=rule.all_minutes)
    for_all = limits.take(session, limits.EVERYBODY, most=rule.all_tries, within=within, now=now) > 0
    if not for_all and not known:
        limits.give_back(session, key)
        return Attempt(NOBODY, passwords.DUMMY, False, refused=BUSY.format(minutes=rule.all_minutes))
    counts = lockout.take_try(session, person_id=person_id if stored else NOBODY, now=now, policy=policy)
    return Attempt(person_id, stored or passwords.DUMMY, counts and bool(stored), address, for_all)


def fits(attempt: Attempt, password: str) -> bool:
    """Whether the password is right; the same work for every address."""
    return not attempt.refused and passwords.fits(attempt.password_hash, password) and attempt.counts


def finish(
    session: Session, *, attempt: Attempt, right: bool, password: str, actor: Actor, now: datetime
) -> Person | None:
    """The person who came in, or None; what was tried is on record. The caller commits either way."""
    if attempt.refused:
        return None
    person = session.get(Person, attempt.person_id)
    if not right:
        _failed(session, attempt, person, actor=actor, now=now)
        return None
    # The limits before the person, as begin() takes them: the other way round, two of them wait for each other for ever.
    limits.give_back(session, limits.of_address("failures", attempt.address))
    if attempt.counted_for_all:
        limits.give_back(session, limits.EVERYBODY)
    credential = session.get_one(Credential, attempt.person_id, with_for_update=True)
    if person is None or credential.password_hash != attempt.password_hash:
        return None
    # Where a second factor follows, its wrong codes stay counted: the password must not wipe them out.
    lockout.give_back_try(session, person_id=person.id, all_of_them=not credential.totp_confirmed_at)
    if passwords.HASHER.check_needs_rehash(credential.password_hash):
        credential.password_hash = passwords.HASHER.hash(password)
    return person


def knock(session: Session, *, email: str, purpose: str, actor: Actor, now: datetime, policy: Policy) -> bool:
    """Somebody at the door asks for a link (`sign_in` or `reset`). Whether the address is known is for the worker to find out.

    So the same is written for everybody, and time tells nothing. False where too many asked from one address.
    """
    rule = policy.sign_in
    within = timedelta(minutes=rule.address_minutes)
    key = limits.of_address("links", actor.address)
    if not limits.take(session, key, most=rule.address_requests, within=within, now=now):
        return False
    asked = {"email": email.strip()[:320], "purpose": purpose, "address": actor.address, "agent": actor.agent}
    jobs.enqueue(
        session, Effect.MAIL, key=f"knock:{purpose}:{hash_of(email.strip().lower())[:40]}", now=now,
        payload={"mail": "knock", **asked},
    )  # fmt: skip
    return True


def ask_for_link(
    session: Session, *, email: str, actor: Actor, now: datetime, policy: Policy, purpose: str = "sign_in"
) -> None:
    """Mails a link where the address is known: once a minute and ten times a day at most, whoever asks.

    Each link ends the one before; without a limit a stranger could keep somebody out, and fill the mailbox. Whoever is
    locked gets no link but the sentence that says who can unlock.
    """
    person = by_email(session, email)
    if person is None:
        return
    mine = (Link.person_id == person.id, Link.purpose == purpose)
    today, latest = session.execute(
        select(func.count(), func.max(Link.sent_at)).where(*mine, Link.sent_at > now - timedelta(days=1))
    ).one()
    if today >= LINKS_A_DAY or (latest is not None and now - latest < LINK_AGAIN):
        return
    if lockout.is_locked(session, person.id):
        lockout.remind(session, person_id=person.id, now=now)
        return
    asker = replace(PORTAL, address=actor.address, agent=actor.agent)
    links.invite(session, person=person, purpose=purpose, actor=asker, now=now, policy=policy)


def _failed(session: Session, attempt: Attempt, person: Person | None, *, actor: Actor, now: datetime) -> None:
    """The same statements whether the address is somebody's, nobody's, or a locked person's."""
    if person is None:
        said = "A password was tried for an e-mail address that nobody has."
    elif attempt.counts:
        said = f"A wrong password was given for {person.name}."
    else:
        said = f"A password was tried for {person.name}, whose account is locked or has none."
    audit.record(session, actor=actor, now=now, act="sign.in", thing=person, said=said, refused="wrong_password")
    lockout.end_where_locked(session, person_id=attempt.person_id, now=now)
    lockout.have_it_noticed(session, now=now)


def _seen_before(person_id: int, address: str, now: datetime) -> ColumnElement[bool]:
    """Whether this person was signed in from this address within 90 days."""
    return exists().where(
        WebSession.person_id == person_id, WebSession.address == address, WebSession.started_at > now - KNOWN_FOR
    )


__all__ = [
    "Attempt", "ask_for_link", "begin", "by_email", "end_session", "end_sessions", "finish", "fits", "has_password", "knock", "rotate",
    "set_password", "start_session",
]  # fmt: skip
