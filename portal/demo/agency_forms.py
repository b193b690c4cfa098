"""What a made-up Agency writes: its information form, this year's inventory, what it posted, its protocols."""

from datetime import date, timedelta

from portal.demo.driver import Driver
from portal.demo.house import House
from portal.demo.names import TOWNS
from portal.models import Document
from portal.services import paperwork
from portal.services.agencies import agency_forms
from workflows.vocabulary import PROTOCOLS


class Forms:
    """Fills in and submits an Agency's forms as its Agency Administrator."""

    def __init__(self, driver: Driver):
        self.driver = driver

    def begin(self, house: House) -> None:
        """An information form that was begun and left: the story of an Agency whose forms are missing."""
        driver = self.driver
        with driver.change() as session:
            agency_forms.begin(
                session,
                agency=driver.agency(session, house.name),
                kind="information_form",
                actor=driver.actor(session, house.admin.email),
                **driver.about,
            )

    def submit_all(self, house: House) -> None:
        """Information, inventory, what is posted, and the protocols, which go to the director to sign."""
        self.submit(house, "information_form")
        self.submit(house, "housing_inventory")
        driver = self.driver
        with driver.change() as session:
            agency, actor = driver.agency(session, house.name), driver.actor(session, house.admin.email)
            agency_forms.attest_posted(
                session,
                agency=agency,
                what=["privacy_notice", "sign"],
                on=driver.today - timedelta(2),
                actor=actor,
                **driver.about,
            )
            protocols = {f"{topic}_document": "Security handbook, sample edition" for topic in PROTOCOLS}
            protocols |= {f"{topic}_date": (driver.today - timedelta(200)).isoformat() for topic in PROTOCOLS}
            document = agency_forms.begin(
                session, agency=agency, kind="security_protocols", actor=actor, **driver.about
            )
            agency_forms.save(session, document=document, answers=protocols, actor=actor, now=driver.now)
            director = driver.who(session, house.director.email)
            paperwork.send_to_sign(session, document=document, person=director, actor=actor, **driver.about)

    def submit(self, house: House, kind: str) -> None:
        driver = self.driver
        with driver.change() as session:
            agency, actor = driver.agency(session, house.name), driver.actor(session, house.admin.email)
            document = agency_forms.begin(session, agency=agency, kind=kind, actor=actor, **driver.about)
            asked = self._information(house) if kind == "information_form" else self._inventory(document)
            new = {name: value for name, value in asked.items() if not document.answers.get(name)}
            agency_forms.save(session, document=document, answers=new, actor=actor, now=driver.now)
            agency_forms.submit(
                session,
                document=document,
                name=house.admin.name,
                title=house.admin.title,
                consent=True,
                actor=actor,
                **driver.about,
            )

    def _information(self, house: House) -> dict[str, object]:
        town, zip_code = TOWNS[house.number % len(TOWNS)]
        return {
            "organization_type": "Nonprofit",
            "victim_service_provider": "No",
            "legal_service_provider": "No",
            "street_address": f"{house.number + 1} Sample Street",
            "city": town,
            "zip_code": zip_code,
            "main_phone": f"207-555-{house.number:04}",
            "housing": ["Emergency shelter"],
            "services": ["Case management"],
            "populations": ["Everyone"],
            "counties": "Sample County",
            "expected_users": str(house.licences or 5),
        }

    def _inventory(self, document: Document) -> dict[str, str]:
        """What the record cannot know: the night of the count, and how many people were there."""
        counted = {"counted_on": date(int(document.answers["inventory_year"]), 1, 22).isoformat()}
        counted["counted_on"] = min(counted["counted_on"], self.driver.today.isoformat())
        for number, entry in enumerate(agency_forms.entries(document, "inventory"), 1):
            counted[f"inventory.{number}.people_on_the_night"] = str(int(entry.get("bed_inventory") or 0) * 9 // 10)
        for number, _ in enumerate(agency_forms.entries(document, "served"), 1):
            counted[f"served.{number}.people_served"] = str(20 + number * 7)
        return counted
