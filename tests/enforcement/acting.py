"""Helpers of the tests about corrective actions: one opened from a finding, planned, completed, verified."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.actors import Actor
from portal.models import CorrectiveAction, Job, SecurityReview
from portal.refusals import Refused
from portal.services.paperwork import Scan
from portal.services.security.actions import action_work, actions, exceptions, review_findings
from portal.services.security.actions.actions import Source, Step
from tests.enforcement.reviewing import Reviewing
from tests.services.world import World
from workflows.vocabulary import Effect, Reason


class Acting:
    """An Agency whose review found something, and whoever opens, plans, completes and verifies."""

    def __init__(self, world: World, at: Reviewing | None = None):
        self.world = world
        self.at = at or Reviewing(world)
        self.officer, self.lead = self.at.officer, self.at.lead
        assert self.officer.person_id
        self.owner_id: int = self.officer.person_id

    def opened(self, review: SecurityReview, item: str = "PHY3", **more: Any) -> CorrectiveAction:
        values: dict[str, Any] = {
            "agency_id": review.agency_id, "source": Source(review=review, item=item), "category": "physical",
            "wrong": "Two screens never lock.", "due": self.world.today + timedelta(30), "actor": self.lead, "owner_id": self.owner_id,
        } | more  # fmt: skip
        with self.world.change() as session:
            return actions.open_action(session, now=self.world.now, policy=self.world.policy, **values)

    def read(self, row: CorrectiveAction) -> CorrectiveAction:
        with self.world.look() as session:
            found = session.get_one(CorrectiveAction, row.id)
            _ = found.steps, found.files, found.owner
            return found

    def steps(self, *days: int) -> list[Step]:
        return [Step(f"Step {n}", self.world.today + timedelta(day)) for n, day in enumerate(days, 1)]

    def plan(self, row: CorrectiveAction, *, actor: Actor | None = None, **more: Any) -> None:
        values: dict[str, Any] = {
            "doing": "Set the screens to lock after five minutes.", "owner_id": self.owner_id, "due": self.world.today + timedelta(20),
            "steps": self.steps(5, 20),
        } | more  # fmt: skip
        with self.world.change() as session:
            found = session.get_one(CorrectiveAction, row.id)
            actions.plan(
                session, found, actor=actor or self.officer, now=self.world.now, policy=self.world.policy, **values
            )

    def do_steps(self, row: CorrectiveAction, *, actor: Actor | None = None) -> None:
        for step in self.read(row).steps:
            if step.done_at is None:
                with self.world.change() as session:
                    found = session.get_one(CorrectiveAction, row.id)
                    action_work.step_done(session, found, step.id, actor=actor or self.officer, now=self.world.now)

    def complete(self, row: CorrectiveAction, *, actor: Actor | None = None) -> None:
        with self.world.change() as session:
            found = session.get_one(CorrectiveAction, row.id)
            action_work.complete(
                session, found, statement="Both screens lock now.", actor=actor or self.officer, now=self.world.now
            )

    def verify(self, row: CorrectiveAction, *, actor: Actor | None = None) -> None:
        self._act(actions.verify, row, actor or self.lead, how="Seen on both screens.")

    def ask(self, row: CorrectiveAction, *, actor: Actor | None = None, until: date | None = None, **more: Any) -> None:
        values: dict[str, Any] = {
            "justification": "The building has one room.", "mitigation": "Staff never leave it alone.",
            "until": until or self.world.today + timedelta(200), "steps": self.steps(30, 200),
        } | more  # fmt: skip
        self._act(exceptions.ask, row, actor or self.officer, **values)

    def accept(self, row: CorrectiveAction, *, actor: Actor | None = None, until: date | None = None) -> None:
        until = until or self.read(row).until
        self._act(exceptions.accept, row, actor or self.lead, until=until, reason="The mitigation is sound.")

    def act(self, verb: Any, row: CorrectiveAction, actor: Actor, **more: Any) -> None:
        self._act(verb, row, actor, **more)

    def _act(self, verb: Any, row: CorrectiveAction, actor: Actor, **more: Any) -> None:
        with self.world.change() as session:
            found = session.get_one(CorrectiveAction, row.id)
            verb(session, found, actor=actor, now=self.world.now, policy=self.world.policy, **more)

    def closed(self, row: CorrectiveAction) -> None:
        self.plan(row)
        self.do_steps(row)
        self.complete(row)
        self.verify(row)


def scan(number: int = 1) -> Scan:
    return Scan(f"{number:064x}", "image/png", 900, 1, f"screen-{number}.png")


def refusal(act: Callable[..., Any], *args: Any, **more: Any) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.field


def found(world: World, review: SecurityReview, only_open: bool = True) -> list[tuple[str, str]]:
    with world.look() as session:
        row = session.get_one(SecurityReview, review.id)
        look = review_findings.unanswered if only_open else review_findings.of
        return [(each.item.id, each.kind) for each in look(session, row, now=world.now, policy=world.policy)]


def mails(world: World) -> list[tuple[str, int]]:
    with world.look() as session:
        rows = session.scalars(select(Job).where(Job.effect == Effect.MAIL.value).order_by(Job.id))
        return [(j.payload["news"], j.payload["person_id"]) for j in rows if j.payload["mail"] == "corrective_action"]
