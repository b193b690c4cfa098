"""What is on record about one membership: an Agency reads of its own people, of the help desk, and of nobody else."""

import pytest
from sqlalchemy import Engine

from portal.models import Membership, Person
from portal.services.people import dossier, people
from tests.services.asking import admin_of
from tests.services.world import World
from workflows.vocabulary import Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def test_another_agencys_staff_have_no_name_in_what_happened(world: World) -> None:
    """Phoned in at the one Agency, read at the other: that it happened, but not who did it."""
    here, there = world.agency(), world.agency()
    person = world.person("Jamie", "Sample")
    membership = world.member(here, person)
    ours, theirs = admin_of(world, here), admin_of(world, there)
    for actor, phone in ((ours, "207-555-0100"), (theirs, "207-555-0101"), (world.desk, "207-555-0102")):
        if actor is theirs:
            world.member(there, person)
        with world.change() as session:
            people.audit.record(
                session, actor=actor, now=world.now, act="person.change", thing=session.get_one(Person, person.id),
                said=f"The telephone number is {phone}.",
            )  # fmt: skip

    def said_by(viewer) -> list[str]:
        with world.look() as session:
            found = dossier.of(session, membership=session.get_one(Membership, membership.id), actor=viewer)
            return [who for entry, who in found.happened if entry.act == "person.change"]

    assert said_by(ours) == ["HMIS help desk", "Somebody at another Agency", ours.name]
    assert said_by(world.desk) == [world.desk.name, theirs.name, ours.name]


def test_a_change_of_name_is_offered_to_whom_it_would_be_granted(world: World) -> None:
    here, there = world.agency(), world.agency()
    person = world.person("Jamie", "Sample")
    world.member(here, person)
    admin = admin_of(world, here)

    def offered(actor) -> bool:
        with world.look() as session:
            return people.may_change_name(session, session.get_one(Person, person.id), actor, on=world.today)

    assert offered(admin) and offered(world.desk)
    world.member(there, person, Role.END_USER)
    assert not offered(admin) and not offered(admin_of(world, there)) and offered(world.desk)
