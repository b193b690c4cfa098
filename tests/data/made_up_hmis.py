"""A made-up HMIS export in which nothing is wrong, as rows that a test changes before it writes them down."""

import csv
import io
from pathlib import Path

Rows = dict[str, list[dict[str, str]]]

_TAIL = {
    "DateCreated": "2024-10-01 08:30:00",
    "DateUpdated": "2026-10-01 09:45:10",
    "UserID": "U1",
    "DateDeleted": "",
    "ExportID": "X1",
}
_BEDS = dict.fromkeys(
    (
        "CHVetBedInventory",
        "YouthVetBedInventory",
        "VetBedInventory",
        "CHYouthBedInventory",
        "YouthBedInventory",
        "CHBedInventory",
    ),
    "0",
)


def _project(project_id: str, organization_id: str, name: str, kind: str, **more: str) -> dict[str, str]:
    return {
        "ProjectID": project_id,
        "OrganizationID": organization_id,
        "ProjectName": name,
        "ProjectCommonName": "",
        "OperatingStartDate": "2020-01-01",
        "OperatingEndDate": "",
        "ContinuumProject": "1",
        "ProjectType": kind,
        "HousingType": "1",
        "RRHSubType": "",
        "ResidentialAffiliation": "",
        "TargetPopulation": "4",
        "HOPWAMedAssistedLivingFac": "2",
        "PITCount": "",
        **_TAIL,
        **more,
    }


def _inventory(number: str, project_id: str, **more: str) -> dict[str, str]:
    return {
        "InventoryID": number,
        "ProjectID": project_id,
        "CoCCode": "ME-500",
        "HouseholdType": "1",
        "Availability": "",
        "UnitInventory": "5",
        "BedInventory": "10",
        **_BEDS,
        "OtherBedInventory": "10",
        "ESBedType": "",
        "InventoryStartDate": "2020-01-01",
        "InventoryEndDate": "",
        **_TAIL,
        **more,
    }


def clean() -> Rows:
    """A shelter, supportive housing, a safe haven, outreach, a victim service provider's shelter; without a fault."""
    projects = [
        _project("P1", "O1", "Sample Shelter", "0"),
        _project("P2", "O1", "Sample Homes", "3"),
        _project("P3", "O1", "Sample Haven", "8"),
        _project("P4", "O1", "Sample Outreach", "4"),
        _project("P5", "O2", "Sample Refuge", "0"),
    ]
    ids = [project["ProjectID"] for project in projects]
    user = {key: value for key, value in _TAIL.items() if key != "UserID"}
    return {
        "Export.csv": [
            {
                "ExportID": "X1",
                "SourceType": "1",
                "SourceID": "",
                "SourceName": "Sample Lead",
                "SourceContactFirst": "Sam",
                "SourceContactLast": "Sample",
                "SourceContactPhone": "2075550100",
                "SourceContactExtension": "",
                "SourceContactEmail": "sam@example.org",
                "ExportDate": "2026-11-02 06:00:00",
                "ExportStartDate": "2025-10-01",
                "ExportEndDate": "2026-09-30",
                "SoftwareName": "Sample HMIS",
                "SoftwareVersion": "1",
                "CSVVersion": "2026 v1.0",
                "ExportPeriodType": "3",
                "ExportDirective": "2",
                "HashStatus": "1",
                "ImplementationID": "sample",
            }
        ],
        "User.csv": [
            {
                "UserID": "U1",
                "UserFirstName": "Una",
                "UserLastName": "Sample",
                "UserPhone": "2075550101",
                "UserExtension": "",
                "UserEmail": "una@example.org",
                **user,
            }
        ],
        "Organization.csv": [
            {
                "OrganizationID": number,
                "OrganizationName": name,
                "VictimServiceProvider": victim,
                "OrganizationCommonName": "",
                **_TAIL,
            }
            for number, name, victim in (("O1", "Sample Agency", "0"), ("O2", "Sample Refuge Network", "1"))
        ],
        "Project.csv": projects,
        "ProjectCoC.csv": [
            {
                "ProjectCoCID": f"C{each}",
                "ProjectID": each,
                "CoCCode": "ME-500",
                "Geocode": "001100",
                "Address1": f"{number} Sample Street",
                "Address2": "",
                "City": "Sampleton",
                "State": "ME",
                "ZIP": "04101",
                "GeographyType": "1",
                **_TAIL,
            }
            for number, each in enumerate(ids, start=1)
        ],
        "Funder.csv": [
            {
                "FunderID": f"F{each}",
                "ProjectID": each,
                "Funder": "8",
                "OtherFunder": "",
                "GrantID": f"G-{each}",
                "StartDate": "2020-01-01",
                "EndDate": "",
                **_TAIL,
            }
            for each in ids
        ],
        "Inventory.csv": [
            _inventory("I1", "P1", Availability="1", ESBedType="1"),
            _inventory("I2", "P2", CHBedInventory="4", OtherBedInventory="6"),
            _inventory("I3", "P3"),
            _inventory("I5", "P5", HouseholdType="3", Availability="2", ESBedType="2", InventoryEndDate="2027-03-31"),
        ],
        "HMISParticipation.csv": [
            {
                "HMISParticipationID": f"H{each}",
                "ProjectID": each,
                "HMISParticipationType": "2" if each == "P5" else "1",
                "HMISParticipationStatusStartDate": "2020-01-01",
                "HMISParticipationStatusEndDate": "",
                **_TAIL,
            }
            for each in ids
        ],
    }


def as_text(rows: list[dict[str, str]], *, line_end: str = "\r\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Rows as the text of a file; all rows have the columns of the first."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator=line_end, quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def put(rows: Rows, folder: Path) -> Path:
    """Write every file that has rows into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, held in rows.items():
        if held:
            (folder / name).write_bytes(as_text(held).encode())
    return folder
