"""A world whose core HMIS is told by SCIM."""

import dataclasses
from typing import Any

from portal.wiring import Settings, scim_hmis
from tests.services.world import World
from tests.support.peers import TOKEN, ScimServer


def scim_settings(world: World, base: str) -> Settings:
    return dataclasses.replace(
        world.context.settings, core_hmis=f"scim+{base}", scim_token=TOKEN, core_hmis_private=("127.0.0.1",)
    ).checked()


def scim_of(server: ScimServer | str, world: World) -> Any:
    """The adapter as the portal wires it, talking to a server or to an address."""
    base = server if isinstance(server, str) else server.base
    return scim_hmis(scim_settings(world, base), world.sessions, world.policy, lambda: world.now)


def on_scim(world: World, server: ScimServer | str) -> None:
    """From now on the world's worker tells this server."""
    world.context = dataclasses.replace(world.context, core_hmis=scim_of(server, world))
