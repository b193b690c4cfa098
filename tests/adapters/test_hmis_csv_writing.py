"""The writer follows HUD's format to the letter, loses nothing that was read, and writes nothing that is wrong."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.adapters import hmis_csv
from portal.adapters.hmis_csv.rows import FILES
from tests.data.made_up_hmis import clean, put


def test_texts_and_dates_are_quoted_numbers_are_not_and_nothing_stands_for_nothing(tmp_path: Path) -> None:
    reading = hmis_csv.read(put(clean(), tmp_path / "in"))
    hmis_csv.write_reading(reading, tmp_path / "out")
    assert (tmp_path / "out" / "ProjectCoC.csv").read_bytes().split(b"\r\n")[1] == (
        b'"CP1","P1","ME-500","001100","1 Sample Street",,"Sampleton","ME","04101",1,'
        b'"2024-10-01 08:30:00","2026-10-01 09:45:10","U1",,"X1"'
    )


def test_all_eight_files_are_written_and_read_again_the_same(tmp_path: Path) -> None:
    first = hmis_csv.read(put(clean(), tmp_path / "in"))
    paths = hmis_csv.write_reading(first, tmp_path / "out")
    assert {path.name for path in paths} == set(clean()) == {path.name for path in (tmp_path / "out").iterdir()}
    again = hmis_csv.read(tmp_path / "out")
    assert again.problems == ()
    for row_type in FILES:
        assert first.rows(row_type) == again.rows(row_type)
        assert [row.cells for row in first.rows(row_type)] == [row.cells for row in again.rows(row_type)]


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(name=TEXT.filter(lambda text: text.strip()), note=TEXT, extra=TEXT, vet_beds=st.integers(0, 10))
def test_no_cell_is_lost_on_the_way_through(tmp_path: Path, name: str, note: str, extra: str, vet_beds: int) -> None:
    rows = clean()
    rows["Project.csv"][0].update(ProjectName=name, ProjectCommonName=note)
    rows["Inventory.csv"][0].update(VetBedInventory=str(vet_beds))
    rows["Project.csv"] = [{**row, "Local, note": extra} for row in rows["Project.csv"]]
    first = hmis_csv.read(put(rows, tmp_path / "in"))
    hmis_csv.write_reading(first, tmp_path / "out")
    again = hmis_csv.read(tmp_path / "out")
    assert [row.cells for row in again.projects] == rows["Project.csv"]
    assert [row.cells for row in again.inventories] == rows["Inventory.csv"]


def test_a_value_that_was_changed_since_it_was_read_is_written_changed(tmp_path: Path) -> None:
    reading = hmis_csv.read(put(clean(), tmp_path / "in"))
    projects = [replace(reading.projects[0], project_name='New "Haven", Maine', pit_count=12), *reading.projects[1:]]
    hmis_csv.write_reading(replace(reading, projects=tuple(projects)), tmp_path / "out")
    again = hmis_csv.read(tmp_path / "out").projects[0]
    assert (again.project_name, again.pit_count) == ('New "Haven", Maine', 12)


def test_a_file_that_was_absent_stays_absent_and_one_without_rows_gets_its_header(tmp_path: Path) -> None:
    rows = clean()
    del rows["User.csv"], rows["Export.csv"]
    reading = hmis_csv.read(put(rows, tmp_path / "in"))
    hmis_csv.write_reading(replace(reading, funders=()), tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == set(rows)
    assert (tmp_path / "out" / "Funder.csv").read_text().splitlines() == [",".join(clean()["Funder.csv"][0])]


def test_what_is_wrong_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    reading = hmis_csv.read(put(clean(), tmp_path / "in"))
    wrong = (
        replace(reading, projects=(replace(reading.projects[0], project_name=""), *reading.projects[1:])),
        replace(reading, projects=reading.projects[1:]),
        replace(reading, projects=(*reading.projects, reading.projects[0])),
        replace(reading, projects=(replace(reading.projects[0], project_type=5), *reading.projects[1:])),
    )
    said = ["ProjectName is empty", "ProjectID P1 is not among", "ProjectID P1 is there twice", "ProjectType is none"]
    for rows, sentence in zip(wrong, said, strict=True):
        with pytest.raises(hmis_csv.NotWritableError, match=sentence) as refused:
            hmis_csv.write_reading(rows, tmp_path / "out")
        assert refused.value.problems[0].severity == "error"
        assert not (tmp_path / "out").exists()


def test_the_addresses_of_victim_service_providers_can_be_withheld(tmp_path: Path) -> None:
    reading = hmis_csv.read(put(clean(), tmp_path / "in"))
    hmis_csv.write_reading(reading, tmp_path / "out", withhold_addresses=True)
    rows = {row.project_id: row for row in hmis_csv.read(tmp_path / "out").project_cocs}
    assert (rows["P5"].address1, rows["P5"].city, rows["P5"].zip, rows["P5"].coc_code) == ("", "", "", "ME-500")
    assert (rows["P1"].address1, rows["P1"].zip) == ("1 Sample Street", "04101")
    with pytest.raises(ValueError, match="organizations and projects"):
        hmis_csv.write(tmp_path / "alone", project_cocs=reading.project_cocs, withhold_addresses=True)


def test_a_broken_run_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = hmis_csv.read(put(clean(), tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        hmis_csv.write_reading(reading, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
