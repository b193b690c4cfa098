"""Helpers of the tests about mail: messages that are put into a mailbox, fetched, answered, and what went out for it."""

import dataclasses
import itertools
import os
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from portal.adapters.inbox import FolderInbox
from portal.adapters.mail import Message
from portal.effects import fetch_mail
from portal.models import MailArrival, Person, Ticket, TicketEntry
from tests.helpdesk.mails.sample import mail
from tests.helpdesk.ticketing import Ticketing
from tests.services.world import World


class Mailing(Ticketing):
    """A help desk whose mailbox is a folder; what it sends stays in `sent`."""

    def __init__(self, world: World, folder: Path) -> None:
        super().__init__(world)
        self.folder = folder
        self.inbox = FolderInbox(folder)
        world.context = dataclasses.replace(world.context, inbox=self.inbox)
        self._names = itertools.count(1)
        with world.look() as session:
            self.email = session.get_one(Person, self.asker.person_id).email

    @property
    def sent(self) -> list[Message]:
        return self.world.context.mailer.sent  # type: ignore[attr-defined,no-any-return]

    def trust(self, *servers: str) -> None:
        """Believes what mail servers of these names say about senders."""
        context = self.world.context
        settings = dataclasses.replace(context.settings, inbox_servers=servers)
        self.world.context = dataclasses.replace(context, settings=settings)

    def put(self, *messages: bytes) -> None:
        self.folder.mkdir(exist_ok=True)
        for message in messages:
            number = next(self._names)
            file = self.folder / f"{number:05}.eml"
            file.write_bytes(message)
            os.utime(file, ns=(number * 10**9, number * 10**9))

    def fetch(self) -> int:
        return fetch_mail.fetch(self.world.context, self.inbox, None)

    def arrive(self, message: bytes) -> MailArrival:
        """One message comes in; what became of it."""
        self.put(message)
        assert self.fetch() == 1
        return self.arrivals()[-1]

    def arrivals(self) -> list[MailArrival]:
        with self.world.look() as session:
            return list(session.scalars(select(MailArrival).order_by(MailArrival.id)))

    def counted(self) -> tuple[int, int]:
        """How many tickets and how many entries there are."""
        with self.world.look() as session:
            return (
                session.scalar(select(func.count()).select_from(Ticket)) or 0,
                session.scalar(select(func.count()).select_from(TicketEntry)) or 0,
            )

    def ticket_of(self, arrival: MailArrival) -> Ticket:
        with self.world.look() as session:
            return session.get_one(Ticket, arrival.ticket_id)

    def entry(self, entry: TicketEntry) -> TicketEntry:
        with self.world.look() as session:
            return session.get_one(TicketEntry, entry.id)

    def send(self) -> list[Message]:
        """The worker; what went out meanwhile."""
        before = len(self.sent)
        self.world.drain()
        return self.sent[before:]

    def from_asker(self, body: str = "It does not open.", **headers: str) -> bytes:
        number = next(self._names)
        return mail(body, **({"From": self.email, "Message_ID": f"<m{number}@shelter.example.org>"} | headers))

    def from_stranger(self, body: str = "Who are you?", **headers: str) -> bytes:
        return self.from_asker(body, **({"From": "A Stranger <stranger@elsewhere.example>"} | headers))

    def answered(self) -> tuple[Ticket, Any]:
        """A ticket that came by mail and was answered; the answer as it went out."""
        ticket = self.ticket_of(self.arrive(self.from_asker()))
        self.send()
        self.answer(ticket)
        [message] = self.send()
        return ticket, message
