"""What the made-up community wishes and says: service requests with their reviews, and surveys with their answers."""

from datetime import date, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.demo.calendar import Calendar
from portal.demo.driver import Driver
from portal.demo.house import Staff
from portal.models import Agency, ServiceRequest, Survey
from portal.services.helpdesk.feedback import answering, surveys
from portal.services.helpdesk.feedback.surveys import Drafted
from portal.services.helpdesk.requests import program_changes, request_lists, service_requests
from workflows.survey_questions import Question
from workflows.vocabulary import LEAD

NOBODY = Actor(person_id=None, name="Somebody who is not named", via="nobody")
WISHES = (
    ("A list of free beds", "Today every shelter is called by telephone each evening.", "vendor", 120, "resolved"),
    ("Shorter intake for returning guests", "Eleven fields are typed anew although they are known.", "vendor", 70, "in_progress"),
    ("Training dates in the portal", "People ask every week when the next course is.", "lead", 50, "delivered"),
    ("A report of people without an exit", "Open stays of more than a year should be seen at once.", "vendor", 30, "accepted"),
    ("Another color for the HMIS", "The present one is thought to be sad.", "vendor", 25, "declined"),
    ("A bell when a bed is free", "Nobody looks at the list all night.", "vendor", 4, "asked"),
)  # fmt: skip
CHANGES = (
    ("renamed", "Winter shelter", "Harbor winter shelter", 12, 20, 1), ("closes", "Summer camp", "", 2, 3, 0),
)  # fmt: skip
"""Kind, program, what it becomes, how many days ago it was announced, how many days ahead, how many tasks are done."""

QUESTIONS = (
    Question("", "scale", "How well were you treated where you asked for help?"),
    Question("", "choice", "Where was it?", ("At a shelter", "On the street", "At an office")),
    Question("", "words", "What should be better?"),
)
ANSWERS = (
    ("4", "At a shelter", "More room for our things."), ("5", "At an office", ""), ("2", "On the street", "Do not ask the same twice."),
    ("4", "At a shelter", "Somebody who speaks my language."), ("3", "At a shelter", "Breakfast before seven."), ("5", "On the street", ""),
    ("4", "At an office", "Shorter waiting."), ("3", "At a shelter", ""), ("4", "At a shelter", "It was good."),
)  # fmt: skip


class Wishes:
    """Plans what is asked for, what becomes of it, and who is asked what they think."""

    def __init__(self, driver: Driver, calendar: Calendar, staff: Staff):
        self.driver, self.calendar, self.staff = driver, calendar, staff
        self.survey_id = 0

    def plan(self) -> None:
        at, last = self.calendar, self.calendar.last
        for title, text, whom, days, until in WISHES:
            at.morning(at.working(last - timedelta(days)), partial(self._ask, title, text, whom, until))
        for kind, program, becomes, days, ahead, ticked in CHANGES:
            at.morning(at.working(last - timedelta(days)), partial(self._announce, kind, program, becomes, ahead, ticked))
        first = last.replace(day=1)
        for _ in range(2):
            month = (first - timedelta(1)).replace(day=1)
            if (
                first != last.replace(day=1) or last.day > 12
            ):  # the latest one waits for whoever tries the demonstration
                at.morning(at.working(first + timedelta(4)), partial(self._review, month))
            first = month
        opens = at.working(last - timedelta(38))
        at.morning(opens, partial(self._open, last + timedelta(30)))
        for number, said in enumerate(ANSWERS):
            at.afternoon(at.working(opens + timedelta(1 + 4 * number)), partial(self._answer, *said))
        at.afternoon(at.working(last - timedelta(1)), self._tell)

    def _announce(self, kind: str, program: str, becomes: str, ahead: int, ticked: int) -> None:
        driver = self.driver
        with driver.change() as session:
            agency = session.scalars(select(Agency).where(Agency.status == "participating").order_by(Agency.id).limit(1)).first()
            if agency is None:
                return
            desk = driver.actor(session, self.staff.desk)
            row = program_changes.announce(
                session, agency_id=agency.id, kind=kind, program=program, becomes=becomes, effective_on=driver.today + timedelta(ahead),
                details="", actor=desk, **driver.about,
            )  # fmt: skip
            if ticked:
                program_changes.done(session, row, numbers=range(1, ticked + 1), actor=desk, **driver.about)

    def _ask(self, title: str, text: str, whom: str, until: str) -> None:
        driver = self.driver
        with driver.change() as session:
            desk = driver.actor(session, self.staff.desk)
            row = service_requests.ask(
                session, title=title, description=text, sent_to=whom, agency_id=LEAD, actor=desk, now=driver.now
            )
            if until == "declined":
                reason = "The vendor gives every customer the same colors."
                service_requests.decline(session, row, resolution=reason, actor=desk, now=driver.now)
            elif until != "asked":
                self._work(session, row, until)

    def _work(self, session: Session, row: ServiceRequest, until: str) -> None:
        driver = self.driver
        desk = driver.actor(session, self.staff.desk)
        due, what = driver.today + timedelta(45), f"{row.title}, in the next version."
        service_requests.accept(
            session, row, due=due, deliverable=what, reason="The vendor says how.", actor=desk, **driver.about
        )
        if until == "accepted":
            return
        service_requests.begin(session, row, reason="The second team has it.", actor=desk, now=driver.now)
        if until == "in_progress":
            return
        service_requests.deliver(
            session, row, deliverable=what, reason="See it in the training site.", actor=desk, now=driver.now
        )
        if until == "resolved":
            service_requests.resolve(
                session, row, resolution="In use since the last version.", actor=desk, now=driver.now
            )

    def _review(self, month: date) -> None:
        driver = self.driver
        with driver.change() as session:
            lead = driver.actor(session, self.staff.admin)
            seen = request_lists.fingerprint(request_lists.of_month(session, lead, month=month, policy=driver.policy))
            notes = "Looked at each of them with the vendor on the telephone."
            request_lists.review(session, month=month, notes=notes, seen=seen, actor=lead, **driver.about)

    def _open(self, until: date) -> None:
        driver = self.driver
        with driver.change() as session:
            lead = driver.actor(session, self.staff.admin)
            drafted = Drafted(
                title="How were you helped?", asked=surveys.OPEN_TO_ALL, questions=QUESTIONS, opens_on=driver.today, closes_on=until,
                intro="For people who are, or were, without a home. Three questions, two minutes.",
            )  # fmt: skip
            row = surveys.draft(session, None, drafted=drafted, actor=lead, **driver.about)
            surveys.open_survey(session, row, actor=lead, **driver.about)
            self.survey_id = row.id

    def _answer(self, well: str, where: str, words: str) -> None:
        driver, given = self.driver, {"q1": well, "q2": where, "q3": words}
        with driver.change() as session:
            survey = session.get_one(Survey, self.survey_id)
            answering.answer(session, survey, given=given, invite=None, address="", actor=NOBODY, **driver.about)

    def _tell(self) -> None:
        driver = self.driver
        with driver.change() as session:
            survey, lead = session.get_one(Survey, self.survey_id), driver.actor(session, self.staff.admin)
            said = "Intake no longer asks what is known already: eleven questions fewer for whoever comes back."
            surveys.tell(session, survey, said=said, public=True, actor=lead, now=driver.now)
