"""What speaks against somebody after access was issued, and before the core HMIS has heard of it, stops the call."""

import dataclasses
from typing import Any

import pytest
from sqlalchemy import Engine

from portal.effects import provision
from portal.effects.registry import HANDLERS
from portal.worker import drain
from tests.proof.core import Core
from tests.proof.racing import problems
from tests.proof.test_while_issuing import SCENES, adopt
from tests.services.world import World
from workflows.vocabulary import Effect


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.mark.parametrize("scene", SCENES)
def test_the_gate_is_asked_again_just_before_the_call(world: World, scene: str) -> None:
    """The change is committed when a worker holds the job already: nobody else will look before the call."""
    core, agency = Core(), world.agency()
    adopt(world)
    member, changes = world.ready(agency), []

    def changed_first(context: Any, job: Any) -> None:
        if not changes:
            changes.append(world.status(member))
            SCENES[scene].change(world, member)
        provision.handle(context, job)

    handlers = {**HANDLERS, Effect.MAIL: lambda _context, _job: None, Effect.PROVISION: changed_first}
    drain(dataclasses.replace(world.context, core_hmis=core), handlers=handlers)
    assert changes == ["live"]
    assert "ensure" not in {act for act, _ in core.told}, core.told
    assert not any(account.active for account in core.listed)
    assert world.status(member) == "suspended"
    assert problems(world, core=core.listed) == []
