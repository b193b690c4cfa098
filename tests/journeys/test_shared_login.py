"""From a report without a name to two people suspended, an appeal, and one of them reinstated through the whole gate."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.actors import Actor
from portal.models import Agency, Membership, Sanction
from tests.journeys.conftest import MovableClock, Visit
from tests.journeys.test_review import signed_in
from tests.services.world import World
from tests.support import databases
from tests.support.browser import NARROW, Visitor
from tests.support.living import Living
from workflows.vocabulary import Role


class Shelter:
    """An Agency with two people who have access, and who there is at the Lead."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.agency: Agency = world.agency("Sample Harbor")
        self.pat = world.ready(self.agency, world.person("Pat", "Sample"))
        self.kim = world.ready(self.agency, world.person("Kim", "Sample"))
        for each in (self.pat, self.kim):
            world.let_in(each)
        self.guard, self.decider = world.staff(Role.LEAD_SECURITY), world.staff(Role.LEAD_ADMIN)

    def statuses(self) -> list[str]:
        return [self.world.status(each) for each in (self.pat, self.kim)]


@pytest.fixture
def shelter(clean_url: Callable[[str], str], wall_clock: MovableClock) -> Shelter:
    """Made before the portal is started on its database."""
    with databases.engine_on(clean_url("sqlite")) as engine:
        return Shelter(World(engine, now=wall_clock()))


@pytest.fixture
def database(shelter: Shelter) -> str:
    return shelter.world.engine.url.render_as_string(hide_password=False)


def test_from_a_report_to_a_reinstatement(living: Living, shelter: Shelter, visitor: Visit) -> None:
    shelter.world.now = living.context.clock()

    def arrives(name: str, who: Actor | Membership, width: int = 1280) -> Visitor:
        one = visitor(name, width=width)
        signed_in(one, shelter.world, who.person_id)
        return one

    report_without_a_name(visitor("Stranger", width=NARROW))
    guard = arrives("Guard", shelter.guard)
    triage(guard, shelter)
    close_at_once(guard, shelter)
    living.settled()
    assert shelter.statuses() == ["suspended", "suspended"]
    conclude(guard, living)
    for name in ("Pat Sample", "Kim Sample"):
        draft(guard, name)
    decide(arrives("Decider", shelter.decider), shelter)
    appeal(arrives("Pat", shelter.pat, NARROW), shelter)
    hear(arrives("Hearer", shelter.world.admin), shelter)
    living.settled()
    assert shelter.statuses() == ["suspended", "suspended"], "what was closed at once is a measure of its own"
    for name in ("Pat", "Kim"):
        guard.go("/security/incidents/1").follow(f"Open all access of {name} Sample again", within="main")
        guard.fill("Why", "Decided by now.").press("Open it again").sees("The whole gate is asked once more")
    living.settled()
    assert shelter.statuses() == ["live", "suspended"], "what is decided about Kim stands"


def report_without_a_name(stranger: Visitor) -> None:
    stranger.go("/welcome").follow("Report an incident", within="main")
    stranger.fill("What happened", "Two people at the front desk work under one user ID.")
    stranger.press("Check what you wrote").sees("Nothing has been sent yet", "Left out")
    stranger.press("Send the report").sees("Report sent", "I-", "Keep this link")


def triage(guard: Visitor, shelter: Shelter) -> None:
    guard.go("/").follow("1 report of an incident to triage").follow("New report").follow("Triage it")
    guard.fill("Short title", "One user ID for two people").choose(
        "What kind of incident", "A login that was shared, or used by somebody else (usually major)"
    )
    guard.tick("Major").choose("Agency", "Sample Harbor").press("Triage it").sees(
        "Tell the Agency's executive director"
    )
    for name in ("Pat", "Kim"):
        guard.follow("Name somebody", within="main")
        email = guard.page.locator("select[name=member] option", has_text=f"{name} Sample").inner_text()
        guard.choose("Somebody of this Agency", email).tick("It is said of them").press("Name them").sees("is named as")
    guard.follow("Have it investigated", within="main")
    guard.tick(shelter.guard.name).press("Have it investigated").sees("Being investigated")


def close_at_once(guard: Visitor, shelter: Shelter) -> None:
    guard.follow("Close access now", within="main")
    for name in ("Pat", "Kim"):
        guard.tick(f"All access of {name} Sample")
    guard.fill("Why it cannot wait", "Both still work under it.").press("See what will happen")
    guard.sees(
        "Nothing has been done yet", "The access of Pat Sample at Sample Harbor closes", "Kim Sample is signed out"
    )
    assert shelter.statuses() == ["live", "live"]
    guard.press("Close it now").sees("Closed. Access in the core HMIS closes")


def conclude(guard: Visitor, living: Living) -> None:
    day = living.context.clock().date().replace(year=living.context.clock().year + 1)
    guard.follow("Conclude it", within="main").tick("A violation was found")
    guard.fill("What was found and how you know", "The record of sign-ins shows one user ID at two desks.")
    guard.fill("What has to be put right", "One user ID for two people.").fill("By", day.isoformat())
    guard.press("Conclude it").sees("Concluded", "A violation was found", "CA-")


def draft(guard: Visitor, name: str) -> None:
    guard.go("/security/incidents/1").follow(f"Draft a sanction of {name}", within="main")
    guard.page.locator("select[name=violation]").select_option("shared-login")
    guard.press("Show what the ladder proposes").fill("What was found", "Worked under another person's user ID.")
    guard.fill_in(
        measure="suspension", days="30", remedy=None, course=None, amount=None, due_on=None, referred_to=None,
        departs_because="Both knew it was forbidden.",
    )  # fmt: skip
    guard.page.locator("select[name=course]").select_option("")
    guard.press("Save the draft").sees("Drafted. Nothing has happened to anybody")


def sanction_of(shelter: Shelter, member: Membership) -> str:
    with shelter.world.look() as session:
        row = session.scalars(select(Sanction).where(Sanction.person_id == member.person_id)).one()
        assert row.incident_id == 1
        return f"/security/sanctions/{row.id}"


def decide(decider: Visitor, shelter: Shelter) -> None:
    for member in (shelter.pat, shelter.kim):
        decider.go(f"{sanction_of(shelter, member)}/decide").sees("What will happen")
        decider.fill("Why", "Found and not denied.").press("Put it in force").sees("In force")


def appeal(pat: Visitor, shelter: Shelter) -> None:
    pat.go(sanction_of(shelter, shelter.pat)).follow("Appeal", within="main")
    pat.fill("What should be looked at again, and why", "I was on leave that month.").press("Send the appeal")
    pat.sees("appeal")


def hear(hearer: Visitor, shelter: Shelter) -> None:
    hearer.go(f"{sanction_of(shelter, shelter.pat)}/hear").tick("The decision was not right: it is taken back")
    hearer.fill("Why", "The roster shows the leave.").press("Send the decision").sees("Heard")
