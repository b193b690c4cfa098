"""A pack activated while somebody is being let in: one waits for the other, and the hole where the lock is missing."""

import threading
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal.db import transaction
from portal.models import Decision
from portal.services import decisions, packs
from portal.services.people import grants
from tests.packs.test_packs import STRICT, activate, propose, rules
from tests.services.world import World
from workflows.vocabulary import Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    made = World(each_engine)
    made.second = made.staff(Role.LEAD_ADMIN)  # type: ignore[attr-defined]
    return made


class Paused:
    """Lets one thread stand still inside its transaction, after it has decided and before it commits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there, self.go_on = threading.Event(), threading.Event()
        real = decisions.ask

        def ask(*args: Any, **kwargs: Any) -> Any:
            said = real(*args, **kwargs)
            if threading.current_thread().name == "issuing":
                self.there.set()
                assert self.go_on.wait(20)
            return said

        monkeypatch.setattr(decisions, "ask", ask)


def issuing(world: World, member: Any) -> threading.Thread:
    def act() -> None:
        with transaction(world.sessions) as session:
            grants.reconsider(session, membership_id=member.id, now=world.now, policy=world.policy)

    return threading.Thread(target=act, name="issuing")


def activating(world: World, done: threading.Event) -> threading.Thread:
    def act() -> None:
        activate(world)
        done.set()

    return threading.Thread(target=act, name="activating")


def test_a_pack_waits_for_an_issue_that_has_begun_under_the_one_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = world.ready(world.agency())
    propose(world, STRICT)
    paused, done = Paused(monkeypatch), threading.Event()
    first, second = issuing(world, member), activating(world, done)
    first.start()
    assert paused.there.wait(20)
    second.start()
    assert not done.wait(0.5), "the pack came into force while somebody was being let in under the one before"
    paused.go_on.set()
    first.join(30)
    second.join(30)
    assert done.is_set() and world.status(member) == "live" and rules(world) == STRICT.version
    world.drain()
    assert world.status(member) == "suspended", (
        "nobody had carried the order out, so the new pack's gate is asked in full"
    )


def test_an_issue_that_waited_for_a_pack_decides_under_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    member = world.ready(world.agency())
    propose(world, STRICT)
    paused = Paused(monkeypatch)
    paused.go_on.set()
    first = issuing(world, member)
    with world.change() as session:
        row = packs.waiting(session)
        assert row is not None
        packs.activate(session, row, actor=world.second, now=world.now)  # type: ignore[attr-defined]
        first.start()
        assert not paused.there.wait(0.5), "somebody was decided about while the pack was coming into force"
    first.join(30)
    assert world.status(member) == "none"


def test_without_the_lock_somebody_is_let_in_under_a_pack_that_is_no_longer_in_force(
    postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hole that the lock closes: here only the lock is missing, and all the rest is as it is."""
    world = World(postgres_engine)
    world.second = world.staff(Role.LEAD_ADMIN)  # type: ignore[attr-defined]
    member = world.ready(world.agency())
    propose(world, STRICT)
    paused, done = Paused(monkeypatch), threading.Event()
    monkeypatch.setattr(grants, "lock", lambda *_args, **_kwargs: None)
    first, second = issuing(world, member), activating(world, done)
    first.start()
    assert paused.there.wait(20)
    second.start()
    assert done.wait(20)
    paused.go_on.set()
    first.join(30)
    second.join(30)
    assert world.status(member) == "live" and rules(world) == STRICT.version
    with world.look() as session:
        made = session.scalars(select(Decision).where(Decision.outcome == "permitted")).one()
        assert made.policy_version == world.policy.version != STRICT.version
