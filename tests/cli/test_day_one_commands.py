"""Day one on the command line: lists and scans come in, lists go out, and every refusal is a sentence and a status."""

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from portal.db import make_engine, make_sessionmaker, transaction
from portal.models import Agency, AuditEntry, BulkScan, Decision, Grant
from tests.cli.conftest import Portal
from tests.cli.test_commands import count
from tests.services.lists import PEOPLE, ROSTER
from tests.services.test_day_one_scans import a_pdf

DAY = ("--takes-over", "2027-03-01")
JAMIE = (
    "Sample Harbor,Jamie,Sample,jamie@example.org,end user,Case Manager I,jsample,2026-03-01,security,92,2026-02-01,"
)


@pytest.fixture
def portal(portal: Portal, tmp_path: Path) -> Portal:
    """Runs a command on a migrated database with one Agency; the clock stands at November 23, 2026."""
    from datetime import datetime

    from portal.services import founding
    from workflows.policy import load

    now = datetime(2026, 11, 23, 15, 0)

    engine = make_engine(f"sqlite:///{tmp_path / 'portal.db'}")
    with transaction(make_sessionmaker(engine)) as session:
        founding.establish(session, now=now, policy=load())
        session.add(
            Agency(
                name="Sample Harbor",
                name_key="sample harbor",
                provider_id="77",
                mandated_by=[],
                cells={},
                entered_at=now,
            )
        )
    engine.dispose()
    return portal


def a_list(tmp_path: Path, *rows: str, header: str = PEOPLE) -> str:
    path = tmp_path / "people.csv"
    path.write_text("\n".join((header, *rows)), encoding="utf-8")
    return str(path)


def ahead() -> tuple[str, str]:
    """A day of taking over that fits whenever the test runs."""
    from datetime import date, timedelta

    return "--takes-over", (date.today() + timedelta(90)).isoformat()  # noqa: DTZ011 - the operator's own today


def test_a_list_is_tried_mapped_imported_and_remembered(portal: Portal, tmp_path: Path) -> None:
    file = a_list(tmp_path, JAMIE, header=PEOPLE.replace("email", "Staff post"))
    refused = portal("import", "people", file, *ahead())
    assert refused.exit_code == 1 and "No column holds: E-mail address" in refused.output
    mapped = ("--map", "Staff post=email")
    tried = portal("import", "people", file, *ahead(), *mapped, "--dry-run", "--json")
    assert tried.exit_code == 0 and json.loads(tried.output)["counts"]["new people"] == 1
    assert count(tmp_path, Grant) == 0
    assert portal("import", "people", file, *ahead(), *mapped).exit_code == 0
    assert count(tmp_path, Grant) == 1
    again = portal("import", "people", file)  # the day and the columns are remembered
    assert again.exit_code == 0 and "nothing was changed" in again.output


def test_a_day_is_needed_the_first_time(portal: Portal, tmp_path: Path) -> None:
    said = portal("import", "people", a_list(tmp_path, JAMIE))
    assert said.exit_code == 2 and "--takes-over" in said.output
    assert portal("import", "people", a_list(tmp_path, JAMIE), "--takes-over", "2020-01-01").exit_code == 1


def test_rows_to_mend_are_written_beside_the_file(portal: Portal, tmp_path: Path) -> None:
    file = a_list(
        tmp_path,
        JAMIE,
        JAMIE.replace("jamie@", "robin@").replace("Sample Harbor", "Sample Habor").replace("jsample", "rs"),
    )
    said = portal("import", "people", file, *ahead())
    assert said.exit_code == 1 and "line 3" in said.output and "Did you mean Sample Harbor" in said.output
    rows = list(csv.DictReader(io.StringIO((tmp_path / "people-to-mend.csv").read_text(encoding="utf-8-sig"))))
    assert rows[0]["line"] == "3" and rows[0]["email"] == "robin@example.org"
    assert (
        portal("import", "people", file, *ahead(), "--agency", "Sample Habor=Sample Harbor", "--dry-run").output.count(
            "May be known"
        )
        == 1
    )
    assert portal("import", "people", file, *ahead(), "--skip-bad").exit_code == 0 and count(tmp_path, Grant) == 1


def test_doubles_are_decided_in_a_file(portal: Portal, tmp_path: Path) -> None:
    assert portal("import", "people", a_list(tmp_path, JAMIE), *ahead()).exit_code == 0
    file = a_list(tmp_path, "Sample Harbor,Jamie,Sample,j.s@example.org,,,,,,,,")
    assert portal("import", "people", file, *ahead()).exit_code == 1
    decide = tmp_path / "decide.csv"
    decide.write_text("Email,Choice\nJ.S@example.org,same:jamie@example.org\n", encoding="utf-8")
    assert portal("import", "people", file, *ahead(), "--decide", str(decide)).exit_code == 0
    decide.write_text("a,b\n1,2\n", encoding="utf-8")
    assert portal("import", "people", file, *ahead(), "--decide", str(decide)).exit_code == 2


def test_a_roster_as_a_workbook_comes_in_and_goes_out_again(portal: Portal, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(ROSTER.split(","))
    book.active.append(
        ["x", "jsample", "Sample, Jamie", "207-555-0100", "jamie@example.org", True, "01/02/2020", "Sample Harbor (77)"]
    )
    book.active.append(["x", "gone", "Gone, Ada", None, None, False, None, None])
    book.save(tmp_path / "roster.xlsx")
    said = portal("import", "roster", str(tmp_path / "roster.xlsx"), *ahead())
    assert said.exit_code == 0, said.output
    assert count(tmp_path, Grant) == 1
    for name in ("out.csv", "out.xlsx"):
        assert portal("export", "roster", str(tmp_path / name)).exit_code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig"))))
    assert (rows[0]["UserID"], rows[0]["UserActive"], rows[0]["RestsOn"]) == ("jsample", "Yes", "inherited")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert sheet["A2"].value == "jsample" and sheet["G2"].value == "Sample Harbor (77)"
    again = portal("import", "roster", str(tmp_path / "out.csv"), *ahead(), "--dry-run")
    assert again.exit_code == 0 and "accounts taken over" not in again.output.lower()
    assert portal("export", "roster", str(tmp_path / "out.txt")).exit_code == 1


def test_decisions_of_a_period_go_out_with_their_fingerprints(portal: Portal, tmp_path: Path) -> None:
    assert portal("import", "people", a_list(tmp_path, JAMIE), *ahead()).exit_code == 0
    assert portal("export", "decisions", str(tmp_path / "d.csv")).exit_code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "d.csv").read_text(encoding="utf-8-sig"))))
    engine = make_engine(f"sqlite:///{tmp_path / 'portal.db'}")
    with make_sessionmaker(engine)() as session:
        kept = session.scalars(select(Decision)).one()
        acts = set(session.scalars(select(AuditEntry.act)))
    engine.dispose()
    assert [row["fingerprint"] for row in rows] == [kept.fingerprint] and rows[0]["outcome"] == "inherited"
    assert "user-agreement" in rows[0]["unmet"] and rows[0]["pack_version"] == kept.policy_version
    assert "decisions.export" in acts
    assert "0 decisions" in portal("export", "decisions", str(tmp_path / "d.xlsx"), "--to", "2001-01-01").output
    assert (
        portal("export", "decisions", str(tmp_path / "d.csv"), "--from", "2027-01-01", "--to", "2026-01-01").exit_code
        == 1
    )


def test_nothing_in_an_export_is_run_by_a_spreadsheet(portal: Portal, tmp_path: Path) -> None:
    portal("import", "people", a_list(tmp_path, JAMIE), *ahead())
    engine = make_engine(f"sqlite:///{tmp_path / 'portal.db'}")
    with transaction(make_sessionmaker(engine)) as session:
        session.scalars(select(Agency).where(Agency.name == "Sample Harbor")).one().name = "=HYPERLINK(1)"
    engine.dispose()
    portal("export", "roster", str(tmp_path / "out.csv"))
    assert ",=HYPERLINK" not in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    portal("export", "roster", str(tmp_path / "out.xlsx"))
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["G2"].data_type == "s"


def test_scans_from_a_folder_are_placed_or_wait(portal: Portal, tmp_path: Path) -> None:
    portal("import", "people", a_list(tmp_path, JAMIE), *ahead())
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "sample_jamie_2025-03-01_user-agreement.pdf").write_bytes(a_pdf("a"))
    (folder / "unknown.pdf").write_bytes(a_pdf("b"))
    (folder / "bad.pdf").write_bytes(b"nothing")
    said = portal("import", "scans", str(folder), "--version", "2025-1", "--kind", "user_agreement", "--json")
    assert said.exit_code == 0, said.output
    counts = json.loads(said.output[said.output.index("{") :])
    assert (counts["placed"], counts["waiting"], counts["refused"]) == (1, 1, 1)
    assert count(tmp_path, BulkScan) == 3
    assert "3 came before" in portal("import", "scans", str(folder)).output or count(tmp_path, BulkScan) == 4
