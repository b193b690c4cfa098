"""A worker that lost its job during its call: whatever its call did, the core HMIS ends as the portal last said."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal import jobs
from portal.adapters.core_hmis.port import AccountOrder, CoreHMISError, Outcome
from portal.models import Account, AuditEntry, Handover, Job, Membership
from portal.services.people import grants, handover
from portal.worker import Worker
from tests.services.world import World
from workflows.vocabulary import About, Effect, Kind


class Forgetful:
    """A core HMIS that believes whoever comes last: it keeps no versions and no external ids."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.active: bool | None = None
        self.password = ""
        self.meanwhile: Callable[[], None] | None = None
        self.answers = True

    def __getattr__(self, act: str) -> Callable[[AccountOrder], Outcome]:
        def call(order: AccountOrder) -> Outcome:
            waited, self.meanwhile = self.meanwhile, None
            if waited is not None:  # this request is still on its way while others come and go
                waited()
            self.calls.append((act, order.version))
            self.active = act in ("ensure", "restore")
            made = f"First{len(self.calls):02}Password" if act == "ensure" and order.first else None
            self.password = made or self.password
            if waited is not None and not self.answers:
                raise CoreHMISError("The core HMIS did not answer in time.")
            return Outcome(True, order.user_id, made)

        return call


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def forgetful(world: World) -> Forgetful:
    peer = Forgetful()
    world.context = dataclasses.replace(world.context, core_hmis=peer)  # type: ignore[arg-type]
    return peer


def issued(world: World) -> Membership:
    member = world.ready(world.agency())
    with world.change() as session:
        grants.reconsider(session, membership_id=member.id, now=world.now, policy=world.policy)
    return member


def overtaken(world: World, peer: Forgetful, meanwhile: Callable[[], None]) -> None:
    """A worker's call takes so long that its lease runs out and others do `meanwhile` what came next."""

    def later() -> None:
        world.now += jobs.LEASE
        meanwhile()
        world.drain()

    peer.meanwhile = later
    handlers = {**_handlers(), Effect.MAIL: lambda _context, _job: None}
    while peer.meanwhile is not None:
        assert Worker(world.context, handlers).run_once()
    world.drain()


def _handlers() -> dict[Effect, Any]:
    from portal.effects.registry import HANDLERS

    return dict(HANDLERS)


def sealed(world: World) -> list[str]:
    with world.look() as session:
        rows = session.scalars(select(Handover).where(Handover.sealed.is_not(None)))
        return [world.keys.unseal(row.sealed) for row in rows if row.sealed]


@pytest.mark.parametrize("answers", [True, False])
def test_access_that_a_late_call_gave_back_is_taken_again(world: World, forgetful: Forgetful, answers: bool) -> None:
    member = issued(world)
    forgetful.answers = answers

    def sanction() -> None:
        world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)

    overtaken(world, forgetful, sanction)
    late = forgetful.calls.index(("ensure", 2))
    assert [act for act, _ in forgetful.calls[:late]].count("suspend") == 1, "the newer order came first"
    assert forgetful.calls[-1][0] == "suspend" and forgetful.active is False
    assert world.account_of(member).status == "suspended"
    with world.look() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.act == "account.tell_again")).one()
    assert "had lost its job" in told.said


def test_the_password_that_a_late_call_set_is_replaced_by_the_one_handed_over(
    world: World, forgetful: Forgetful
) -> None:
    member = issued(world)
    overtaken(world, forgetful, lambda: None)
    assert [act for act, _ in forgetful.calls].count("ensure") >= 3
    assert sealed(world) == [forgetful.password] and world.account_of(member).status == "active"
    assert world.count(Job, Job.key.like("welcome:%")) <= 1


def test_a_password_that_was_opened_is_not_taken_away(world: World, forgetful: Forgetful) -> None:
    """Its person may have set another by now; the help desk sees to whoever does not get in."""
    member = issued(world)

    def opened() -> None:
        world.drain()
        with world.change() as session:
            person = world.account_of(member).person_id
            row = handover.waiting(session, person_id=person, now=world.now)
            assert row is not None
            row.sealed, row.revealed_at = None, world.now

    overtaken(world, forgetful, opened)
    assert forgetful.calls[-1][0] == "restore" and sealed(world) == []
    account = world.account_of(member)
    assert account.status == "active" and account.confirmed_at is not None


def test_an_order_for_somebodys_hand_is_not_placed_twice(world: World) -> None:
    """The work order is placed under its version in one transaction, so that nothing comes after it out of turn."""
    member = issued(world)
    real = world.context.core_hmis

    class Slow:
        def ensure(self, order: AccountOrder) -> Outcome:
            world.now += jobs.LEASE
            return real.ensure(order)

    world.context = dataclasses.replace(world.context, core_hmis=Slow())  # type: ignore[arg-type]
    for _ in range(3):
        world.drain()
    assert world.orders(member) == [("ensure", "open")] and world.account_of(member).version == 2


@pytest.mark.parametrize(
    ("status", "then"),
    [("active", "restoring"), ("suspended", "suspending"), ("removed", "removing"), ("ordered", "ordered"), ("restoring", "restoring")],
)  # fmt: skip
def test_every_account_can_be_told_again(world: World, forgetful: Forgetful, status: str, then: str) -> None:
    from portal.services.people import accounts

    member = issued(world)
    with world.change() as session:
        account = session.scalars(select(Account).where(Account.person_id == member.person_id)).one()
        account.status = status
        session.flush()
        accounts.tell_again(session, account, now=world.now, policy_version="", why="Somebody asked.")
        assert (account.status, account.version) == (then, 3)
