"""Sign-in kept thin: Flask-Login's user is a row of web_session, looked up by the hash of the cookie's token."""

from dataclasses import dataclass, replace
from datetime import timedelta

from flask import request
from flask_login import UserMixin, current_user
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from portal import actors
from portal.actors import Actor
from portal.db import reading, transaction
from portal.models import Credential, Link, Person, WebSession
from portal.secrets import hash_of
from portal.web import kernel
from workflows.vocabulary import LEAD, ONLOOKERS

IDLE = timedelta(minutes=30)  # 'System Inactivity'
LONGEST = timedelta(hours=12)
NOTED = timedelta(minutes=1)


@dataclass(eq=False)
class SignedIn(UserMixin):
    """One signed-in browser."""

    token: str
    session_id: int
    person: Person
    via: str
    document_id: int | None
    actor: Actor
    needs_second_factor: bool

    def get_id(self) -> str:
        return self.token


def load(token: str) -> SignedIn | None:
    """Whoever holds this token, while the session lives; None otherwise."""
    now = kernel.now()
    with reading(kernel.sessions()) as session:
        row = session.scalars(
            select(WebSession)
            .options(joinedload(WebSession.person))
            .where(WebSession.token_hash == hash_of(token), WebSession.ended_at.is_(None))
        ).one_or_none()
        if row is None or now - row.seen_at > IDLE or now - row.started_at > LONGEST:
            return None
        document_id = session.scalar(select(Link.document_id).where(Link.id == row.link_id)) if row.link_id else None
        actor = actors.actor_of(
            session,
            row.person,
            kernel.today(),
            via=row.via,
            address=kernel.address(),
            agent=kernel.agent(),
            document_id=document_id,
        )
        if row.via != "password":
            # A mailbox is no second factor: by a link nobody acts for the Lead, whatever offices they hold there.
            actor = replace(actor, roles=frozenset(held for held in actor.roles if held[0] != LEAD or held[1] in ONLOOKERS))
        pending = row.via == "password" and bool(actor.lead_roles) and not row.second_factor_at
        session.expunge_all()
    if now - row.seen_at > NOTED:
        with transaction(kernel.sessions()) as session:
            session.execute(update(WebSession).where(WebSession.id == row.id).values(seen_at=now))
    return SignedIn(token, row.id, row.person, row.via, document_id, actor, pending)


def actor_of_request() -> Actor:
    """The signed-in person as an actor; nobody yet while the second factor is still to come."""
    if not current_user.is_authenticated:
        return Actor(
            person_id=None, name="Nobody signed in", via="nobody", address=kernel.address(), agent=kernel.agent()
        )
    if current_user.needs_second_factor and not (request.endpoint or "").startswith("account."):
        return Actor(
            person_id=None, name=current_user.person.name, via="half", address=kernel.address(), agent=kernel.agent()
        )
    actor: Actor = current_user.actor
    return actor


def has_second_factor(person_id: int) -> bool:
    with reading(kernel.sessions()) as session:
        credential = session.get(Credential, person_id)
        return bool(credential and credential.totp_confirmed_at)
