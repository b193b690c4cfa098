"""The Lead runs a campaign: everybody is due in time, the lots are drawn openly, reminders go to whoever can act, at one price."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import Agency, Evidence, Job, ReviewCampaign, SecurityReview
from portal.refusals import Refused
from portal.services.home import duties, home
from portal.services.security.reviews import campaigns, signing_off
from tests.enforcement.reviewing import Reviewing
from tests.services.world import World
from tests.web.browsing import statements
from workflows.draw import drawn
from workflows.vocabulary import LEAD, About, Effect, Kind, Reason, Role


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def at(world: World) -> Reviewing:
    return Reviewing(world, "Sample Harbor")


def opened(world: World, at: Reviewing, **more) -> ReviewCampaign:
    values = {"name": "Security review 2027", "spread": "over_the_year", "due": None, "actor": at.lead} | more
    with world.change() as session:
        return campaigns.open_(session, now=world.now, policy=world.policy, **values)


def reviews_of(world: World) -> dict[int, SecurityReview]:
    with world.look() as session:
        return {review.agency_id: review for review in session.scalars(select(SecurityReview))}


def mails(world: World, *names: str) -> list[int]:
    with world.look() as session:
        rows = session.scalars(select(Job).where(Job.effect == Effect.MAIL.value).order_by(Job.id)).all()
        return sorted(job.payload["person_id"] for job in rows if job.payload["mail"] in names)


def tell(world: World) -> set[int]:
    """The morning's digest of duties; to whom it goes."""
    before = mails(world, "runs_out")
    with world.change() as session:
        duties.tell(session, now=world.now, policy=world.policy)
    return set(after(before, mails(world, "runs_out")))


def after(before: Iterable[int], now: Iterable[int]) -> list[int]:
    left = list(now)
    for each in before:
        left.remove(each)
    return left


def test_everybody_that_takes_part_and_the_lead_itself_is_asked_once(world: World, at: Reviewing) -> None:
    other, gone = world.agency(), world.agency()
    with world.change() as session:
        session.connection().exec_driver_sql("UPDATE agency SET status = 'ended' WHERE id = ?", (gone.id,))
    busy = at.begun()
    opened(world, at)
    found = reviews_of(world)
    assert set(found) == {LEAD, at.agency.id, other.id} and found[at.agency.id].id == busy.id
    assert found[at.agency.id].campaign_id is None and found[other.id].campaign_id is not None
    assert mails(world, "review_opened") == sorted([at.lead.person_id, officer_of(world, other)])
    with pytest.raises(Refused) as no:
        opened(world, at, name="security review 2027 ")
    assert no.value.reason is Reason.CONFLICT
    with pytest.raises(Refused) as no:
        opened(world, at)
    assert (no.value.reason, no.value.field) == (Reason.ALREADY_DONE, "name")


def officer_of(world: World, agency: Agency) -> int:
    from tests.services.asking import admin_of

    return admin_of(world, agency).person_id or 0


def test_over_the_year_nobody_is_due_after_the_last_review_runs_out(world: World, at: Reviewing) -> None:
    soon, late = world.agency(), world.agency()
    for agency, days in ((soon, 340), (late, 500)):
        world.withdraw(Kind.SECURITY_REVIEW, About.AGENCY, agency.id)
        world.record(
            Kind.SECURITY_REVIEW, About.AGENCY, agency.id, detail="joined", valid_from=world.today - timedelta(days)
        )
    opened(world, at)
    due = {agency: review.due for agency, review in reviews_of(world).items()}
    assert due[soon.id] == world.today - timedelta(340) + timedelta(365)
    assert due[late.id] == world.today + timedelta(60), "run out already: sixty days"
    assert due[at.agency.id] <= world.today - timedelta(10) + timedelta(365)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"spread": "at_once", "due": None}, "due"), ({"spread": "at_once", "due": date(2026, 11, 23)}, "due"),
        ({"spread": "at_once", "due": date(2027, 11, 24)}, "due"), ({"spread": "someday"}, "spread"),
        ({"share": 2500}, "seed"), ({"share": 10_001, "seed": "x"}, "share"), ({"name": " x "}, "name"),
        ({"share": 100, "seed": "x" * 101}, "seed"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_nothing_is_opened(
    world: World, at: Reviewing, more: dict, field: str
) -> None:
    with pytest.raises(Refused) as no:
        opened(world, at, **more)
    assert (no.value.reason, no.value.field) == (Reason.BAD_INPUT, field)
    assert world.count(ReviewCampaign) == world.count(SecurityReview) == 0


@pytest.mark.parametrize("role", [Role.HELP_DESK, Role.AUDITOR, Role.TRAINER, Role.BOARD_MEMBER])
def test_only_the_leads_officer_and_administrator_open_one(world: World, at: Reviewing, role: Role) -> None:
    with pytest.raises(Refused) as no:
        opened(world, at, actor=world.staff(role))
    assert no.value.reason is Reason.NOT_ALLOWED
    with pytest.raises(Refused):
        opened(world, at, actor=at.officer)
    assert opened(world, at, actor=world.admin).id


def test_who_is_drawn_is_visited_before_the_sign_off_and_anybody_can_draw_again(world: World, at: Reviewing) -> None:
    for _ in range(3):
        world.agency()
    campaign = opened(
        world, at, share=10_000, seed=" lottery 4 8 15 ", spread="at_once", due=world.today + timedelta(90)
    )
    assert campaign.seed == "lottery 4 8 15" and LEAD not in campaign.listed
    found = reviews_of(world)
    assert {agency for agency, review in found.items() if review.visit} == set(
        drawn(campaign.seed, campaign.listed, campaign.share)
    )
    review = found[at.agency.id]
    at.fill(review)
    at.send(review)
    at.attest(review)
    with pytest.raises(Refused, match=r"drawn to be visited"):
        at.sign_off(review)
    visit(world, at, review, {"PHY1": ("yes", "Somebody sat there"), "MAL1": ("", "ignored")})
    assert at.row(review, "PHY1").observed == "yes" and at.row(review, "MAL1").observed_note == ""
    at.sign_off(review)
    with world.look() as session:
        held = session.get_one(Evidence, at.read(review).evidence_id)
        assert held.verified_how == "viewed on site"


def visit(
    world: World, at: Reviewing, review: SecurityReview, observed: dict[str, tuple[str, str]], actor=None
) -> None:
    with world.change() as session:
        signing_off.visit(
            session, session.get_one(SecurityReview, review.id), on=world.today, notes="All rooms seen.", observed=observed,
            actor=actor or at.lead, now=world.now, policy=world.policy,
        )  # fmt: skip


def test_what_a_visit_found_untrue_keeps_the_review_from_being_signed_off(world: World, at: Reviewing) -> None:
    review = at.begun()
    at.fill(review)
    at.send(review)
    at.attest(review)
    with pytest.raises(Refused):
        visit(world, at, review, {"PHY1": ("no", "Nobody there")}, actor=at.officer)
    visit(world, at, review, {"PHY1": ("no", "Nobody was at the front desk")})
    with pytest.raises(
        Refused, match=r"Each finding needs a corrective action or an exception first. Still open: PHY1"
    ):
        at.sign_off(review)


def test_reminders_go_out_30_7_and_1_day_ahead_and_to_the_director_when_it_is_late(world: World, at: Reviewing) -> None:
    due = world.today + timedelta(60)
    opened(world, at, spread="at_once", due=due)
    officer, director, lead = at.officer.person_id, at.director.person_id, at.lead.person_id
    told = {}
    for left in (60, 45, 30, 29, 10, 7, 3, 1, 0, -1, -2):
        world.now += timedelta(days=(due - world.today).days - left)
        told[left] = tell(world)
    assert {left for left, people in told.items() if people} == {30, 7, 1, -1}
    assert told[30] == told[7] == told[1] == {officer, lead}, "the Lead's own officer has the Lead's own review"
    assert told[-1] == {officer, director, lead}


def test_whoever_can_act_next_is_reminded_and_nobody_else(world: World, at: Reviewing) -> None:
    review = at.begun()
    at.fill(review)
    world.now += timedelta(days=30)
    at.send(review)
    assert tell(world) == {at.director.person_id}
    at.attest(review)
    assert tell(world) == {at.lead.person_id}
    at.sign_off(review)
    world.now += timedelta(days=23)
    assert tell(world) == set()


def test_the_first_page_says_what_waits(world: World, at: Reviewing) -> None:
    review, colleague = at.begun(), world.actor(at.colleague())

    def mine(actor) -> list[str]:
        with world.look() as session:
            found = home.waiting(session, actor=actor, now=world.now, policy=world.policy)
            return [
                task.title for task in (*found.mine, *found.soon) if "review" in task.title or "checklist" in task.title
            ]

    assert mine(at.officer) == ["Answer the security checklist"] and mine(colleague) == []
    at.fill(review)
    at.send(review)
    at.attest(review)
    assert mine(at.officer) == [] and mine(at.lead) == ["1 security review to sign off"]
    assert mine(world.staff(Role.AUDITOR)) == []
    world.now += timedelta(days=40)
    assert mine(at.lead) == ["1 security review to sign off"], "what is near its day is not said twice"


def test_nobody_is_reminded_of_an_agency_that_has_ended(world: World, at: Reviewing) -> None:
    at.begun()
    world.now += timedelta(days=40)
    with world.change() as session:
        session.connection().exec_driver_sql("UPDATE agency SET status = 'ended' WHERE id = ?", (at.agency.id,))
    assert tell(world) == set()


def test_a_campaign_of_seventy_five(world: World, at: Reviewing) -> None:
    """Opened, looked at and reminded of: the statements of the morning do not grow with the Agencies."""
    counts = []
    for more in (4, 70):
        for _ in range(more):
            world.agency()
        with world.change() as session, statements(world.engine) as said:
            made = campaigns.plan(
                session, spread="over_the_year", due=None, share=2500, seed="x", now=world.now, policy=world.policy
            )
        counts.append(len(said))
    assert counts[0] == counts[1] and len(made.due) == 76 and len(made.visited) == 19
    opened(world, at, share=2500, seed="x", spread="at_once", due=world.today + timedelta(30))
    assert len(reviews_of(world)) == 76
    with world.change() as session, statements(world.engine) as said:
        assert duties.tell(session, now=world.now, policy=world.policy) == 76
    asked = [each for each in said if each.lstrip().startswith("SELECT")]
    assert len(asked) < 40, "one question for all, not one for each"
    with world.look() as session:
        assert campaigns.counted(session, None, on=world.today)["not_started"] == 76
    world.now += timedelta(days=31)
    with world.look() as session:
        assert campaigns.counted(session, None, on=world.today)["overdue"] == 76
