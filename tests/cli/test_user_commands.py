"""The way back from the server: `portal user unlock` and `portal user reset-mfa`, on record as the command line's."""

import pyotp
import pytest
from sqlalchemy import select

from portal.actors import PORTAL
from portal.config import Settings
from portal.db import transaction
from portal.models import AuditEntry, Credential, Person, WebSession
from portal.services.account import second_factor, sign_in
from portal.wiring import Context, make_context
from tests.cli.conftest import Portal
from tests.services.doors import GOOD

ADA = "ada@example.org"


@pytest.fixture
def portal(portal: Portal, quick_passwords: None) -> Portal:
    """With one Lead administrator, Ada."""
    named = portal("user", "invite", ADA, "--role", "lead_admin", "--first-name", "Ada", "--last-name", "Sample")
    assert named.exit_code == 0
    return portal


@pytest.fixture
def locked(portal: Portal) -> Context:
    """The only administrator, locked out, with a second factor and a browser that is still signed in."""
    context = make_context(Settings.from_environment())
    now = context.clock()
    with transaction(context.sessions) as session:
        person = session.scalars(select(Person).where(Person.email_key == ADA)).one()
        sign_in.set_password(session, person=person, password=GOOD, actor=PORTAL, now=now, policy=context.policy)
        seed = pyotp.parse_uri(second_factor.begin_totp(session, person=person, keys=context.keys)).secret
        code = pyotp.TOTP(seed).now()
        second_factor.check_totp(
            session, person=person, session_id=0, code=code, keys=context.keys, actor=PORTAL, now=now, policy=context.policy
        )  # fmt: skip
        sign_in.start_session(session, person=person, via="password", actor=PORTAL, now=now)
        credential = session.get_one(Credential, person.id)
        credential.totp_confirmed_at, credential.locked_since, credential.failures = now, now, 3
    return context


def test_the_last_administrator_is_unlocked_on_the_server(portal: Portal, locked: Context) -> None:
    assert portal("user", "unlock", ADA).exit_code == 2, "a reason is asked for"
    done = portal("user", "unlock", f" {ADA.upper()} ", "--reason", "The only administrator mistyped it.")
    assert done.exit_code == 0 and "Ada Sample can sign in again" in done.output
    with locked.sessions() as session:
        assert session.scalars(select(Credential.locked_since)).one() is None
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "account.unlock")).one()
    assert entry.actor.endswith("(command line)") and "mistyped" in entry.said
    again = portal("user", "unlock", ADA, "--reason", "The only administrator mistyped it.")
    assert again.exit_code == 1 and "is not locked" in again.output


def test_a_lost_factor_is_taken_away_on_the_server(portal: Portal, locked: Context) -> None:
    done = portal("user", "reset-mfa", ADA)
    assert done.exit_code == 0 and "sets up a new second factor" in done.output
    with locked.sessions() as session:
        credential = session.scalars(select(Credential)).one()
        assert credential.totp_sealed is None and credential.totp_confirmed_at is None
        assert credential.locked_since is not None, "unlocking is another matter"
        assert session.scalars(select(WebSession.ended_at)).one() is not None
        assert session.scalars(select(AuditEntry).where(AuditEntry.act == "factor.reset")).one().actor_id is None
    again = portal("user", "reset-mfa", ADA)
    assert again.exit_code == 1 and "no second factor" in again.output


@pytest.mark.parametrize(
    "words", [("unlock", "nobody@example.org", "--reason", "x" * 9), ("reset-mfa", "nobody@example.org")]
)
def test_an_address_that_nobody_has_is_said(portal: Portal, words: tuple[str, ...]) -> None:
    said = portal("user", *words)
    assert said.exit_code == 1 and "Nobody in the portal has the address" in said.output
