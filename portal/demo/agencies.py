"""How a made-up Agency joins, as far as its story goes: invitation, agreement, officers, forms, configuration."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.adapters import pdf
from portal.adapters.storage import Storage
from portal.demo.agency_forms import Forms
from portal.demo.calendar import Calendar
from portal.demo.driver import Driver, fields, office_fields
from portal.demo.house import STEPS, House, Staff
from portal.demo.names import TOWNS, Somebody
from portal.models import Device, Document, Project, WorkOrder
from portal.services import paperwork
from portal.services.agencies import devices, directors, officers
from portal.services.desk import configuration
from portal.services.paperwork import ByHand, Scan
from portal.services.paperwork.texts import version_in_force
from portal.services.people import background, enrolment, licences

DIRECTOR = "Executive director"
MANUALS = {
    "manual_version": "2025",
    "governance_model_version": "2024",
    "data_quality_plan_version": "2025",
    "data_standards_manual_version": "2026",
    "data_dictionary_version": "2026",
}


class Joining:
    """Puts an Agency's steps into the calendar and carries each out as the person whose step it is."""

    def __init__(self, driver: Driver, calendar: Calendar, staff: Staff):
        self.driver, self.calendar, self.staff, self.forms = driver, calendar, staff, Forms(driver)

    def plan(self, house: House, *, participating_on: Callable[[House], date]) -> None:
        """The days of this Agency's story; `participating_on` says when it is set up in the core HMIS."""
        at, sign = self.calendar, self.calendar.signing
        day = partial(at.after, house.starts)
        reaches = house.reaches
        if reaches < STEPS.index("invited"):
            return
        at.morning(day(0), lambda: self.invite(house))
        if reaches < STEPS.index("signed"):
            return
        if house.story == "paper":
            at.afternoon(day(3), lambda: self.sign_on_paper(house))
            return
        sign(day(3), house.director, DIRECTOR)
        if reaches < STEPS.index("forms"):
            return
        at.morning(day(5), lambda: self.countersign(house))
        at.morning(day(6), lambda: self.name_officers(house))
        for somebody in {s.email: s for s in (house.admin, house.officer)}.values():
            sign(day(8), somebody, DIRECTOR if house.one_for_all else "")
        sign(day(9), house.director, DIRECTOR)
        at.morning(day(10), lambda: self.authorise(house))
        if reaches < STEPS.index("ready"):
            at.morning(day(11), lambda: self.forms.begin(house))
            return
        at.morning(day(12), lambda: self.forms.submit_all(house))
        sign(day(13), house.director, DIRECTOR)
        at.afternoon(day(14), lambda: self.verify(house))
        at.morning(day(15), lambda: self.enrol(house))
        at.morning(day(16), lambda: self.background(house))
        if reaches < STEPS.index("participating"):
            return
        ready = participating_on(house)
        at.morning(at.after(ready, -1), lambda: self.order(house))
        at.afternoon(ready, lambda: self.configure(house))

    # --- one act each

    def invite(self, house: House) -> None:
        driver, (town, _) = self.driver, TOWNS[house.number % len(TOWNS)]
        agreement = {
            "agency_address": house.address,
            "effective_on": driver.today.isoformat(),
            "ends_on": (driver.today + timedelta(1095)).isoformat(),
            "participation_option": "Required by a funder" if house.number % 3 else "Voluntary",
            "sharing_option": "No sharing",
            "health_privacy_status": "Neither",
            "participation_fee": "$100 for each license a year",
            "notices_email": f"notices.{town.lower().replace(' ', '')}@example.org",
        }
        with driver.change() as session:
            asked = {field.name for field in version_in_force(session, "participation_agreement", driver.today).fields}
            directors.invite_director(
                session,
                agency=driver.agency(session, house.name),
                person=office_fields(house.director, DIRECTOR),
                manuals=MANUALS,
                agreement={name: value for name, value in agreement.items() if name in asked},
                actor=driver.actor(session, self.staff.desk),
                **driver.about,
            )

    def sign_on_paper(self, house: House) -> None:
        driver = self.driver
        [number] = driver.papers(house.name, "prepared", kind="participation_agreement")
        driver.mailbox.links.pop(house.director.email, None)
        with driver.change() as session:
            document = session.get_one(Document, number)
            text = paperwork.text_of(document)
            content = pdf.blank(text, paperwork.as_read(text, document.answers))
            scan = Scan(
                Storage(driver.context.settings.storage).put(content),
                "application/pdf",
                len(content),
                pdf.inspect_upload(content, "scan.pdf").pages,
                "participation-agreement-scan.pdf",
            )
            paperwork.upload_scan(
                session,
                document=document,
                scan=scan,
                signed_on=driver.today - timedelta(1),
                by_hand={"executive_director": ByHand(house.director.name, DIRECTOR)},
                actor=driver.actor(session, house.director.email),
                **driver.about,
            )

    def countersign(self, house: House) -> None:
        driver = self.driver
        for number in driver.papers(house.name, "signed", kind="participation_agreement"):
            with driver.change() as session:
                admin = driver.who(session, self.staff.admin)
                paperwork.countersign(
                    session,
                    document=session.get_one(Document, number),
                    name=admin.name,
                    title="HMIS director",
                    authority=True,
                    consent=True,
                    actor=driver.actor(session, self.staff.admin),
                    **driver.about,
                )
        driver.verify(self.staff.desk, driver.papers(house.name, "executed"))
        if house.licences:
            with driver.change() as session:
                licences.grant_licences(
                    session,
                    driver.agency(session, house.name),
                    count=house.licences,
                    actor=driver.actor(session, self.staff.admin),
                    **driver.about,
                )

    def name_officers(self, house: House) -> None:
        """The director enters and authorises the first device, and names who administers and who guards."""
        driver = self.driver
        with driver.change() as session:
            agency, actor = driver.agency(session, house.name), driver.actor(session, house.director.email)
            device = devices.enter(
                session,
                agency=agency,
                label="Office computer",
                description="Desktop in the office",
                kind="workstation",
                safeguards=list(devices.SAFEGUARDS),
                actor=actor,
                **driver.about,
            )
            house.devices.append(device.label)
            same = house.admin.email == house.officer.email
            officers.name_officers(
                session,
                agency=agency,
                admin=fields(house.admin),
                security_officer=None if same else fields(house.officer),
                same=same,
                device=device,
                purpose="Administers the HMIS for the Agency",
                actor=actor,
                **driver.about,
            )

    def authorise(self, house: House) -> None:
        """The Agency Admin authorises what the director entered, and enters another for the director to authorise."""
        driver = self.driver
        with driver.change() as session:
            agency, actor = driver.agency(session, house.name), driver.actor(session, house.admin.email)
            for device in self._devices(session, agency.id):
                if device.admin_id is None:
                    devices.authorise(session, device=device, actor=actor, **driver.about)
            second = devices.enter(
                session, agency=agency, label="Front desk", description="Desktop at intake", kind="workstation",
                safeguards=list(devices.SAFEGUARDS), actor=actor, **driver.about,
            )  # fmt: skip
            house.devices.append(second.label)
        if not house.one_for_all:
            with driver.change() as session:
                devices.authorise(
                    session,
                    device=session.get_one(Device, second.id),
                    actor=driver.actor(session, house.director.email),
                    **driver.about,
                )

    def verify(self, house: House) -> None:
        driver = self.driver
        waiting = driver.papers(house.name, "signed", "scanned") + driver.papers(house.name, "executed")
        with driver.change() as session:
            ready = [number for number in waiting if _is_for_desk(session.get_one(Document, number))]
        driver.verify(self.staff.desk, ready, "viewed on site" if house.number % 4 == 0 else "submitted")

    def enrol(self, house: House) -> None:
        self.enrol_one(house, house.admin)

    def enrol_one(self, house: House, somebody: Somebody) -> None:
        driver = self.driver
        with driver.change() as session:
            membership = driver.member(session, house.name, somebody.email)
            courses = enrolment.propose(session, membership, on=driver.today, policy=driver.policy)
            enrolment.enrol(
                session,
                membership=membership,
                courses=[course.id for course in courses],
                actor=driver.actor(session, self.staff.trainer),
                **driver.about,
            )

    def background(self, house: House) -> None:
        """Ordered and cleared for both officers; a director's own check is entered by the Lead."""
        for somebody in {s.email: s for s in (house.admin, house.officer)}.values():
            self.check(house, somebody, "cleared")

    def check(self, house: House, somebody: Somebody, status: str) -> None:
        driver = self.driver
        by = self.staff.admin if somebody.email == house.director.email else house.director.email
        decided = status in background.DECIDED
        with driver.change() as session:
            background.enter(
                session,
                membership=driver.member(session, house.name, somebody.email),
                status=status,
                ordered_on=driver.today - timedelta(7),
                reference=f"SAMPLE-{house.number:03}",
                actor=driver.actor(session, by),
                decided_on=driver.today if decided else None,
                decider=driver.who(session, by).name if decided else "",
                **driver.about,
            )

    def order(self, house: House) -> None:
        driver = self.driver
        with driver.change() as session:
            configuration.order_configuration(
                session,
                agency=driver.agency(session, house.name),
                actor=driver.actor(session, self.staff.admin),
                **driver.about,
            )

    def configure(self, house: House) -> None:
        driver = self.driver
        with driver.change() as session:
            agency = driver.agency(session, house.name)
            order = configuration.open_configuration(session, agency.id)
            if not isinstance(order, WorkOrder):
                raise LookupError(f"no configuration of {house.name} is on order")
            ids = {
                project.id: str(7000 + project.id)
                for project in session.scalars(select(Project).where(Project.agency_id == agency.id))
            }
            configuration.confirm_configuration(
                session, order=order, provider_id=str(500 + agency.id), project_provider_ids=ids,
                actor=driver.actor(session, self.staff.desk), **driver.about,
            )  # fmt: skip

    @staticmethod
    def _devices(session: Session, agency_id: int) -> list[Device]:
        return list(session.scalars(select(Device).where(Device.agency_id == agency_id).order_by(Device.id)))


def _is_for_desk(document: Document) -> bool:
    """Whether nobody of the Agency has to sign it any more."""
    return document.status == "executed" or paperwork.KINDS[document.kind].form
