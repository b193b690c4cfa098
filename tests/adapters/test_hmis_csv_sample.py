"""HUD's own sample comes in whole, its failings named; so does a made-up one with the same failings."""

import os
from pathlib import Path

import pytest

from portal.adapters import hmis_csv
from portal.adapters.hmis_csv.rows import FILES
from portal.adapters.tables import header_key, read_table

ROOT = Path(__file__).parents[2]
MADE_UP = ROOT / "tests" / "data" / "hmis-sample"
HUD = Path(os.environ.get("PORTAL_SHARED_DATA") or ROOT.parent / "shared" / "data") / "hud-lsa-sample"

# What each sample holds, counted by hand: files by rows, warnings by rule.
EXPECTED = {
    MADE_UP: (
        {"Organization": 3, "Project": 5, "ProjectCoC": 5, "Funder": 3, "Inventory": 3, "HMISParticipation": 4},
        {
            "user-id-empty": 23,
            "grant-id-empty": 3,
            "no-funder": 2,
            "no-inventory": 1,
            "no-participation": 1,
            "participation-gap": 1,
            "file-absent": 2,
            "file-unknown": 1,
        },
    ),
    HUD: (
        {"Organization": 27, "Project": 70, "ProjectCoC": 70, "Funder": 60, "Inventory": 90, "HMISParticipation": 57},
        {
            "user-id-empty": 374,
            "grant-id-empty": 60,
            "no-funder": 25,
            "no-inventory": 13,
            "no-participation": 13,
            "participation-gap": 1,
            "file-absent": 2,
            "file-unknown": 1,
        },
    ),
}
# HUD's sample is not part of the project, so a machine may lack it; the made-up one is always there.
SAMPLES = [sample for sample in (MADE_UP, HUD) if sample == MADE_UP or sample.is_dir()]


@pytest.fixture(params=SAMPLES, ids=lambda sample: sample.name)
def sample(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_a_place_named_for_the_sample_holds_it() -> None:
    assert "PORTAL_SHARED_DATA" not in os.environ or HUD.is_dir()


def test_the_whole_sample_comes_in_without_an_error(sample: Path) -> None:
    reading = hmis_csv.read(sample)
    assert reading.errors == ()
    counts = {file.file.removesuffix(".csv"): file for file in hmis_csv.summary(reading).files if file.present}
    assert {name: file.accepted for name, file in counts.items()} == EXPECTED[sample][0]
    assert {file.refused for file in counts.values()} == {0}


def test_everything_that_the_sample_lacks_is_named(sample: Path) -> None:
    reading = hmis_csv.read(sample)
    assert {each.rule: each.count for each in hmis_csv.summary(reading).warnings} == EXPECTED[sample][1]
    assert reading.ignored == ("Affiliation.csv",)
    assert reading.absent == ("Export.csv", "User.csv")


def test_every_cell_of_the_sample_is_kept_and_written_again(sample: Path, tmp_path: Path) -> None:
    hmis_csv.write_reading(hmis_csv.read(sample), tmp_path)
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {path.name for path in sample.iterdir()} - {"Affiliation.csv"}
    for name in written:
        before, after = (read_table((folder / name).read_bytes()) for folder in (sample, tmp_path))
        keys = [[header_key(header) for header in table.headers] for table in (before, after)]
        assert sorted(keys[0]) == sorted(keys[1])
        rows = [
            [dict(zip(key, line.cells, strict=True)) for line in table.lines]
            for key, table in zip(keys, (before, after), strict=True)
        ]
        assert rows[0] == rows[1]


def test_the_sample_is_the_same_through_its_own_files(sample: Path, tmp_path: Path) -> None:
    first = hmis_csv.read(sample)
    hmis_csv.write_reading(first, tmp_path)
    again = hmis_csv.read(tmp_path)
    assert [first.rows(row_type) for row_type in FILES] == [again.rows(row_type) for row_type in FILES]


def test_the_made_up_sample_has_the_quirks_of_real_exports() -> None:
    data = {path.name: path.read_bytes() for path in MADE_UP.iterdir()}
    assert data["Organization.csv"].startswith(b"\xef\xbb\xbf")
    assert b"\r\n" not in data["Funder.csv"]
    assert b"\r\n" in data["Inventory.csv"]
    assert b'"' not in data["Project.csv"]
    assert b'"ME-500"' in data["ProjectCoC.csv"]
