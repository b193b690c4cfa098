"""A small community with work on every one of the desk's queues, for the tests of the desk's pages."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from portal.models import Device, Membership, Person, TrainingResult
from portal.services.paperwork import Scan
from portal.services.people import certificates
from portal.services.transition import transition
from tests.services.joining import ADMIN, DIRECTOR, Joining, joining
from tests.services.world import World
from workflows.vocabulary import About, Kind

TAKEN = datetime(2026, 11, 20, 16, 0)
SIGNED = (Kind.USER_AGREEMENT, Kind.PRIVACY_PLEDGE)


def stored(world: World, tmp_path: Path) -> World:
    """The same world with a folder of its own for files."""
    world.context = replace(world.context, settings=replace(world.context.settings, storage=tmp_path / "storage"))
    return world


def signed_agreement(world: World) -> Joining:
    """An Agency whose director has signed the participation agreement: it waits for the Lead."""
    joined = joining(world)
    joined.sign("participation_agreement", DIRECTOR)
    return joined


def to_enrol(world: World, agency=None) -> Membership:
    """Somebody who was asked for and has signed, and waits for courses."""
    membership = world.member(agency or world.agency(licences_=0))
    world.request(membership)
    world.record(Kind.ACCESS_LEVEL, About.MEMBERSHIP, membership.id, detail="case_manager_1")
    for kind in SIGNED:
        world.record(kind, About.MEMBERSHIP, membership.id)
    return membership


def certificate(world: World, person: Person, score: int = 8500) -> TrainingResult:
    """A certificate that its person has handed in."""
    actor = world.actor(world.member(world.agency(licences_=0), person))
    with world.change() as session:
        return certificates.claim(
            session,
            person=session.get_one(Person, person.id),
            course="security",
            score=score,
            taken_on=TAKEN.date(),
            file=Scan("d" * 64, "application/pdf", 10, 1, "certificate.pdf"),
            actor=actor,
            now=world.now,
            policy=world.policy,
        )


def unmatched(
    world: World, learner: str = "Jamie Sampel", uid: str = "e-1042", course: str = "security"
) -> TrainingResult:
    """A result that an import could not match."""
    with world.change() as session:
        row = TrainingResult(
            person_id=None,
            course=course,
            score=9000,
            score_as_written="90",
            taken_at=TAKEN,
            attempt=1,
            source="import",
            learner=learner,
            learner_email="",
            learner_uid=uid,
            fingerprint=f"{learner}{uid}{course}"[:64],
            entered_by=world.desk.person_id,
            entered_at=world.now,
        )
        session.add(row)
        session.flush()
        transition(session, row, "unmatch", actor=world.desk, now=world.now)
        return row


def device(world: World, agency) -> Device:
    with world.change() as session:
        session.add(made := Device(agency_id=agency.id, label="Front desk", entered_at=world.now))
    return made


__all__ = ["ADMIN", "certificate", "device", "signed_agreement", "stored", "to_enrol", "unmatched"]
