"""Background checks: status, dates, reference and decider are kept; anything a check has found is refused."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from portal.actors import Actor
from portal.models import BackgroundCheck, Evidence, Membership
from portal.refusals import Refused
from portal.services.people import background
from tests.services.asking import admin_of, director_of
from tests.services.world import NEVER, World
from workflows.vocabulary import Kind, Reason, Role

ORDERED, DECIDED = date(2026, 11, 2), date(2026, 11, 16)


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def enter(
    world: World, membership: Membership, actor: Actor, status: str = "ordered", **more: object
) -> BackgroundCheck:
    values: dict[str, object] = {"ordered_on": ORDERED} | more
    if status in background.DECIDED:
        values = {"decided_on": DECIDED, "decider": "Robin Director"} | values
    with world.change() as session:
        return background.enter(
            session,
            membership=session.get_one(Membership, membership.id),
            status=status,
            actor=actor,
            now=world.now,
            policy=world.policy,
            **values,  # type: ignore[arg-type]
        )


def held(world: World, person_id: int) -> list[str]:
    """What is in force about the person today."""
    with world.look() as session:
        rows = session.scalars(
            select(Evidence.detail).where(
                Evidence.kind == Kind.BACKGROUND_CHECK,
                Evidence.subject_id == person_id,
                Evidence.withdrawn_at == NEVER,
                Evidence.valid_from <= world.today,
                Evidence.valid_until >= world.today,
            )
        )
        return sorted(rows)


def test_a_check_is_ordered_waits_and_is_cleared(world: World) -> None:
    agency = world.agency()
    membership, director = world.member(agency), director_of(world, agency)
    first = enter(world, membership, director, reference="ORD-20441")
    assert (first.status, held(world, membership.person_id)) == ("ordered", ["ordered"])
    enter(world, membership, director, "pending")
    assert held(world, membership.person_id) == ["ordered", "pending"]
    last = enter(world, membership, director, "cleared")
    assert (last.id, last.status, last.decided_on, last.decider, last.reference) == (
        first.id,
        "cleared",
        DECIDED,
        "Robin Director",
        "ORD-20441",
    )
    assert held(world, membership.person_id) == ["cleared"]


def test_a_later_check_that_is_not_cleared_ends_the_clearance(world: World) -> None:
    agency = world.agency()
    membership, director = world.member(agency), director_of(world, agency)
    enter(world, membership, director, "cleared", decided_on=DECIDED - timedelta(7))
    enter(world, membership, director, "not_cleared")
    assert held(world, membership.person_id) == ["not_cleared"]
    assert world.count(BackgroundCheck) == 2


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("reference", {"reference": "123-45-6789"}),
        ("reference", {"reference": "123456789"}),
        ("reference", {"reference": "felony 2014"}),
        ("decider", {"decider": "Robin, after the arrest in 2019"}),
        ("reference", {"reference": "see report attached"}),
        ("reference", {"reference": "x" * 61}),
        ("decided_on", {"decided_on": None}),
        ("decided_on", {"decided_on": ORDERED - timedelta(1)}),
        ("decided_on", {"decided_on": date(2027, 1, 1)}),
        ("ordered_on", {"ordered_on": date(1900, 1, 1)}),
        ("decider", {"decider": " "}),
    ],
)
def test_nothing_else_is_kept(world: World, field: str, more: dict[str, object]) -> None:
    agency = world.agency()
    membership, director = world.member(agency), director_of(world, agency)
    with pytest.raises(Refused) as refused:
        enter(world, membership, director, "cleared", **more)
    assert (refused.value.reason, refused.value.field) == (Reason.BAD_INPUT, field)
    assert world.count(BackgroundCheck) == 0 and held(world, membership.person_id) == []


def test_nobody_decides_about_themselves(world: World) -> None:
    agency = world.agency()
    membership = world.member(agency, world.person("Robin", "Example"), Role.AGENCY_ADMIN)
    with pytest.raises(Refused) as own:
        enter(world, membership, world.actor(membership))
    assert own.value.reason == Reason.NOT_ALLOWED
    with pytest.raises(Refused) as named:
        enter(world, membership, director_of(world, agency), "cleared", decider="robin example")
    assert named.value.reason == Reason.SAME_PERSON


def test_only_the_own_agency_enters_it_and_a_second_order_is_refused(world: World) -> None:
    agency, other = world.agency(), world.agency()
    membership = world.member(agency)
    for actor in (admin_of(world, other), world.desk, world.actor(world.member(agency))):
        with pytest.raises(Refused) as refused:
            enter(world, membership, actor)
        assert refused.value.reason == Reason.NOT_ALLOWED
    enter(world, membership, admin_of(world, agency))
    with pytest.raises(Refused) as twice:
        enter(world, membership, admin_of(world, agency))
    assert twice.value.reason == Reason.ALREADY_DONE
