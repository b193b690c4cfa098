"""The core HMIS's temporary password: sealed, shown once to its person, then forgotten ('User Passwords')."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import PORTAL, Actor
from portal.models import Account, Handover, Person
from portal.refusals import Refused, bad_input
from portal.secrets import Keys
from workflows import passwords
from workflows.actions import Action
from workflows.pack import PasswordRules
from workflows.policy import Policy
from workflows.vocabulary import Reason

WHO_HELPS = "The help desk can set a new one in the core HMIS."


def check_password(password: str, rules: PasswordRules) -> None:
    """Refuses what the core HMIS would not have made: too short, too long, too few digits, or with white space."""
    if wrong := passwords.misfit(rules, password, "A temporary password"):
        raise bad_input(f"{wrong} Copy it again as a whole.", "temporary_password")
    if any(letter.isspace() for letter in password):
        raise bad_input(
            "There is a space or a line break in the temporary password. Copy it again without it.",
            "temporary_password",
        )


def keep(
    session: Session, *, account: Account, password: str, actor: Actor, now: datetime, policy: Policy, keys: Keys
) -> Handover:
    """Seals a temporary password for its person; an older one of the same account is forgotten."""
    check_password(password, policy.core_password)
    for older in session.scalars(
        select(Handover).where(Handover.account_id == account.id, Handover.sealed.is_not(None)).with_for_update()
    ):
        older.sealed, older.dropped_at = None, now
    row = Handover(
        account_id=account.id,
        person_id=account.person_id,
        sealed=keys.seal(password),
        kept_at=now,
        expires_at=now + policy.core_password.reveal,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor=actor,
        now=now,
        act="password.keep",
        thing=row,
        said=f"Sealed the temporary password of {account.user_id} until it is opened, {_hours(policy)} hours at most.",
    )
    return row


def waiting(session: Session, *, person_id: int, now: datetime) -> Handover | None:
    """The temporary password that waits to be shown to this person, if one does."""
    return session.scalars(
        select(Handover)
        .where(Handover.person_id == person_id, Handover.sealed.is_not(None), Handover.expires_at > now)
        .order_by(Handover.id.desc())
        .limit(1)
    ).first()


def reveal(session: Session, *, person: Person, actor: Actor, now: datetime, keys: Keys) -> str:
    """The temporary password, this once: afterwards the portal has forgotten it. Asked for by POST alone.

    Refuses NOT_ALLOWED for anybody else, NOT_FOUND where none was made, ALREADY_DONE where it was shown or has expired.
    """
    permissions.check(session, actor, Action.PASSWORD_REVEAL, person)
    row = session.scalars(
        select(Handover).where(Handover.person_id == person.id).order_by(Handover.id.desc()).limit(1).with_for_update()
    ).first()
    if row is None:
        raise Refused(
            Reason.NOT_FOUND, "No temporary password is waiting for you. It comes when your account has been made."
        )
    if row.revealed_at is not None:
        raise Refused(
            Reason.ALREADY_DONE, f"This password was shown before, and the portal has forgotten it. {WHO_HELPS}"
        )
    if row.sealed is None or row.expires_at <= now:
        raise Refused(
            Reason.ALREADY_DONE, f"This password was not opened in time, so the portal has forgotten it. {WHO_HELPS}"
        )
    password = keys.unseal(row.sealed)
    row.sealed, row.revealed_at = None, now
    audit.record(
        session,
        actor=actor,
        now=now,
        act="password.reveal",
        thing=row,
        said=f"Showed {person.name} the temporary password, once.",
    )
    return password


def forget(session: Session, *, account: Account, now: datetime) -> bool:
    """Forgets the temporary password that nobody has opened yet, because it may no longer be the one set last."""
    rows = session.scalars(
        select(Handover).where(Handover.account_id == account.id, Handover.sealed.is_not(None)).with_for_update()
    ).all()
    for row in rows:
        row.sealed, row.dropped_at = None, now
        audit.record(
            session,
            actor=PORTAL,
            now=now,
            act="password.drop",
            thing=row,
            said="Forgot a temporary password that nobody had opened: a late call may have set another one.",
        )
    return bool(rows)


def drop_expired(session: Session, *, now: datetime) -> int:
    """Forgets the passwords that nobody opened in time; how many they were."""
    rows = session.scalars(
        select(Handover).where(Handover.sealed.is_not(None), Handover.expires_at <= now).with_for_update()
    ).all()
    for row in rows:
        row.sealed, row.dropped_at = None, now
        audit.record(
            session,
            actor=PORTAL,
            now=now,
            act="password.drop",
            thing=row,
            said="Forgot a temporary password that was not opened in time.",
        )
    return len(rows)


def _hours(policy: Policy) -> int:
    return round(policy.core_password.reveal.total_seconds() / 3600)
