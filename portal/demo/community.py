"""The made-up community: agencies and people at every stage, brought there by the services that the pages call."""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial

from sqlalchemy import func, select

from portal.actors import operator
from portal.adapters import hmis_csv
from portal.db import reading
from portal.demo import hud, names
from portal.demo.agencies import Joining
from portal.demo.articles import Articles
from portal.demo.calendar import Calendar
from portal.demo.continuum import Continuum
from portal.demo.driver import Driver, fields
from portal.demo.honest import OPENED, Honest
from portal.demo.house import STEPS, House, Staff
from portal.demo.outages import Outages
from portal.demo.questions import Questions
from portal.demo.users import LEVELS, PURPOSES, STORIES, Going, Walking
from portal.demo.wishes import Wishes
from portal.demo.years import Years
from portal.models import AccessRequest, Agency, Evidence, Grant, Person
from portal.refusals import Refused
from portal.services import founding
from portal.services.agencies import agencies
from portal.services.desk import import_hmis
from portal.services.people import approvals, requests
from portal.wiring import Context
from workflows.vocabulary import LEAD, Reason, Role

HISTORY = timedelta(days=490)
"""Long enough for a year's training to lapse, and for a January with its three months of grace to pass."""

STAFF = (
    ("admin", Role.LEAD_ADMIN, "Jordan", "Sample", "Lead administrator"),
    ("second_admin", Role.LEAD_ADMIN, "Morgan", "Example", "Lead administrator"),
    ("desk", Role.HELP_DESK, "Casey", "Specimen", "Help desk"),
    ("second_desk", Role.HELP_DESK, "Riley", "Beispiel", "Help desk"),
    ("security", Role.LEAD_SECURITY, "Avery", "Muster", "Lead security officer"),
    ("trainer", Role.TRAINER, "Quinn", "Ejemplo", "Trainer"),
    ("board", Role.BOARD_MEMBER, "Rowan", "Voorbeeld", "Board member"),
    ("committee", Role.COMMITTEE_MEMBER, "Robin", "Exemplo", "Data committee member"),
    ("auditor", Role.AUDITOR, "Taylor", "Esempio", "Security compliance auditor"),
)  # fmt: skip
HOUSES = (
    "big",
    "one_for_all",
    "full",
    "suspended",
    "ended",
    "late",
    "entered",
    "invited",
    "signed",
    "paper",
    "forms",
    "ready",
    "victim",
)
"""One Agency for each story; all others participate, as the first three do: the one with the people's stories, the one
with all offices in one person, the one without a free seat."""

JOINING = {"invited": 3, "signed": 4, "paper": 5, "forms": 14, "ready": 19}
"""How many working days ago an Agency that is still joining was invited."""

ENDED, SUSPENDED, NEW_VERSIONS = 60, 12, 10
STAGE_DAYS = {
    "requested": 0,
    "unsigned": 7,
    "signed": 4,
    "almost": 10,
    "security_missing": 12,
    "background": 15,
    "queueing": 17,
    "ordered": 9,
    "password": 11,
    "certificate": 13,
    "unmatched": 14,
}
"""How many working days ago access was asked for, where the story is still going on."""


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
    """The cast and the plot: who there is, what is planned on which day, and the days one after the other."""

    def __init__(self, driver: Driver, chance: random.Random, people: int):
        self.driver, self.chance, self.wanted = driver, chance, people
        self.calendar = Calendar(driver)
        self.last = self.calendar.last
        self.begins = self.last - HISTORY
        self.cast = names.people(chance)
        self.staff_people = [
            names.somebody(first, last, 9001 + n, title) for n, (_, _, first, last, title) in enumerate(STAFF)
        ]
        self.staff = Staff(**{key: one.email for (key, *_), one in zip(STAFF, self.staff_people, strict=True)})
        self.joining = Joining(driver, self.calendar, self.staff)
        self.years = Years(driver, self.staff, self.joining)
        self.walking = Walking(driver, self.calendar, self.staff, self.joining, self.years)
        self.houses = list(self._houses(30 if people >= 150 else len(HOUSES)))

    def run(self) -> None:
        self.driver.now = datetime.combine(self.begins, time(13, 0))
        self._found()
        for house in self.houses:
            self.joining.plan(house, participating_on=self.participates_on)
            self._plan_upkeep(house)
        goings = self._goings()
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

    # --- who there is

    def _houses(self, count_: int) -> Iterator[House]:
        stories = [*HOUSES[:3], *["more"] * (count_ - len(HOUSES)), *HOUSES[3:]]
        early = [story for story in stories if story not in JOINING and story not in ("entered", "victim")]
        for number, (story, name) in enumerate(zip(stories, names.AGENCIES, strict=False)):
            director, admin, officer = next(self.cast), next(self.cast), next(self.cast)
            if story == "one_for_all":
                admin = officer = director
            elif story != "big" and (story != "more" or number % 2):
                officer = admin
            place = early.index(story) + number if story in early else 0
            started = (
                self.calendar.after(self.last, -JOINING[story])
                if story in JOINING
                else self.begins + timedelta(2 + (place * 11) % 330 * (story == "more"))
            )
            yield House(number, name, story, started, director, admin, officer)

    def participates_on(self, house: House) -> date:
        return self.calendar.after(house.starts, 21)

    def _offices(self) -> int:
        """How many people have an office at the Lead or at an Agency."""
        found = {one.email for one in self.staff_people}
        for house in self.houses:
            if house.reaches >= 1:
                found.add(house.director.email)
            if house.reaches >= 4:
                found |= {house.admin.email, house.officer.email}
        return len(found)

    def _goings(self) -> list[Going]:
        """Everybody who asks for access: one for each story, and active people at the Agencies that participate."""
        open_to = [house for house in self.houses if house.reaches == len(STEPS) - 1 and house.story != "one_for_all"]
        big, full = self.houses[0], self.houses[2]
        goings = [self._going(story, full if story == "queueing" else big) for story in STORIES]
        other = goings[STORIES.index("two_agencies")]
        goings.append(
            Going(other.somebody, full, "active", self.last - timedelta(90), other.level, other.purpose, other.worker)
        )
        some = [house for house in open_to if house.story in ("suspended", "ended", "late", "full")] * 2
        left = self.wanted - self._offices() - len(STORIES)
        others = [house for house in open_to if house.story == "more"] or [big]
        some += [others[number % len(others)] for number in range(len(some), max(left, len(some)))]
        goings += [self._going("active", house) for house in some]
        for house in open_to + [house for house in self.houses if house.story == "one_for_all"]:
            people_here = (
                sum(1 for going in goings if going.house is house and going.story not in ("queueing", "background")) + 1
            )
            house.licences = people_here if house.story == "full" else people_here + 3
        return goings

    def _going(self, story: str, house: House) -> Going:
        return Going(
            next(self.cast),
            house,
            story,
            self._asked_on(story, house),
            "agency_admin" if story == "background" else self.chance.choice(LEVELS),
            self.chance.choice(PURPOSES),
            self.chance.choice(("staff", "staff", "staff", "volunteer", "contractor")),
        )

    def _asked_on(self, story: str, house: House) -> date:
        if story in STAGE_DAYS:
            return self.calendar.after(self.last, -STAGE_DAYS[story])
        first = self.participates_on(house) + timedelta(3)
        if story == "lapsed":
            return self.last - timedelta(396)
        if story in ("departed", "rehired", "sanctioned", "two_agencies"):
            return first + timedelta(self.chance.randrange(60))
        until = {"ended": ENDED + 40, "suspended": SUSPENDED + 30}.get(house.story, 26)
        return first + timedelta(self.chance.randrange(max(1, (self.last - first).days - until)))

    # --- what is planned besides

    def _found(self) -> None:
        """The Lead, its people, the versions in force, and the Agencies that come in from the HMIS itself."""
        driver, by = self.driver, operator("Demonstration")
        with driver.change() as session:
            founding.establish(session, **driver.about)
        for (_, role, *_), one in zip(STAFF, self.staff_people, strict=True):
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
        at, ready = self.calendar, self.participates_on(house)
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
                session, agency=session.get_one(Agency, LEAD), work=work, person=fields(self.staff_people[3]),
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
