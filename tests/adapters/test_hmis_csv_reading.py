"""HMIS CSV is read in any dress; ids, names, dates, references and codes are refused, everything else comes in."""

import csv
import io
import random
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest

from portal.adapters import hmis_csv
from portal.adapters.hmis_csv.rows import FILES, columns
from portal.adapters.hmis_csv.rules import TITLES
from portal.adapters.tables import Limits, Problem
from tests.data.made_up_hmis import Rows, as_text, clean, put


def reading_of(rows: Rows, folder: Path) -> hmis_csv.Reading:
    return hmis_csv.read(put(rows, folder))


def changed(file: str, number: int, folder: Path, **cells: str) -> hmis_csv.Reading:
    """A reading of the clean export with some cells of one row changed."""
    rows = clean()
    rows[file][number].update(cells)
    return reading_of(rows, folder)


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_a_clean_export_has_no_problem_at_all(tmp_path: Path) -> None:
    reading = reading_of(clean(), tmp_path)
    assert reading.problems == ()
    assert reading.absent == ()
    assert [len(reading.rows(row_type)) for row_type in FILES] == [1, 1, 2, 5, 5, 5, 4, 5]


def test_cells_become_values_and_stay_as_cells(tmp_path: Path) -> None:
    project = reading_of(clean(), tmp_path).projects[2]
    assert (project.line, project.project_id, project.project_type) == (4, "P3", 8)
    assert (project.operating_start_date, project.operating_end_date) == (date(2020, 1, 1), None)
    assert project.date_updated == datetime(2026, 10, 1, 9, 45, 10)
    assert project.cells == clean()["Project.csv"][2]
    assert not project.deleted


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_order_and_case_of_headers_quotes_line_ends_and_marks_do_not_matter(
    tmp_path: Path, line_end: str, quoting: int, encoding: str
) -> None:
    draw = random.Random(7)
    plain = reading_of(clean(), tmp_path / "plain")
    for name, rows in clean().items():
        headers = list(rows[0])
        draw.shuffle(headers)
        dressed = [{draw.choice([str.upper, str.lower, str])(header): "" for header in headers}]
        names = list(dressed[0])
        text = as_text(
            [dict(zip(names, (row[header] for header in headers), strict=True)) for row in rows],
            line_end=line_end,
            quoting=quoting,
        )
        (tmp_path / name.upper()).write_bytes(text.encode(encoding))
    reading = hmis_csv.read(tmp_path)
    assert reading.problems == ()
    assert [reading.rows(row_type) for row_type in FILES] == [plain.rows(row_type) for row_type in FILES]


def test_a_zip_file_is_read_like_its_folder_and_leftovers_of_a_mac_are_passed_over(tmp_path: Path) -> None:
    members = {f"export/{name}": as_text(rows).encode() for name, rows in clean().items()}
    data = zipped({**members, "__MACOSX/export/._Project.csv": b"\0\1", "export/.DS_Store": b"x"})
    (tmp_path / "export.zip").write_bytes(data)
    assert hmis_csv.read(data).problems == ()
    assert hmis_csv.read(tmp_path / "export.zip").projects == hmis_csv.read(data).projects


def test_the_version_of_2024_is_as_good_as_that_of_2026_and_others_are_warned_about(tmp_path: Path) -> None:
    assert changed("Export.csv", 0, tmp_path / "a", CSVVersion="2024 v1.8").problems == ()
    assert changed("Export.csv", 0, tmp_path / "b", CSVVersion="FY2026 v1.1").problems == ()
    (warning,) = changed("Export.csv", 0, tmp_path / "c", CSVVersion="2022 v1.3").problems
    assert (warning.severity, warning.rule, warning.column) == ("warning", "csv-version-unknown", "CSVVersion")


REFUSED = [
    ("Organization.csv", {"OrganizationID": ""}, "OrganizationID", "missing"),
    ("Organization.csv", {"OrganizationID": "x" * 33}, "OrganizationID", "too-long"),
    ("Organization.csv", {"OrganizationName": " "}, "OrganizationName", "missing"),
    ("Organization.csv", {"OrganizationName": "x" * 201}, "OrganizationName", "too-long"),
    ("Organization.csv", {"VictimServiceProvider": "99"}, "VictimServiceProvider", "code"),
    ("Organization.csv", {"VictimServiceProvider": ""}, "VictimServiceProvider", "missing"),
    ("Organization.csv", {"DateCreated": ""}, "DateCreated", "missing"),
    ("Organization.csv", {"DateUpdated": "10/1/2026 9:45"}, "DateUpdated", "date"),
    ("Organization.csv", {"ExportID": ""}, "ExportID", "missing"),
    ("Organization.csv", {"ExportID": "other"}, "ExportID", "reference"),
    ("Organization.csv", {"UserID": "U9"}, "UserID", "reference"),
    ("Project.csv", {"OrganizationID": "O9"}, "OrganizationID", "reference"),
    ("Project.csv", {"OperatingStartDate": "1/1/2020"}, "OperatingStartDate", "date"),
    ("Project.csv", {"OperatingStartDate": "2020-02-30"}, "OperatingStartDate", "date"),
    ("Project.csv", {"OperatingEndDate": "2019-12-31"}, "OperatingEndDate", "date"),
    ("Project.csv", {"ProjectType": "5"}, "ProjectType", "code"),
    ("Project.csv", {"ProjectType": "shelter"}, "ProjectType", "code"),
    ("Project.csv", {"ContinuumProject": "2"}, "ContinuumProject", "code"),
    ("Project.csv", {"PITCount": "-3"}, "PITCount", "number"),
    ("ProjectCoC.csv", {"CoCCode": "ME500"}, "CoCCode", "code"),
    ("ProjectCoC.csv", {"ProjectID": "P9"}, "ProjectID", "reference"),
    ("ProjectCoC.csv", {"GeographyType": "4"}, "GeographyType", "code"),
    ("Funder.csv", {"Funder": "99"}, "Funder", "code"),
    ("Inventory.csv", {"HouseholdType": "2"}, "HouseholdType", "code"),
    ("Inventory.csv", {"BedInventory": "ten"}, "BedInventory", "number"),
    ("Inventory.csv", {"BedInventory": "१०"}, "BedInventory", "number"),
    ("HMISParticipation.csv", {"HMISParticipationType": "3"}, "HMISParticipationType", "code"),
    ("User.csv", {"UserLastName": "x" * 51}, "UserLastName", "too-long"),
    ("User.csv", {"UserID": ""}, "UserID", "missing"),
]


@pytest.mark.parametrize(("file", "cells", "column", "rule"), REFUSED)
def test_ids_names_dates_references_and_codes_refuse_their_row(
    tmp_path: Path, file: str, cells: dict[str, str], column: str, rule: str
) -> None:
    reading = changed(file, 0, tmp_path, **cells)
    errors = [problem for problem in reading.errors if problem.file == file]
    assert [(problem.line, problem.column, problem.value, problem.rule) for problem in errors] == [
        (2, column, cells[column], rule)
    ]
    assert errors[0].sentence.endswith(".")
    row_type = next(each for each in FILES if file == each.FILE)
    assert len(reading.rows(row_type)) == reading.found[file] - 1


def test_what_refers_to_a_refused_row_is_refused_with_it_and_told_which_line(tmp_path: Path) -> None:
    reading = changed("Organization.csv", 1, tmp_path, OrganizationName="")
    assert [(problem.file, problem.line) for problem in reading.errors] == [
        ("Organization.csv", 3),
        ("Project.csv", 6),
        ("ProjectCoC.csv", 6),
        ("Funder.csv", 6),
        ("Inventory.csv", 5),
        ("HMISParticipation.csv", 6),
    ]
    assert "line 3 of Organization.csv was refused" in reading.errors[1].sentence


def test_an_id_that_stands_twice_refuses_the_second_row_and_names_the_first(tmp_path: Path) -> None:
    reading = changed("Project.csv", 1, tmp_path, ProjectID="P1")
    duplicate = reading.errors[0]
    assert (duplicate.rule, duplicate.line, duplicate.value) == ("duplicate", 3, "P1")
    assert "line 2" in duplicate.sentence


WARNED = [
    ("Organization.csv", 0, {"UserID": ""}, "UserID", "user-id-empty"),
    ("Organization.csv", 0, {"DateUpdated": "2023-01-01 00:00:00"}, "DateUpdated", "updated-before-created"),
    ("Project.csv", 0, {"HousingType": ""}, "HousingType", "housing-type-missing"),
    ("Project.csv", 3, {"ProjectType": ""}, "ProjectType", "project-type-missing"),
    ("Project.csv", 1, {"RRHSubType": "2"}, "RRHSubType", "rrh-sub-type-not-rrh"),
    ("Project.csv", 3, {"ProjectType": "13", "RRHSubType": ""}, "RRHSubType", "rrh-sub-type-missing"),
    ("Project.csv", 0, {"OperatingStartDate": "1900-01-01"}, "OperatingStartDate", "unlikely-date"),
    ("ProjectCoC.csv", 0, {"Geocode": "1100"}, "Geocode", "geocode-form"),
    ("ProjectCoC.csv", 0, {"Geocode": ""}, "Geocode", "geocode-missing"),
    ("ProjectCoC.csv", 0, {"ZIP": "4101"}, "ZIP", "zip-form"),
    ("ProjectCoC.csv", 0, {"ZIP": ""}, "ZIP", "zip-missing"),
    ("ProjectCoC.csv", 0, {"GeographyType": ""}, "GeographyType", "geography-type-missing"),
    ("ProjectCoC.csv", 0, {"Address1": "x" * 101}, "Address1", "too-long"),
    ("ProjectCoC.csv", 0, {"CoCCode": "ME-501"}, "CoCCode", "coc-unmatched"),
    ("Funder.csv", 0, {"GrantID": ""}, "GrantID", "grant-id-empty"),
    ("Funder.csv", 0, {"Funder": "47"}, "Funder", "retired-code"),
    ("Funder.csv", 0, {"Funder": "46"}, "OtherFunder", "other-funder-missing"),
    ("Funder.csv", 0, {"ProjectID": "P2"}, "ProjectID", "no-funder"),
    ("ProjectCoC.csv", 0, {"ProjectID": "P2"}, "ProjectID", "no-coc"),
    ("Inventory.csv", 2, {"ProjectID": "P2"}, "ProjectID", "no-inventory"),
    ("Inventory.csv", 1, {"ProjectID": "P4", "CHBedInventory": "0", "OtherBedInventory": "10"}, "ProjectID",
     "inventory-not-for-type"),
    ("HMISParticipation.csv", 0, {"HMISParticipationStatusStartDate": "2020-01-02"}, "OperatingStartDate",
     "participation-gap"),
    ("HMISParticipation.csv", 0, {"HMISParticipationStatusEndDate": "2026-01-01"}, "OperatingStartDate",
     "participation-gap"),
    ("HMISParticipation.csv", 0, {"ProjectID": "P2"}, "ProjectID", "no-participation"),
    ("HMISParticipation.csv", 0, {"ProjectID": "P2"}, "HMISParticipationStatusStartDate", "participation-overlap"),
    ("HMISParticipation.csv", 4, {"HMISParticipationType": "1"}, "HMISParticipationType", "victim-service-in-hmis"),
    ("Inventory.csv", 0, {"OtherBedInventory": "9"}, "BedInventory", "bed-sum"),
    ("Inventory.csv", 0, {"UnitInventory": "11"}, "UnitInventory", "units-over-beds"),
    ("Inventory.csv", 0, {"Availability": ""}, "Availability", "availability-missing"),
    ("Inventory.csv", 1, {"Availability": "1"}, "Availability", "availability-not-es"),
    ("Inventory.csv", 0, {"ESBedType": ""}, "ESBedType", "bed-type-missing"),
    ("Inventory.csv", 1, {"ESBedType": "1"}, "ESBedType", "bed-type-not-es"),
    ("Inventory.csv", 0, {"Availability": "2"}, "InventoryEndDate", "seasonal-without-end"),
    ("Inventory.csv", 0, {"CHBedInventory": "1", "OtherBedInventory": "9"}, "CHBedInventory", "ch-beds-not-psh"),
    ("Inventory.csv", 0, {"HouseholdType": "4", "VetBedInventory": "1", "OtherBedInventory": "9"}, "VetBedInventory",
     "vet-beds-child-only"),
    ("Inventory.csv", 2, {"HouseholdType": "3"}, "HouseholdType", "safe-haven-families"),
    ("User.csv", 0, {"UserEmail": "una at example"}, "UserEmail", "email-form"),
    ("Project.csv", 0, {"DateDeleted": "2026-10-05 10:00:00"}, "ProjectID", "parent-deleted"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "number", "cells", "column", "rule"), WARNED)
def test_a_broken_rule_is_a_warning_at_its_column_and_the_row_comes_in(
    tmp_path: Path, file: str, number: int, cells: dict[str, str], column: str, rule: str
) -> None:
    reading = changed(file, number, tmp_path, **cells)
    assert reading.errors == ()
    assert (column, rule) in {(problem.column, problem.rule) for problem in reading.warnings}
    assert all(problem.line > 1 and problem.sentence.endswith(".") for problem in reading.warnings)
    row_type = next(each for each in FILES if file == each.FILE)
    assert len(reading.rows(row_type)) == reading.found[file]


def test_every_rule_has_a_title_and_is_broken_by_some_test() -> None:
    by_file = {"column-absent", "column-unknown", "csv-version-unknown", "encoding", "export-rows", "file-absent",
               "file-client-data", "file-unknown"}  # fmt: skip
    assert {rule for *_, rule in WARNED} | by_file == set(TITLES)


def test_a_deleted_row_is_marked_and_held_to_no_rule(tmp_path: Path) -> None:
    rows = clean()
    rows["Inventory.csv"].append({**rows["Inventory.csv"][0], "InventoryID": "I9", "OtherBedInventory": "1",
                                  "DateDeleted": "2026-10-05 10:00:00"})  # fmt: skip
    reading = reading_of(rows, tmp_path)
    assert reading.problems == ()
    assert [row.deleted for row in reading.inventories] == [False, False, False, False, True]
    (count,) = [file for file in hmis_csv.summary(reading).files if file.file == "Inventory.csv"]
    assert (count.accepted, count.deleted) == (5, 1)


def test_participation_in_two_periods_without_a_gap_covers_every_day(tmp_path: Path) -> None:
    rows = clean()
    first = rows["HMISParticipation.csv"][0]
    first["HMISParticipationStatusEndDate"] = "2023-06-30"
    rows["HMISParticipation.csv"].append(
        {**first, "HMISParticipationID": "H9", "HMISParticipationStatusStartDate": "2023-07-01",
         "HMISParticipationStatusEndDate": ""}
    )  # fmt: skip
    assert reading_of(rows, tmp_path).problems == ()


def test_absent_files_are_named_once_and_what_refers_to_them_comes_in(tmp_path: Path) -> None:
    rows = clean()
    for name in ("Organization.csv", "User.csv", "Export.csv", "Funder.csv"):
        del rows[name]
    reading = reading_of(rows, tmp_path)
    assert reading.errors == ()
    assert {problem.file for problem in reading.warnings if problem.rule == "file-absent"} == set(reading.absent)
    assert len(reading.warnings) == 4
    assert len(reading.projects) == 5


def test_a_file_with_a_header_alone_is_there_and_what_refers_to_it_is_refused(tmp_path: Path) -> None:
    put(clean(), tmp_path)
    (tmp_path / "Organization.csv").write_text(",".join(clean()["Organization.csv"][0]) + "\n")
    reading = hmis_csv.read(tmp_path)
    assert {problem.rule for problem in reading.errors} == {"reference"}
    assert reading.projects == ()


def test_files_with_client_data_are_named_and_never_opened(tmp_path: Path) -> None:
    put(clean(), tmp_path)
    (tmp_path / "Client.csv").mkdir()
    assert hmis_csv.read(tmp_path).problems == ()
    (tmp_path / "Client.csv").rmdir()
    (tmp_path / "Client.csv").write_text("PersonalID,SSN\n1,000000000\n")
    (warning,) = hmis_csv.read(tmp_path).problems
    assert (warning.file, warning.rule) == ("Client.csv", "file-client-data")


def test_columns_that_the_format_does_not_have_are_kept_and_named(tmp_path: Path) -> None:
    rows = clean()
    rows["Project.csv"] = [{**row, "Local code": f"L{number}"} for number, row in enumerate(rows["Project.csv"])]
    reading = reading_of(rows, tmp_path)
    assert [(problem.rule, problem.column) for problem in reading.problems] == [("column-unknown", "Local code")]
    assert reading.projects[3].cells["Local code"] == "L3"


def test_a_missing_column_refuses_the_file_only_where_no_row_can_do_without_it(tmp_path: Path) -> None:
    rows = clean()
    for row in rows["Project.csv"]:
        del row["ProjectName"]
    for row in rows["ProjectCoC.csv"]:
        del row["Address2"]
    reading = reading_of(rows, tmp_path)
    assert [(problem.file, problem.rule, problem.column) for problem in reading.problems] == [
        ("Project.csv", "column-missing", "ProjectName"),
        ("ProjectCoC.csv", "column-absent", "Address2"),
    ]
    assert "Project.csv" in reading.absent
    assert len(reading.project_cocs) == 5


def test_a_comma_without_quotation_marks_refuses_its_row_alone(tmp_path: Path) -> None:
    put(clean(), tmp_path)
    text = (tmp_path / "User.csv").read_text().replace("Una", "Una, the first")
    (tmp_path / "User.csv").write_text(text)
    first = hmis_csv.read(tmp_path).errors[0]
    assert (first.file, first.line, first.rule) == ("User.csv", 2, "shape")


def test_names_in_windows_1252_come_in_with_a_warning(tmp_path: Path) -> None:
    put(clean(), tmp_path)
    name = "Foyer d\N{RIGHT SINGLE QUOTATION MARK}Été"
    text = (tmp_path / "Organization.csv").read_text().replace("Sample Agency", name)
    (tmp_path / "Organization.csv").write_bytes(text.encode("cp1252"))
    reading = hmis_csv.read(tmp_path)
    assert [problem.rule for problem in reading.problems] == ["encoding"]
    assert reading.organizations[0].organization_name == name


def test_an_export_describes_itself_in_one_row(tmp_path: Path) -> None:
    rows = clean()
    rows["Export.csv"].append({**rows["Export.csv"][0], "ExportID": "X2"})
    assert [problem.rule for problem in reading_of(rows, tmp_path / "two").problems] == ["export-rows"]
    put(clean(), tmp_path / "none")
    (tmp_path / "none" / "Export.csv").write_text(",".join(clean()["Export.csv"][0]) + "\n")
    assert [problem.rule for problem in hmis_csv.read(tmp_path / "none").problems] == ["export-rows"]


def only(problems: tuple[Problem, ...]) -> str:
    (problem,) = problems
    assert problem.severity == "error"
    return problem.sentence


def test_a_place_without_files_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("no zip")
    assert "none of the files" in only(hmis_csv.read(tmp_path / "empty").problems)
    assert "no such folder" in only(hmis_csv.read(tmp_path / "missing").problems)
    assert "neither a folder nor a zip" in only(hmis_csv.read(tmp_path / "note.txt").problems)
    assert "neither a folder nor a zip" in only(hmis_csv.read(b"rubbish").problems)


def test_a_zip_bomb_is_read_up_to_the_limit_and_refused() -> None:
    reading = hmis_csv.read(zipped({"Project.csv": b"0" * 3_000_000}), limits=Limits(bytes=1_000_000))
    assert "larger than 1 MB" in reading.errors[0].sentence


def test_a_zip_with_the_same_file_twice_or_hundreds_of_files_is_refused() -> None:
    twice = zipped({"a/Project.csv": b"x", "b/project.CSV": b"x"})
    assert any("there twice" in problem.sentence for problem in hmis_csv.read(twice).errors)
    many = zipped({f"{number}.csv": b"" for number in range(501)})
    assert "more than 500 files" in only(hmis_csv.read(many).errors)


def test_a_damaged_member_of_a_zip_is_one_sentence() -> None:
    data = bytearray(zipped({"Project.csv": b"ProjectID,ProjectName\n" * 50}))
    data[60:70] = b"\xff" * 10
    assert any("damaged or protected" in problem.sentence for problem in hmis_csv.read(bytes(data)).errors)


def test_the_summary_reads_as_text(tmp_path: Path) -> None:
    rows = clean()
    rows["Project.csv"][0]["UserID"] = ""
    del rows["User.csv"]
    lines = hmis_csv.summary(reading_of(rows, tmp_path)).lines()
    assert "User.csv: not read" in lines
    assert "Project.csv: 5 of 5 rows, 0 marked deleted" in lines
    assert "Warning, 1 times: Empty UserID" in lines
    assert lines[-1] == "Errors: 0"


def test_the_columns_stand_in_the_order_of_the_format() -> None:
    for row_type in FILES:
        assert [column.header for column in columns(row_type).values()] == list(clean()[row_type.FILE][0])
