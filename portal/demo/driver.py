"""Moves the made-up community: a clock, a mailbox, and the acts that its people do through the portal's services."""

import dataclasses
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import documents
from portal import jobs
from portal.actors import Actor, actor_of
from portal.adapters.mail import Before, Mailer, Message
from portal.db import transaction
from portal.demo.names import Somebody
from portal.effects.registry import HANDLERS
from portal.jobs import Job
from portal.models import Agency, Document, Link, Membership, Person, Project, WorkOrder
from portal.refusals import Refused
from portal.services import links, paperwork
from portal.services.desk import work_orders
from portal.services.people import handover, particulars, people
from portal.wiring import Context, work_order_hmis
from portal.worker import Worker, drain
from workflows.business_time import local_day
from workflows.vocabulary import Effect, Reason

ADDRESS, AGENT = "192.0.2.10", "A made-up browser"
PASSWORDS = ("Harbor42Lights", "Granite73Shore", "Meadow58Loons", "Birches91Rain")
KEPT = timedelta(days=21)
BETWEEN_COPIES = timedelta(seconds=15)
LINK = re.compile(r"/s/(\S+)")
CODE = re.compile(r"^(\d{3}) ?(\d{3})$", re.MULTILINE)


class Mailbox:
    """A mailer that keeps every message by its addressee; what a visitor could still act on is passed on as well."""

    def __init__(self, onwards: Mailer, since: datetime):
        self.onwards, self.since = onwards, since
        self.links: dict[str, list[str]] = defaultdict(list)
        self.codes: dict[str, list[str]] = defaultdict(list)
        self.count = 0

    def send(self, message: Message, *, before: Before | None = None) -> tuple[str, ...]:
        self.count += 1
        if before is not None:
            before()
        if found := LINK.search(message.text):
            self.links[message.to_email].append(found[1])
        if found := CODE.search(message.text):
            self.codes[message.to_email].append(found[1] + found[2])
            return ()  # by the time a visitor comes, the code has expired
        return self.onwards.send(message) if message.sent_at >= self.since else ()


class Driver:
    """One database under a moved clock. Every act is a transaction of its own, by one person, as in the portal."""

    def __init__(self, context: Context, chance: random.Random):
        self.end = context.clock()
        self.now = self.end
        self.chance = chance
        self.mailbox = Mailbox(context.mailer, self.end - KEPT)
        self.policy, self.keys, self.sessions = context.policy, context.keys, context.sessions
        self.context = dataclasses.replace(
            context,
            clock=self._clock,
            mailer=self.mailbox,
            core_hmis=work_order_hmis(context.sessions, context.policy, self._clock),
        )
        self._put_off = 0
        self._render = False
        self._handlers = {**HANDLERS, Effect.EXECUTED_COPY: self._copy}
        self._worker = Worker(self.context, self._handlers)
        self._texts = {
            (kind, version): documents.text(kind, version)
            for kind in documents.kinds()
            for version in documents.versions(kind)
        }

    def _clock(self) -> datetime:
        return self.now

    @property
    def today(self) -> date:
        return local_day(self.now, self.policy.zone)

    @property
    def about(self) -> dict[str, Any]:
        """What nearly every service is told besides its things."""
        return {"now": self.now, "policy": self.policy}

    def change(self) -> AbstractContextManager[Session]:
        return transaction(self.sessions)

    # --- who and where

    def who(self, session: Session, email: str) -> Person:
        found = people.by_email(session, email)
        if found is None:
            raise LookupError(f"nobody has been named with the address {email}")
        return found

    def actor(self, session: Session, email: str, *, via: str = "password", document_id: int | None = None) -> Actor:
        return actor_of(
            session,
            self.who(session, email),
            self.today,
            via=via,
            address=ADDRESS,
            agent=AGENT,
            document_id=document_id,
        )

    def agency(self, session: Session, name: str) -> Agency:
        return session.scalars(select(Agency).where(Agency.name_key == name.casefold())).one()

    def member(self, session: Session, name: str, email: str) -> Membership:
        return session.scalars(
            select(Membership)
            .join(Person, Person.id == Membership.person_id)
            .join(Agency, Agency.id == Membership.agency_id)
            .where(Agency.name_key == name.casefold(), Person.email_key == email.lower())
        ).one()

    def projects(self, session: Session, name: str) -> list[Project]:
        return list(self.agency(session, name).projects)

    # --- the worker

    def work(self) -> int:
        """Everything that is due, but executed copies: most of those wait for the real worker."""
        return drain(self.context, handlers=self._handlers)

    def duties(self) -> None:
        """What comes due by itself: the sweep, passwords and orders."""
        self._worker.see_to_duties()

    def render_copies(self, on: bool) -> None:
        """Whether executed copies are made at once from here on; otherwise the real worker makes them, one by one."""
        self._render = on

    def _copy(self, context: Context, job: Job) -> None:
        if self._render:
            HANDLERS[Effect.EXECUTED_COPY](context, job)
            return
        self._put_off += 1
        with self.change() as session:
            jobs.enqueue(
                session,
                Effect.EXECUTED_COPY,
                key=job.key,
                now=self.end,
                run_at=self.end + self._put_off * BETWEEN_COPIES,
                payload=job.payload,
            )

    # --- signing, as people do it: the link in a message, the code in another

    def sign(self, *signers: Somebody, title: str = "") -> int:
        """These people sign whatever waits in their mailboxes; how many signatures that were."""
        opened: list[tuple[Somebody, str]] = []
        for signer in signers:
            envelopes = self.mailbox.links.pop(signer.email, [])
            opened += [(signer, envelope) for envelope in envelopes if self._opens(envelope)]
        if not opened:
            return 0
        self.work()
        codes = {email: iter(self.mailbox.codes.pop(email)) for email in {signer.email for signer, _ in opened}}
        for signer, envelope in opened:
            self._sign(signer, envelope, next(codes[signer.email]), title)
        return len(opened)

    def _opens(self, envelope: str) -> bool:
        """Opens a link, which has a code mailed; False for one that a newer version of the document has replaced."""
        try:
            with self.change() as session:
                link = links.open_link(session, keys=self.keys, envelope=envelope, purpose="signing", now=self.now)
                links.mail_code(session, link=link, **self.about)
        except Refused as no:
            if no.reason is not Reason.LINK_SPENT:
                raise
            return False
        return True

    def _sign(self, signer: Somebody, envelope: str, code: str, title: str) -> None:
        with self.change() as session:
            link = links.open_link(session, keys=self.keys, envelope=envelope, purpose="signing", now=self.now)
            proof = links.prove_code(session, link=link, code=code, **self.about)
            if not proof.proven:
                raise RuntimeError(f"{signer.email}: {proof.sentence}")
        with self.change() as session:
            link = session.get_one(Link, link.id)
            document = session.get_one(Document, link.document_id)
            text = self._texts[document.kind, document.version]
            paperwork.sign(
                session, document=document, link=link, name=signer.name, title=title or signer.title, authority=True,
                initials=dict.fromkeys(text.initialled, signer.initials), consent=True, answers=self._blanks(document),
                actor=self.actor(session, signer.email, via="link", document_id=document.id), **self.about,
            )  # fmt: skip

    def _blanks(self, document: Document) -> dict[str, str]:
        if document.signatures:
            return {}
        text = self._texts[document.kind, document.version]
        asked = {field.name for field in paperwork.to_fill(text, document.answers)}
        typed = {
            "work_phone": "207-555-0100",
            "job_title": "Case manager",
            "courses": "HMIS end user training",
            "asset_tag": "SAMPLE-17",
            "locations": "At the shelter and at partners' offices",
            "work_email": "office@example.org",
            "health_privacy_status": "Neither",
            "participation_fee": "$0",
            "effective_on": self.today.isoformat(),
            "ends_on": (self.today + timedelta(days=364)).isoformat(),
        }
        return {name: value for name, value in typed.items() if name in asked}

    # --- the desk

    def verify(self, desk: str, documents_: Iterable[int], how: str = "submitted") -> None:
        for number in documents_:
            with self.change() as session:
                document = session.get_one(Document, number)
                paperwork.verify(session, document=document, how=how, actor=self.actor(session, desk), now=self.now)

    def papers(self, name: str, *statuses: str, kind: str = "", unverified: bool = True) -> list[int]:
        """The documents of an Agency in these statuses, oldest first."""
        with self.change() as session:
            query = select(Document).join(Agency, Agency.id == Document.agency_id)
            query = query.where(Agency.name_key == name.casefold(), Document.status.in_(statuses))
            if kind:
                query = query.where(Document.kind == kind)
            rows = session.scalars(query.order_by(Document.id)).all()
            return [row.id for row in rows if not unverified or row.verified_at is None]

    def carry_out_orders(self, desk: str, *, but: Callable[[WorkOrder, Person], bool] | None = None) -> int:
        """The help desk types every open order into the core HMIS and confirms it; all but those to be left open."""
        with self.change() as session:
            query = (
                select(WorkOrder.id)
                .where(WorkOrder.status == "open", WorkOrder.account_id.is_not(None))
                .order_by(WorkOrder.id)
            )
            numbers = list(session.scalars(query))
        done = 0
        for number in numbers:
            with self.change() as session:
                order = session.get_one(WorkOrder, number)
                if order.account is None or (but is not None and but(order, order.account.person)):
                    continue
                fresh = order.act == "ensure" and order.account.confirmed_at is None
                password = PASSWORDS[number % len(PASSWORDS)] if fresh else ""
                work_orders.confirm(
                    session,
                    order=order,
                    actor=self.actor(session, desk),
                    keys=self.keys,
                    typed_user_id=order.account.user_id,
                    temporary_password=password,
                    **self.about,
                )
            done += 1
        if done:
            self.work()
        return done

    def reveal(self, email: str) -> None:
        """The person opens the temporary password, once."""
        with self.change() as session:
            person = self.who(session, email)
            if handover.waiting(session, person_id=person.id, now=self.now) is not None:
                handover.reveal(session, person=person, actor=self.actor(session, email), now=self.now, keys=self.keys)


def fields(somebody: Somebody) -> particulars.PersonFields:
    """Somebody as typed into a form."""
    return particulars.PersonFields(
        first_name=somebody.first,
        last_name=somebody.last,
        email=somebody.email,
        phone=somebody.phone,
        title=somebody.title,
    )


def office_fields(somebody: Somebody, title: str) -> particulars.PersonFields:
    return dataclasses.replace(fields(somebody), title=title)


def results(rows: Iterable[tuple[str, str, str, datetime]]) -> bytes:
    """A training file of (e-mail, course, score, moment) rows, as the learning system sends it."""
    lines = [f"{email},{course},{score},100,{taken:%Y-%m-%dT%H:%M:%SZ}," for email, course, score, taken in rows]
    return "\n".join(["email,course,score,max_score,taken_at,attempt", *lines, ""]).encode()
