"""What an executive director lets somebody else do: within its scope, its days and its Agency, never for oneself, never passed on."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, AuditEntry, Delegation, Device, Job, Membership
from portal.refusals import Refused
from portal.services.agencies import delegations, devices, officers
from portal.services.people import departures, offices
from portal.services.people.particulars import PersonFields
from tests.services.asking import admin_of, ask, director_of
from tests.services.world import World
from workflows.actions import Action
from workflows.vocabulary import Effect, Reason, Role, Scope


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def agency(world: World) -> Agency:
    return world.agency()


@pytest.fixture
def director(world: World, agency: Agency) -> Actor:
    return director_of(world, agency)


@pytest.fixture
def deputy(world: World, agency: Agency) -> Membership:
    return world.member(agency)


def give(world: World, agency: Agency, to: Membership, actor: Actor, *scopes: Scope, **more: Any) -> list[Delegation]:
    values: dict[str, Any] = {
        "starts_on": world.today,
        "ends_on": world.today + timedelta(90),
        "reason": "On leave.",
    } | more
    with world.change() as session:
        return delegations.give(
            session, agency=session.get_one(Agency, agency.id), to=session.get_one(Membership, to.id), scopes=[*scopes] or list(Scope), actor=actor,
            now=world.now, policy=world.policy, **values,
        )  # fmt: skip


def refused(reason: Reason, act: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        act()
    assert refusal.value.reason is reason, refusal.value
    return refusal.value


def test_a_delegate_asks_for_access_on_behalf_of_the_director(
    world: World, agency: Agency, director: Actor, deputy: Membership
) -> None:
    refused(Reason.NOT_ALLOWED, lambda: ask(world, agency, world.actor(deputy)))
    give(world, agency, deputy, director, Scope.REQUEST_ACCESS)
    request = ask(world, agency, world.actor(deputy))
    assert (request.requested_by, request.basis) == (deputy.person_id, "executive_director")
    with world.look() as session:
        said = session.scalars(select(AuditEntry).where(AuditEntry.act == "access.request")).one()
    assert said.actor_id == deputy.person_id
    assert said.on_behalf == f"{director.name}, executive director"


def test_an_own_right_is_not_on_behalf_of_anybody(world: World, agency: Agency, director: Actor) -> None:
    with world.look() as session:
        admin = session.scalars(
            select(Membership).where(Membership.agency_id == agency.id).order_by(Membership.id)
        ).first()
    give(world, agency, admin, director, Scope.REQUEST_ACCESS)
    ask(world, agency, world.actor(admin))
    with world.look() as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.act == "access.request")).one().on_behalf == ""


@pytest.mark.parametrize("scope", list(Scope))
def test_each_scope_opens_its_own_acts_and_no_others_at_its_own_agency_only(
    world: World, agency: Agency, director: Actor, deputy: Membership, scope: Scope
) -> None:
    opens = {
        Scope.REQUEST_ACCESS: {Action.ACCESS_REQUEST, Action.NUDGE, Action.PERSON_DEACTIVATE},
        Scope.NAME_OFFICERS: {Action.OFFICER_NAME},
        Scope.ATTEST_FORMS: {Action.FORM_SUBMIT},
        Scope.AUTHORISE_DEVICES: {Action.DEVICE_ENTER, Action.DEVICE_AUTHORISE},
    }
    other, colleague = world.agency(), world.member(agency)
    elsewhere = world.member(other)
    give(world, agency, deputy, director, scope)
    actor = world.actor(deputy)
    with world.look() as session:
        for action in set().union(*opens.values()):
            here: tuple[Any, ...] = (session.get_one(Agency, agency.id), colleague)
            may = {permissions.allows(session, actor, action, thing) for thing in here}
            assert may == {action in opens[scope]}, action
            assert not permissions.allows(session, actor, action, session.get_one(Agency, other.id))
            assert not permissions.allows(session, actor, action, elsewhere)
            listed = set(session.scalars(select(Membership.id).where(permissions.visible(actor, action, Membership))))
            assert (colleague.id in listed) == (action in opens[scope]), action
            assert elsewhere.id not in listed
        for never in (
            Action.DELEGATION_GIVE,
            Action.ACCESS_APPROVE,
            Action.BACKGROUND_ENTER,
            Action.DOCUMENT_SIGN,
            Action.EVIDENCE_RECORD,
        ):
            assert not permissions.allows(session, actor, never, colleague), never


def test_nobody_does_for_oneself_what_the_director_must_do(
    world: World, agency: Agency, director: Actor, deputy: Membership
) -> None:
    give(world, agency, deputy, director)
    actor = world.actor(deputy)
    refused(Reason.SAME_PERSON, lambda: ask(world, agency, actor, membership=deputy))

    def name_oneself() -> None:
        with world.change() as session:
            officers.name_officers(
                session, agency=session.get_one(Agency, agency.id), admin=session.get_one(Membership, deputy.id), actor=actor, now=world.now,
                policy=world.policy,
            )  # fmt: skip

    assert refused_by(name_oneself) in {Reason.SAME_PERSON, Reason.NOT_ALLOWED}

    def leave() -> None:
        with world.change() as session:
            departures.deactivate(
                session, membership=session.get_one(Membership, deputy.id), reason="Gone", actor=actor, now=world.now, policy=world.policy
            )  # fmt: skip

    refused(Reason.NOT_ALLOWED, leave)
    with world.change() as session:
        named = officers.name_officers(
            session, agency=session.get_one(Agency, agency.id), admin=PersonFields(first_name="Casey", last_name="New", email="casey@example.org"),
            actor=actor, now=world.now, policy=world.policy,
        )  # fmt: skip
    assert named.admin is not None


def refused_by(act: Any) -> Reason:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value.reason


def test_a_delegate_passes_nothing_on(world: World, agency: Agency, director: Actor, deputy: Membership) -> None:
    give(world, agency, deputy, director)
    third = world.member(agency)
    refused(Reason.NOT_ALLOWED, lambda: give(world, agency, third, world.actor(deputy)))


def test_it_begins_and_ends_on_its_days(world: World, agency: Agency, director: Actor, deputy: Membership) -> None:
    give(
        world,
        agency,
        deputy,
        director,
        Scope.REQUEST_ACCESS,
        starts_on=world.today + timedelta(2),
        ends_on=world.today + timedelta(3),
    )
    held = []
    for _ in range(5):
        held.append(bool(world.actor(deputy).delegated))
        world.now += timedelta(days=1)
    assert held == [False, False, True, True, False]


@pytest.mark.parametrize("who", ["the director", "the delegate"])
def test_it_ends_when_either_leaves(
    world: World, agency: Agency, director: Actor, deputy: Membership, who: str
) -> None:
    give(world, agency, deputy, director)
    assert len(world.actor(deputy).delegated) == len(Scope)
    with world.change() as session:
        person = director.person_id if who == "the director" else deputy.person_id
        query = select(Membership).where(Membership.agency_id == agency.id, Membership.person_id == person)
        departures.deactivate(
            session, membership=session.scalars(query).one(), reason="Gone", actor=world.desk, now=world.now, policy=world.policy
        )  # fmt: skip
    world.now += timedelta(days=1)
    assert not world.actor(deputy).delegated
    with world.look() as session:
        rows = delegations.listed(session, session.get_one(Agency, agency.id), on=world.today)
    assert {row.state for row in rows} == {"left"} and not any(row.open for row in rows)


def test_it_ends_when_the_director_gives_up_the_office(
    world: World, agency: Agency, director: Actor, deputy: Membership
) -> None:
    give(world, agency, deputy, director)
    with world.change() as session:
        query = select(Membership).where(Membership.agency_id == agency.id, Membership.person_id == director.person_id)
        offices.end_role(
            session, membership=session.scalars(query).one(), role=Role.EXECUTIVE_DIRECTOR, actor=world.desk, now=world.now, policy=world.policy,
            reason="Retired",
        )  # fmt: skip
    assert not world.actor(deputy).delegated


def test_it_is_revoked_at_once_and_everybody_concerned_is_told(
    world: World, agency: Agency, director: Actor, deputy: Membership
) -> None:
    given = give(world, agency, deputy, director, Scope.REQUEST_ACCESS)[0]
    told = {deputy.person_id, admin_of(world, agency).person_id}

    def revoke(actor: Actor = director) -> None:
        with world.change() as session:
            delegations.revoke(
                session, delegation=session.get_one(Delegation, given.id), reason="Back from leave", actor=actor, now=world.now,
                policy=world.policy,
            )  # fmt: skip

    refused(Reason.NOT_ALLOWED, lambda: revoke(world.actor(deputy)))
    refused(Reason.NOT_ALLOWED, lambda: revoke(director_of(world, world.agency())))
    revoke()
    assert not world.actor(deputy).delegated
    refused(Reason.ALREADY_DONE, revoke)
    with world.look() as session:
        mails = [job.payload for job in session.scalars(select(Job).where(Job.effect == Effect.MAIL))]
    for mail in ("delegated", "delegation_revoked"):
        assert {each["person_id"] for each in mails if each["mail"] == mail} == told


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"starts_on": -1}, "starts_on"), ({"ends_on": -1}, "starts_on"), ({"starts_on": 5, "ends_on": 4}, "ends_on"), ({"ends_on": 367}, "ends_on"),
        ({"reason": " "}, "reason"),
    ],
)  # fmt: skip
def test_a_period_that_is_none_is_refused_with_what_to_do(
    world: World, agency: Agency, director: Actor, deputy: Membership, more: dict[str, Any], field: str
) -> None:
    values = {key: world.today + timedelta(value) if isinstance(value, int) else value for key, value in more.items()}
    if values.get("ends_on") == world.today - timedelta(1):
        values["starts_on"] = world.today - timedelta(2)
    assert refused(Reason.BAD_INPUT, lambda: give(world, agency, deputy, director, **values)).field == field
    assert world.count(Delegation) == 0


def test_only_the_director_gives_to_somebody_else_of_the_agency_and_once(
    world: World, agency: Agency, director: Actor, deputy: Membership
) -> None:
    for actor in (world.admin, world.desk, admin_of(world, agency), director_of(world, world.agency())):
        refused(Reason.NOT_ALLOWED, lambda actor=actor: give(world, agency, deputy, actor))
    refused(Reason.BAD_INPUT, lambda: give(world, agency, world.member(world.agency()), director))
    with world.look() as session:
        query = select(Membership).where(Membership.agency_id == agency.id, Membership.person_id == director.person_id)
        own = session.scalars(query).one()
    refused(Reason.SAME_PERSON, lambda: give(world, agency, own, director))
    give(world, agency, deputy, director, Scope.ATTEST_FORMS)
    refused(Reason.ALREADY_DONE, lambda: give(world, agency, deputy, director))
    assert world.count(Delegation) == 1


def test_the_second_word_for_a_device_is_never_the_agency_admins_own(
    world: World, agency: Agency, director: Actor, deputy: Membership
) -> None:
    """The manual's designee authorizes beside the Agency Administrator; in one person it would be one word."""
    with world.look() as session:
        admin = session.scalars(
            select(Membership).where(Membership.agency_id == agency.id).order_by(Membership.id)
        ).first()
    refused(Reason.SAME_PERSON, lambda: give(world, agency, admin, director, Scope.AUTHORISE_DEVICES))
    give(world, agency, deputy, director, Scope.AUTHORISE_DEVICES)
    with world.change() as session:
        device = devices.enter(
            session, agency=session.get_one(Agency, agency.id), label="Front desk", kind=world.policy.device_kinds[0].id,
            safeguards=tuple(devices.SAFEGUARDS), actor=world.actor(deputy), now=world.now, policy=world.policy,
        )  # fmt: skip
        assert (device.director_id, device.admin_id) == (deputy.person_id, None)
    with world.change() as session:
        offices.give_role(
            session, membership=session.get_one(Membership, deputy.id), role=Role.AGENCY_ADMIN, actor=director, now=world.now, policy=world.policy
        )  # fmt: skip
    with world.change() as session:
        again = devices.enter(
            session, agency=session.get_one(Agency, agency.id), label="Back office", kind=world.policy.device_kinds[0].id,
            safeguards=tuple(devices.SAFEGUARDS), actor=world.actor(deputy), now=world.now, policy=world.policy,
        )  # fmt: skip
        assert (again.director_id, again.admin_id) == (None, deputy.person_id)
    with world.look() as session:
        assert session.get_one(Device, again.id).director_id is None


def test_the_database_knows_no_delegation_to_oneself_or_outside(
    world: World, agency: Agency, director: Actor, deputy: Membership
) -> None:
    stranger = world.member(world.agency())
    values = {"agency_id": agency.id, "scope": "request_access", "reason": "x", "starts_on": world.today, "ends_on": world.today, "given_at": world.now}  # fmt: skip
    for bad in (
        {"from_id": director.person_id, "to_id": director.person_id},
        {"from_id": director.person_id, "to_id": stranger.person_id},
        {"from_id": director.person_id, "to_id": deputy.person_id, "scope": "sign"},
        {"from_id": director.person_id, "to_id": deputy.person_id, "ends_on": world.today - timedelta(1)},
        {"from_id": director.person_id, "to_id": deputy.person_id, "revoked_at": world.now},
    ):
        with pytest.raises(DBAPIError), world.engine.begin() as connection:
            connection.execute(Delegation.__table__.insert().values(**{**values, **bad}))
    assert world.count(Delegation) == 0
