"""Helpers of the tests about plans: a world with the Lead's security officer and a Board, and each step in a line."""

from datetime import timedelta
from typing import Any

from portal.actors import Actor
from portal.models import PlanVersion
from portal.services.paperwork import Scan
from portal.services.security.plans import plan_approval, plan_feedback, plans
from tests.services.world import World
from workflows.vocabulary import Role

SECURITY = "security_plan"


def pdf(name: str = "plan.pdf", mark: str = "a") -> Scan:
    return Scan(mark * 64, "application/pdf", 1000, 3, name)


class Planning:
    """A world in which plans are made: `world.admin` drafts, `officer` and `board` are others, `director` comments."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.officer = world.staff(Role.LEAD_SECURITY)
        self.board = world.staff(Role.BOARD_MEMBER)
        self.harbor = world.agency("Sample Harbor", licences_=0)
        self.director = world.actor(world.member(self.harbor, None, Role.EXECUTIVE_DIRECTOR))

    def draft(self, kind: str = SECURITY, actor: Actor | None = None, **more: Any) -> PlanVersion:
        values: dict[str, Any] = {
            "changes": "The first version.",
            "body": "# Aim\n\nKeep it safe.",
            "file": None,
        } | more
        with self.world.change() as session:
            return plans.draft(
                session, kind=kind, actor=actor or self.world.admin, now=self.world.now, policy=self.world.policy, **values
            )  # fmt: skip

    def do(self, verb: Any, row: PlanVersion, actor: Actor | None = None, **more: Any) -> Any:
        """One verb on a version, in a transaction of its own."""
        with self.world.change() as session:
            there = session.get_one(PlanVersion, row.id)
            if verb is not plans.withdraw:
                more["policy"] = self.world.policy
            return verb(session, there, actor=actor or self.world.admin, now=self.world.now, **more)

    def ask(self, row: PlanVersion, days: int = 14) -> None:
        self.do(plans.ask_for_feedback, row, until=self.world.today + timedelta(days))

    def say(self, row: PlanVersion, actor: Actor | None = None, **more: Any) -> Any:
        values = {"agency_id": None, "place": "Passwords", "text": "Please say how often."} | more
        return self.do(plan_feedback.comment, row, actor or self.director, **values)

    def later(self, days: int) -> None:
        self.world.now += timedelta(days)

    def submitted(self, kind: str = SECURITY) -> PlanVersion:
        """A version with the Board, its round over."""
        row = self.draft(kind)
        self.ask(row)
        self.later(15)
        self.do(plans.submit, row)
        return row

    def vote(self, row: PlanVersion, actor: Actor | None = None, **more: Any) -> None:
        values: dict[str, Any] = {
            "on": self.world.today, "approved": True, "votes_for": 9, "against": 1, "abstained": 2, "minutes": pdf("minutes.pdf", "b"),
        }  # fmt: skip
        self.do(plan_approval.record_vote, row, actor or self.officer, vote=plan_approval.Vote(**values | more))

    def in_force(self, kind: str = SECURITY) -> PlanVersion:
        row = self.submitted(kind)
        self.vote(row)
        self.do(plan_approval.enforce, row, since=self.world.today)
        return self.read(row)

    def taken_over(self, kind: str = SECURITY) -> PlanVersion:
        """A plan that the Board approved before the portal, in force today."""
        row = self.draft(kind)
        self.do(plans.take_over, row)
        self.vote(row)
        self.do(plan_approval.enforce, row, since=self.world.today)
        return self.read(row)

    def read(self, row: PlanVersion) -> PlanVersion:
        with self.world.look() as session:
            return session.get_one(PlanVersion, row.id)
