"""What falls due about incidents is on the first page and in the day's digest of whoever has it to do, and of nobody involved."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import Incident, Job, Membership
from portal.services.home import duties, home
from portal.services.security.incidents import incident_chain, incident_people
from tests.enforcement.incidents_world import Incidents, complain
from tests.services.asking import admin_of, director_of
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import Role


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def made(world: World) -> Incidents:
    return Incidents(world)


def due(world: World, actor) -> list[tuple[str, bool]]:
    with world.look() as session:
        found = duties.for_person(
            session, person_id=actor.person_id, roles=actor.roles, on=world.today, policy=world.policy
        )
        return [(duty.title, duty.due < world.today) for duty in found if duty.key.startswith(("chain", "complaint"))]


def titles(world: World, actor) -> list[str]:
    with world.look() as session:
        found = home.waiting(session, actor=actor, now=world.now, policy=world.policy)
        return [task.title for task in (*found.mine, *found.soon)]


def test_whom_to_tell_is_the_security_officers_duty_until_it_is_done(world: World, made: Incidents) -> None:
    row, _ = made.report()
    made.triage(row)
    steps = [
        "Tell the Agency's security officer",
        "Tell the Agency's executive director",
        "Tell the HMIS Lead's director",
    ]
    assert due(world, made.guard) == [(title, False) for title in steps]
    assert due(world, world.admin) == [], "only where there is no security officer"
    world.now += timedelta(days=3)
    assert due(world, made.guard) == [(title, True) for title in steps]
    assert set(steps) <= set(titles(world, made.guard))
    with world.change() as session:
        duties.tell(session, now=world.now, policy=world.policy)
    with world.look() as session:
        told = {job.payload["person_id"] for job in session.query(Job) if job.payload.get("mail") == "runs_out"}
        [first, *_] = incident_chain.steps(session, row)
    assert told == {made.guard.person_id}
    made.act(incident_chain.done, first, told="The officer", words="By telephone.")
    assert len(due(world, made.guard)) == 2


def test_a_guard_who_is_involved_is_not_reminded(world: World, made: Incidents) -> None:
    second = world.staff(Role.LEAD_SECURITY)
    row, _ = made.report()
    made.triage(row)
    with world.look() as session:
        member = session.scalars(select(Membership).where(Membership.person_id == second.person_id)).one()
    made.name(row, member)
    assert due(world, second) == []
    assert len(due(world, made.guard)) == 3
    assert "1 report of an incident to triage" not in titles(world, second)


def test_a_complaint_is_the_agencys_to_answer(world: World, made: Incidents) -> None:
    agency, elsewhere = world.agency(), world.agency()
    row = complain(made, agency, admin_of(world, agency))
    for who in (admin_of(world, agency), director_of(world, agency)):
        assert due(world, who) == [("Answer a complaint", False)]
    for who in (admin_of(world, elsewhere), made.guard):
        assert due(world, who) == []
    world.now += timedelta(days=31)
    assert due(world, admin_of(world, agency)) == [("Answer a complaint", True)]
    assert made.read(row).status == "reported"


def test_reports_to_triage_and_what_one_is_asked_stand_on_the_first_page(world: World, made: Incidents) -> None:
    agency = world.agency()
    accused = world.member(agency)
    made.report()
    row = made.investigated(agency, accused)
    made.report(said="Her number 123-45-6789 lay there.")
    found = titles(world, made.guard)
    for title in (
        "2 reports of incidents to triage",
        "1 incident that you investigate",
        "1 report that looks like a client's data",
    ):
        assert title in found
    assert "2 reports of incidents to triage" in titles(world, world.admin)
    assert not [title for title in titles(world, world.desk) if "incident" in title]
    asked = "Answer what you are asked about an incident"
    assert asked not in titles(world, world.actor(accused))
    with world.look() as session:
        [named] = incident_people.of(session, row)
    made.act(incident_people.open_to, named, asked="Whose was it?")
    assert asked in titles(world, world.actor(accused))
    made.act(incident_people.answer, named, actor=world.actor(accused), text="Mine.")
    assert asked not in titles(world, world.actor(accused))


def test_the_first_page_costs_the_same_however_many_there_are(world: World, made: Incidents) -> None:
    agency = world.agency()

    def cost() -> int:
        with world.look() as session, statements(world.engine) as said:
            home.waiting(session, actor=made.guard, now=world.now, policy=world.policy)
        return len(said)

    made.investigated(agency, world.member(agency))
    complain(made, agency, admin_of(world, agency))
    before = cost()
    for _ in range(10):
        world.now += timedelta(minutes=11)
        made.investigated(agency, world.member(agency))
    assert cost() == before
    assert world.count(Incident) == 12
