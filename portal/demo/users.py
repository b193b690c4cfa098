"""How made-up people come to their access, or stop on the way: request, signature, courses, results, and the rest."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from portal.adapters import pdf
from portal.adapters.storage import Storage
from portal.demo.agencies import Joining
from portal.demo.calendar import Calendar
from portal.demo.driver import Driver, fields, results
from portal.demo.house import House, Staff
from portal.demo.names import Somebody
from portal.demo.years import Years
from portal.models import Device
from portal.services.agencies import officers
from portal.services.desk import import_training
from portal.services.paperwork import Scan
from portal.services.people import certificates, departures, requests

PURPOSES = (
    "Enters intakes and exits at the shelter",
    "Keeps case notes and services up to date",
    "Prepares the monthly reports of the program",
    "Looks up openings for referrals",
    "Enters street contacts",
)
LEVELS = ("case_manager_1", "case_manager_2", "agency_staff", "read_only", "resource_specialist_1", "volunteer")
COURSES = ("hmis-basics", "security")
TAKEN_AT = time(15, 0)
THURSDAY = 3
FRESH_UNTIL = timedelta(330)
"""When people take the security course again, before the year is over."""

STORIES = (
    "requested",
    "unsigned",
    "signed",
    "almost",
    "security_missing",
    "background",
    "queueing",
    "ordered",
    "password",
    "lapsed",
    "sanctioned",
    "departed",
    "rehired",
    "two_agencies",
    "certificate",
    "unmatched",
)
"""Every stage there is one person for; everybody else is active."""


@dataclass(frozen=True, slots=True)
class Going:
    """One made-up person's way at an Agency: who, where, which story, and the day on which access was asked for."""

    somebody: Somebody
    house: House
    story: str
    asked: date
    level: str
    purpose: str
    worker: str


class Walking:
    """Puts people's ways into the calendar and carries each step out as the person whose step it is."""

    def __init__(self, driver: Driver, calendar: Calendar, staff: Staff, joining: Joining, years: Years):
        self.driver, self.calendar, self.staff, self.joining, self.years = driver, calendar, staff, joining, years
        self._results: dict[date, list[tuple[str, str, str, datetime]]] = defaultdict(list)
        self.left_open: set[str] = set()

    # --- whole ways

    def plan(self, going: Going) -> None:
        """The days of this person's story, from the request to where it stands today."""
        {
            "requested": self._requested,
            "unsigned": self._requested,
            "signed": self._signed,
            "almost": self._almost,
            "security_missing": self._security_missing,
            "background": self._background,
            "queueing": self._active,
            "ordered": self._ordered,
            "password": self._password,
            "lapsed": self._lapsed,
            "certificate": self._certificate,
            "unmatched": self._unmatched,
        }.get(going.story, self._active)(going)
        last = self.calendar.last
        if going.story == "sanctioned":
            self.calendar.morning(last - timedelta(15), lambda: self.sanction(going))
        if going.story == "departed":
            self.calendar.morning(last - timedelta(40), lambda: self.leave(going, "Took a position elsewhere."))
        if going.story == "rehired":
            self.calendar.morning(last - timedelta(150), lambda: self.leave(going, "A season's contract ended."))
            again = last - timedelta(60)
            self.calendar.morning(again, lambda: self.ask(going))
            self.calendar.afternoon(again + timedelta(1), lambda: self.enrol(going))
            self.pass_courses(going, again + timedelta(5))
            self.open_password(going, again + timedelta(8))

    def _day(self, going: Going, days: int) -> date:
        return self.calendar.after(going.asked, days)

    @staticmethod
    def _thursday(day: date) -> date:
        """The Thursday of that week or the next one: the trainer brings the week's results in on Thursdays."""
        return day + timedelta((THURSDAY - day.weekday()) % 7)

    def _requested(self, going: Going) -> None:
        self.calendar.morning(going.asked, lambda: self.ask(going))

    def _signed(self, going: Going) -> None:
        self._requested(going)
        self.calendar.signing(self._day(going, 2), going.somebody)

    def _enrolled(self, going: Going) -> None:
        self._signed(going)
        self.calendar.afternoon(self._day(going, 2), lambda: self.enrol(going))

    def _active(self, going: Going) -> None:
        self._enrolled(going)
        passed = self._thursday(self._day(going, 5))
        if self.driver.chance.random() < 0.2:
            self.result(
                going,
                "hmis-basics",
                f"{self.driver.chance.randint(55, 79)}",
                self._thursday(self._day(going, 2)) - timedelta(1),
            )
        self.pass_courses(going, passed)
        self.open_password(going, self.calendar.after(passed, 2))
        again = passed + FRESH_UNTIL
        if again < self.calendar.last - timedelta(1):
            self.result(going, "security", f"{self.driver.chance.randint(82, 100)}", again)

    def _almost(self, going: Going) -> None:
        self._enrolled(going)
        self.result(going, "hmis-basics", "79.99", self._day(going, 8))
        self.result(going, "security", "91", self._day(going, 6))

    def _security_missing(self, going: Going) -> None:
        self._enrolled(going)
        self.result(going, "hmis-basics", "92.5", self._day(going, 6))

    def _background(self, going: Going) -> None:
        """A second Agency Admin: named by the director, everything done but the background check."""
        at = self.calendar
        at.morning(going.asked, lambda: self.name_backup(going))
        at.signing(self._day(going, 2), going.somebody)
        at.signing(self._day(going, 3), going.house.director, "Executive director")
        at.afternoon(self._day(going, 3), lambda: self.enrol(going))
        at.morning(self._day(going, 4), lambda: self.joining.check(going.house, going.somebody, "pending"))
        for course in (*COURSES, "agency-admin"):
            self.result(going, course, "88", self._day(going, 6))

    def _ordered(self, going: Going) -> None:
        self._enrolled(going)
        self.left_open.add(going.somebody.email)
        self.pass_courses(going, self.calendar.last)

    def _password(self, going: Going) -> None:
        self._enrolled(going)
        self.pass_courses(going, self.calendar.last - timedelta(1))

    def _lapsed(self, going: Going) -> None:
        self._enrolled(going)
        self.pass_courses(going, self.calendar.last - timedelta(386))
        self.open_password(going, self._day(going, 9))

    def _certificate(self, going: Going) -> None:
        self._enrolled(going)
        self.result(going, "security", "84", self._day(going, 8))
        self.calendar.afternoon(self.calendar.last - timedelta(2), lambda: self.hand_in(going))

    def _unmatched(self, going: Going) -> None:
        self._enrolled(going)
        self.result(going, "security", "95", self._day(going, 8))
        other = f"private.{going.somebody.email}"
        self.result(going, "hmis-basics", "90", self.calendar.last - timedelta(4), email=other)

    # --- results come in as a file, once a day at most

    def result(self, going: Going, course: str, score: str, day: date, *, email: str = "") -> None:
        self.result_of(going.somebody, course, score, day, email=email)

    def result_of(self, somebody: Somebody, course: str, score: str, day: date, *, email: str = "") -> None:
        """A quiz taken on the day before `day`; the trainer imports that day's file."""
        day = self.calendar.working(min(day, self.calendar.last))
        if day not in self._results:
            self.calendar.morning(day, lambda: self.bring_in(day))
        minute = timedelta(minutes=len(self._results[day]) % 50)
        taken = datetime.combine(day - timedelta(1), TAKEN_AT) + minute
        self._results[day].append((email or somebody.email, course, score, taken))

    def pass_courses(self, going: Going, day: date) -> None:
        for course in COURSES:
            self.result(going, course, str(self.driver.chance.randint(80, 100)), day)

    def bring_in(self, day: date) -> None:
        driver = self.driver
        with driver.change() as session:
            report = import_training.import_file(
                session,
                results(self._results[day]),
                f"results-{day}.csv",
                actor=driver.actor(session, self.staff.trainer),
                **driver.about,
            )
            if report.refused:
                raise RuntimeError("\n".join(report.lines()))

    # --- one act each

    def ask(self, going: Going) -> None:
        driver = self.driver
        with driver.change() as session:
            agency = driver.agency(session, going.house.name)
            labels = going.house.devices
            label = labels[len(going.somebody.email) % len(labels)]
            device = session.scalars(select(Device).where(Device.agency_id == agency.id, Device.label == label)).one()
            projects = [project.id for project in agency.projects][: 1 + len(going.purpose) % 2]
            work = requests.Work(
                purpose=going.purpose,
                access_level=going.level,
                start_on=driver.today,
                worker=going.worker,
                project_ids=projects,
                device=device,
                supervisor=going.house.admin.name,
            )
            requests.submit(
                session,
                agency=agency,
                work=work,
                person=fields(going.somebody),
                actor=driver.actor(session, going.house.admin.email),
                **driver.about,
            )

    def name_backup(self, going: Going) -> None:
        driver = self.driver
        with driver.change() as session:
            agency = driver.agency(session, going.house.name)
            device = session.scalars(
                select(Device).where(Device.agency_id == agency.id).order_by(Device.id).limit(1)
            ).first()
            officers.name_officers(
                session,
                agency=agency,
                admin=fields(going.somebody),
                device=device,
                purpose="Stands in for the Agency Administrator",
                actor=driver.actor(session, going.house.director.email),
                **driver.about,
            )

    def enrol(self, going: Going) -> None:
        self.joining.enrol_one(going.house, going.somebody)

    def sanction(self, going: Going) -> None:
        self.years.sanction(going.house, going.somebody.email)

    def leave(self, going: Going, reason: str) -> None:
        driver = self.driver
        with driver.change() as session:
            departures.deactivate(
                session, membership=driver.member(session, going.house.name, going.somebody.email), reason=reason,
                actor=driver.actor(session, going.house.admin.email), **driver.about,
            )  # fmt: skip

    def hand_in(self, going: Going) -> None:
        """The person uploads a certificate of the first course."""
        driver = self.driver
        content = certificate(going.somebody)
        found = pdf.inspect_upload(content, "certificate.pdf")
        sha256 = Storage(driver.context.settings.storage).put(content)
        with driver.change() as session:
            certificates.claim(
                session,
                person=driver.who(session, going.somebody.email),
                course="hmis-basics",
                score=8600,
                taken_on=driver.today - timedelta(1),
                file=Scan(sha256, "application/pdf", found.size, found.pages, "certificate.pdf"),
                actor=driver.actor(session, going.somebody.email),
                **driver.about,
            )

    def open_password(self, going: Going, day: date) -> None:
        self.open_password_of(going.somebody, day)

    def open_password_of(self, somebody: Somebody, day: date) -> None:
        self.calendar.morning(day, lambda: self.driver.reveal(somebody.email))

    def carry_out(self) -> None:
        """The help desk's afternoon: every open order, but those that the story leaves open."""
        self.driver.carry_out_orders(self.staff.desk, but=lambda _order, person: person.email in self.left_open)


def certificate(somebody: Somebody) -> bytes:
    """A certificate of completion as the person might have it: one page that says so."""
    page = BytesIO()
    canvas = Canvas(page, invariant=1)
    canvas.drawString(72, 700, "Sample certificate of completion: HMIS end user training")
    canvas.drawString(72, 680, f"Issued to the holder of {somebody.email}. Score: 86 percent.")
    canvas.save()
    return page.getvalue()


__all__ = ["STORIES", "Going", "Walking"]
