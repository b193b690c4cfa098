"""The made-up community: agencies and people at every stage, brought there by the services that the pages call."""

import random
from datetime import date, datetime, time, timedelta
from functools import partial

from sqlalchemy import func, select

from portal.actors import operator
from portal.adapters import hmis_csv
from portal.db import reading
from portal.demo import hud
from portal.demo.agencies import Joining
from portal.demo.articles import Articles
from portal.demo.calendar import Calendar
from portal.demo.cast import ENDED, NEW_VERSIONS, STAFF, SUSPENDED, Cast
from portal.demo.continuum import Continuum
from portal.demo.driver import Driver, fields
from portal.demo.honest import OPENED, Honest
from portal.demo.house import STEPS, House
from portal.demo.outages import Outages
from portal.demo.questions import Questions
from portal.demo.users import Walking
from portal.demo.wishes import Wishes
from portal.demo.years import Years
from portal.models import AccessRequest, Agency, Evidence, Grant, Person
from portal.refusals import Refused
from portal.services import founding
from portal.services.agencies import agencies
from portal.services.desk import import_hmis
from portal.services.people import approvals, requests
from portal.wiring import Context
from workflows.vocabulary import LEAD, Reason

HISTORY = timedelta(days=490)
"""Long enough for a year's training to lapse, and for a January with its three months of grace to pass."""


def load(context: Context, *, people: int = 300, seed: int = 580) -> str:
    """Makes the community in an empty database and says in a sentence what there is; the same seed makes the same one.

    At least one Agency and one person for each stage, however few `people` are asked for. Refuses (CONFLICT) a database
    that holds anything. Writes mail of the last weeks to the context's mailer.
    """
    refuse_unless_empty(context)
    chance = random.Random(seed)
    driver = Driver(context, chance)
    Play(driver, chance, people).run()
    return count(context)


def refuse_unless_empty(context: Context) -> None:
    """CONFLICT for a database in which anybody has entered anything; the Lead's own row may be there."""
    with reading(context.sessions) as session:
        there = session.scalar(select(func.count()).select_from(Agency).where(Agency.id != LEAD)) or session.scalar(
            select(func.count()).select_from(Person)
        )
    if there:
        raise Refused(
            Reason.CONFLICT, "This database is not empty. The demonstration is loaded into an empty one only."
        )


def count(context: Context) -> str:
    """What there is, in a sentence."""
    with reading(context.sessions) as session:

        def number(model: type, *where: object) -> int:
            return session.scalar(select(func.count()).select_from(model).where(*where)) or 0  # type: ignore[arg-type]

        agencies_, people_ = number(Agency, Agency.id != LEAD), number(Person)
        live, suspended = number(Grant, Grant.status == "live"), number(Grant, Grant.status == "suspended")
        waiting, rows = number(AccessRequest, AccessRequest.status == "open"), number(Evidence)
    return (
        f"There are now {agencies_} made-up agencies and {people_} made-up people: {live} with access, "
        f"{suspended} suspended, {waiting} waiting for access; {rows:,} rows of evidence."
    )


class Play:
    """The plot: what is planned on which day, and the days one after the other."""

    def __init__(self, driver: Driver, chance: random.Random, people: int):
        self.driver, self.chance = driver, chance
        self.calendar = Calendar(driver)
        self.last = self.calendar.last
        self.begins = self.last - HISTORY
        self.cast = Cast(chance, self.calendar, begins=self.begins, people=people)
        self.staff, self.houses = self.cast.staff, self.cast.houses
        self.joining = Joining(driver, self.calendar, self.staff)
        self.years = Years(driver, self.staff, self.joining)
        self.walking = Walking(driver, self.calendar, self.staff, self.joining, self.years)

    def run(self) -> None:
        self.driver.now = datetime.combine(self.begins, time(13, 0))
        self._found()
        for house in self.houses:
            self.joining.plan(house, participating_on=self.cast.participates_on)
            self._plan_upkeep(house)
        goings = self.cast.goings()
        for going in goings:
            self.walking.plan(going)
        self._plan_versions()
        self._plan_the_lead()
        Continuum(self.driver, self.calendar, self.staff).plan(self.houses)
        Honest(self.driver, self.calendar, self.staff).plan(self.houses)
        Questions(self.driver, self.calendar, self.staff).plan(goings)
        Outages(self.driver, self.calendar, self.staff).plan()
        Articles(self.driver, self.calendar, self.staff).plan()
        Wishes(self.driver, self.calendar, self.staff).plan()
        self.calendar.before_closing.append(self.walking.carry_out)
        self.calendar.run()

    # --- what is planned besides

    def _found(self) -> None:
        """The Lead, its people, the versions in force, and the Agencies that come in from the HMIS itself."""
        driver, by = self.driver, operator("Demonstration")
        with driver.change() as session:
            founding.establish(session, **driver.about)
        for (_, role, *_), one in zip(STAFF, self.cast.staff_people, strict=True):
            with driver.change() as session:
                founding.invite(
                    session,
                    email=one.email,
                    role=role.value,
                    agency_name="",
                    first_name=one.first,
                    last_name=one.last,
                    actor=by,
                    **driver.about,
                )
        for kind, version in (
            ("participation_agreement", "2025-1"), ("user_agreement", "2025-1"), ("agency_admin_agreement", "2026-1"),
            ("housing_inventory", str(self.begins.year)),
        ):  # fmt: skip
            self.years.publish(kind, version)
        listed = [(house.name, house.story == "victim") for house in self.houses if house.story != "entered"]
        content = hmis_csv.read(hud.export(listed, now=driver.now))
        with driver.change() as session:
            import_hmis.import_reading(
                session,
                content,
                actor=driver.actor(session, self.staff.desk),
                source="sample-export.zip",
                **driver.about,
            )
        driver.work()

    def _plan_upkeep(self, house: House) -> None:
        at, ready = self.calendar, self.cast.participates_on(house)
        if house.story == "entered":
            at.morning(self.last - timedelta(1), lambda: self._enter(house))
        if house.one_for_all:
            at.morning(self.calendar.after(house.starts, 11), lambda: self._approve(house))
        if house.reaches == len(STEPS) - 1:
            self._plan_years(house)
            self._plan_admin(house, ready)

    def _plan_years(self, house: House) -> None:
        """What comes round each year, and what befalls an Agency that participates."""
        at = self.calendar
        until = self.last - timedelta(ENDED) if house.story == "ended" else self.last
        for year in range(self.begins.year + 1, self.last.year + 1):
            due = date(year, 1, 20) + timedelta(house.number)
            if self.calendar.after(house.starts, 12) < date(year, 1, 2) and due <= until and house.story != "late":
                at.morning(due, lambda: self.years.renew_inventory(house))
        reviewed = min(house.starts + timedelta(345), self.last - timedelta(OPENED + 1))
        if house.starts + timedelta(345) < until:
            at.morning(reviewed, lambda: self.years.review(house))
        if house.story == "late":
            why = "The person who counts beds is away until next month."
            at.morning(self.last - timedelta(4), lambda: self.years.ask_to_waive(house, "housing-inventory", why))
        if house.story == "full":
            why = "The yearly visit had to be put off; the Lead has another day in January."
            at.morning(self.last - timedelta(30), lambda: self.years.ask_to_waive(house, "security-review", why))
            at.morning(self.last - timedelta(28), lambda: self.years.waive(house))
        if house.story == "suspended":
            at.morning(self.last - timedelta(SUSPENDED), lambda: self.years.suspend(house))
        if house.story == "ended":
            at.morning(self.last - timedelta(ENDED), lambda: self.years.end(house))

    def _plan_admin(self, house: House, ready: date) -> None:
        """The Agency Admin's own courses, passed before the Agency is set up, and the security course again in time."""
        for course in ("hmis-basics", "security", "agency-admin"):
            self.walking.result_of(
                house.admin, course, str(self.chance.randint(82, 99)), self.calendar.after(house.starts, 18)
            )
        again = house.starts + timedelta(18 + 330)
        if again < self.last - timedelta(ENDED if house.story == "ended" else 0):
            self.walking.result_of(house.admin, "security", str(self.chance.randint(82, 99)), again)
        self.walking.open_password_of(house.admin, self.calendar.after(ready, 3))

    def _plan_versions(self) -> None:
        for year in range(self.begins.year + 1, self.last.year + 1):
            self.calendar.morning(date(year, 1, 2), partial(self.years.publish, "housing_inventory", str(year)))
        for kind in ("participation_agreement", "user_agreement"):
            self.calendar.morning(self.last - timedelta(NEW_VERSIONS), partial(self.years.publish, kind, "2026-1"))
        self.calendar.morning(self.last - timedelta(3), lambda: self.driver.render_copies(True))

    def _plan_the_lead(self) -> None:
        """Somebody of the Lead asks for a colleague's access: a second administrator has to approve it."""
        self.calendar.morning(self.last - timedelta(2), self._ask_for_colleague)

    def _ask_for_colleague(self) -> None:
        driver = self.driver
        with driver.change() as session:
            work = requests.Work(
                purpose="Runs the federal reports for the Lead", access_level="system_admin_1", start_on=driver.today
            )
            requests.submit(
                session, agency=session.get_one(Agency, LEAD), work=work, person=fields(self.cast.staff_people[3]),
                actor=driver.actor(session, self.staff.admin), **driver.about,
            )  # fmt: skip

    def _enter(self, house: House) -> None:
        driver = self.driver
        with driver.change() as session:
            agencies.enter(
                session,
                name=house.name,
                about=agencies.AgencyFields(city="Portland", zip="04101", phone="207-555-0188"),
                actor=driver.actor(session, self.staff.desk),
                **driver.about,
            )

    def _approve(self, house: House) -> None:
        driver = self.driver
        with driver.change() as session:
            membership = driver.member(session, house.name, house.director.email)
            request = session.scalars(
                select(AccessRequest).where(
                    AccessRequest.membership_id == membership.id, AccessRequest.status == "open"
                )
            ).one()
            approvals.approve(session, request=request, actor=driver.actor(session, self.staff.admin), **driver.about)
