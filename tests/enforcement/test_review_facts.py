"""What the records say beside an item is what is on record: counted, with the names of those who lack something, at one price."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import Device, Membership, SecurityReview
from portal.services.people import departures
from portal.services.security.reviews import facts
from portal.services.security.reviews.facts import Fact
from tests.enforcement.planning import Planning
from tests.enforcement.reviewing import Reviewing
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import About, Kind, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def at(world: World) -> Reviewing:
    return Reviewing(world)


def said(world: World, review: SecurityReview) -> dict[str, Fact]:
    with world.look() as session:
        return facts.of_all(session, session.get_one(SecurityReview, review.id), on=world.today, policy=world.policy)


def test_people_are_counted_and_those_who_lack_something_are_named(world: World, at: Reviewing) -> None:
    fine, late = world.ready(at.agency), world.ready(at.agency)
    world.let_in(fine)
    world.let_in(late)
    at.in_order(at.agency.id)
    review = at.begun()
    told = said(world, review)
    assert told["WRK2"] == Fact("2 of 2 people: user agreement in force.", True)
    assert told["WRK3"].holds and told["WRK3"].said.startswith("4 of 4 people")
    assert told["WRK1"].holds, "the Agency Administrator and security officer"
    world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, late.id)
    world.withdraw(Kind.TRAINING, About.PERSON, late.person_id)
    told = said(world, review)
    name = world.actor(late).name
    assert told["WRK2"] == Fact("1 of 2 people: user agreement in force.", False, (name,))
    assert told["WRK3"].names == (name,) and told["WRK3"].said.startswith("3 of 4 people")
    world.withdraw(Kind.BACKGROUND_CHECK, About.PERSON, at.officer.person_id or 0)
    assert said(world, review)["WRK1"] == Fact("0 of 1 people: background check cleared.", False, (at.officer.name,))


def test_the_agreement_and_the_officer(world: World, at: Reviewing) -> None:
    review = at.begun()
    told = said(world, review)
    assert told["GOV1"].holds and "version 1, is in force since November 13, 2026" in told["GOV1"].said
    assert (
        told["GOV2"].holds and at.officer.name in told["GOV2"].said and "The acceptance is signed." in told["GOV2"].said
    )
    world.withdraw(Kind.PARTICIPATION_AGREEMENT, About.AGENCY, at.agency.id)
    with world.look() as session:
        membership = session.scalars(select(Membership).where(Membership.person_id == at.officer.person_id)).one()
    world.withdraw(Kind.SECURITY_OFFICER_ACCEPTANCE, About.MEMBERSHIP, membership.id)
    told = said(world, review)
    assert told["GOV1"] == Fact("No participation agreement is in force on record.", False)
    assert told["GOV2"].holds is False and told["GOV2"].names == (at.officer.name,)


def test_the_protocols_and_the_plan_that_the_board_approved(world: World, at: Reviewing) -> None:
    review = at.begun()
    assert said(world, review)["GOV4"] == Fact("10 of 10 topics are attested in the portal.", True)
    world.withdraw(Kind.PROTOCOL, About.AGENCY, at.agency.id, detail="posted_sign")
    assert said(world, review)["GOV4"] == Fact(
        "9 of 10 topics are attested in the portal.", False, ("Sign where intake happens",)
    )
    assert said(world, review)["GOV3"] == Fact("No security plan is in force on record.", False)
    planning = Planning(world)
    planning.in_force()
    told = said(world, review)["GOV3"]
    assert told.holds and told.said.startswith("Version 1 of the security plan was approved on ")
    planning.later(370)
    told = said(world, review)["GOV3"]
    assert told.holds is False and "Its review was due by" in told.said


def test_devices_laptops_and_home_offices(world: World, at: Reviewing) -> None:
    review = at.begun()
    assert said(world, review)["PUB2"] == Fact("No such device is on the list.", None)
    with world.change() as session:
        for label in ("Front desk", "Laptop 1", "Laptop 2"):
            session.add(Device(agency_id=at.agency.id, label=label, entered_at=world.now))
    with world.look() as session:
        front, one, two = session.scalars(
            select(Device).where(Device.agency_id == at.agency.id).order_by(Device.label)
        ).all()
    for device in (front, one):
        world.record(Kind.DEVICE_AUTHORISED, About.DEVICE, device.id)
    for device in (one, two):
        world.record(Kind.TRAIT, About.DEVICE, device.id, detail="laptop")
    world.record(Kind.TRAIT, About.DEVICE, two.id, detail="home_office")
    world.record(Kind.LAPTOP_STATEMENT, About.DEVICE, two.id)
    told = said(world, review)
    assert told["PUB2"] == Fact("2 of 3 devices: authorized.", False, ("Laptop 2",))
    assert told["REM2"] == Fact("1 of 2 devices: laptop statement signed.", False, ("Laptop 1",))
    assert told["REM1"] == Fact("0 of 1 devices: authorized for use at home, the policy on file.", False, ("Laptop 2",))
    world.record(Kind.HOME_OFFICE, About.DEVICE, two.id, detail="policy")
    assert said(world, review)["REM1"].holds is False, "the policy alone is no authorization"
    world.record(Kind.HOME_OFFICE, About.DEVICE, two.id, detail="authorisation")
    assert said(world, review)["REM1"].holds


def test_days_between_leaving_and_the_end_of_access(world: World, at: Reviewing) -> None:
    review = at.begun()
    assert said(world, review)["WRK4"] == Fact("Nobody who had access left within the last year.", True)
    member, slow = world.ready(at.agency), world.ready(at.agency)
    for each in (member, slow):
        world.let_in(each)
    for each, days in ((member, 0), (slow, 9)):
        with world.change() as session:
            departures.deactivate(
                session, membership=session.get_one(Membership, each.id), last_day=world.today - timedelta(days), reason="Left the shelter",
                actor=at.officer, now=world.now, policy=world.policy,
            )  # fmt: skip
    told = said(world, review)["WRK4"]
    assert told.holds is False and told.names == (f"{world.actor(slow).name}: 8 days",)
    assert (
        told.said == "2 left within the last year; at most 8 days lay between the first day away and the end of access."
    )


def test_what_the_records_said_is_kept_with_the_answer_without_names(world: World, at: Reviewing) -> None:
    review = at.begun()
    at.save(review, "WRK1", "yes")
    kept = at.row(review, "WRK1").fact
    assert kept == {"said": "0 of 1 people: background check cleared.", "holds": False, "on": "2026-11-23"}
    assert at.officer.name not in str(kept) and at.row(review, "MAL1").fact == {}
    at.in_order(at.agency.id)
    at.save(review, "WRK1", "yes", "Entered now")
    assert at.row(review, "WRK1").fact["holds"] is True


def test_all_facts_cost_the_same_for_twenty_people_as_for_two(world: World) -> None:
    at = Reviewing(world, licences=20)
    review, counts = at.begun(), []
    for more in (2, 18):
        for _ in range(more):
            world.let_in(world.ready(at.agency))
        with statements(world.engine) as ran:
            said(world, review)
        counts.append(len(ran))
    assert counts[0] == counts[1] <= 16


def test_every_item_that_rests_on_records_has_a_fact_or_is_the_leads_own_word(world: World) -> None:
    review = world.policy.review
    without = {item.id for item in review.items if item.evidence == "records"} - set(facts.FACTS)
    assert without <= {"GOV3"}, "the Board's vote on the plan is in the room of plans"


def test_the_leads_own_review_counts_the_leads_own_people(world: World, at: Reviewing) -> None:
    review = at.lead_review()
    told = said(world, review)
    assert told["GOV2"].said.startswith(f"Named: {at.lead.name}") and told["GOV2"].holds
    assert told["WRK3"].holds is False and at.officer.name not in told["WRK3"].names
    assert world.desk.name in told["WRK3"].names
    assert "of 1 Agencies" in told["GOV5"].said
    assert Role.LEAD_SECURITY in at.lead.lead_roles
