"""What comes after joining: yearly inventories and reviews, new versions, a suspension, an end, evidence by hand."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.demo.agencies import Joining
from portal.demo.driver import Driver
from portal.demo.house import House, Staff
from portal.models import Waiver
from portal.services.agencies import agency_ending
from portal.services.desk import evidence_by_hand, publishing, record_evidence
from portal.services.people import waivers
from portal.services.security.sanctions import sanctions
from portal.services.security.sanctions.sanction_measures import Measure
from workflows.vocabulary import About, Kind


class Years:
    """What befalls an Agency year by year, each act by the person whose it is."""

    def __init__(self, driver: Driver, staff: Staff, joining: Joining):
        self.driver, self.staff, self.joining = driver, staff, joining

    def renew_inventory(self, house: House) -> None:
        """This year's housing inventory, from last year's; verified in the same week."""
        self.joining.forms.submit(house, "housing_inventory")
        self.driver.verify(self.staff.second_desk, self.driver.papers(house.name, "signed", kind="housing_inventory"))

    def review(self, house: House) -> None:
        """The Lead's security officer records a yearly review on paper, from before the portal kept reviews."""
        self.record(
            house.name,
            Kind.SECURITY_REVIEW,
            About.AGENCY,
            None,
            on=self.driver.today,
            how="viewed on site",
            note="Yearly checklist went through.",
        )

    def suspend(self, house: House) -> None:
        driver = self.driver
        with driver.change() as session:
            subject = sanctions.of_agency(driver.agency(session, house.name))
            self._decided(
                session,
                subject,
                "shared-login",
                "Two people shared one account.",
                "The Agency has answered in writing.",
            )

    def sanction(self, house: House, email: str) -> None:
        """Somebody's privileges are suspended: drafted by the security officer, decided by the administrator."""
        driver = self.driver
        with driver.change() as session:
            subject = sanctions.of_person(driver.member(session, house.name, email))
            self._decided(
                session, subject, "look-up", "Looked up a record without a business reason.", "Talk with the director."
            )

    def _decided(self, session: Session, subject: sanctions.Subject, violation: str, facts: str, remedy: str) -> None:
        driver = self.driver
        row = sanctions.draft(
            session, subject=subject, violation=violation, facts=facts, measure=Measure(measure="suspension", remedy=remedy),
            actor=driver.actor(session, self.staff.security), **driver.about,
        )  # fmt: skip
        admin = driver.actor(session, self.staff.admin)
        sanctions.decide(session, row, reason="Found as it was drafted.", actor=admin, **driver.about)

    def ask_to_waive(self, house: House, prerequisite: str, reason: str) -> None:
        driver = self.driver
        with driver.change() as session:
            waivers.ask(
                session, agency=driver.agency(session, house.name), membership=None, prerequisite=prerequisite, until=driver.today + timedelta(75),
                reason=reason, actor=driver.actor(session, house.admin.email), **driver.about,
            )  # fmt: skip

    def waive(self, house: House) -> None:
        """What was asked for last at this Agency is given, by somebody who did not ask."""
        driver = self.driver
        with driver.change() as session:
            agency = driver.agency(session, house.name)
            row = session.scalars(select(Waiver).where(Waiver.agency_id == agency.id, Waiver.status == "asked")).one()
            waivers.give(
                session, row, until=row.until, reason="The visit is booked for the first free week.",
                actor=driver.actor(session, self.staff.admin), **driver.about,
            )  # fmt: skip

    def record(
        self, name: str, kind: Kind, about: About, email: str | None, *, on: date, how: str, note: str, detail: str = ""
    ) -> None:
        """The Lead's security officer records evidence by hand about an Agency or one of its people."""
        driver = self.driver
        with driver.change() as session:
            subject = driver.who(session, email).id if email else driver.agency(session, name).id
            entry = evidence_by_hand.Entry(
                kind=kind,
                about=about,
                subject_id=subject,
                valid_from=on,
                detail=detail,
                verified_by="The Lead's security officer",
                verified_how=how,
                note=note,
            )
            record_evidence.record(
                session, entry=entry, actor=driver.actor(session, self.staff.security), **driver.about
            )

    def end(self, house: House) -> None:
        driver = self.driver
        with driver.change() as session:
            agency_ending.end_participation(
                session,
                agency=driver.agency(session, house.name),
                reason="Merged with another made-up Agency.",
                successor="Sample Harbor Shelter",
                actor=driver.actor(session, self.staff.admin),
                **driver.about,
            )

    def publish(self, kind: str, version: str) -> None:
        driver = self.driver
        with driver.change() as session:
            publishing.publish(
                session,
                kind=kind,
                version=version,
                in_force_from=driver.today,
                actor=driver.actor(session, self.staff.admin),
                now=driver.now,
            )
