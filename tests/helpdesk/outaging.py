"""Helpers of the tests about outages: a world with people who are told, and each step in a line."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from portal import jobs
from portal.actors import Actor
from portal.effects import outage as effect
from portal.effects.registry import HANDLERS
from portal.models import Agency, Job, Membership, Outage, OutageUpdate
from portal.services.agencies import agency_ending
from portal.services.helpdesk.outages import entering, moves, telling
from portal.services.helpdesk.outages.entering import Entered
from portal.services.helpdesk.outages.moves import Said
from portal.services.people import departures
from portal.worker import drain
from tests.services.world import World
from workflows.vocabulary import Effect, Role

HOUR = timedelta(hours=1)
SAID = "The HMIS cannot be reached."


class Outaging:
    """A world in which the HMIS goes out: `admins` run two Agencies, `users` have access, `newcomer` has none yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.officer = world.staff(Role.LEAD_SECURITY)
        self.auditor = world.staff(Role.AUDITOR)
        self.harbor = world.agency("Sample Harbor")
        self.admin = self.of(self.harbor, Role.AGENCY_ADMIN)
        self.newcomer = world.actor(world.member(self.harbor))

    def of(self, agency: Agency, role: Role) -> Actor:
        return self.world.actor(self.world.member(agency, None, role))

    def admins(self, count: int) -> list[Membership]:
        return [self.world.member(self.harbor, None, Role.AGENCY_ADMIN) for _ in range(count)]

    def entered(self, **more: Any) -> Entered:
        values: dict[str, Any] = {
            "title": "Servers are moved", "systems": ["core_hmis"], "impact": "down", "starts_at": self.world.now + 72 * HOUR,
            "ends_expected_at": self.world.now + 74 * HOUR, "text": SAID, "tells": "",
        }  # fmt: skip
        return Entered(**values | more)

    def announce(self, actor: Actor | None = None, **more: Any) -> Outage:
        with self.world.change() as session:
            return entering.announce(session, self.entered(**more), actor=actor or self.world.desk, **self.when())

    def report(self, actor: Actor | None = None, **more: Any) -> Outage:
        values = {"title": "Nobody can sign in", "starts_at": self.world.now - HOUR, "ends_expected_at": None} | more
        with self.world.change() as session:
            return entering.report(session, self.entered(**values), actor=actor or self.world.desk, **self.when())

    def do(
        self,
        verb: Any,
        outage: Outage,
        text: str = "More is known now.",
        tells: str = "",
        actor: Actor | None = None,
        **more: Any,
    ) -> Any:
        """One verb on an outage, in a transaction of its own; the outage handed in is as it is afterwards."""
        with self.world.change() as session:
            there = session.get_one(Outage, outage.id)
            return verb(session, there, said=Said(text, tells), actor=actor or self.world.desk, **self.when(), **more)

    def evening(self, verb: Any, on: date, text: str = "The vendor says so.", tells: str = "", **more: Any) -> Outage:
        with self.world.change() as session:
            return verb(session, on, said=Said(text, tells), actor=self.world.desk, **self.when(), **more)

    def end(self, outage: Outage, at: datetime | None = None, **more: Any) -> None:
        self.do(moves.end, outage, at=at or self.world.now, **more)

    def when(self) -> dict[str, Any]:
        return {"now": self.world.now, "policy": self.world.policy}

    def later(self, span: timedelta) -> None:
        self.world.now += span

    def row(self, outage: Outage) -> Outage:
        with self.world.look() as session:
            return session.get_one(Outage, outage.id)

    def said(self, outage: Outage) -> list[OutageUpdate]:
        with self.world.look() as session:
            query = select(OutageUpdate).where(OutageUpdate.outage_id == outage.id).order_by(OutageUpdate.id)
            return list(session.scalars(query))

    def drain(self) -> None:
        """The worker, but for the mails, which stay in the queue."""
        drain(self.world.context, handlers={**HANDLERS, Effect.OUTAGE: effect.handle, Effect.MAIL: lambda _c, _j: None})

    def mails(self) -> list[tuple[int, int]]:
        """(update, person) of every mail about an outage that was ever put in the queue."""
        with self.world.look() as session:
            rows: Sequence[Job] = session.scalars(select(Job).where(Job.effect == Effect.MAIL)).all()
            return [
                (row.payload["update_id"], row.payload["person_id"])
                for row in rows
                if row.payload["mail"] == "outage_said"
            ]

    def counts(self) -> dict[str, int]:
        with self.world.look() as session:
            return dict(telling.counted(session, on=self.world.today))

    def waiting(self, effect_: Effect = Effect.OUTAGE) -> int:
        with self.world.look() as session:
            query = select(func.count()).select_from(Job).where(Job.effect == effect_, Job.state == "waiting")
            return session.scalar(query) or 0

    def one_slice(self) -> None:
        """The next job about outages, as a worker takes it; the mails before it count as sent."""
        found = ""
        while found != Effect.OUTAGE:
            with self.world.change() as session:
                job = jobs.claim(session, now=self.world.now)
            assert job is not None
            found = job.effect
            if found == Effect.OUTAGE:
                effect.handle(self.world.context, job)
            with self.world.change() as session:
                assert jobs.finish(session, job, now=self.world.now)

    def let_in(self, member: Membership) -> None:
        """Whoever is ready gets access."""
        self.world.let_in(member)

    def leave(self, actor: Actor) -> None:
        with self.world.change() as session:
            member = session.scalars(select(Membership).where(Membership.person_id == actor.person_id)).one()
            departures.deactivate(
                session, membership=member, reason="Moved away.", actor=self.world.desk, **self.when()
            )

    def end_agency(self, agency: Agency) -> None:
        with self.world.change() as session:
            agency_ending.end_participation(
                session,
                agency=session.get_one(Agency, agency.id),
                reason="Closed its doors.",
                actor=self.world.admin,
                **self.when(),
            )
