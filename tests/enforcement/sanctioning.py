"""What the tests of sanctions share: a world with two of the Lead's deciders and one who hears appeals."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from portal.actors import Actor
from portal.models import Agency, Membership, Sanction
from portal.services.security.sanctions import sanction_appeals, sanctions
from portal.services.security.sanctions.sanction_measures import Measure
from portal.services.security.sanctions.sanctions import Subject
from tests.services.world import World
from workflows.vocabulary import Role

SUSPENDED = Measure(measure="suspension", remedy="Answer in writing.")
FACTS = "Two people worked under one login for a week."


@dataclass
class Bench:
    """A world, the officer who drafts, the administrator who decides, and a second one who hears appeals."""

    world: World
    officer: Actor
    hearer: Actor

    @classmethod
    def on(cls, engine: Engine) -> "Bench":
        world = World(engine)
        return cls(world, world.staff(Role.LEAD_SECURITY), world.staff(Role.LEAD_ADMIN))

    def terms(self, actor: Actor) -> dict[str, Any]:
        return {"actor": actor, "now": self.world.now, "policy": self.world.policy}

    def draft(
        self, subject: Subject, measure: Measure = SUSPENDED, violation: str = "look-up", actor: Actor | None = None, **more: Any
    ) -> Sanction:  # fmt: skip
        more.setdefault("departs_because", "It was done twice over.")
        with self.world.change() as session:
            return sanctions.draft(
                session, subject=subject, violation=violation, facts=FACTS, measure=measure, **self.terms(actor or self.officer), **more
            )  # fmt: skip

    def decide(self, row: Sanction, actor: Actor | None = None) -> Sanction:
        with self.world.change() as session:
            there = session.get_one(Sanction, row.id)
            sanctions.decide(session, there, reason="Found as drafted.", **self.terms(actor or self.world.admin))
        return self.read(row)

    def sanction(self, subject: Subject, measure: Measure = SUSPENDED, **more: Any) -> Sanction:
        return self.decide(self.draft(subject, measure, **more))

    def lift(self, row: Sanction, actor: Actor | None = None) -> Sanction:
        with self.world.change() as session:
            there = session.get_one(Sanction, row.id)
            sanctions.lift(session, there, reason="It has been remedied.", **self.terms(actor or self.officer))
        return self.read(row)

    def appeal(self, row: Sanction, actor: Actor, text: str = "It was not I who did it.", **more: Any) -> Sanction:
        with self.world.change() as session:
            there = session.get_one(Sanction, row.id)
            sanction_appeals.appeal(session, there, text=text, **self.terms(actor), **more)
        return self.read(row)

    def hear(self, row: Sanction, outcome: str, actor: Actor | None = None, **more: Any) -> Any:
        act = {
            "upheld": sanction_appeals.uphold,
            "lifted": sanction_appeals.overturn,
            "changed": sanction_appeals.change,
        }
        with self.world.change() as session:
            there = session.get_one(Sanction, row.id)
            return act[outcome](
                session, there, reason="Heard on both sides.", **self.terms(actor or self.hearer), **more
            )

    def read(self, row: Sanction) -> Sanction:
        with self.world.look() as session:
            found = session.get_one(Sanction, row.id)
            session.refresh(found, ["whom", "agency", "notices"])
            return found


def person(member: Membership) -> Subject:
    return sanctions.of_person(member)


def access(member: Membership) -> Subject:
    return sanctions.of_membership(member)


def whole(agency: Agency) -> Subject:
    return sanctions.of_agency(agency)
