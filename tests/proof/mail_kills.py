"""Workers that are killed at random while mail comes in by IMAP and answers go out by SMTP, both from real servers."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select

from portal import jobs
from portal.actors import Actor
from portal.db import utc_now
from portal.models import Job, MailArrival, MessageSeen, Person, Ticket, TicketEntry
from portal.services.helpdesk.tickets import conversation
from tests.helpdesk.mails.sample import both, mail
from tests.proof.kills import LEASE, PORTAL, Victim
from tests.services.world import KEY, World
from tests.support.dovecot import Dovecot, dovecot
from tests.support.post import Post, post_office
from tests.support.record import AUDIT_KEY
from workflows.vocabulary import Effect

QUIET = 1500.0
"""Seconds for the workers to come to rest."""


@dataclass
class Rig:
    """The world, both servers, and the workers. `answering` is the share of tickets that the desk answers meanwhile."""

    world: World
    inbox: Dovecot
    post: Post
    folder: Path
    rng: random.Random
    sent: dict[str, str] = field(default_factory=dict)
    answering: float = 0.4

    def environment(self) -> dict[str, str]:
        told = {
            "DATABASE_URL": self.world.engine.url.render_as_string(hide_password=False), "SECRET_KEY": KEY,
            "MAIL_URL": self.post.url, "INBOX_URL": self.inbox.url, "STORAGE": str(self.folder / "storage"), "AUDIT_KEY": AUDIT_KEY,
            "AUDIT_ANCHOR": str(self.folder / "anchors"),
        }  # fmt: skip
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
        return inherited | {f"PORTAL_{name}": value for name, value in told.items()}

    @contextmanager
    def workers(self, number: int) -> Iterator[list[Victim]]:
        command = [*PORTAL, "worker", "--lease", str(LEASE)]
        victims = [
            Victim(f"worker {n}", command, self.environment(), self.folder / f"worker{n}.log") for n in range(number)
        ]
        try:
            for victim in victims:
                victim.start()
            yield victims
        finally:
            for victim in victims:
                victim.end()

    def put(self, messages: range) -> None:
        """Messages of many strangers and a few people whom the portal knows, none of them twice."""
        with self.world.look() as session:
            known = list(session.scalars(select(Person.email)))
        raws = []
        for number in messages:
            message_id = f"proof.{number}@shelter.example"
            sender = (
                known[number // 7 % len(known)] if number % 50 == 7 else f"Stranger <s{number // 3}@elsewhere.example>"
            )
            text = f"Question {number}.\n\nOn Mon, Nov 23, 2026 at 9:20 AM somebody wrote:\n> Something else.\n"
            headers = {"From": sender, "Message_ID": f"<{message_id}>", "Subject": f"Question {number}"}
            raws.append(both(text, f"<p>Question {number}.</p>", **headers) if number % 2 else mail(text, **headers))
            self.sent[message_id] = f"Question {number}."
        self.inbox.put(*raws)
        with self.world.change() as session:  # and not only at the next full minute
            jobs.enqueue(session, Effect.FETCH_MAIL, key="inbox", now=utc_now())

    def answer_some(self, actor: Actor) -> None:
        """The desk answers some of what has come meanwhile."""
        with self.world.look() as session:
            waiting = list(
                session.scalars(select(Ticket.id).where(Ticket.first_answered_at.is_(None)).order_by(Ticket.id))
            )
        for ticket_id in waiting:
            if self.rng.random() < self.answering:
                with self.world.change() as session:
                    ticket = session.get_one(Ticket, ticket_id)
                    conversation.answer(
                        session, ticket, text="Choose the project first.", actor=actor, now=utc_now(), policy=self.world.policy
                    )  # fmt: skip

    def run(self, *, messages: int, kills: int, workers: int) -> int:
        """Mail keeps coming while workers are killed; how many were killed in all."""
        shares = [range(messages)[n::kills] for n in range(kills)]
        with self.workers(workers) as victims:
            for share in shares:
                self.put(share)
                before = self.taken()
                self._wait(lambda before=before, share=share: self.taken() >= before + len(share) // 3, victims)
                self.answer_some(self.world.desk)
                time.sleep(self.rng.uniform(0.0, 1.0))
                victim = self.rng.choice(victims)
                victim.kill()
                victim.start()
            self._wait(lambda: self.taken() >= messages, victims)
            self.answer_some(self.world.desk)
            self._wait(self.quiet, victims)
        return sum(victim.killed for victim in victims)

    def taken(self) -> int:
        with self.world.look() as session:
            return session.scalar(select(func.count()).select_from(MailArrival)) or 0

    def quiet(self) -> bool:
        """Nothing is to be sent or sorted any more, and the mailbox is empty."""
        with self.world.look() as session:
            open_ = session.scalar(
                select(func.count())
                .select_from(Job)
                .where(Job.effect.in_((Effect.TICKET_MAIL, Effect.FETCH_MAIL)), Job.state.in_(("waiting", "running")))
            )
        return not open_ and self.inbox.count() == 0

    def _wait(self, done, victims: list[Victim]) -> None:  # type: ignore[no-untyped-def]
        until = time.monotonic() + QUIET
        while time.monotonic() < until:
            if done():
                return
            time.sleep(0.3)
        logs = "\n".join(f"--- {each.name}: {each.log.read_text()[-1500:]}" for each in victims if each.log.exists())
        raise AssertionError(f"The workers did not come to rest; {self.taken()} messages taken in.\n{logs}")

    def verdict(self, *, kills: int) -> str:
        """Every message one entry with its own words; every answer sent once, or marked as in doubt, of which few."""
        with self.world.look() as session:
            arrivals = session.execute(
                select(MailArrival.message_id, MailArrival.outcome, TicketEntry.body, TicketEntry.id)
                .outerjoin(TicketEntry, TicketEntry.id == MailArrival.entry_id)
            ).all()  # fmt: skip
            came_in = session.scalar(select(func.count()).select_from(TicketEntry).where(TicketEntry.kind == "in"))
            out = session.execute(
                select(TicketEntry.id, TicketEntry.delivery, MessageSeen.message_id)
                .outerjoin(MessageSeen, (MessageSeen.entry_id == TicketEntry.id) & (MessageSeen.direction == "out"))
                .where(TicketEntry.kind == "out")
            ).all()  # fmt: skip
        there, wanted = Counter(row[0] for row in arrivals), Counter(dict.fromkeys(self.sent, 1))
        assert there == wanted, f"lost: {wanted - there}; there twice: {there - wanted}"
        assert {row[1] for row in arrivals} == {"entry"}, Counter(row[1] for row in arrivals)
        assert all(body.startswith(self.sent[message_id]) for message_id, _, body, _ in arrivals), (
            "words of another message"
        )
        assert len({row[3] for row in arrivals}) == len(self.sent) == came_in, "an entry is lost, or there twice"
        assert (self.inbox.count(), self.inbox.count("Taken over")) == (0, len(self.sent))
        posted = Counter(self.post.ids())
        assert max(posted.values(), default=0) == 1, "an answer was sent twice"
        by_delivery = Counter(delivery for _, delivery, _ in out)
        assert set(by_delivery) <= {"sent", "uncertain"}, by_delivery
        for _, delivery, message_id in out:
            assert delivery != "sent" or posted[message_id] == 1, "an answer that is said to be sent was not"
        assert set(posted) <= {message_id for _, _, message_id in out}
        assert by_delivery["uncertain"] <= kills, "more in doubt than workers were killed"
        return f"{len(arrivals)} messages, {by_delivery['sent']} answers sent, {by_delivery['uncertain']} in doubt"


def proven(engine: Engine, folder: Path, *, messages: int, kills: int, workers: int, seed: int) -> str:
    """One whole run; what it was, in a sentence. AssertionError says what is lost or doubled."""
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    began = time.monotonic()
    with dovecot() as inbox, post_office() as post:
        world = World(engine, now=utc_now() - timedelta(minutes=1))
        world.member(world.agency())
        rig = Rig(world, inbox, post, folder, random.Random(seed))
        killed = rig.run(messages=messages, kills=kills, workers=workers)
        said = rig.verdict(kills=killed)
    said = f"{engine.dialect.name}: {said}, {killed} killed, {time.monotonic() - began:.0f} s, seed {seed}"
    print(said)  # noqa: T201 - what the proof shows
    return said
