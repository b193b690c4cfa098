"""Helpers of the tests about tickets: one opened, answered, moved, each step a transaction of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.actors import PORTAL, Actor, actor_of
from portal.models import Membership, Person, Ticket, TicketEntry
from portal.refusals import Refused
from portal.services.helpdesk.tickets import conversation, entries, moves, opening
from tests.services.world import World
from workflows.vocabulary import Reason, Role

SAID = "The monthly report stays empty although the dates are right."


class Ticketing:
    """A help desk with somebody who asks: an end user of an Agency."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.agency = world.agency()
        self.asker = world.member(self.agency, None, Role.END_USER)

    def actor(self, member: Membership) -> Actor:
        with self.world.look() as session:
            person = session.get_one(Person, member.person_id)
            return actor_of(session, person, self.world.today, via="password")

    def open(self, **more: Any) -> Ticket:
        """A ticket of the asker, come in by mail."""
        world = self.world
        with world.change() as session:
            member = session.get_one(Membership, self.asker.id)
            values: dict[str, Any] = {
                "subject": "Report stays empty", "text": SAID, "kind": "other", "channel": "mail", "requester": member.person,
                "agency_id": self.agency.id, "actor": PORTAL,
            } | more  # fmt: skip
            return opening.open_ticket(session, now=world.now, policy=world.policy, **values)

    def unknown(self, **more: Any) -> Ticket:
        return self.open(requester=None, agency_id=None, email="stranger@example.org", name="A Stranger", **more)

    def do(self, verb: Callable[..., Any], ticket: Ticket, *, actor: Actor | None = None, **more: Any) -> Any:
        """One verb of a service on the ticket, with a policy where it takes one."""
        world = self.world
        if "policy" in verb.__annotations__:
            more["policy"] = world.policy
        with world.change() as session:
            row = session.get_one(Ticket, ticket.id)
            if isinstance(more.get("into"), Ticket):
                more["into"] = session.get_one(Ticket, more["into"].id)
            if isinstance(more.get("entry"), TicketEntry):
                more["entry"] = session.get_one(TicketEntry, more["entry"].id)
            return verb(session, row, actor=actor or world.desk, now=world.now, **more)

    def answer(self, ticket: Ticket, text: str = "Choose the project first.", **more: Any) -> TicketEntry:
        return self.do(conversation.answer, ticket, text=text, **more)

    def receive(self, ticket: Ticket, text: str = "It works now, thank you.", **more: Any) -> TicketEntry:
        return self.do(conversation.receive, ticket, text=text, **({"actor": PORTAL} | more))

    def solve(self, ticket: Ticket, **more: Any) -> None:
        self.do(moves.solve, ticket, **more)

    def read(self, ticket: Ticket) -> Ticket:
        with self.world.look() as session:
            return session.get_one(Ticket, ticket.id)

    def entries(self, ticket: Ticket, *, notes: bool = True) -> list[TicketEntry]:
        with self.world.look() as session:
            return list(entries.of(session, session.get_one(Ticket, ticket.id), notes=notes))


def refused(act: Callable[..., Any], *args: Any, **more: Any) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.field
