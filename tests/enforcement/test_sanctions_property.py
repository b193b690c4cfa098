"""Sanctions, appeals, lifts, quizzes and days in any order leave the gate exactly as the set of open ones says.

What is open is kept beside, by hand, from what was done alone: no evidence and no status of the portal's is asked for it.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Engine

from portal.models import Membership, Person, Sanction
from portal.services import decisions
from portal.services.paperwork import Scan
from portal.services.people import attempts, training
from portal.services.security.sanctions import sanctions
from portal.services.security.sanctions.sanction_measures import Measure
from portal.services.security.sanctions.sanctions import Subject
from tests.enforcement.sanctioning import Bench
from workflows.policy import MAINE, load, text_of

SEED = 20261123
STEPS = {"sqlite": 90, "postgresql": 30}
PREREQUISITES = {"agency": "agency-not-suspended", "person": "no-open-sanction", "membership": "licence-not-revoked"}
COURSES = ("hmis-basics",)
DAY = timedelta(1)


@dataclass
class Known:
    """One sanction as whoever did it all remembers it; `rests` while an appeal is heard under a pack that lets it."""

    row: Sanction
    about: str
    subject: int
    measure: Measure
    first: date
    decided: datetime
    open: bool = True
    appealed: bool = False
    heard: bool = False
    rests: bool = False

    def shuts(self, on: date) -> str:
        """The prerequisite that it leaves unmet on a day, or ''."""
        if not self.open or self.rests:
            return ""
        if self.measure.measure == "training":
            return "no-open-retraining"
        if self.measure.measure not in ("suspension", "revocation"):
            return ""
        over = self.measure.days is not None and on >= self.first + timedelta(self.measure.days)
        return "" if over else PREREQUISITES[self.about]


class Story:
    """People at two Agencies, what was done to them, and what is open."""

    def __init__(self, engine: Engine, seed: int, *, rests: bool) -> None:
        self.random, self.bench, self.known, self.did = Random(seed), Bench.on(engine), [], Counter()
        self.known: list[Known] = []
        world = self.bench.world
        if rests:
            world.policy = load(text_of(MAINE).replace("appeal_suspends = false", "appeal_suspends = true"), "another")
            world.context = replace(world.context, policy=world.policy)
        self.agencies = [world.agency(), world.agency()]
        first = world.ready(self.agencies[0])
        with world.look() as session:
            who = session.get_one(Person, first.person_id)
        self.members = [first, world.ready(self.agencies[1], who), world.ready(self.agencies[0])]
        world.drain()
        self.rests = rests

    def step(self) -> None:
        acts = [
            self.sanction,
            self.sanction,
            self.lift,
            self.appeal,
            self.appeal,
            self.hear,
            self.quiz,
            self.quiz,
            self.wait,
            self.wait,
        ]
        act = self.random.choice(acts)
        if act():
            self.did[act.__name__] += 1
        self.bench.world.now += timedelta(minutes=self.random.randrange(1, 90))
        self.bench.world.drain()

    def sanction(self) -> bool:
        """Few at a time: among many, what one of them leaves wrong could not be seen."""
        if sum(bool(each.shuts(self.bench.world.today)) for each in self.known) > 1:
            return False
        member = self.random.choice(self.members)
        about = self.random.choice(("agency", "person", "membership"))
        measure = self.measure(about)
        with self.bench.world.look() as session:
            there = session.get_one(Membership, member.id)
            subject: Subject = {
                "agency": sanctions.of_agency(there.agency), "person": sanctions.of_person(there), "membership": sanctions.of_membership(there),
            }[about]  # fmt: skip
        row = self.bench.sanction(subject, measure)
        self.known.append(
            Known(row, about, self.subject(about, member), measure, self.bench.world.today, self.bench.world.now)
        )
        return True

    def measure(self, about: str) -> Measure:
        drawn = [
            Measure(measure="suspension", days=self.random.randrange(1, 6)),
            Measure(measure="suspension", remedy="Answer in writing."),
            Measure(measure="revocation"),
            Measure(measure="reprimand"),
        ]
        if about == "person":
            drawn += [Measure(measure="training", course=course) for course in COURSES * 2]
        return self.random.choice(drawn)

    @staticmethod
    def subject(about: str, member: Membership) -> int:
        return {"agency": member.agency_id, "person": member.person_id, "membership": member.id}[about]

    def lift(self) -> bool:
        able = [each for each in self.known if self.bench.read(each.row).status in ("in_force", "upheld")]
        if not able:
            return False
        one = self.random.choice(able)
        self.bench.lift(one.row)
        one.open = False
        return True

    def appeal(self) -> bool:
        able = [
            each for each in self.known
            if not each.appealed and each.row.replaces_id is None and self.bench.read(each.row).status in ("in_force", "expired")
        ]  # fmt: skip
        if not able:
            return False
        one = self.random.choice(able)
        running = self.bench.read(one.row).status == "in_force"
        self.bench.appeal(one.row, self.bench.world.admin, came_from="A letter", received_on=self.bench.world.today)
        one.appealed, one.rests = True, self.rests and running
        return True

    def hear(self) -> bool:
        able = [each for each in self.known if each.appealed and not each.heard]
        if not able:
            return False
        one = self.random.choice(able)
        outcome = self.random.choice(("upheld", "lifted", "changed"))
        today = self.bench.world.today
        if outcome != "changed":
            self.bench.hear(one.row, outcome)
            if outcome == "lifted":
                one.open = False
        else:
            measure = Measure(measure="suspension", days=self.random.randrange(6, 9))
            new = self.bench.hear(one.row, "changed", measure=measure)
            first = one.first if one.measure.measure == "suspension" else today
            one.open = False
            self.known.append(Known(new, one.about, one.subject, measure, first, self.bench.world.now))
        one.heard, one.rests = True, False
        return True

    def quiz(self) -> bool:
        """One that is taken now, long ago or a moment before a decision; passed or not."""
        member, course = self.random.choice(self.members), self.random.choice(COURSES)
        mine = [
            each.decided
            for each in self.known
            if each.measure.measure == "training" and each.subject == member.person_id
        ]
        now = self.bench.world.now
        taken = self.random.choice(
            [now, now, now - timedelta(days=40), *(moment - timedelta(minutes=1) for moment in mine)]
        )
        score = self.random.choice((7999, 8000, 9500))
        with self.bench.world.change() as session:
            who = session.get_one(Person, member.person_id)
            proof = attempts.keep_file(
                session,
                Scan("d" * 64, "application/pdf", 900, 1, "a.pdf"),
                person=who,
                actor=self.bench.world.desk,
                now=now,
            )
            training.record_result(
                session, person=who, course=course, score=score, score_as_written="", taken_at=taken, attempt=self.random.randrange(1000, 10**6),
                source="hand", proof=proof, **self.bench.terms(self.bench.world.desk),
            )  # fmt: skip
        for each in self.known:
            mine_too = each.about == "person" and each.subject == member.person_id and each.measure.course == course
            if mine_too and score >= 8000 and taken > each.decided and each.open and not each.rests:
                each.open = False
        return True

    def wait(self) -> bool:
        self.bench.world.now += DAY
        return True

    def expected(self, member: Membership) -> set[str]:
        mine = {"agency": member.agency_id, "person": member.person_id, "membership": member.id}
        on = self.bench.world.today
        return {each.shuts(on) for each in self.known if each.subject == mine[each.about]} - {""}

    def found(self, member: Membership) -> set[str]:
        with self.bench.world.look() as session:
            there = session.get_one(Membership, member.id)
            said = decisions.ask(session, there, now=self.bench.world.now, policy=self.bench.world.policy)
            return {finding.id for finding in said.unmet}


@pytest.mark.parametrize("seed", range(SEED, SEED + 1))
@pytest.mark.parametrize("rests", [False, True], ids=["in force meanwhile", "resting meanwhile"])
def test_the_gate_says_what_the_open_ones_say(each_engine: Engine, rests: bool, seed: int) -> None:
    states: Counter[bool] = Counter()
    story = Story(each_engine, seed, rests=rests)
    for turn in range(STEPS[each_engine.dialect.name]):
        story.step()
        for member in story.members:
            expected = story.expected(member)
            told = (
                f"seed {seed}, step {turn}, {[(each.about, each.measure.measure, each.open) for each in story.known]}"
            )
            assert story.found(member) == expected, told
            assert story.bench.world.status(member) == ("suspended" if expected else "live"), told
            states[bool(expected)] += 1
    assert all(states[each] for each in (True, False)), states
    assert {"sanction", "appeal", "quiz", "wait"} <= set(story.did), story.did
