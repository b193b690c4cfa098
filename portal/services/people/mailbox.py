"""Another e-mail address: it counts once its own mailbox has confirmed it; the old one is told, signatures keep the old one."""

import hmac
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import Account, EmailChange, OtherAddress, Person
from portal.refusals import Refused, bad_input
from portal.secrets import Keys, hash_of, new_token
from portal.services import links
from portal.services.account import lockout, sessions
from portal.services.people import accounts
from portal.services.people.particulars import an_address
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Effect, Reason

PURPOSE = "mailbox"
PATH = "/l/mailbox/"
LIFE = timedelta(days=1)
OPENS = ("sign_in", "reset", "invitation", "signing")
TAKEN = "This address belongs to somebody else in the portal. Check it, or ask the help desk."


def ask_change(
    session: Session, *, person: Person, email: str, reason: str = "", actor: Actor, now: datetime, policy: Policy
) -> EmailChange:
    """Has the new mailbox asked whether it is this person's; until it says so, nothing changes.

    By the person, or as a correction by the Agency Administrator or the Lead, who say why. BAD_INPUT for what is no
    address, is the present one, or is somebody's.
    """
    permissions.check(session, actor, Action.EMAIL_CHANGE, person)
    own = actor.person_id == person.id
    why = "" if own else lockout.why_helped(reason)
    if not own:
        lockout.refuse_others(session, person=person, actor=actor, on=local_day(now, policy.zone))
    wanted = an_address(email)[:320]
    if wanted.lower() == person.email_key:
        raise bad_input("This is the address on record already.", "email")
    if actor.lead_roles and _taken(session, wanted, but=person.id):  # others are not told whom the portal knows
        raise bad_input(TAKEN, "email")
    _close(session, person.id, now)
    row = EmailChange(
        person_id=person.id, was=person.email, email=wanted, reason=why, asked_by=actor.person_id, asked_at=now,
        expires_at=now + LIFE, token_hash=hash_of(new_token()), done=False,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="email.ask", thing=person, after={"email": wanted},
        said=f"The mailbox {wanted} is asked to confirm that it is {person.name}'s." + (f" Reason: {why}" if why else ""),
    )  # fmt: skip
    _mail(session, "email_confirm", row, now)
    return row


def send(session: Session, *, change: EmailChange, keys: Keys) -> str:
    """Makes the confirmation's token and returns its envelope: for the worker, which mails it to the new mailbox alone."""
    token = new_token()
    change.token_hash = hash_of(token)
    session.flush()
    return keys.envelope(PURPOSE, [change.id, token])


def open_change(session: Session, *, keys: Keys, envelope: str, now: datetime) -> EmailChange:
    """The change that an envelope confirms, if it still waits; LINK_SPENT otherwise. Changes nothing."""
    content = keys.open(PURPOSE, envelope, max_age=int(LIFE.total_seconds()))
    change_id, token = content if isinstance(content, list) and len(content) == 2 else (0, "")
    row = session.get(EmailChange, change_id, with_for_update=True) if isinstance(change_id, int) else None
    if row is None or not hmac.compare_digest(row.token_hash, hash_of(str(token))):
        raise Refused(Reason.LINK_SPENT, "A newer message has replaced this link. Use the newest one.")
    if row.closed_at is not None:
        done = "This address has been confirmed already." if row.done else "This change was replaced by a newer one."
        raise Refused(Reason.LINK_SPENT, done)
    if row.expires_at <= now:
        raise Refused(Reason.LINK_SPENT, "This link has expired. Have the address asked again.")
    return row


def confirm(session: Session, *, change: EmailChange, actor: Actor, now: datetime, policy: Policy) -> Person:
    """The new mailbox has spoken: its address counts from now on, here and in the core HMIS. CONFLICT where it is somebody's.

    Every session and every open link of the person ends. The old address stays known to lists that still have it.
    """
    person = session.get_one(Person, change.person_id, with_for_update=True)
    if _taken(session, change.email, but=person.id):
        raise Refused(Reason.CONFLICT, TAKEN)
    if session.get(OtherAddress, person.email_key) is None:
        session.add(OtherAddress(email_key=person.email_key, person_id=person.id, said_at=now, said_by=change.asked_by))
    person.email, person.email_key = change.email, change.email.lower()
    change.closed_at, change.done = now, True
    account = session.scalars(select(Account).where(Account.person_id == person.id)).one_or_none()
    if account and account.status in {"ordered", "active", "restoring"}:
        accounts.order(session, account, now=now, policy_version=policy.version)
    sessions.end_sessions(session, person_id=person.id, now=now)
    links.revoke_own(session, person_id=person.id, purposes=OPENS, now=now)
    audit.record(
        session, actor=actor, now=now, act="email.change", thing=person, before={"email": change.was},
        after={"email": change.email}, said=f"The e-mail address of {person.name} is {change.email} now, confirmed by its mailbox.",
    )  # fmt: skip
    _mail(session, "email_changed", change, now)
    return person


def waiting(session: Session, *, person_id: int, now: datetime) -> EmailChange | None:
    """The change that still waits for the new mailbox."""
    return session.scalars(
        select(EmailChange).where(
            EmailChange.person_id == person_id, EmailChange.closed_at.is_(None), EmailChange.expires_at > now
        )
    ).one_or_none()


def _taken(session: Session, email: str, *, but: int) -> bool:
    whose = session.scalar(select(Person.id).where(Person.email_key == email.lower()))
    return whose is not None and whose != but


def _close(session: Session, person_id: int, now: datetime) -> None:
    for old in session.scalars(
        select(EmailChange).where(EmailChange.person_id == person_id, EmailChange.closed_at.is_(None))
    ):
        old.closed_at = now
    session.flush()


def _mail(session: Session, mail: str, row: EmailChange, now: datetime) -> None:
    jobs.enqueue(
        session, Effect.MAIL, key=f"{mail}:{row.id}", now=now,
        payload={"mail": mail, "person_id": row.person_id, "change_id": row.id},
    )  # fmt: skip
