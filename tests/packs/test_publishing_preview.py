"""What publishing a version foretells is what happens when the grace ends: real grants, random signers, both databases."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import Engine, select

from portal.actors import PORTAL
from portal.models import Document, SweepStop
from portal.services import brake, daily, evidence
from portal.services.desk import publishing, publishing_preview
from portal.services.desk.foreseen import What
from tests.packs.drawing import happened, state_of
from tests.services.world import World
from workflows.business_time import business_morning, start_of_day
from workflows.vocabulary import About, Kind

SEED = 20270101
A, M, P = About.AGENCY, About.MEMBERSHIP, About.PERSON
NEW = "2026-1"
KINDS = (Kind.USER_AGREEMENT, Kind.PARTICIPATION_AGREEMENT, Kind.AGENCY_ADMIN_AGREEMENT, Kind.HOUSING_INVENTORY)


class Grace:
    """One community, one version, and everybody's way to the end of the grace."""

    def __init__(self, engine: Engine, rng: Random) -> None:
        self.world, self.rng = World(engine), rng
        world = self.world
        self.kind = rng.choice(KINDS)
        self.version = "2027" if self.kind is Kind.HOUSING_INVENTORY else NEW
        self.places = [world.agency() for _ in range(2)]
        self.members = [
            world.ready(rng.choice(self.places), level=rng.choice(("case_manager_1", "case_manager_1", "agency_admin")))
            for _ in range(5)
        ]
        world.drain()
        for member in self.members[:-1]:
            if world.status(member) == "live":
                world.confirm(member)
        self.start = world.today + timedelta(rng.choice((0, 3, 10)))

    def sign_some(self) -> None:
        """Some sign in time; what they sign is recorded as their document's execution does it."""
        world = self.world
        subjects = (
            [(A, one.id) for one in self.places]
            if self.kind in (Kind.PARTICIPATION_AGREEMENT, Kind.HOUSING_INVENTORY)
            else [(M, one.id) for one in self.members]
        )
        for about, subject in subjects:
            if self.rng.random() < 0.4:
                world.record(self.kind, about, subject, version=self.version, valid_from=world.today)

    def others_lapse(self, end: date) -> None:
        """What has nothing to do with the version: it ends before the grace does, and has closed by then."""
        world = self.world
        for member in self.members:
            if self.rng.random() < 0.2:
                with world.change() as session:
                    for row in evidence.in_force(session, M, member.id, Kind.PRIVACY_PLEDGE, on=world.today)[:1]:
                        last = world.today + timedelta(self.rng.randint(1, max((end - world.today).days - 9, 1)))
                        evidence.end(session, row, actor=PORTAL, now=world.now, last_day=last, reason="It ended.")

    def days_pass(self, until: date) -> None:
        """The sweep of that day and the business morning after it; the brake is let go by the Lead, who was asked."""
        world = self.world
        world.now = start_of_day(until, world.policy.zone)
        with world.change() as session:
            daily.sweep(session, now=world.now, policy=world.policy)
            daily.ask_to_sign_again(session, now=world.now)
        world.drain()
        world.now = business_morning(world.now, world.policy.hours, world.policy.holidays)
        world.drain()
        self.let_go()

    def let_go(self) -> None:
        world = self.world
        with world.change() as session:
            stop = brake.pulled(session)
            if stop is not None:
                last = max(session.scalars(select(brake.StoppedCase.id).where(brake.StoppedCase.stop_id == stop.id)))
                brake.release(
                    session,
                    stop=stop,
                    upto=last,
                    reason="All were told.",
                    actor=world.admin,
                    now=world.now,
                    policy=world.policy,
                )
        world.drain()


def play(engine: Engine, rng: Random) -> Counter[str]:
    made = Grace(engine, rng)
    world, kind = made.world, made.kind
    ahead = [p.grace.after(made.start) for p in world.policy.prerequisites if p.evidence == kind and p.version]
    end = max(ahead)
    made.others_lapse(end)
    made.sign_some()
    with world.look() as session:
        asked = publishing_preview.who_signs(session, kind=kind, version=made.version, on=world.today)
        number = publishing.preview(
            session, kind=kind, version=made.version, in_force_from=made.start, on=world.today, policy=world.policy
        ).asked
        found = publishing_preview.if_nobody_signs(
            session, kind=kind, version=made.version, in_force_from=made.start, now=world.now, policy=world.policy
        )
    if kind is not Kind.HOUSING_INVENTORY:
        assert len(asked) == number
    with world.change() as session:
        publishing.publish(
            session, kind=kind, version=made.version, in_force_from=made.start, actor=world.admin, now=world.now
        )
    world.drain()
    made.days_pass(end - timedelta(8))
    if kind is not Kind.HOUSING_INVENTORY:
        with world.look() as session:
            papers = session.execute(
                select(Document.agency_id, Document.membership_id).where(
                    Document.kind == kind, Document.version == made.version
                )
            )
            assert {tuple(row) for row in papers} == {(one.agency_id, one.membership_id) for one in asked}
    before = state_of(world)
    made.days_pass(end)
    foretold = {line.membership_id: line.what.value for line in found.of("close")}
    assert happened(before, state_of(world)) == foretold, kind
    assert all(line.when is not None and line.when <= world.now for line in found.of("close"))
    return Counter(
        [f"{kind} {line.what.value}" for line in found.lines if line.what in (What.CLOSES, What.HELD, What.LACKS)]
    )


def rounds(clean_url: Callable[[str], str], dialect: str, many: int, seed: int) -> Counter[str]:
    from tests.support import databases

    seen: Counter[str] = Counter()
    for number in range(many):
        with databases.engine_on(clean_url(dialect)) as engine:
            try:
                seen += play(engine, Random(seed + number))
            except BaseException as wrong:
                wrong.add_note(f"seed {seed + number}")
                raise
    return seen


@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_what_a_version_foretells_is_what_happens(clean_url: Callable[[str], str], dialect: str) -> None:
    seen = rounds(clean_url, dialect, 4, SEED)
    assert sum(count for what, count in seen.items() if what.endswith("closes")) > 3, seen


@pytest.mark.proof
@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_what_a_version_foretells_is_what_happens_a_hundred_times(
    clean_url: Callable[[str], str], dialect: str
) -> None:
    seen = rounds(clean_url, dialect, 100, SEED + 1000)
    assert seen["user_agreement closes"] > 10 and seen["participation_agreement closes"] > 10, seen


def test_the_brake_is_not_pulled_by_looking(clean_url: Callable[[str], str]) -> None:
    from tests.support import databases

    with databases.engine_on(clean_url("sqlite")) as engine:
        made = Grace(engine, Random(SEED))
        with made.world.look() as session:
            publishing_preview.if_nobody_signs(
                session,
                kind=made.kind,
                version=made.version,
                in_force_from=made.start,
                now=made.world.now,
                policy=made.world.policy,
            )
        assert made.world.count(SweepStop) == 0
