"""What every core HMIS promises, whoever carries it out: an adapter joins by one entry in PEERS.

A peer brings the adapter together with whatever stands behind it. `want` brings the portal to where the worker would
make that call and gives its order; `carry_out` does what somebody would do by hand (nothing, for a system with an API);
`plant` puts an account there that is none of ours.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import pytest
from sqlalchemy import Engine, select

from portal.adapters.core_hmis.port import AccountOrder, CoreHMIS, CoreUserRow, Outcome
from portal.models import Account, Membership, WorkOrder
from portal.services.desk import work_orders
from portal.services.people import grants, provisioning
from tests.services.world import World
from tests.support.peers import ScimServer
from tests.support.scim import scim_of
from workflows.vocabulary import About, Kind


class Peer(Protocol):
    hmis: CoreHMIS

    def want(self, act: str) -> AccountOrder: ...
    def carry_out(self) -> None: ...
    def plant(self, user_id: str) -> None: ...
    def waiting(self) -> int:
        """How many things wait for somebody's hand."""


class InPortal:
    """One person in the portal, and how she comes to where each verb is called."""

    def __init__(self, engine: Engine):
        self.world = World(engine)
        self.called: provisioning.Call
        self.member: Membership = self.world.ready(self.world.agency(), self.world.person("Jamie", "Smith"))

    def want(self, act: str) -> AccountOrder:
        {"ensure": self._nothing, "suspend": self._sanction, "restore": self._lift, "remove": self._leave}[act]()
        with self.world.change() as session:
            grants.reconsider(session, membership_id=self.member.id, now=self.world.now, policy=self.world.policy)
            account = session.scalars(select(Account)).one()
            call = provisioning.prepare(session, account_id=account.id, now=self.world.now, policy=self.world.policy)
        assert call and call.act == act
        self.called = call
        return call.order

    def _nothing(self) -> None:
        """Whoever has everything is let in without more."""

    def _sanction(self) -> None:
        self.world.record(
            Kind.SANCTION, About.PERSON, self.member.person_id, detail="suspension", valid_from=self.world.today
        )

    def _lift(self) -> None:
        self.world.withdraw(Kind.SANCTION, About.PERSON, self.member.person_id)

    def _leave(self) -> None:
        with self.world.change() as session:
            grant = grants.live_grant(session, self.member.id)
            assert grant
            grants.end(
                session, grant, actor=self.world.desk, now=self.world.now, reason="She left.", policy=self.world.policy
            )


class ByHand(InPortal):
    """The work order, and a help desk with a ServicePoint of its own that knows accounts the portal does not."""

    def __init__(self, engine: Engine, _request: pytest.FixtureRequest):
        super().__init__(engine)
        self.hmis = self.world.context.core_hmis
        self.there: set[str] = set()

    def carry_out(self) -> None:
        for order in self._open():
            with self.world.look() as session:
                account = session.get_one(Account, order.account_id)
            proposed = account.user_id
            other = f"{proposed}99" if order.act == "ensure" and proposed in self.there else ""
            self.there.add(other or proposed)
            with self.world.change() as session:
                work_orders.confirm(
                    session,
                    order=session.get_one(WorkOrder, order.id),
                    actor=self.world.desk,
                    now=self.world.now,
                    policy=self.world.policy,
                    keys=self.world.keys,
                    typed_user_id=other or proposed,
                    really_made=other,
                    temporary_password="Harbor42Lights" if order.act == "ensure" else "",
                )

    def plant(self, user_id: str) -> None:
        self.there.add(user_id)

    def waiting(self) -> int:
        return len(self._open())

    def _open(self) -> list[WorkOrder]:
        with self.world.look() as session:
            return list(session.scalars(select(WorkOrder).where(WorkOrder.status == "open").order_by(WorkOrder.id)))


class ByScim(InPortal):
    """A SCIM server, and a worker that settles what it answered."""

    def __init__(self, engine: Engine, request: pytest.FixtureRequest, server: str):
        super().__init__(engine)
        self.server: ScimServer = request.getfixturevalue(server)
        told = scim_of(self.server, self.world)
        request.addfinalizer(told.close)
        self.hmis = Answers(told)

    def carry_out(self) -> None:
        with self.world.change() as session:
            provisioning.settle(
                session,
                call=self.called,
                outcome=self.hmis.last,
                now=self.world.now,
                policy=self.world.policy,
                keys=self.world.keys,
            )

    def plant(self, user_id: str) -> None:
        self.server.add(userName=user_id)
        self.server.add(userName=f"{user_id}2", externalId="somebody else's")

    def waiting(self) -> int:
        return 0


class Answers:
    """Passes every call on and keeps the latest answer, as the worker does until it has settled it."""

    def __init__(self, hmis: CoreHMIS):
        self.hmis = hmis
        self.last: Outcome

    def __getattr__(self, act: str) -> Any:
        if act == "list":
            return self.hmis.list

        def ask(order: AccountOrder) -> Outcome:
            self.last = getattr(self.hmis, act)(order)
            return self.last

        return ask


PEERS: dict[str, Callable[[Engine, pytest.FixtureRequest], Peer]] = {
    "work-order": ByHand,
    "scim2-server": partial(ByScim, server="scim2_server"),
    "scimmy": partial(ByScim, server="scimmy"),
}


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest, each_engine: Engine) -> Peer:
    return PEERS[request.param](each_engine, request)


def call(peer: Peer, act: str, order: AccountOrder | None = None) -> tuple[Outcome, AccountOrder]:
    order = order or peer.want(act)
    return getattr(peer.hmis, act)(order), order


def bare(outcome: Outcome) -> Outcome:
    """Without the first password: as long as it is owed, a repeated call may bring another one."""
    return dataclasses.replace(outcome, temporary_password=None)


def others(peer: Peer, order: AccountOrder) -> list[CoreUserRow]:
    return [row for row in peer.hmis.list() if row.external_id != order.external_id]


def active(peer: Peer) -> dict[str, bool]:
    return {row.external_id or row.user_id: row.active for row in peer.hmis.list()}


def test_ensure_makes_the_account_under_its_external_id(peer: Peer) -> None:
    outcome, order = call(peer, "ensure")
    assert outcome.user_id == "jsmith" and (outcome.done or outcome.reference)
    peer.carry_out()
    (row,) = peer.hmis.list()
    assert (row.user_id, row.external_id, row.active) == ("jsmith", order.external_id, True)


def test_a_call_repeated_with_the_same_version_changes_nothing_more(peer: Peer) -> None:
    first, order = call(peer, "ensure")
    waiting = peer.waiting()
    for _ in range(5):
        again, _ = call(peer, "ensure", order)
        assert bare(again) == bare(first) and peer.waiting() == waiting
    peer.carry_out()
    before = active(peer)
    after, _ = call(peer, "ensure", order)
    assert after.done and active(peer) == before and peer.waiting() == 0


def test_suspend_restore_and_remove_do_what_they_say(peer: Peer) -> None:
    shown: list[Any] = []
    for act in ("ensure", "suspend", "restore", "remove"):
        call(peer, act)
        peer.carry_out()
        shown.append(*active(peer).values())
    assert shown == [True, False, True, False]


def test_a_later_version_overtakes_what_was_not_yet_carried_out(peer: Peer) -> None:
    call(peer, "ensure")
    call(peer, "suspend")
    assert peer.waiting() <= 1
    peer.carry_out()
    assert True not in active(peer).values()


def test_an_older_version_that_comes_late_does_nothing(peer: Peer) -> None:
    _, first = call(peer, "ensure")
    peer.carry_out()
    call(peer, "suspend")
    peer.carry_out()
    before = active(peer)
    late, _ = call(peer, "ensure", first)
    assert not late.done and peer.waiting() == 0 and active(peer) == before


def test_an_account_that_is_not_ours_is_never_adopted(peer: Peer) -> None:
    peer.plant("jsmith")
    _, order = call(peer, "ensure")
    peer.carry_out()
    ours = [row for row in peer.hmis.list() if row.external_id == order.external_id]
    assert len(ours) == 1 and ours[0].user_id not in {"jsmith", *(row.user_id for row in others(peer, order))}
    assert not [row for row in peer.hmis.list() if row.user_id == "jsmith" and row.external_id]
