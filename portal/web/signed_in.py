"""Sign-in kept thin: Flask-Login's user is a row of web_session, looked up by the hash of the cookie's token."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import current_app, g, request, url_for
from flask import session as browser_session
from flask_login import UserMixin, current_user
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import joinedload

from portal import actors
from portal.actors import Actor
from portal.db import reading, transaction
from portal.models import Credential, Link, Person, WebSession
from portal.secrets import hash_of
from portal.services.account import passwords, second_factor
from portal.services.account.sessions import LONGEST
from portal.web import kernel, late
from workflows.actions import Action
from workflows.vocabulary import LEAD, ONLOOKERS

NOTED = timedelta(minutes=1)
BY_ITSELF = frozenset({"tickets.here"})
"""What a page asks by itself, with nobody at the keyboard: it keeps no session alive."""


@dataclass(eq=False, kw_only=True)
class SignedIn(UserMixin):
    """One signed-in browser. Whoever needs a second factor, or whose password has run out, gets no further than that page."""

    token: str
    session_id: int
    person: Person
    via: str
    document_id: int | None
    actor: Actor
    needs_second_factor: bool
    has_second_factor: bool
    second_factor_passed: bool
    must_change_password: bool
    proved_at: datetime
    """When this browser last showed whose it is: by signing in, or by the code or the password once more."""

    def get_id(self) -> str:
        return self.token

    @property
    def detained(self) -> str:
        """The one page that opens for now, as its endpoint; '' where all of them do that the roles allow."""
        if self.needs_second_factor:
            return "account.second_factor"
        return "account.new_password" if self.must_change_password else ""


_BY_TOKEN = (
    select(WebSession, Credential)
    .outerjoin(Credential, Credential.person_id == WebSession.person_id)
    .options(joinedload(WebSession.person))
    .where(WebSession.token_hash == bindparam("token_hash"), WebSession.ended_at.is_(None))
)


def idle() -> timedelta:
    """How long a session lives without a request ('System Inactivity')."""
    return timedelta(minutes=kernel.policy().sign_in.idle_minutes)


def load(token: str) -> SignedIn | None:
    """Whoever holds this token, while the session lives; None otherwise."""
    now = kernel.now()
    with reading(kernel.sessions()) as session:
        found = session.execute(_BY_TOKEN, {"token_hash": hash_of(token)}).one_or_none()
        if found is None:
            return None
        row, credential = found
        if now - row.seen_at > idle() or now - row.started_at > LONGEST:
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
        session.expunge_all()
    if now - row.seen_at > NOTED and request.endpoint not in BY_ITSELF:
        with transaction(kernel.sessions()) as session:
            session.execute(update(WebSession).where(WebSession.id == row.id).values(seen_at=now))
    return _signed_in(token, row, credential, actor)


def _signed_in(token: str, row: WebSession, credential: Credential | None, actor: Actor) -> SignedIn:
    by_password, has_password = row.via == "password", bool(credential and credential.password_hash)
    if not by_password:
        # A mailbox is no second factor: by a link nobody acts for the Lead, whatever offices they hold there. Its Board looks on.
        kept = frozenset((at, role) for at, role in actor.roles if at != LEAD or role in ONLOOKERS)
        actor = replace(actor, roles=kept)
    holds_office = second_factor.needed(actor.roles) or bool(actor.delegated)
    needs = holds_office and (by_password or has_password) and not row.second_factor_at
    if needs and actor.document_id is not None:
        # A link to sign one document opens that document, and nothing that the second factor guards.
        actor, needs = replace(actor, roles=frozenset(), delegated=frozenset()), False
    last_day = passwords.runs_out(credential.changed_at, kernel.policy()) if by_password and credential else None
    return SignedIn(
        token=token,
        session_id=row.id,
        person=row.person,
        via=row.via,
        document_id=actor.document_id,
        actor=actor,
        needs_second_factor=needs,
        has_second_factor=bool(credential and credential.totp_confirmed_at),
        second_factor_passed=row.second_factor_at is not None,
        must_change_password=last_day is not None and has_password and kernel.today() > last_day,
        proved_at=max(filter(None, (row.started_at, row.second_factor_at, row.proved_at))),
    )


def actor_of_request() -> Actor:
    """The signed-in person as an actor; nobody yet while something else has to come first."""
    if not current_user.is_authenticated:
        return Actor(
            person_id=None, name="Nobody signed in", via="nobody", address=kernel.address(), agent=kernel.agent()
        )
    if current_user.detained and not (request.endpoint or "").startswith("account."):
        return Actor(
            person_id=None, name=current_user.person.name, via="half", address=kernel.address(), agent=kernel.agent()
        )
    actor: Actor = current_user.actor
    return actor


def keep_what_came_late() -> None:
    """A form that was sent after its session had gone idle: what was typed is kept for its person, who signs in and sends it."""
    if request.method != "POST" or current_user.is_authenticated or "_user_id" not in browser_session:
        return
    if not isinstance(getattr(current_app.view_functions.get(request.endpoint or ""), "__permission__", None), Action):
        return
    if (request.endpoint or "").startswith("account."):
        return
    person_id = _gone_idle(str(browser_session["_user_id"]))
    if person_id is not None and late.keep_sent(person_id):
        g.kept_at = url_for("account.typed")


def _gone_idle(token: str) -> int | None:
    """Whose session this was, if nothing but idleness has ended it, and not longer than a session's longest life ago."""
    with reading(kernel.sessions()) as session:
        return session.scalar(
            select(WebSession.person_id).where(
                WebSession.token_hash == hash_of(token),
                WebSession.ended_at.is_(None),
                WebSession.started_at > kernel.now() - LONGEST,
            )
        )
