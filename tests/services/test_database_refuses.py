"""What no program may do, the database itself refuses: tried with plain SQL, on both databases."""

from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.models import Decision, Grant, Seat
from tests.services.world import World
from workflows.vocabulary import About, Kind

AT = "2026-11-23 15:00:00"


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def run(world: World, statement: str, **values: Any) -> None:
    with world.change() as session:
        session.execute(text(statement), values)


def refuses(world: World, statement: str, **values: Any) -> str:
    with pytest.raises(DBAPIError) as refusal:
        run(world, statement, **values)
    return str(refusal.value).splitlines()[0]


SEAT = (
    "INSERT INTO seat (licence_id, agency_id, membership_id, kind, reserved_at, status) "
    "VALUES (:licence, :agency, :membership, 'core', :at, 'held')"
)
GRANT = (
    "INSERT INTO access_grant (account_id, person_id, membership_id, decision_id, outcome, seat_id, access_level, "
    "issued_at, suspended_for, status) "
    "VALUES (:account, :person, :membership, :decision, :outcome, :seat, 'read_only', :at, '', 'live')"
)
ACCOUNT = (
    "INSERT INTO account (person_id, user_id, external_id, version, created_at, status) "
    "VALUES (:person, :user_id, :external, 1, :at, 'ordered')"
)
DECISION = (
    "INSERT INTO decision (membership_id, outcome, on_day, made_at, made_for, policy_version, findings, facts, "
    "fingerprint) SELECT :membership, :outcome, on_day, made_at, made_for, policy_version, findings, facts, "
    "fingerprint FROM decision LIMIT 1"
)


def scalar(world: World, statement: str, **values: Any) -> Any:
    with world.look() as session:
        return session.scalar(text(statement), values)


@pytest.fixture
def pair(world: World) -> tuple[Any, Any]:
    """One who has been let in, and a colleague who has everything but was never decided about."""
    agency = world.agency(licences_=2)
    member = world.ready(agency)
    world.drain()
    return member, world.ready(agency, request=False)


def test_more_seats_than_licences(world: World, pair: tuple[Any, Any]) -> None:
    member, other = pair
    taken = scalar(world, "SELECT licence_id FROM seat WHERE membership_id = :m", m=member.id)
    assert "unique" in refuses(world, SEAT, licence=taken, agency=member.agency_id, membership=other.id, at=AT).lower()


def test_a_seat_on_another_agencys_licence(world: World, pair: tuple[Any, Any]) -> None:
    _, other = pair
    elsewhere = world.agency(licences_=1)
    theirs = scalar(world, "SELECT id FROM licence WHERE agency_id = :a", a=elsewhere.id)
    assert (
        "foreign key"
        in refuses(world, SEAT, licence=theirs, agency=other.agency_id, membership=other.id, at=AT).lower()
    )
    assert (
        "foreign key" in refuses(world, SEAT, licence=theirs, agency=elsewhere.id, membership=other.id, at=AT).lower()
    )


def _second_seat(world: World, member: Any) -> int:
    free = scalar(
        world,
        "SELECT id FROM licence WHERE agency_id = :a AND id NOT IN (SELECT licence_id FROM seat)",
        a=member.agency_id,
    )
    run(world, SEAT, licence=free, agency=member.agency_id, membership=member.id, at=AT)
    return int(scalar(world, "SELECT max(id) FROM seat"))


def _account(world: World, member: Any) -> int:
    run(world, ACCOUNT, person=member.person_id, user_id=f"raw{member.id}", external=f"raw-{member.id}", at=AT)
    return int(scalar(world, "SELECT max(id) FROM account"))


def _grant(world: World, member: Any, **changed: Any) -> dict[str, Any]:
    values = {"person": member.person_id, "membership": member.id, "at": AT, "outcome": "permitted"}
    return values | {"seat": _second_seat(world, member), "account": _account(world, member)} | changed


def test_a_grant_without_a_decision_that_permits(world: World, pair: tuple[Any, Any]) -> None:
    """Neither with somebody else's decision, nor with a refusal, nor with a refusal called by another name."""
    member, other = pair
    run(world, DECISION, membership=other.id, outcome="refused")
    refused = scalar(world, "SELECT id FROM decision WHERE outcome = 'refused'")
    theirs = scalar(world, "SELECT decision_id FROM access_grant WHERE membership_id = :m", m=member.id)
    values = _grant(world, other)
    assert "foreign key" in refuses(world, GRANT, **values, decision=theirs).lower()
    assert "foreign key" in refuses(world, GRANT, **values, decision=refused).lower()
    assert "check" in refuses(world, GRANT, **{**values, "outcome": "refused"}, decision=refused).lower()
    run(world, DECISION, membership=other.id, outcome="permitted")
    mine = scalar(world, "SELECT max(id) FROM decision")
    run(world, GRANT, **values, decision=mine)
    assert world.count(Grant) == 2


def test_a_grant_on_somebody_elses_account_or_seat(world: World, pair: tuple[Any, Any]) -> None:
    member, other = pair
    run(world, DECISION, membership=other.id, outcome="permitted")
    mine = scalar(world, "SELECT max(id) FROM decision")
    values = _grant(world, other) | {"decision": mine}
    their_account = scalar(world, "SELECT account_id FROM access_grant WHERE membership_id = :m", m=member.id)
    their_seat = scalar(world, "SELECT seat_id FROM access_grant WHERE membership_id = :m", m=member.id)
    assert "foreign key" in refuses(world, GRANT, **{**values, "account": their_account}).lower()
    assert "seat" in refuses(world, GRANT, **{**values, "seat": their_seat}).lower() or world.count(Grant) == 1


def test_two_live_grants_for_one_membership(world: World, pair: tuple[Any, Any]) -> None:
    member, _ = pair
    grant = world.grant_of(member)
    assert grant
    run(world, "UPDATE seat SET status = 'returned' WHERE id = :s", s=grant.seat_id)
    seat = _second_seat(world, member)
    values = {
        "account": grant.account_id, "person": member.person_id, "membership": member.id, "decision": grant.decision_id,
        "outcome": "permitted", "at": AT,
    }  # fmt: skip
    said = refuses(world, GRANT, **values, seat=seat).lower()
    assert "unique" in said and ("uq_access_grant_live" in said or "membership_id" in said)


def test_two_accounts_for_one_person_or_one_user_id_for_two(world: World, pair: tuple[Any, Any]) -> None:
    member, other = pair
    account = world.account_of(member)
    assert (
        "unique" in refuses(world, ACCOUNT, person=member.person_id, user_id="another", external="e-1", at=AT).lower()
    )
    assert (
        "unique"
        in refuses(world, ACCOUNT, person=other.person_id, user_id=account.user_id, external="e-2", at=AT).lower()
    )
    assert (
        "check"
        in refuses(
            world, ACCOUNT, person=other.person_id, user_id=account.user_id.upper(), external="e-3", at=AT
        ).lower()
    )


def test_decisions_evidence_and_the_record_cannot_be_edited_or_deleted(world: World, pair: tuple[Any, Any]) -> None:
    for statement in (
        "UPDATE decision SET outcome = 'permitted'",
        "DELETE FROM decision",
        "UPDATE evidence SET valid_until = '2030-01-01'",
        "DELETE FROM evidence",
        "UPDATE audit_entry SET said = 'nothing'",
        "DELETE FROM audit_entry",
    ):
        assert "never" in refuses(world, statement), statement


def test_evidence_that_was_withdrawn_cannot_come_back(world: World, pair: tuple[Any, Any]) -> None:
    member, _ = pair
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, member.id)
    said = refuses(
        world, "UPDATE evidence SET withdrawn_at = '9999-12-31 23:59:59.999999' WHERE withdrawn_at < '9999-01-01'"
    )
    assert "never edited" in said


def test_what_is_refused_here_is_refused_to_the_tables_own_classes_too(world: World, pair: tuple[Any, Any]) -> None:
    member, _ = pair
    with pytest.raises(TypeError, match="transition"):
        Seat(status="held")
    with pytest.raises(IntegrityError), world.change() as session:
        session.add(Decision(
            membership_id=member.id, outcome="perhaps", on=world.today, made_at=world.now, made_for="issue",
            policy_version=world.policy.version, findings=[], facts=[], fingerprint="",
        ))  # fmt: skip
