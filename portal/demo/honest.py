"""What keeps the made-up Agencies honest: this year's reviews at three stages, an action, an incident, a complaint."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.demo.calendar import Calendar
from portal.demo.driver import Driver
from portal.demo.house import House, Staff
from portal.models import Incident, ReviewAnswer, SecurityReview
from portal.services.review_content import items_of
from portal.services.security.incidents import incident_people, incident_reports, incident_triage
from portal.services.security.incidents.incident_reports import Told
from portal.services.security.reviews import attesting, campaigns, reviews
from portal.services.security.reviews.reviews import Given

OPENED, ANSWERED, REPORTED = 24, 17, 6
NOTES = {"partial": "One of three rooms still lacks it.", "no": "Not yet. It is planned for the spring."}
OTHERWISE = {"PHY1": "partial", "DSP1": "no"}
"""What the Agency whose review waits for the Lead does not do yet."""


class Honest:
    """Plans a campaign of reviews and an incident that is being looked into."""

    def __init__(self, driver: Driver, calendar: Calendar, staff: Staff):
        self.driver, self.calendar, self.staff = driver, calendar, staff

    def plan(self, houses: list[House]) -> None:
        """The first Agency is in the middle of its answers, the second waits for the Lead, all others have not begun."""
        last, at = self.calendar.last, self.calendar.morning
        busy, done = houses[0], houses[1]
        at(last - timedelta(OPENED), self._open)
        at(last - timedelta(ANSWERED), partial(self._answer, busy, 0.6))
        at(last - timedelta(ANSWERED), partial(self._answer, done, 1.0))
        at(last - timedelta(ANSWERED - 1), partial(self._attest, done))
        at(last - timedelta(REPORTED), self._report)
        at(last - timedelta(REPORTED - 1), partial(self._triage, busy))
        at(last - timedelta(3), self._complain)

    def _open(self) -> None:
        with self.driver.change() as session:
            actor = self.driver.actor(session, self.staff.security)
            due = self.driver.today + timedelta(OPENED + 30)
            campaigns.open_(session, name="Yearly review", spread="at_once", due=due, actor=actor, **self.driver.about)

    def _answer(self, house: House, share: float) -> None:
        """As large a share of the items as that, in the order of the checklist; a yes where nothing else is said."""
        with self.driver.change() as session:
            review = self._review(session, house)
            actor = self.driver.actor(session, house.officer.email)
            items = items_of(review)
            for item in items[: round(len(items) * share)]:
                answer = OTHERWISE.get(item.id, "yes") if share == 1 else "yes"
                row = session.scalars(
                    select(ReviewAnswer).where(ReviewAnswer.review_id == review.id, ReviewAnswer.item == item.id)
                ).one()
                given = Given(answer, NOTES.get(answer, ""))
                reviews.save(
                    session, review, item=item.id, given=given, seen=row.revision, actor=actor, **self.driver.about
                )

    def _attest(self, house: House) -> None:
        with self.driver.change() as session:
            review, actor = self._review(session, house), self.driver.actor(session, house.officer.email)
            attesting.send(session, review, actor=actor, **self.driver.about)
        self.driver.work()
        self.driver.sign(house.director)
        self.driver.work()

    def _report(self) -> None:
        """By somebody who does not say who they are."""
        said = "Two of us use the same user ID on the night shift, since one of us has none yet."
        self._told(said, incident_reports.report, named=False)

    def _complain(self) -> None:
        said = "The sign that explains why data is collected has fallen off the wall at the front desk."
        self._told(said, incident_reports.report, named=False)

    def _told(self, said: str, report: Callable[..., object], *, named: bool) -> None:
        driver = self.driver
        with driver.change() as session:
            told = Told(said=said, occurred_on=driver.today - timedelta(1), discovered_on=driver.today)
            report(
                session, told=told, named=named, address="192.0.2.44", actor=incident_reports.UNNAMED, **driver.about
            )

    def _triage(self, house: House) -> None:
        driver = self.driver
        with driver.change() as session:
            incident = session.scalars(select(Incident).order_by(Incident.id)).first()
            if incident is None:
                raise LookupError("nothing was reported")
            actor, agency = driver.actor(session, self.staff.security), driver.agency(session, house.name)
            facts = incident_triage.Facts(
                title="One user ID for two people", kind="shared_login", severity="major", agency_id=agency.id,
                occurred_on=incident.occurred_on, discovered_on=incident.discovered_on, found_how="Reported without a name",
            )  # fmt: skip
            incident_triage.triage(session, incident, facts=facts, actor=actor, **driver.about)
            investigator = driver.who(session, self.staff.admin).id
            incident_triage.assign(session, incident, person_id=investigator, actor=actor, **driver.about)
            admin = driver.actor(session, self.staff.admin)
            membership = driver.member(session, house.name, house.admin.email)
            incident_people.name(
                session, incident, person=membership.person, membership=membership, part="witness", actor=admin, now=driver.now
            )  # fmt: skip

    def _review(self, session: Session, house: House) -> SecurityReview:
        found = reviews.open_one(session, self.driver.agency(session, house.name).id)
        if found is None:
            raise LookupError(f"{house.name} has no review open")
        return found
