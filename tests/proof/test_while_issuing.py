"""A sanction, a withdrawn agreement, a new document version or another pack, committed while access is being issued.

The lock is what keeps them apart. Without it the same interleaving leaves a hole, which the auditor finds.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from portal.db import transaction
from portal.models import Agency, Grant, Membership, PackActivation
from portal.services import decisions, evidence, locks, packs
from portal.services.people import grants, licences, provisioning
from tests.proof.racing import PATIENCE, holes, problems, reconsider, together, wide
from tests.services.world import World
from workflows.policy import load
from workflows.vocabulary import LEAD, About, Kind, Role

ROUNDS = 4


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with wide(database_url, 6) as engine:
        yield World(engine)


@dataclass(frozen=True)
class Scene:
    """What is changed while somebody is let in, what the hole is called, and how it is put right for the next round."""

    change: Callable[[World, Membership], None]
    hole: str
    mend: Callable[[World, Membership], None] = lambda _world, _member: None
    stays_shut: bool = True


def sanction(world: World, member: Membership) -> None:
    world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)


def end_user_agreement(world: World, member: Membership) -> None:
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, member.id)


def end_participation_agreement(world: World, member: Membership) -> None:
    world.withdraw(Kind.PARTICIPATION_AGREEMENT, About.AGENCY, member.agency_id)


def sign_participation_agreement(world: World, member: Membership) -> None:
    world.record(Kind.PARTICIPATION_AGREEMENT, About.AGENCY, member.agency_id)


def take_the_office(world: World, member: Membership) -> None:
    with world.look() as session:
        officers = session.query(Membership).filter_by(agency_id=member.agency_id).order_by(Membership.id)
        officer = officers.first()
    assert officer is not None
    world.withdraw(Kind.SECURITY_OFFICER_ACCEPTANCE, About.MEMBERSHIP, officer.id)


def give_the_office(world: World, member: Membership) -> None:
    with world.look() as session:
        officer = session.query(Membership).filter_by(agency_id=member.agency_id).order_by(Membership.id).first()
    assert officer is not None
    world.record(Kind.SECURITY_OFFICER_ACCEPTANCE, About.MEMBERSHIP, officer.id)


def publish(world: World, _member: Membership) -> None:
    """A user agreement that binds from the day it is published, since its grace is long over."""
    version = f"v{next(world.numbers)}"
    world.record(
        Kind.PUBLISHED,
        About.LEAD,
        LEAD,
        detail="user_agreement",
        version=version,
        valid_from=world.today - timedelta(60),
    )


def activate(world: World, _member: Membership) -> None:
    """A pack in which a pass needs 95 percent: nobody in this world has that."""
    text = load().text.replace("pass_mark = 80 ", f"pass_mark = 95.{next(world.numbers) % 90 + 10} ")
    with world.change() as session:
        row = packs.propose(session, load(text, "stricter"), actor=world.admin, now=world.now, note="Harder quizzes.")
    second = world.staff(Role.LEAD_ADMIN)
    with world.change() as session:
        packs.activate(session, session.get_one(PackActivation, row.id), actor=second, now=world.now)


SCENES = {
    "a sanction": Scene(sanction, "no-open-sanction"),
    "the user agreement is withdrawn": Scene(end_user_agreement, "user-agreement"),
    "the participation agreement is withdrawn": Scene(
        end_participation_agreement, "participation-agreement", sign_participation_agreement
    ),
    "the security officer resigns": Scene(take_the_office, "a-security-officer", give_the_office, stays_shut=False),
    "a new version binds": Scene(publish, "user-agreement"),
    "another pack is activated": Scene(activate, "decision-pack"),
}


def adopt(world: World) -> None:
    with world.change() as session:
        packs.adopt(session, world.policy, now=world.now)


def name_of(problem: Any) -> str:
    return problem.said.rpartition(": ")[2].removesuffix(".") if problem.check == "decision" else problem.check


def raced(world: World, scene: Scene, rounds: int) -> None:
    agency = world.agency(licences_=20)
    for _ in range(rounds):
        member = world.ready(agency)
        results = together(reconsider(world, member.id), lambda m=member: scene.change(world, m))
        assert not [r for r in results if isinstance(r, BaseException)], results
        assert not holes(world), results
        world.drain()
        if scene.stays_shut:
            assert world.status(member) in {"none", "suspended"}
        assert problems(world) == []
        scene.mend(world, member)
        world.drain()


@pytest.mark.parametrize(
    "scene", [name for name in SCENES if name not in ("a new version binds", "another pack is activated")]
)
def test_a_change_while_access_is_issued_leaves_no_hole(world: World, scene: str) -> None:
    raced(world, SCENES[scene], ROUNDS)


@pytest.mark.parametrize("scene", ["a new version binds", "another pack is activated"])
def test_a_change_for_everybody_while_access_is_issued_leaves_no_hole(world: World, scene: str) -> None:
    adopt(world)
    raced(world, SCENES[scene], 1)


@pytest.mark.proof
@pytest.mark.parametrize(
    "scene", [name for name in SCENES if name not in ("a new version binds", "another pack is activated")]
)
def test_a_change_while_access_is_issued_leaves_no_hole_a_hundred_times(world: World, scene: str) -> None:
    for _ in range(5):
        raced(world, SCENES[scene], 20)


# --------------------------------------------------------------------------------- the very interleaving, held in place


class Paused:
    """Issuing, stopped between what it has read and what it writes, until it is let go."""

    def __init__(self, world: World, member: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read, self.go, self.said = threading.Event(), threading.Event(), None
        kept = decisions.keep

        def keep(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is self.thread:
                self.read.set()
                assert self.go.wait(PATIENCE)
            return kept(*args, **kwargs)

        monkeypatch.setattr(decisions, "keep", keep)
        self.act = reconsider(world, member.id)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self.read.wait(PATIENCE)

    def _run(self) -> None:
        self.said = self.act()

    def finish(self) -> object:
        self.go.set()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        return self.said


def ready(world: World) -> Membership:
    agency: Agency = world.agency()
    adopt(world)
    return world.ready(agency)


def nothing(*_args: Any, **_kwargs: Any) -> None:
    return None


def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nobody had ever thought of it: everywhere that it is called, it does nothing."""
    monkeypatch.setattr(locks, "lock", nothing)
    for module in (evidence, grants, licences, provisioning, packs):
        for name in ("lock", "lock_concerned"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, nothing)


@pytest.fixture
def postgres_world(clean_url: Callable[[str], str]) -> Iterator[World]:
    with wide(clean_url("postgresql"), 6) as engine:
        yield World(engine)


@pytest.mark.postgresql
@pytest.mark.parametrize("scene", SCENES)
def test_without_the_lock_this_interleaving_leaves_a_hole_that_the_auditor_finds(
    postgres_world: World, monkeypatch: pytest.MonkeyPatch, scene: str
) -> None:
    world, it = postgres_world, SCENES[scene]
    member = ready(world)
    without_lock(monkeypatch)
    issuing = Paused(world, member, monkeypatch)
    it.change(world, member)
    assert issuing.finish() == "permitted"
    assert it.hole in {name_of(problem) for problem in holes(world)}
    assert world.count(Grant, Grant.status == "live") == 1


@pytest.mark.parametrize("scene", SCENES)
def test_with_the_lock_the_change_waits_and_there_is_no_hole(
    world: World, monkeypatch: pytest.MonkeyPatch, scene: str
) -> None:
    it, member = SCENES[scene], ready(world)
    issuing = Paused(world, member, monkeypatch)
    changing = threading.Thread(target=it.change, args=(world, member), daemon=True)
    changing.start()
    changing.join(0.7)
    assert changing.is_alive(), "whoever changes what issuing has read must wait until it is over"
    assert issuing.finish() == "permitted"
    changing.join(PATIENCE)
    assert not changing.is_alive()
    assert holes(world) == []
    world.drain()
    assert problems(world) == []
    assert it.hole == "a-security-officer" or world.status(member) == "suspended"


@pytest.mark.postgresql
def test_the_transaction_that_waited_reads_what_the_other_one_wrote(
    postgres_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = postgres_world
    member = ready(world)
    said: list[object] = []
    with transaction(world.sessions) as session:
        evidence.record(
            session, actor=world.desk, now=world.now, kind=Kind.SANCTION, about=About.PERSON, subject_id=member.person_id,
            detail="suspension", valid_from=world.today,
        )  # fmt: skip
        issuing = threading.Thread(target=lambda: said.append(reconsider(world, member.id)()), daemon=True)
        issuing.start()
        issuing.join(0.5)
        assert issuing.is_alive() and not said
    issuing.join(PATIENCE)
    assert said == ["refused"]
    assert holes(world) == []
