"""The Agency's forms: begun from the record, kept half-filled, checked, submitted, sent back, verified."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal.models import Agency, Document, HudRecord, Person, Project
from portal.refusals import Refused
from portal.services import paperwork
from portal.services.agencies import agency_forms, projects
from portal.services.agencies.inventory_rules import BEDS, remarks
from tests.services.joining import ADMIN, DIRECTOR, OFFICER, Joining, joining
from tests.services.world import World
from workflows.vocabulary import PROTOCOLS, About, Kind, Reason

BASICS = {
    "organization_type": "Nonprofit", "victim_service_provider": "No", "legal_service_provider": "No", "street_address": "1 Sample Street",
    "city": "Portland", "zip_code": "04101", "main_phone": "207-555-0100", "counties": "Cumberland", "expected_users": "4",
}  # fmt: skip
BEDS_OF_A_SHELTER = {
    "project_name": "Night beds", "project_type": "Emergency shelter: night-by-night", "household_type": "Households without children",
    "availability": "Year-round", "es_bed_type": "Facility-based", "unit_inventory": "5", "bed_inventory": "12", "other_beds": "12",
    "inventory_starts_on": "2020-01-01", **{name: "0" for name in BEDS if name != "other_beds"},
}  # fmt: skip


@pytest.fixture
def harbor(engine: Engine) -> Joining:
    made = joining(World(engine), mandated_by=("hud_coc", "mainehousing"))
    made.name_officers()
    return made


def begin(harbor: Joining, kind: str, who=ADMIN) -> Document:
    with harbor.world.change() as session:
        return agency_forms.begin(
            session, agency=session.get_one(Agency, harbor.agency.id), kind=kind, **harbor.terms(harbor.actor(who))
        )


def save(harbor: Joining, document: Document, answers: dict[str, Any]) -> None:
    with harbor.world.change() as session:
        agency_forms.save(
            session,
            document=session.get_one(Document, document.id),
            answers=answers,
            actor=harbor.actor(ADMIN),
            now=harbor.now,
        )


def save_entry(
    harbor: Joining, document: Document, group: str, values: dict[str, Any], number: int | None = None
) -> int:
    with harbor.world.change() as session:
        return agency_forms.save_entry(
            session,
            document=session.get_one(Document, document.id),
            group=group,
            number=number,
            values=values,
            actor=harbor.actor(ADMIN),
            now=harbor.now,
        )


def submit(harbor: Joining, document: Document) -> None:
    with harbor.world.change() as session:
        agency_forms.submit(
            session,
            document=session.get_one(Document, document.id),
            name="Ada Sample",
            consent=True,
            **harbor.terms(harbor.actor(ADMIN)),
        )


def fresh(harbor: Joining, kind: str) -> Document:
    return harbor.documents(kind)[-1]


def project(harbor: Joining, name: str, kind: int, **cells: Any) -> Project:
    with harbor.world.change() as session:
        made = projects.add(
            session,
            agency=session.get_one(Agency, harbor.agency.id),
            name=name,
            project_type=kind,
            actor=harbor.world.desk,
            now=harbor.now,
        )
        made.cells = cells
    return made


def stops(harbor: Joining, kind: str) -> list[str]:
    return [remark.sentence for remark in agency_forms.check(fresh(harbor, kind)) if remark.stop]


def information(harbor: Joining) -> Document:
    document = begin(harbor, "information_form")
    save(harbor, document, BASICS)
    for number, entry in enumerate(agency_forms.entries(fresh(harbor, "information_form"), "contact"), 1):
        save_entry(
            harbor,
            document,
            "contact",
            {"contact_phone": "207-555-0100", "contact_role": entry["contact_role"]},
            number,
        )
    save_entry(
        harbor,
        document,
        "project",
        {
            "project_name": "Sample Harbor House: Night beds",
            "project_type": "Emergency shelter: night-by-night",
            "project_starts_on": "2020-01-01",
        },
    )
    return document


# --- the information form


def test_it_begins_with_what_is_on_record(harbor: Joining) -> None:
    project(harbor, "Night beds", 1)
    document = begin(harbor, "information_form")
    assert document.answers["agency_name"] == "Sample Harbor House"
    assert document.answers["funders"] == ["HUD Continuum of Care", "MaineHousing"]
    assert [entry["contact_role"] for entry in agency_forms.entries(document, "contact")] == [
        "Executive director",
        "Agency Administrator",
        "Security officer",
    ]
    assert agency_forms.entries(document, "project") == [
        {"project_name": "Night beds", "project_type": "Emergency shelter: night-by-night"}
    ]


def test_a_half_filled_form_is_kept_and_gone_on_with(harbor: Joining) -> None:
    document = begin(harbor, "information_form")
    save(harbor, document, {"city": "Portland"})
    again = begin(harbor, "information_form", DIRECTOR)
    assert (again.id, again.answers["city"]) == (document.id, "Portland")
    assert any("Kind of organization" in sentence for sentence in stops(harbor, "information_form"))
    with pytest.raises(Refused) as no:
        submit(harbor, document)
    assert no.value.reason is Reason.BAD_INPUT
    assert fresh(harbor, "information_form").status == "prepared"


def test_what_is_no_answer_is_refused_and_nothing_is_kept(harbor: Joining) -> None:
    document = begin(harbor, "information_form")
    with pytest.raises(Refused) as no:
        save(harbor, document, {"city": "Portland", "expected_users": "some"})
    assert no.value.field == "expected_users"
    assert not fresh(harbor, "information_form").answers.get("city")


def test_submitted_it_waits_for_the_desk_and_its_projects_are_entered(harbor: Joining) -> None:
    document = information(harbor)
    assert stops(harbor, "information_form") == []
    submit(harbor, document)
    assert harbor.evidence(Kind.INFORMATION_FORM_SENT) == [("", "2026-1")]
    with harbor.world.look() as session:
        assert [
            (p.name, p.project_type)
            for p in session.scalars(select(Project).where(Project.agency_id == harbor.agency.id))
        ] == [("Night beds", 1)]
    with pytest.raises(Refused) as no:
        begin(harbor, "information_form")
    assert no.value.reason is Reason.ALREADY_DONE


def test_sent_back_it_keeps_every_answer(harbor: Joining) -> None:
    document = information(harbor)
    submit(harbor, document)
    with harbor.world.change() as session:
        paperwork.reject(
            session,
            document=session.get_one(Document, document.id),
            reason="The telephone is wrong.",
            actor=harbor.world.desk,
            now=harbor.now,
        )
    assert harbor.evidence(Kind.INFORMATION_FORM_SENT) == []
    again = begin(harbor, "information_form")
    assert (again.id, again.answers["city"], again.rejected_reason) == (
        document.id,
        "Portland",
        "The telephone is wrong.",
    )
    save(harbor, again, {"main_phone": "207-555-0111"})
    submit(harbor, again)
    assert harbor.evidence(Kind.INFORMATION_FORM_SENT) == [("", "2026-1")]


def test_saying_that_it_is_an_excluded_provider_warns_and_then_counts(harbor: Joining) -> None:
    document = information(harbor)
    save(harbor, document, {"victim_service_provider": "Yes"})
    warned = [remark.sentence for remark in agency_forms.check(fresh(harbor, "information_form")) if not remark.stop]
    assert any("comparable database" in sentence for sentence in warned)
    submit(harbor, document)
    with harbor.world.change() as session:
        paperwork.verify(
            session,
            document=session.get_one(Document, document.id),
            how="submitted",
            actor=harbor.world.desk,
            now=harbor.now,
        )
    assert [detail for detail, _ in harbor.evidence(Kind.EXCLUDED_PROVIDER)] == ["victim_service"]


def test_an_entry_taken_out_is_gone_and_the_others_move_up(harbor: Joining) -> None:
    document = begin(harbor, "information_form")
    with harbor.world.change() as session:
        agency_forms.remove_entry(
            session,
            document=session.get_one(Document, document.id),
            group="contact",
            number=2,
            actor=harbor.actor(ADMIN),
            now=harbor.now,
        )
    assert [entry["contact_role"] for entry in agency_forms.entries(fresh(harbor, "information_form"), "contact")] == [
        "Executive director",
        "Security officer",
    ]
    with pytest.raises(Refused) as no, harbor.world.change() as session:
        agency_forms.remove_entry(
            session,
            document=session.get_one(Document, document.id),
            group="contact",
            number=3,
            actor=harbor.actor(ADMIN),
            now=harbor.now,
        )
    assert no.value.reason is Reason.NOT_FOUND


def test_the_security_officer_fills_nothing_in(harbor: Joining) -> None:
    with pytest.raises(Refused) as no:
        begin(harbor, "information_form", OFFICER)
    assert no.value.reason is Reason.NOT_ALLOWED


# --- the housing inventory


def test_the_inventory_begins_with_the_rows_of_the_core_hmis(harbor: Joining) -> None:
    shelter, outreach = project(harbor, "Night beds", 1), project(harbor, "Street team", 4)
    with harbor.world.change() as session:
        session.add(HudRecord(file="Inventory.csv", key="9", project_id=shelter.id, imported_at=harbor.now, cells={
            "HouseholdType": "1", "Availability": "1", "ESBedType": "1", "UnitInventory": "5", "BedInventory": "12", "OtherBedInventory": "12",
            "InventoryStartDate": "2020-01-01",
        }))  # fmt: skip
    document = begin(harbor, "housing_inventory")
    assert document.answers["inventory_year"] == "2026"
    entry = agency_forms.entries(document, "inventory")[0]
    assert (entry["project_name"], entry["bed_inventory"], entry["availability"], entry["household_type"]) == (
        "Night beds",
        "12",
        "Year-round",
        "Households without children",
    )
    assert agency_forms.entries(document, "served") == [
        {"served_project_name": outreach.name, "served_project_type": "Street outreach"}
    ]
    save(harbor, document, {"counted_on": "2026-01-28"})
    save_entry(harbor, document, "served", {"people_served": "31"}, 1)
    assert stops(harbor, "housing_inventory") == []


def test_beds_that_do_not_add_up_stop_it(harbor: Joining) -> None:
    document = begin(harbor, "housing_inventory")
    save(harbor, document, {"counted_on": "2026-01-28", "no_lodging": "No"})
    save_entry(harbor, document, "inventory", BEDS_OF_A_SHELTER | {"other_beds": "11"})
    assert [said for said in stops(harbor, "housing_inventory") if "add up to 11" in said]
    with pytest.raises(Refused):
        submit(harbor, document)
    save_entry(harbor, document, "inventory", BEDS_OF_A_SHELTER, 1)
    submit(harbor, document)
    assert harbor.evidence(Kind.HOUSING_INVENTORY_SENT) == [("", "2026")]


def test_an_inventory_that_contradicts_itself_is_not_taken_in(harbor: Joining) -> None:
    document = begin(harbor, "housing_inventory")
    save(harbor, document, {"counted_on": "2026-01-28", "no_lodging": "Yes"})
    save_entry(harbor, document, "inventory", BEDS_OF_A_SHELTER)
    with pytest.raises(Refused) as no:
        submit(harbor, document)
    assert "no beds or units, and lists some" in no.value.sentence
    assert fresh(harbor, "housing_inventory").status == "prepared"


def test_next_year_begins_with_this_years_answers(harbor: Joining) -> None:
    document = begin(harbor, "housing_inventory")
    save(harbor, document, {"counted_on": "2026-01-28", "no_lodging": "No"})
    save_entry(harbor, document, "inventory", BEDS_OF_A_SHELTER | {"people_on_the_night": "11"})
    submit(harbor, document)
    with harbor.world.change() as session:
        paperwork.verify(
            session,
            document=session.get_one(Document, document.id),
            how="submitted",
            actor=harbor.world.desk,
            now=harbor.now,
        )
    with pytest.raises(Refused) as no:
        begin(harbor, "housing_inventory")
    assert "of 2026 is verified" in no.value.sentence
    harbor.world.now += timedelta(days=60)
    harbor.world.record(
        Kind.PUBLISHED, About.LEAD, 0, detail="housing_inventory", version="2027", valid_from=harbor.world.today
    )
    again = begin(harbor, "housing_inventory")
    assert (again.answers["inventory_year"], again.answers.get("counted_on", "")) == ("2027", "")
    entry = agency_forms.entries(again, "inventory")[0]
    assert (entry["bed_inventory"], entry.get("people_on_the_night", "")) == ("12", ""), (
        "the beds are taken over, the night's count is not"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unit_inventory": "13"}, "more units"), ({"availability": ""}, "give availability"), ({"es_bed_type": ""}, "give the kind of shelter beds"),
        ({"availability": "Seasonal"}, "season ends"), ({"ch_beds": "2", "other_beds": "10"}, "permanent supportive housing only"),
        ({"household_type": "Households with only children", "vet_beds": "2", "other_beds": "10"}, "no beds for veterans"),
        ({"project_type": "Safe haven", "household_type": "Households with at least one adult and one child", "availability": "", "es_bed_type": ""}, "safe haven"),
        ({"project_type": "Transitional housing"}, "only an emergency shelter"),
    ],
)  # fmt: skip
def test_what_looks_wrong_is_said_and_does_not_stop(change: dict, said: str) -> None:
    assert remarks([BEDS_OF_A_SHELTER], [], "No") == []
    found = remarks([BEDS_OF_A_SHELTER | change], [], "No")
    assert [remark for remark in found if said in remark.sentence and not remark.stop], found


@pytest.mark.parametrize(
    ("beds", "served", "no_lodging"), [([], [], "No"), ([BEDS_OF_A_SHELTER], [], "Yes"), ([], [], "Yes")]
)
def test_an_inventory_that_contradicts_itself_is_stopped(beds: list, served: list, no_lodging: str) -> None:
    assert [remark for remark in remarks(beds, served, no_lodging) if remark.stop]


# --- protocols and postings


def test_the_ten_protocols_are_filled_in_and_attested_by_one_signature(harbor: Joining) -> None:
    document = begin(harbor, "security_protocols")
    for topic in PROTOCOLS:
        save(harbor, document, {f"{topic}_document": f"Policy on {topic}", f"{topic}_date": "2026-02-01"})
    with harbor.world.change() as session:
        there = session.get_one(Document, document.id)
        paperwork.send_to_sign(
            session, document=there, person=session.get_one(Person, harbor.director.person_id), **harbor.terms()
        )
    harbor.sign("security_protocols", DIRECTOR)
    assert {detail for detail, _ in harbor.evidence(Kind.PROTOCOL)} == set(PROTOCOLS)


def test_both_postings_are_attested_with_their_day(harbor: Joining) -> None:
    def attest(what: list[str], ahead: int = 0) -> list[str]:
        with harbor.world.change() as session:
            return agency_forms.attest_posted(
                session,
                agency=session.get_one(Agency, harbor.agency.id),
                what=what,
                on=harbor.world.today + timedelta(ahead),
                **harbor.terms(harbor.actor(OFFICER)),
            )

    assert attest(["sign"]) == ["sign"]
    assert attest(["sign", "privacy_notice"]) == ["privacy_notice"]
    for what, ahead, expected in (
        (["sign"], 0, Reason.ALREADY_DONE),
        ([], 0, Reason.BAD_INPUT),
        (["sign"], 1, Reason.BAD_INPUT),
    ):
        with pytest.raises(Refused) as no:
            attest(what, ahead)
        assert no.value.reason is expected
    assert {detail for detail, _ in harbor.evidence(Kind.POSTED)} == {"sign", "privacy_notice"}
