"""What a form begins with: last year's answers and what is on record, so that only what is different is typed."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import documents
from portal.models import Agency, Document, HudRecord, Person, Project
from portal.services.agencies import projects
from portal.services.agencies.directors import holders
from workflows.vocabulary import Role

HOUSEHOLDS = {
    "1": "Households without children",
    "3": "Households with at least one adult and one child",
    "4": "Households with only children",
}
AVAILABILITY = {"1": "Year-round", "2": "Seasonal", "3": "Overflow"}
SHELTER_BEDS = {"1": "Facility-based", "2": "Voucher", "3": "Other"}
BED_COLUMNS = {
    "unit_inventory": "UnitInventory", "bed_inventory": "BedInventory", "ch_vet_beds": "CHVetBedInventory", "youth_vet_beds": "YouthVetBedInventory",
    "vet_beds": "VetBedInventory", "ch_youth_beds": "CHYouthBedInventory", "youth_beds": "YouthBedInventory", "ch_beds": "CHBedInventory",
    "other_beds": "OtherBedInventory",
}  # fmt: skip
FUNDERS = {
    "mainehousing": "MaineHousing", "dhhs": "Maine DHHS", "ofcs": "Office of Child and Family Services", "rhy": "RHY", "path": "PATH", "ssvf": "SSVF",
    "vash": "HUD-VASH", "hud_coc": "HUD Continuum of Care", "hud_esg": "HUD ESG", "hud_rhs": "HUD Rural Housing Stability",
}  # fmt: skip
SERVICES_ONLY = 1
RAPID_REHOUSING = 13


def filled(
    session: Session, agency: Agency, kind: str, before: Document | None, year: int, *, on: date
) -> dict[str, Any]:
    """What the form of a kind begins with: the answers of the one `before` it, then what is on record."""
    text = documents.latest(kind)
    names = {field.name for field in text.fields}
    answers = {
        key: value for key, value in (before.answers if before else {}).items() if key.rpartition(".")[2] in names
    }
    if kind == "information_form":
        return answers | _information(session, agency, answers, on=on)
    if kind == "housing_inventory":
        answers.pop("counted_on", None)
        for key in [key for key in answers if key.endswith((".people_on_the_night", ".people_served"))]:
            answers[key] = ""
        return answers | {"inventory_year": str(year)} | ({} if before else _inventory(session, agency))
    return answers


def _information(session: Session, agency: Agency, answers: Mapping[str, Any], *, on: date) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if agency.mandated_by and not answers.get("funders"):
        given["funders"] = [FUNDERS[each] for each in agency.mandated_by if each in FUNDERS]
    if not any(key.startswith("contact.") for key in answers):
        given |= _numbered("contact", _contacts(session, agency, on=on))
    if not any(key.startswith("project.") for key in answers):
        given |= _numbered("project", [_project_entry(project) for project in projects.of(session, agency.id)])
    return given


def _contacts(session: Session, agency: Agency, *, on: date) -> Iterator[dict[str, str]]:
    offices = {
        Role.EXECUTIVE_DIRECTOR: "Executive director", Role.AGENCY_ADMIN: "Agency Administrator", Role.SECURITY_OFFICER: "Security officer",
    }  # fmt: skip
    for role, called in offices.items():
        for membership in holders(session, agency.id, role, on=on):
            person = session.get_one(Person, membership.person_id)
            yield {
                "contact_name": person.name,
                "contact_role": called,
                "contact_email": person.email,
                "contact_phone": person.phone,
            }


def _project_entry(project: Project) -> dict[str, str]:
    return {
        "project_name": project.name, "project_type": projects.PROJECT_TYPES.get(project.project_type, "") if project.project_type is not None else "",
        "project_starts_on": project.starts_on.isoformat() if project.starts_on else "",
        "project_ends_on": project.ends_on.isoformat() if project.ends_on else "",
    }  # fmt: skip


def _inventory(session: Session, agency: Agency) -> dict[str, Any]:
    """From the HMIS CSV rows of the Agency's projects: beds and units where there are any, else an entry to fill in."""
    every = projects.of(session, agency.id)
    rows: dict[int, list[HudRecord]] = {}
    query = select(HudRecord).where(
        HudRecord.file == "Inventory.csv", HudRecord.project_id.in_([project.id for project in every])
    )
    for row in session.scalars(query.order_by(HudRecord.id)):
        rows.setdefault(row.project_id or 0, []).append(row)
    beds, served = [], []
    for project in every:
        called = {
            "project_name": project.name,
            "project_type": projects.PROJECT_TYPES.get(project.project_type or 0, ""),
        }
        if project.project_type is not None and _lodges(project):
            beds += [
                called | _beds(row.cells) for row in rows.get(project.id, ()) if not row.cells.get("DateDeleted")
            ] or [called]
        elif project.project_type is not None:
            kind = (
                "Rapid re-housing: services only" if project.project_type == RAPID_REHOUSING else called["project_type"]
            )
            served.append({"served_project_name": project.name, "served_project_type": kind})
    return (
        {"no_lodging": "No" if beds or not served else "Yes"}
        | _numbered("inventory", beds)
        | _numbered("served", served)
    )


def _lodges(project: Project) -> bool:
    return project.project_type in projects.LODGING and str(project.cells.get("RRHSubType") or "") != str(SERVICES_ONLY)


def _beds(cells: Mapping[str, Any]) -> dict[str, str]:
    said = {name: str(cells.get(column) or "0") for name, column in BED_COLUMNS.items()}
    said["household_type"] = HOUSEHOLDS.get(str(cells.get("HouseholdType") or ""), "")
    said["availability"] = AVAILABILITY.get(str(cells.get("Availability") or ""), "")
    said["es_bed_type"] = SHELTER_BEDS.get(str(cells.get("ESBedType") or ""), "")
    said["inventory_starts_on"] = str(cells.get("InventoryStartDate") or "")[:10]
    said["inventory_ends_on"] = str(cells.get("InventoryEndDate") or "")[:10]
    return said


def _numbered(group: str, rows: Any) -> dict[str, Any]:
    return {
        f"{group}.{number}.{name}": value for number, row in enumerate(rows, 1) for name, value in row.items() if value
    }
