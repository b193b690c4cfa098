"""A made-up HMIS CSV export, from which most Agencies of the demonstration come in with their projects and beds."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from portal.demo.names import TOWNS

KINDS = (
    ("Night Beds", "0"),
    ("Supportive Homes", "3"),
    ("Transitional House", "2"),
    ("Street Team", "4"),
    ("Safe Haven", "8"),
)
FUNDERS = ("8", "2", "33", "21", "22")
BEDS = (
    "CHVetBedInventory",
    "YouthVetBedInventory",
    "VetBedInventory",
    "CHYouthBedInventory",
    "YouthBedInventory",
    "CHBedInventory",
)
PLACE = "Sample Street"

Rows = dict[str, list[dict[str, str]]]


def export(agencies: Sequence[tuple[str, bool]], *, now: datetime) -> bytes:
    """The zip file of an export that lists these Agencies (name, whether a victim service provider), as of `now`."""
    tail = {
        "DateCreated": _moment(now - timedelta(700)),
        "DateUpdated": _moment(now - timedelta(30)),
        "UserID": "U1",
        "DateDeleted": "",
        "ExportID": "SAMPLE1",
    }
    rows: Rows = {"Export.csv": [_export(now)], "User.csv": [_user(tail)]}
    rows |= {
        name: []
        for name in (
            "Organization.csv",
            "Project.csv",
            "ProjectCoC.csv",
            "Funder.csv",
            "Inventory.csv",
            "HMISParticipation.csv",
        )
    }
    for number, (name, victim) in enumerate(agencies, start=1):
        rows["Organization.csv"].append(
            {
                "OrganizationID": f"O{number}",
                "OrganizationName": name,
                "VictimServiceProvider": str(int(victim)),
                "OrganizationCommonName": "",
                **tail,
            }
        )
        for which in range(1 + number % 3):
            _add_project(rows, number, which, victim, tail)
    return _zipped(rows)


def _add_project(rows: Rows, number: int, which: int, victim: bool, tail: dict[str, str]) -> None:
    key, (name, kind) = f"P{number}-{which + 1}", KINDS[(number + which) % len(KINDS)]
    town, zip_code = TOWNS[number % len(TOWNS)]
    rows["Project.csv"].append(
        {
            "ProjectID": key,
            "OrganizationID": f"O{number}",
            "ProjectName": name,
            "ProjectCommonName": "",
            "OperatingStartDate": "2019-07-01",
            "OperatingEndDate": "",
            "ContinuumProject": "1",
            "ProjectType": kind,
            "HousingType": "" if kind == "4" else "1",
            "RRHSubType": "",
            "ResidentialAffiliation": "",
            "TargetPopulation": "4",
            "HOPWAMedAssistedLivingFac": "2",
            "PITCount": "",
            **tail,
        }
    )
    rows["ProjectCoC.csv"].append(
        {
            "ProjectCoCID": f"C{key}",
            "ProjectID": key,
            "CoCCode": "ME-500",
            "Geocode": "239999",
            "Address1": f"{number} {PLACE}",
            "Address2": "",
            "City": town,
            "State": "ME",
            "ZIP": zip_code,
            "GeographyType": "3",
            **tail,
        }
    )
    rows["Funder.csv"].append(
        {
            "FunderID": f"F{key}",
            "ProjectID": key,
            "Funder": FUNDERS[number % len(FUNDERS)],
            "OtherFunder": "",
            "GrantID": f"SAMPLE-{number}",
            "StartDate": "2024-10-01",
            "EndDate": "",
            **tail,
        }
    )
    rows["HMISParticipation.csv"].append({
        "HMISParticipationID": f"H{key}", "ProjectID": key, "HMISParticipationType": "2" if victim else "1",
        "HMISParticipationStatusStartDate": "2019-07-01", "HMISParticipationStatusEndDate": "", **tail,
    })  # fmt: skip
    if kind != "4":
        _add_beds(rows, key, kind, 6 + (number * 7 + which * 5) % 30, tail)


def _add_beds(rows: Rows, key: str, kind: str, beds: int, tail: dict[str, str]) -> None:
    chronic = beds // 3 if kind == "3" else 0
    rows["Inventory.csv"].append(
        {
            "InventoryID": f"I{key}",
            "ProjectID": key,
            "CoCCode": "ME-500",
            "HouseholdType": "1",
            "Availability": "1" if kind == "0" else "",
            "UnitInventory": str(beds // 2),
            "BedInventory": str(beds),
            **dict.fromkeys(BEDS, "0"),
            "CHBedInventory": str(chronic),
            "OtherBedInventory": str(beds - chronic),
            "ESBedType": "1" if kind == "0" else "",
            "InventoryStartDate": "2019-07-01",
            "InventoryEndDate": "",
            **tail,
        }
    )


def _export(now: datetime) -> dict[str, str]:
    return {
        "ExportID": "SAMPLE1",
        "SourceType": "1",
        "SourceID": "",
        "SourceName": "Sample Lead",
        "SourceContactFirst": "Sam",
        "SourceContactLast": "Sample",
        "SourceContactPhone": "2075550100",
        "SourceContactExtension": "",
        "SourceContactEmail": "sam@example.org",
        "ExportDate": _moment(now),
        "ExportStartDate": str(date(now.year - 1, 10, 1)),
        "ExportEndDate": str(now.date()),
        "SoftwareName": "Sample HMIS",
        "SoftwareVersion": "1",
        "CSVVersion": "2026 v1.0",
        "ExportPeriodType": "3",
        "ExportDirective": "2",
        "HashStatus": "1",
        "ImplementationID": "sample",
    }


def _user(tail: dict[str, str]) -> dict[str, str]:
    return {
        "UserID": "U1",
        "UserFirstName": "Una",
        "UserLastName": "Sample",
        "UserPhone": "2075550101",
        "UserExtension": "",
        "UserEmail": "una@example.org",
        **{key: value for key, value in tail.items() if key != "UserID"},
    }


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _zipped(rows: Rows) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in rows.items():
            text = io.StringIO()
            writer = csv.DictWriter(text, fieldnames=list(lines[0]), lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(lines)
            archive.writestr(name, text.getvalue())
    return whole.getvalue()
