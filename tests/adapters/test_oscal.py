"""A review as OSCAL: every item once, every finding and action in it; and, in the long proofs, read by compliance-trestle's models."""

import json
import re
import subprocess
import sys
import venv
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from portal.adapters.oscal import Milestone, Plan, Reviewed, Standard, assessment_results, poam

PEER = Path(__file__).resolve().parents[1] / "peers" / "trestle"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
DUE = date(2027, 1, 1)
REVIEW = Reviewed(
    id=3, name='Sample "Harbor" <b>', lead="Sample Lead", begun=datetime(2026, 11, 1, 9), ended=datetime(2026, 11, 20, 9, 30),
    made=datetime(2026, 11, 23, 15), standards=[
        Standard("NET1", "Does a firewall stand?", "no", "None stands.", "document", False),
        Standard("GOV2", "Is an officer named?", "yes", "The records say otherwise.", "records", False),
        Standard("PHY1", "Is somebody there?", "yes", "", "observed", True),
        Standard("HRD2", "Are exports destroyed?", "not_applicable", "There are none.", "attested", True),
        Standard("PRV4", "Does a sample match?", "", "", "log", True),
    ],
    plans=[
        Plan("CA-2026-0001", "NET1", "No firewall.", "", "open", DUE, []),
        Plan("CA-2026-0002", "GOV2", "No officer.", "Name one.", "closed", DUE, [Milestone("Ask", date(2026, 12, 1), True), Milestone("Name", DUE, False)]),
    ],
)  # fmt: skip


def loaded(text: str, root: str) -> dict[str, Any]:
    whole = json.loads(text)
    assert list(whole) == [root]
    return whole[root]


def test_assessment_results_say_what_is_in_place_and_what_is_not() -> None:
    whole = loaded(assessment_results(REVIEW), "assessment-results")
    [result] = whole["results"]
    states = {each["title"]: each["target"]["status"]["state"] for each in result["findings"]}
    assert states == {"NET1": "not-satisfied", "GOV2": "not-satisfied", "PHY1": "satisfied"}
    assert [each["title"] for each in result["observations"]] == ["NET1", "GOV2", "PHY1", "HRD2"]
    [selection] = result["reviewed-controls"]["control-selections"]
    assert [each["control-id"] for each in selection["include-controls"]] == ["net1", "gov2", "phy1", "hrd2", "prv4"]
    seen = {each["uuid"] for each in result["observations"]}
    assert all(rest["observation-uuid"] in seen for each in result["findings"] for rest in each["related-observations"])
    assert (result["start"], result["end"]) == ("2026-11-01T09:00:00Z", "2026-11-20T09:30:00Z")
    assert "end" not in loaded(assessment_results(replace(REVIEW, ended=None)), "assessment-results")["results"][0]


def test_the_plan_has_every_action_with_its_milestones() -> None:
    whole = loaded(poam(REVIEW), "plan-of-action-and-milestones")
    first, second = whole["risks"]
    assert (first["status"], first["deadline"], "tasks" in first["remediations"][0]) == (
        "open",
        "2027-01-01T23:59:59Z",
        False,
    )
    assert [task["title"] for task in second["remediations"][0]["tasks"]] == ["Ask", "Name"]
    assert {each["related-risks"][0]["risk-uuid"] for each in whole["poam-items"]} == {first["uuid"], second["uuid"]}
    with pytest.raises(ValueError, match="at least one"):
        poam(replace(REVIEW, plans=[]))


def test_identifiers_are_the_same_each_time_and_never_twice() -> None:
    for make in (assessment_results, poam):
        text = make(REVIEW)
        assert make(REVIEW) == text
        made = re.findall(r'"uuid": "([^"]+)"', text)
        assert len(made) == len(set(made)) > 3 and all(UUID.fullmatch(each) for each in made)
        assert not set(made) & set(re.findall(r'"uuid": "([^"]+)"', make(replace(REVIEW, id=4))))


@pytest.mark.proof
def test_compliance_trestle_reads_both(tmp_path: Path) -> None:
    """In an environment of its own, since its pins are not ours; a file that is not as it should be is refused there."""
    venv.create(tmp_path / "environment", with_pip=True)
    python = tmp_path / "environment" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", PEER / "requirements.txt"], check=True)
    files = tmp_path / "assessment-results.json", tmp_path / "poam.json"
    for path, make in zip(files, (assessment_results, poam), strict=True):
        path.write_text(make(REVIEW), encoding="utf-8")
    done = subprocess.run([python, PEER / "read.py", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(REVIEW.name) == 2
    files[1].write_text(files[1].read_text(encoding="utf-8").replace('"status"', '"state"', 1), encoding="utf-8")
    wrong = subprocess.run([python, PEER / "read.py", files[1]], capture_output=True, text=True, check=False)
    assert wrong.returncode != 0
