"""Row 1, the states: however many offices somebody holds, nothing opens before the second factor or after the session has to end."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.models import Agency, Credential, Membership, Person, WebSession
from portal.secrets import hash_of
from portal.services.account import lockout, passwords
from portal.services.people import departures
from portal.services.security.sanctions import sanctions
from portal.services.security.sanctions.sanction_measures import Measure
from portal.web.app import build
from portal.wiring import Context
from tests.factories import Town
from tests.security.matrix import OWN, Knocking, Matrix, written
from tests.security.test_matrix import FOLDER, HARBOR
from tests.support import town as shared
from workflows.vocabulary import Role

built, engine, town = shared.built, shared.engine, shared.town
OFFICES = ("director", "admin", "officer", "delegate", "lead_admin", "help_desk", "lead_security", "auditor", "trainer")
FACTOR, PASSWORD, SIGN_IN = "/sign-in/second-factor", "/account/password", "/sign-in"


@pytest.fixture
def strict(context: Context) -> Flask:
    """The portal under the manual's profile, by which a password runs out."""
    policy = replace(context.policy, sign_in=replace(context.policy.sign_in, profile="manual"))
    return build(context.settings, replace(context, policy=policy))


def whoever(town: Town, part: str) -> Any:
    return town.harbor.members[part] if part in town.harbor.members else town.staff(Role(part))


def person_of(session: Any, who: Any) -> Person:
    found: Person = session.get_one(Person, who.person_id)
    return found


def no_second_factor(town: Town, _who: Any, token: str) -> None:
    with town.change() as session:
        session.execute(update(WebSession).where(WebSession.token_hash == hash_of(token)).values(second_factor_at=None))


def password_run_out(town: Town, who: Any, _token: str) -> None:
    with town.change() as session:
        session.merge(Credential(person_id=who.person_id, password_hash="x", changed_at=town.now - timedelta(days=47)))


def locked(town: Town, who: Any, _token: str) -> None:
    with town.change() as session:
        session.merge(Credential(person_id=who.person_id, password_hash="x", changed_at=town.now))
        session.flush()
        for _ in range(town.policy.sign_in.tries):
            lockout.take_try(session, person_id=who.person_id, now=town.now, policy=town.policy)
        lockout.end_where_locked(session, person_id=who.person_id, now=town.now)


def suspended(town: Town, who: Any, _token: str) -> None:
    officer, second = town.staff(Role.LEAD_SECURITY), town.staff(Role.LEAD_ADMIN)
    with town.change() as session:
        member = session.scalars(
            select(Membership).where(Membership.person_id == who.person_id).order_by(Membership.id)
        ).first()
        assert member is not None
        row = sanctions.draft(
            session, subject=sanctions.of_person(member), violation="shared-login", facts="Shared a password.",
            measure=Measure(measure="suspension", remedy="Talk with the director."), actor=officer, now=town.now, policy=town.policy,
        )  # fmt: skip
        sanctions.decide(session, row, reason="Found as drafted.", actor=second, now=town.now, policy=town.policy)


def departed(town: Town, who: Any, _token: str) -> None:
    with town.change() as session:
        for member in session.scalars(select(Membership).where(Membership.person_id == who.person_id)):
            departures.deactivate(
                session, membership=member, reason="Left", actor=town.desk, now=town.now, policy=town.policy
            )


def another_password(town: Town, who: Any, _token: str) -> None:
    with town.change() as session:
        person = person_of(session, who)
        passwords.set_password(
            session, person=person, password="Granite-Harbor-lantern-42-tide", actor=town.actor(who), now=town.now, policy=town.policy
        )  # fmt: skip


def idle(town: Town, _who: Any, token: str) -> None:
    with town.change() as session:
        before = town.now - timedelta(minutes=town.policy.sign_in.idle_minutes, seconds=1)
        session.execute(
            update(WebSession).where(WebSession.token_hash == hash_of(token)).values(seen_at=before, started_at=before)
        )


STATES: Mapping[str, tuple[Callable[[Town, Any, str], None], str, tuple[str, ...]]] = {
    "no second factor": (no_second_factor, FACTOR, OFFICES),
    "password run out": (password_run_out, PASSWORD, ("admin", "director", "lead_admin", "user")),
    "locked": (locked, SIGN_IN, ("admin", "lead_admin", "user")),
    "suspended": (suspended, SIGN_IN, ("admin", "user")),
    "departed": (departed, SIGN_IN, ("admin", "user")),
    "another password": (another_password, SIGN_IN, ("admin",)),
    "idle": (idle, SIGN_IN, ("admin", "lead_admin")),
}


@pytest.mark.parametrize(
    ("state", "part"), [(state, part) for state, (_, _, parts) in STATES.items() for part in parts]
)
def test_in_this_state_every_route_leads_to_one_page(strict: Flask, town: Town, state: str, part: str) -> None:
    bring, page, _ = STATES[state]
    who = whoever(town, part)
    token = town.token(who)
    client = shared.holding(strict, token)
    assert client.get("/").status_code == 200, "until then the session is a good one"
    bring(town, who, token)
    knocking = Knocking(
        f"{part}, {state}", who, at=HARBOR if part in town.harbor.members else frozenset(), sent_to=page
    )
    rules = [rule for rule in shared.routes(strict) if not rule.endpoint.startswith("account.")]
    table = Matrix(strict, town, knocking, client).walk(rules, which=(OWN,))
    written(table, FOLDER)
    assert not table.faults, "\n".join(table.faults)
    assert table.counted["sent away"] > 180, table.said()


def test_an_agency_that_ended_lets_nobody_act_for_it(strict: Flask, town: Town) -> None:
    """Its people come in and read what is theirs; what would open anything is refused by the services, in a sentence."""
    with town.change() as session:
        agency = session.get_one(Agency, town.harbor.agency_id)
        session.execute(Agency.__table__.update().where(Agency.id == agency.id).values(status="ended"))
    client = shared.signed_in(strict, town, town.harbor.members["director"])
    token = shared.csrf(client)
    with town.look() as session:
        before = shared.fingerprint(session)
    for path in ("officers", "delegations/new", "devices/new"):
        answer = client.post(f"/agency/{town.harbor.agency_id}/{path}", data={"csrf_token": token})
        assert answer.status_code in (400, 403, 404, 409), path
    with town.look() as session:
        assert shared.fingerprint(session) == before
