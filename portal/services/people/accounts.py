"""The one core account of a person: its User ID, what is ordered and what was confirmed ('User Passwords')."""

import re
import unicodedata
import uuid
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import audit, jobs
from portal.actors import PORTAL, Actor
from portal.db import is_postgres
from portal.models import Account, CoreUser, Grant, Person
from portal.refusals import Refused, bad_input
from portal.services.transition import transition
from workflows.vocabulary import Effect, Reason

CYRILLIC = dict(zip(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".replace("_", "").split(" "),
    strict=True,
))  # fmt: skip
ENDED = "ended"


def latin(text: str) -> str:
    """A name in the letters a User ID may have: accents dropped, Cyrillic transliterated, all else left out."""
    plain = unicodedata.normalize("NFKD", "".join(CYRILLIC.get(letter, letter) for letter in text.lower()))
    return re.sub(r"[^a-z0-9]", "", plain)


def proposed_user_id(session: Session, person: Person) -> str:
    """First initial and last name, numbered from 2 where taken here or known to be taken in the core HMIS."""
    stem = (latin(person.first_name)[:1] + latin(person.last_name))[:40] or f"user{person.id}"
    number = 1
    while True:
        candidate = stem if number == 1 else f"{stem}{number}"
        if not is_taken(session, candidate):
            return candidate
        number += 1


def is_taken(session: Session, user_id: str) -> bool:
    mine = exists(select(1).where(Account.user_id == user_id))
    theirs = exists(select(1).where(CoreUser.user_id == user_id))
    return bool(session.scalar(select(mine | theirs)))


def account_for(session: Session, person: Person, *, now: datetime) -> Account:
    """The person's account; a new one where there is none. The person's row is locked by whoever calls."""
    account = session.scalars(select(Account).where(Account.person_id == person.id)).one_or_none()
    if account is None:
        account = _made(session, person, now=now)
        audit.record(
            session, actor=PORTAL, now=now, act="account.create", thing=account, after={"user_id": account.user_id},
            said=f"Made the core account {account.user_id} for {person.name}.",
        )  # fmt: skip
    return account


def _made(session: Session, person: Person, *, now: datetime) -> Account:
    while True:
        account = Account(
            person_id=person.id,
            user_id=proposed_user_id(session, person),
            external_id=str(uuid.uuid4()),
            created_at=now,
        )
        if not is_postgres(session):  # one writer at a time: nobody comes between
            session.add(account)
            session.flush()
            return account
        try:
            with session.begin_nested():
                session.add(account)
            return account
        except (
            IntegrityError
        ):  # on PostgreSQL another person of that name was let in meanwhile: the next number is free
            if not is_taken(session, account.user_id):
                raise


def take_over(session: Session, person: Person, user_id: str, *, active: bool, actor: Actor, now: datetime) -> Account:
    """The account that the core HMIS has had for this person since before the portal, under its own User ID.

    Nothing is ordered and nobody is welcomed: it is there. One that is not `active` stands as removed until the gate
    lets its person in. Refuses (CONFLICT) a User ID of somebody else, and a second account for one person.
    """
    account = session.scalars(select(Account).where(Account.person_id == person.id)).one_or_none()
    if account is None:
        if session.scalar(select(Account.id).where(Account.user_id == user_id)) is not None:
            raise Refused(Reason.CONFLICT, f"The User ID {user_id} belongs to somebody else here.", "user_id")
        account = Account(
            person_id=person.id, user_id=user_id, external_id=str(uuid.uuid4()), created_at=now, welcomed_at=now
        )
        session.add(account)
        session.flush()
        audit.record(
            session, actor=actor, now=now, act="account.take_over", thing=account, after={"user_id": user_id, "active": active},
            said=f"Took over {user_id}, {person.name}'s account in the core HMIS{'' if active else ', which is not active'}.",
        )  # fmt: skip
        for move in ("confirm",) if active else ("remove", "removed"):
            transition(session, account, move, actor=PORTAL, now=now)
        account.confirmed_at = now
    elif account.user_id != user_id:
        raise Refused(
            Reason.CONFLICT, f"{person.name} has the account {account.user_id} already; nobody has two.", "user_id"
        )
    elif active and account.status in {"removed", "suspended"}:
        for move in ("restore", "confirm"):
            transition(session, account, move, actor=PORTAL, now=now)
    return account


def order(session: Session, account: Account, *, now: datetime, policy_version: str) -> None:
    """Brings the account towards what its grants say: one more version of it, and one job to tell the core HMIS."""
    session.flush()
    move = _move(session, account)
    if move:
        transition(session, account, move, actor=PORTAL, now=now)
    account.version += 1
    jobs.enqueue(session, Effect.PROVISION, key=f"account:{account.id}", now=now, policy_version=policy_version)


def tell_again(session: Session, account: Account, *, now: datetime, policy_version: str, why: str) -> None:
    """Has the core HMIS told once more how the account shall be, confirmed or not: one more version of it, one job."""
    move = {"active": "change", "suspended": "suspend_again", "removed": "remove_again"}.get(account.status)
    if move:
        transition(session, account, move, actor=PORTAL, now=now, why=why)
    account.version += 1
    audit.record(
        session, actor=PORTAL, now=now, act="account.tell_again", thing=account, after={"version": account.version},
        said=f"The core HMIS is told about {account.user_id} once more. {why}",
    )  # fmt: skip
    jobs.enqueue(session, Effect.PROVISION, key=f"account:{account.id}", now=now, policy_version=policy_version)


def _move(session: Session, account: Account) -> str:
    states = set(session.scalars(select(Grant.status).where(Grant.account_id == account.id, Grant.status != ENDED)))
    wanted = "live" if "live" in states else "suspended" if states else "gone"
    return {
        "live": {"active": "change", "ordered": "", "restoring": ""},
        "suspended": {"suspended": "", "suspending": ""},
        "gone": {"removing": "", "removed": ""},
    }[wanted].get(account.status, {"live": "restore", "suspended": "suspend", "gone": "remove"}[wanted])


def confirmed(session: Session, account: Account, *, actor: Actor, now: datetime, user_id: str = "") -> None:
    """Notes that the core HMIS has done what was ordered; the first time, the welcome goes out.

    Source: 'New End User Training Requirements'.
    """
    if user_id and user_id != account.user_id:
        _rename(session, account, user_id, actor=actor, now=now)
    move = {"suspending": "suspended", "removing": "removed"}.get(account.status, "confirm")
    transition(session, account, move, actor=PORTAL, now=now)
    if move == "confirm":
        account.confirmed_at = account.confirmed_at or now
        session.execute(
            update(Grant)
            .where(Grant.account_id == account.id, Grant.status == "live", Grant.confirmed_at.is_(None))
            .values(confirmed_at=now)
        )
        if account.welcomed_at is None:
            account.welcomed_at = now
            jobs.enqueue(
                session,
                Effect.MAIL,
                key=f"welcome:{account.id}",
                now=now,
                payload={"mail": "welcome", "person_id": account.person_id, "account_id": account.id},
            )
    for membership_id in session.scalars(
        select(Grant.membership_id).where(Grant.account_id == account.id, Grant.status != ENDED)
    ):
        # What lapsed while the call was under way closes at once, not at the next sweep.
        jobs.enqueue(session, Effect.RECONSIDER, key=f"membership:{membership_id}", now=now)


def another_user_id(session: Session, *, account_id: int, taken: str, now: datetime) -> str:
    """The account's User ID, a new one if it was still `taken`, which the core HMIS gave to somebody else.

    Kept before the account is made under it, so that nobody else is given the same one meanwhile.
    """
    account = session.get_one(Account, account_id, with_for_update=True)
    if account.user_id != taken:
        return account.user_id
    person = session.get_one(Person, account.person_id)
    learn(session, taken, now=now, source="core HMIS: the account of somebody else")
    while account.user_id == taken:
        candidate = proposed_user_id(session, person)
        try:
            with session.begin_nested():
                account.user_id = candidate
        except IntegrityError:  # on PostgreSQL somebody else was given it meanwhile: the next number is free
            session.refresh(account)
            if not is_taken(session, candidate):
                raise
    _renamed(session, account, taken, actor=PORTAL, now=now)
    return account.user_id


def _rename(session: Session, account: Account, user_id: str, *, actor: Actor, now: datetime) -> None:
    """Takes the User ID that was really made, because the core HMIS knew another account under the one proposed."""
    if not re.fullmatch(r"[a-z0-9._-]{2,50}", user_id):
        raise bad_input("A User ID has 2 to 50 letters and digits, without spaces.", "user_id")
    if is_taken(session, user_id):
        raise bad_input(f"{user_id} belongs to somebody else. Check what the core HMIS shows.", "user_id")
    before = account.user_id
    learn(session, before, now=now, source="work order: taken in the core HMIS")
    account.user_id = user_id
    _renamed(session, account, before, actor=actor, now=now)


def _renamed(session: Session, account: Account, before: str, *, actor: Actor, now: datetime) -> None:
    audit.record(
        session,
        actor=actor,
        now=now,
        act="account.rename",
        thing=account,
        before={"user_id": before},
        after={"user_id": account.user_id},
        said=f"The core HMIS knew another {before}, so the account became {account.user_id}.",
    )


def learn(session: Session, user_id: str, *, now: datetime, source: str, name: str = "") -> None:
    """Remembers that the core HMIS holds this User ID, so that nobody is given it again."""
    insert = (postgresql if is_postgres(session) else sqlite).insert(CoreUser)
    values = {"user_id": user_id.lower(), "name": name, "learned_at": now, "learned_from": source}
    session.execute(insert.values(values).on_conflict_do_nothing())
