"""An Agency joins: entered, its agreement signed on either route, officers named, forms verified, set up."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from pypdf import PdfReader

from tests.journeys.people import Staff, come_in_by_invitation, enter_code, invited, sign_by_link, sign_here
from tests.support.browser import FIELDS, Visitor
from tests.support.living import Living
from workflows.business_time import local_day
from workflows.vocabulary import Role

HARBOR = "Sample Harbor Shelter"
LEE, DANA, EDITH, ADA, SAM, NELL = (
    f"{name}@example.org"
    for name in ("lee.leader", "dana.sampson", "edith.sample", "ada.sample", "sam.sample", "nell.sample")
)
MANUALS = {
    "manual_version": "2025",
    "governance_model_version": "2024",
    "data_quality_plan_version": "2025",
    "data_standards_manual_version": "FY2026",
    "data_dictionary_version": "FY2026",
}


@dataclass
class Joining:
    """The people, each in a browser of their own; `visit` opens one."""

    living: Living
    visit: Callable[..., Visitor]
    agency: str = HARBOR
    people: dict[str, Visitor] = field(default_factory=dict)
    lead: Staff | None = None
    script: bool = True
    person: str = ""
    imports: int = 0

    def who(self, name: str) -> Visitor:
        if name not in self.people:
            self.people[name] = self.visit(name, script=self.script)
        return self.people[name]

    def task(self, name: str, title: str) -> Visitor:
        """From home to the page that does this task."""
        visitor = self.who(name).go("/").follow(title, within="main")
        return visitor.follow(title, within="main") if visitor.heading == self.agency else visitor

    # --- 1: the Lead enters an Agency and invites its director

    def the_administrator_comes_in(self) -> None:
        invited(self.living, LEE, Role.LEAD_ADMIN, "Lee", "Leader")
        self.lead = come_in_by_invitation(self.who("Lee"), LEE)

    def the_lead_enters_the_agency(self) -> None:
        lee = self.who("Lee").follow("Agencies", within="header").follow("Enter an Agency")
        lee.fill("Legal name", self.agency).fill_in(kind="none", mandated_by=[], email="office@example.org").press(
            "Enter the Agency"
        )
        lee.sees(f"{self.agency} is entered", "Invite the executive director")

    def the_lead_invites_the_director(self) -> None:
        lee = self.who("Lee")
        lee.fill_in(
            first_name="Edith",
            last_name="Sample",
            email=EDITH,
            title="Executive director",
            free_mail_ok=None,
            funders=None,
            participation_option="Voluntary",
            participation_fee="$0",
            effective_on_month="1",
            effective_on_day="1",
            effective_on_year="2026",
            ends_on_month="12",
            ends_on_day="31",
            ends_on_year="2027",
            **MANUALS,
        )
        lee.press("Check before it is sent").sees("Edith Sample", EDITH, "December 31, 2027").press(
            "Send the invitation"
        )
        lee.sees("Edith Sample gets 2 links to sign")

    # --- 2: the director signs, the Lead countersigns, both get the PDF

    def the_director_signs(self) -> None:
        edith = self.who("Edith")
        sign_by_link(edith, EDITH, "Edith Sample", about="participation agreement")
        edith.sees("The Lead countersigns")
        sign_by_link(edith, EDITH, "Edith Sample", about="receipt")

    def the_lead_countersigns(self) -> None:
        lee = self.who("Lee").go("/desk/documents").follow("Participation agreement", within="main")
        lee.tick("It was submitted").press("Verify, and on to the next").sees("Verified")
        lee.go("/").follow("participation agreement to countersign").follow(
            "Participation agreement", within="main"
        ).follow("Countersign")
        lee.fill_in(name="Lee Leader", title="HMIS director").press("Countersign now").sees("the document is executed")

    def both_get_the_pdf(self) -> None:
        for address in (EDITH, LEE):
            letter = self.living.mail.fetch(address, about="Agency Participation Agreement")
            while not letter.attachments:  # the link to sign it has the same subject
                letter = self.living.mail.fetch(address, about="Agency Participation Agreement")
            (pdf,) = letter.attachments.values()
            text = read_pdf(pdf)
            for said in (self.agency, "Edith Sample", "Lee Leader", "SHA-256"):
                assert said in text, f"{said} is not in the executed copy"

    def the_lead_publishes_the_documents(self) -> None:
        """Without a version in force nothing that is signed counts: a new portal's first duty."""
        versions = {
            "Participation agreement": "2026-1",
            "User agreement": "2026-1",
            "Agency Administrator Agreement": "2026-1",
            "Housing inventory": str(self.today.year),
        }
        lee = self.who("Lee")
        for kind, version in versions.items():
            lee.go("/desk/documents-in-force").follow(f"a version of {kind}")
            lee.fill_in(
                version=version, in_force_from_month="1", in_force_from_day="1", in_force_from_year=str(self.today.year)
            )
            lee.press("Continue").press("Publish").sees(f"{kind}, version {version}, is in force")

    def the_director_signs_on_paper(self) -> None:
        """Prints the agreement from the link, signs it by hand and hands the scan in: as good as the other route."""
        edith = self.who("Edith").go(self.living.mail.link(EDITH, about="participation agreement"))
        enter_code(edith, EDITH)
        number = edith.path.split("/")[2]
        blank = edith.download(f"/documents/{number}/blank.pdf")
        assert self.agency in read_pdf(blank)
        edith.follow("Leave it for now").follow("Hand in the signed scan")
        fields = {one["name"]: one["type"] for one in edith.page.evaluate(FIELDS)}
        day = self.today.isoformat()
        edith.attach("The scan", "agreement.pdf", b"GIF89a no document", "application/pdf")
        names = {name.replace("-", "_"): "Edith Sample" for name in fields if name.startswith("name-")}
        titles = {name.replace("-", "_"): "Executive director" for name in fields if name.startswith("title-")}
        edith.fill_in(signed_on=day, **names, **titles).press("Hand in", expect=400)
        edith.sees("There is a problem").attach("The scan", "agreement.pdf", blank, "application/pdf")
        edith.fill_in(signed_on=day, **names, **titles).press("Hand in")
        lee = (
            self.who("Lee").go("/desk/documents").sees("Compare the scan and verify it").follow("Begin with the oldest")
        )
        lee.tick("It was submitted").press("Verify, and on to the next").sees("Verified")
        lee.go(f"/documents/{number}").follow("Countersign")
        lee.fill_in(name="Lee Leader", title="HMIS director").press("Countersign now").sees(
            "the document is executed", "on paper"
        )
        self.living.settled()
        assert lee.download(f"/documents/{number}/executed.pdf").startswith(b"%PDF")
        lee.follow("Agencies", within="header").follow(self.agency).open_details()
        lee.sees("Agency Participation Agreement executed, since")

    def the_lead_grants_licences(self, count: int = 2) -> None:
        lee = self.who("Lee").follow("Agencies", within="header").follow(self.agency).follow("Licenses", within="main")
        lee.fill_in(kind="core", count=str(count)).press("Grant").sees(f"Granted {count}")

    # --- 3: the officers, the forms, the help desk, the configuration

    def the_director_names_officers(self) -> None:
        edith = self.task("Edith", "Name an Agency Administrator")
        edith.fill_in(
            office="agency_admin",
            who=None,
            first_name="Ada",
            last_name="Sample",
            email=ADA,
            title="Program manager",
            free_mail_ok=None,
            purpose="Looks after the HMIS at the shelter",
        ).press("Name this person")
        edith.sees("Ada Sample is named", "a background check is needed")
        edith.fill_in(
            office="security_officer",
            who=None,
            first_name="Sam",
            last_name="Sample",
            email=SAM,
            title="IT manager",
            free_mail_ok=None,
            purpose=None,
        ).press("Name this person").sees("Sam Sample is named")

    def the_officers_sign(self) -> None:
        sign_by_link(self.who("Ada"), ADA, "Ada Sample", about="Code of Ethics", title="Program manager")
        sign_by_link(
            self.who("Ada"), ADA, "Ada Sample", about="Agency Administrator Agreement", title="Program manager"
        )
        sign_by_link(self.who("Sam"), SAM, "Sam Sample", about="Designation and acceptance", title="IT manager")
        sign_by_link(self.who("Edith"), EDITH, "Edith Sample", about="Agency Administrator Agreement")
        sign_by_link(self.who("Edith"), EDITH, "Edith Sample", about="Designation and acceptance")

    def the_admin_completes_the_information_form(self) -> None:
        ada = self.task("Ada", "Complete the information form").press("Begin")
        ada.follow("Fill in").fill_in(
            victim_service_provider="No", legal_service_provider="No", organization_type="Nonprofit"
        ).press("Save")
        ada.follow("Fill in").fill_in(
            housing=["Emergency shelter"],
            services=["Case management"],
            populations=["Single adults"],
            counties="Cumberland",
            expected_users="2",
        ).press("Save")
        ada.follow("Add an entry")
        ada.fill_in(
            contact_name="Pat Sample", contact_role="Program contact", contact_email="pat.sample@example.org"
        ).press("Save")
        ada.follow("Add an entry", nth=1)
        ada.fill_in(
            project_name=f"{self.agency}: Night beds",
            project_type="Emergency shelter: entry/exit",
            project_starts_on_year="2020",
            project_ends_on_month=None,
            project_ends_on_day=None,
            project_ends_on_year=None,
        ).press("Save")
        self._submit(ada)

    def the_admin_completes_the_inventory(self) -> None:
        ada = self.task("Ada", "Review and submit the housing inventory").press("Begin")
        ada.follow("Fill in").fill_in(inventory_year=str(self.today.year), no_lodging="No").press("Save")
        ada.follow("Night beds")
        none = dict.fromkeys(
            ("ch_vet_beds", "youth_vet_beds", "vet_beds", "ch_youth_beds", "youth_beds", "ch_beds"), "0"
        )
        until = dict.fromkeys(("inventory_ends_on_month", "inventory_ends_on_day", "inventory_ends_on_year"))
        ada.fill_in(
            unit_inventory="4",
            bed_inventory="8",
            other_beds="8",
            inventory_starts_on_year="2020",
            people_on_the_night="7",
            **none,
            **until,
        )
        ada.press("Save").sees("Complete")
        self._submit(ada)

    def _submit(self, ada: Visitor) -> None:
        ada.follow("Check and submit").does_not_see("Still to do")
        ada.fill_in(name="Ada Sample", title="Program manager").press("Submit to the help desk").sees(
            "Submitted", "What happens next"
        )

    def the_admin_attests_the_protocols(self) -> None:
        ada = self.task("Ada", "Attest the protocols that are missing")
        years = [one["name"].replace("-", "_") for one in ada.page.evaluate(FIELDS) if one["name"].endswith("year")]
        ada.fill_in(**dict.fromkeys(years, "2025")).press("Save").sees("Everything is filled in").press("Read and sign")
        enter_code(ada, ADA)
        sign_here(ada, "Ada Sample", title="Program manager")
        self.task("Ada", "Attest that privacy notice and sign are posted").fill_in(
            on_year=str(self.today.year), on_month="1"
        ).press("Attest")
        ada.sees("The attestation is on record")

    def the_admin_enters_a_device_and_the_director_authorises_it(self) -> None:
        ada = (
            self.who("Ada").follow("Agency", within="header").follow("Devices", within="main").follow("Enter a device")
        )
        ada.fill_in(label="Front desk", description="Desktop in the office").press("Enter the device")
        ada.sees("Waits for the authorization of the executive director")
        edith = self.who("Edith").go("/").follow("Authorize the device: Front desk").follow("Front desk", within="main")
        edith.press("Authorize this device").sees("The device is authorized")

    def the_help_desk_comes_in(self) -> None:
        invited(self.living, DANA, Role.HELP_DESK, "Dana", "Sampson")
        come_in_by_invitation(self.who("Dana"), DANA)

    def the_help_desk_verifies_everything(self) -> None:
        dana = (
            self.who("Dana")
            .follow("Desk", within="header")
            .follow("Documents to verify")
            .follow("Begin with the oldest")
        )
        verified = []
        while dana.page.get_by_role("button", name="Verify, and on to the next").count():
            verified.append(dana.heading)
            how = "I viewed it on site" if "Inventory" in dana.heading else "It was submitted"
            dana.tick(how).press("Verify, and on to the next").sees("Verified")
        assert len(verified) == len(set(verified)), verified
        for title in (
            "Agency Administrator Agreement",
            "HMIS Agency Information Form",
            "Housing Inventory",
            "User Policy",
        ):
            assert [heading for heading in verified if title in heading], f"{title} was not among {verified}"
        dana.sees("Nothing waits to be verified")

    def the_agency_is_set_up(self) -> None:
        dana = (
            self.who("Dana")
            .go("/desk/configurations")
            .follow("Order the configuration")
            .press("Order the configuration")
        )
        dana.sees(f"{self.agency}: Night beds").fill("Provider id of Sample Harbor Shelter", "4100").fill(
            "Provider id of Night beds", "4101"
        )
        dana.press("Confirm").sees("is set up")
        ada = self.who("Ada").follow("Agency", within="header").sees("12 of 12", "Provider ID in the core HMIS 4100")
        assert ada.heading == self.agency

    @property
    def today(self) -> date:
        return local_day(self.living.context.clock(), self.living.context.policy.zone)


def read_pdf(content: bytes) -> str:
    """The text of a PDF, white space folded."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())
