"""From the last piece of evidence to the confirmed account, by the real jobs and worker, beside the bare SCIM call.

The peer is scim2-server in a process of its own. What makes the account is the same adapter in both; the portal's share
is recording, reconsidering, deciding, issuing, preparing and settling. Mail is left out: it goes out beside it.

Measured twice: on the same machine, to a server that keeps its accounts in memory, which no core HMIS is; and with each
request held back for as long as a network takes to a hosted one and back. The goal is about the second (ADR 0026).
"""

from functools import partial
from time import perf_counter, sleep
from typing import Any
from uuid import uuid4

import httpx2

from bench import community
from bench.sweep import statements
from portal import migrate
from portal.adapters.core_hmis.port import AccountOrder, AgencyAccess
from portal.effects.registry import HANDLERS
from portal.jobs import Job
from portal.models import Agency, Membership
from portal.wiring import Context
from portal.worker import Worker
from tests.services.world import World
from tests.support.peers import scim2_server
from tests.support.scim import on_scim
from workflows.vocabulary import About, Effect, Kind

ROUNDS, GOAL = 15, 2
AWAY = 40
"""Milliseconds there and back; between two cities of the East Coast it is 20 to 60."""


def run(_whole: bool = False) -> list[dict[str, Any]]:
    """Rows for the table: name, database, milliseconds, beside, ratio, goal, statements."""
    rows = []
    with community.databases() as databases:
        for name, engine in databases:
            migrate.upgrade(engine)
            world = World(engine)
            with scim2_server() as server:
                on_scim(world, server)
                agency = world.agency(licences_=2 * ROUNDS + 2)
                sent = statements(engine, partial(_let_in, world, _almost(world, agency)))
                near = _measured(world, agency)
                _move_away(world)
                far = _measured(world, agency)
            rows += [
                _row("evidence to account against the SCIM call, same machine", name, near, statements=sent, goal="shown"),
                _row(
                    f"evidence to account against the SCIM call, {AWAY} ms away", name, far,
                    goal=f"at most {GOAL}", met=far[0] / far[1] <= GOAL,
                ),
            ]  # fmt: skip
    return rows


def _row(name: str, database: str, times: tuple[float, float], **more: Any) -> dict[str, Any]:
    took, bare = times
    return {
        "name": name, "database": database, "n": ROUNDS, "milliseconds": took, "beside": bare, "ratio": took / bare, **more
    }  # fmt: skip


def _measured(world: World, agency: Agency) -> tuple[float, float]:
    times = [_once(world, agency) for _ in range(ROUNDS)]
    took, bare = (min(each) for each in zip(*times, strict=True))
    return took, bare


class _Away(httpx2.BaseTransport):
    """The adapter's own way to its server, each request held back."""

    def __init__(self, way: httpx2.BaseTransport):
        self._way = way

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        sleep(AWAY / 1000)
        return self._way.handle_request(request)

    def close(self) -> None:
        self._way.close()


def _move_away(world: World) -> None:
    client = world.context.core_hmis._wire._client  # type: ignore[attr-defined]
    client._transport = _Away(client._transport)


def _once(world: World, agency: Agency) -> tuple[float, float]:
    """The milliseconds of both, one after the other; who is let in is made ready before."""
    member = _almost(world, agency)
    begun = perf_counter()
    _let_in(world, member)
    between = perf_counter()
    _call(world, agency)
    return (between - begun) * 1000, (perf_counter() - between) * 1000


def _almost(world: World, agency: Agency) -> Membership:
    """Somebody who lacks the signed user agreement alone, already found wanting."""
    member = world.ready(agency)
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, member.id)
    world.drain()
    return member


def _let_in(world: World, member: Membership) -> None:
    """Until the account is confirmed; what the worker does afterwards is done by the next _almost()."""
    told: list[str] = []

    def provision(context: Context, job: Job) -> None:
        HANDLERS[Effect.PROVISION](context, job)
        told.append(job.key)

    world.record(Kind.USER_AGREEMENT, About.MEMBERSHIP, member.id, version="1")
    worker = Worker(world.context, {**HANDLERS, Effect.PROVISION: provision, Effect.MAIL: lambda _context, _job: None})
    while not told:
        if not worker.run_once():
            raise RuntimeError("The worker came to rest before it made the account: nothing was measured")
    if world.account_of(member).confirmed_at is None or world.status(member) != "live":
        raise RuntimeError("The account is not confirmed: nothing was measured")


def _call(world: World, agency: Agency) -> None:
    key = str(uuid4())
    place = AgencyAccess(agency.id, agency.name, agency.provider_id, "Case Manager I", (), "case_manager_1")
    order = AccountOrder(
        external_id=key, account_id=0, version=1, user_id=f"bare{key[:8]}", first_name="Bare", last_name="Sample",
        email=f"bare{key[:8]}@example.org", phone="", agencies=(place,), first=True,
    )  # fmt: skip
    if not world.context.core_hmis.ensure(order).done:
        raise RuntimeError("The call did not make an account: nothing was measured")
