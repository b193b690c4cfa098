"""Every night the core HMIS is asked for its own list: what differs is kept, shown, told again and settled."""

import dataclasses
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal.adapters.core_hmis.port import CoreHMISError, CoreUserRow, Outcome
from portal.models import CoreComparison, CoreDifference, Job, Membership
from portal.refusals import Refused
from portal.services import daily
from portal.services.desk import comparisons
from portal.services.desk.reconcile import Found
from portal.services.home import home_desk
from tests.services.world import World
from workflows.vocabulary import About, Kind


class Listing:
    """A core HMIS that confirms everything at once and shows a list of its own; `silent`: it does not answer."""

    def __init__(self) -> None:
        self.rows: list[CoreUserRow] = []
        self.silent = False
        self.heard: list[str] = []

    def list(self) -> Any:
        if self.silent:
            raise CoreHMISError("The core HMIS does not answer.")
        return self.rows

    def __getattr__(self, act: str) -> Any:
        def done(order: Any) -> Outcome:
            self.heard.append(act)
            return Outcome(True, order.user_id, "First22Password" if order.first else None)

        return done


@pytest.fixture
def core() -> Listing:
    return Listing()


@pytest.fixture
def world(engine: Engine, core: Listing) -> World:
    made = World(engine)
    settings = dataclasses.replace(made.context.settings, core_hmis="scim+https://core.example.org/scim")
    made.context = dataclasses.replace(made.context, core_hmis=core, settings=settings)  # type: ignore[arg-type]
    return made


def let_in(world: World, core: Listing, last: str) -> Membership:
    member = world.ready(world.agency(), world.person("Jamie", last))
    world.drain()
    account = world.account_of(member)
    core.rows.append(CoreUserRow(account.user_id, f"Jamie {last}", external_id=account.external_id))
    return member


def suspend(world: World, member: Membership) -> None:
    world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)
    world.drain()


def night(world: World) -> None:
    with world.change() as session:
        daily.compare_with_core(session, now=world.now)
    world.drain()


def differing(world: World) -> list[tuple[str, str]]:
    with world.look() as session:
        query = select(CoreDifference).where(CoreDifference.settled_at.is_(None)).order_by(CoreDifference.rank)
        return [(row.found, row.user_id) for row in session.scalars(query)]


def waiting(world: World) -> list[str]:
    with world.look() as session:
        found = home_desk.queues(session, actor=world.desk, now=world.now, on=world.today, policy=world.policy)
        return [each["title"] for each in found if each["kind"] == "desk:core_hmis"]


def test_whoever_gets_in_and_should_not_is_found_told_again_and_settled(world: World, core: Listing) -> None:
    member = let_in(world, core, "Smith")
    let_in(world, core, "Jones")
    night(world)
    assert differing(world) == [] and waiting(world) == []
    suspend(world, member)
    core.heard.clear()
    night(world)
    night(world)
    assert differing(world) == [("open_there", "jsmith")]
    assert waiting(world) == ["1 account differs in the core HMIS"]
    with world.look() as session:
        assert session.scalar(select(CoreComparison.here).order_by(CoreComparison.id.desc())) == 2
        [row] = session.scalars(select(CoreDifference)).all()
    with world.change() as session:
        assert comparisons.tell_again(session, row.id, actor=world.desk, now=world.now, policy=world.policy) == "jsmith"
    with pytest.raises(Refused, match="is being told about jsmith already"), world.change() as session:
        comparisons.tell_again(session, row.id, actor=world.desk, now=world.now, policy=world.policy)
    world.drain()
    assert core.heard == ["suspend"]
    core.rows[0] = dataclasses.replace(core.rows[0], active=False)
    night(world)
    assert differing(world) == [] and waiting(world) == []
    with pytest.raises(Refused, match="does not mend this"), world.change() as session:
        comparisons.tell_again(session, row.id, actor=world.desk, now=world.now, policy=world.policy)


def test_what_comes_back_is_a_difference_of_its_own(world: World, core: Listing) -> None:
    let_in(world, core, "Smith")
    there = core.rows.pop()
    night(world)
    core.rows.append(there)
    night(world)
    core.rows.clear()
    night(world)
    with world.look() as session:
        rows = session.scalars(select(CoreDifference).order_by(CoreDifference.id)).all()
    assert [(row.found, row.settled_at is None) for row in rows] == [("missing", False), ("missing", True)]


def test_a_stranger_there_is_shown_and_nobody_is_called_for_it(world: World, core: Listing) -> None:
    core.rows.append(CoreUserRow("vendor", "The vendor"))
    night(world)
    assert differing(world) == [(Found.UNKNOWN, "vendor")] and waiting(world) == []


def test_a_core_hmis_that_does_not_answer_is_asked_again(world: World, core: Listing) -> None:
    core.silent = True
    night(world)
    with world.look() as session:
        [job] = session.scalars(select(Job).where(Job.effect == "compare")).all()
        assert job.state == "waiting" and "does not answer" in job.error
        assert comparisons.last(session) is None


def test_where_orders_are_typed_by_hand_there_is_nothing_to_compare(world: World, core: Listing) -> None:
    core.rows.append(CoreUserRow("vendor", "The vendor"))
    settings = dataclasses.replace(world.context.settings, core_hmis="work-order")
    world.context = dataclasses.replace(world.context, settings=settings)
    night(world)
    assert differing(world) == []


def test_only_the_help_desk_may_ask(world: World, core: Listing) -> None:
    member = let_in(world, core, "Smith")
    with pytest.raises(Refused), world.change() as session:
        comparisons.ask(session, actor=world.actor(member), now=world.now)
    with pytest.raises(Refused), world.look() as session:
        comparisons.page(session, world.actor(member))
