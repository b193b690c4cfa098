"""After issuing, over all prerequisites of the pack: what a lapse does, at which moment, who is told, and the way back."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import Agency, Decision, Evidence, Membership, Seat
from portal.services import decisions, evidence
from portal.services.people import licences, standing_view
from portal.standing.sweep import stand
from tests.services.lapsing import day, end, mails, morning_of
from tests.services.world import NEVER, World
from workflows.gate import Needs, OnLapse
from workflows.policy import load
from workflows.vocabulary import KINDS, LEAD, About, Kind, Role

A, P, M, D = About.AGENCY, About.PERSON, About.MEMBERSHIP, About.DEVICE
PACK = load()
THURSDAY = datetime(2026, 11, 19, 15, 0)
FRIDAY_NIGHT = datetime(2026, 11, 21, 3, 0)
MONDAY = date(2026, 11, 23)
BY = {p.id: p for p in PACK.prerequisites}
OF_ADMINS = {"agency-admin-training", "own-admin-agreement", "background-check"}
OF_AGENCY = {p.id for p in PACK.prerequisites if p.about in (A, Role.AGENCY_ADMIN, Role.SECURITY_OFFICER)}


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine, now=THURSDAY)


def let_in(world: World, prerequisite: str) -> Membership:
    """Somebody with access whom this prerequisite concerns, since Thursday."""
    if prerequisite == "second-person-of-the-lead":
        with world.change() as session:
            place = session.get_one(Agency, LEAD)
            licences.grant_licences(session, place, count=1, actor=world.admin, now=world.now, policy=PACK)
    else:
        place = world.agency(licences_=1 if prerequisite == "licence-seat" else 3)
    member = world.ready(place, level="agency_admin" if prerequisite in OF_ADMINS else "case_manager_1", request=False)
    _device(world, member, BY[prerequisite].when)
    if place.id == LEAD:
        with world.change() as session:
            evidence.record(
                session, actor=world.admin, now=world.now, kind=Kind.LEAD_APPROVAL, about=M, subject_id=member.id, valid_from=world.today
            )  # fmt: skip
    world.request(member, level="agency_admin" if prerequisite in OF_ADMINS else "case_manager_1")
    world.let_in(member)
    return member


def _device(world: World, member: Membership, trait: str) -> None:
    with world.look() as session:
        used = evidence.in_force(session, M, member.id, Kind.DEVICE_IN_USE, on=world.today)[0].value
    if trait:
        world.record(Kind.TRAIT, D, used, detail=trait)
    if trait == "laptop":
        world.record(Kind.LAPTOP_STATEMENT, D, used)
    if trait == "home_office":
        for detail in KINDS[Kind.HOME_OFFICE].details or ():
            world.record(Kind.HOME_OFFICE, D, used, detail=detail)


def lapse(world: World, member: Membership, prerequisite: str) -> None:
    """What speaks against somebody is recorded; of what is needed, everything the decision rested on ends yesterday."""
    p = BY[prerequisite]
    if p.needs is Needs.ABSENT:
        subject = {A: member.agency_id, P: member.person_id, M: member.id}[About(p.about)]
        listed = p.detail or KINDS[Kind(p.evidence)].details or ("security" if p.evidence == "retraining" else "",)
        world.record(Kind(p.evidence), About(p.about), subject, detail=listed[0], valid_from=world.today)
    elif prerequisite == "courses-passed":  # what it rests on is the security training's, too: one more is assigned
        world.record(Kind.COURSE_ASSIGNED, M, member.id, detail="reports", valid_from=world.today)
    elif prerequisite == "licence-seat":  # it rested on a license that was free, and became a seat by that
        end(world, member, Kind.SEAT, last_day=world.today - timedelta(1))
    else:
        with world.change() as session:
            made = session.scalars(
                select(Decision).where(Decision.membership_id == member.id, Decision.outcome == "permitted")
            ).one()
            ids = next(f["evidence"] for f in made.findings if f["id"] == prerequisite)
            for row in session.scalars(select(Evidence).where(Evidence.id.in_(ids), Evidence.withdrawn_at == NEVER)):
                evidence.end(
                    session,
                    row,
                    actor=world.desk,
                    now=world.now,
                    last_day=world.today - timedelta(1),
                    reason="It ran out.",
                )
    world.drain()


def mend(world: World, member: Membership, prerequisite: str) -> None:
    p = BY[prerequisite]
    if p.needs is Needs.ABSENT:
        subject = {A: member.agency_id, P: member.person_id, M: member.id}[About(p.about)]
        world.withdraw(Kind(p.evidence), About(p.about), subject)
    elif prerequisite == "courses-passed":
        world.record(Kind.TRAINING, P, member.person_id, detail="reports", value=8000, valid_from=world.today)
    else:
        with world.look() as session:
            ended = session.scalars(
                select(Evidence).where(Evidence.note == "It ran out.", Evidence.valid_until < world.today)
            ).all()
        for row in ended:
            by = world.admin if row.kind == Kind.LEAD_APPROVAL else world.desk
            with world.change() as session:
                evidence.record(
                    session, actor=by, now=world.now, kind=Kind(row.kind), about=About(row.about), subject_id=row.subject_id,
                    detail=row.detail, value=row.value, version=row.version, valid_from=world.today,
                )  # fmt: skip
    world.drain()


def lacks(world: World, member: Membership) -> set[str]:
    with world.look() as session:
        return set(next(stand(session, PACK, world.today, memberships=[member.id])).unmet)


@pytest.mark.parametrize("prerequisite", BY)
def test_a_lapse_does_what_the_pack_says_when_it_says_and_mending_brings_access_back(
    world: World, prerequisite: str
) -> None:
    p = BY[prerequisite]
    member = let_in(world, prerequisite)
    seat = world.grant_of(member).seat_id  # type: ignore[union-attr]
    world.now = FRIDAY_NIGHT
    lapse(world, member, prerequisite)
    assert prerequisite in lacks(world, member)
    at_once = p.on_lapse is OnLapse.SUSPEND and p.needs is Needs.ABSENT
    assert world.status(member) == ("suspended" if at_once else "live")
    day(world, morning_of(MONDAY) - timedelta(minutes=1))
    assert world.status(member) == ("suspended" if at_once else "live")
    day(world, morning_of(MONDAY))
    suspends = p.on_lapse is OnLapse.SUSPEND
    assert world.status(member) == ("suspended" if suspends else "live")
    assert mails(world, "suspended") == [member.person_id] * suspends
    if suspends:
        assert world.orders(member)[-1] == ("suspend", "open")
        assert world.grant_of(member).suspended_for  # type: ignore[union-attr]
        world.confirm(member)
    _newcomer(world, member, prerequisite)
    world.now += timedelta(days=1)
    mend(world, member, prerequisite)
    assert prerequisite not in lacks(world, member) and world.status(member) == "live"
    assert mails(world, "restored") == [member.person_id] * suspends
    assert world.grant_of(member).seat_id == seat  # type: ignore[union-attr]
    if suspends:
        world.confirm(member)
        assert world.account_of(member).status == "active"


def _newcomer(world: World, member: Membership, prerequisite: str) -> None:
    """No new access at an Agency that lacks something, with the reason on 'why not yet?'; it opens by itself."""
    if member.agency_id == LEAD or prerequisite == "licence-seat":
        return
    with world.look() as session:
        agency = session.get_one(Agency, member.agency_id)
    new = world.ready(agency)
    world.drain()
    if prerequisite not in OF_AGENCY:
        assert world.status(new) == "live"
        return
    assert world.status(new) == "none" and lacks(world, new) == {prerequisite}
    with world.look() as session:
        there = session.get_one(Membership, new.id)
        said = standing_view.view(session, membership=there, actor=world.desk, now=world.now, policy=PACK).decision
    assert [finding.sentence for finding in said.unmet] and said.unmet[0].next_step is not None
    mended = world.now
    mend(world, member, prerequisite)
    assert world.status(new) == "live", "it opens by itself"
    world.now = mended


@pytest.mark.parametrize(
    "prerequisite", sorted(OF_AGENCY & {p.id for p in PACK.prerequisites if p.on_lapse is OnLapse.HOLD_NEW})
)
def test_what_holds_new_access_closes_nobody_however_long_it_lasts(world: World, prerequisite: str) -> None:
    member = let_in(world, prerequisite)
    world.now = FRIDAY_NIGHT
    lapse(world, member, prerequisite)
    for ahead in (0, 30, 60):
        day(world, morning_of(MONDAY + timedelta(ahead)))
        assert world.status(member) == "live"
    with world.look() as session:
        said = decisions.ask(session, session.get_one(Membership, member.id), now=world.now, policy=PACK)
    assert said.held_new and not said.closes


def test_a_suspended_persons_seat_is_kept_and_nobody_else_takes_it(world: World) -> None:
    agency = world.agency(licences_=1)
    member = world.ready(agency)
    world.let_in(member)
    waits = world.ready(agency)
    world.now = FRIDAY_NIGHT
    end(world, member, Kind.TRAINING, last_day=world.today - timedelta(1), detail="security")
    day(world, morning_of(MONDAY))
    assert (world.status(member), world.status(waits)) == ("suspended", "none")
    assert world.count(Seat, Seat.status == "held") == 1
    world.record(Kind.TRAINING, P, member.person_id, detail="security", value=9000, valid_from=world.today)
    world.drain()
    assert (world.status(member), world.status(waits)) == ("live", "none")


def test_one_of_two_lapses_mended_is_not_enough(world: World) -> None:
    member = let_in(world, "user-agreement")
    world.now = FRIDAY_NIGHT
    for prerequisite in ("user-agreement", "security-training"):
        lapse(world, member, prerequisite)
    day(world, morning_of(MONDAY))
    assert world.status(member) == "suspended"
    world.record(Kind.TRAINING, P, member.person_id, detail="security", value=9000, valid_from=world.today)
    world.drain()
    assert world.status(member) == "suspended"
    world.record(Kind.USER_AGREEMENT, M, member.id, valid_from=world.today)
    world.drain()
    assert world.status(member) == "live"
