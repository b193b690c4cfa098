"""The `portal` command as a script sees it: exit status, JSON, and one line for each thing that is wrong."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from portal.cli import main
from portal.config import MAINE
from portal.db import make_engine, make_sessionmaker
from portal.models import Agency, AuditEntry, Job, Project, TrainingResult
from tests.cli.conftest import Portal
from workflows.policy import text_of

SAMPLE = Path(__file__).parent.parent / "data" / "hmis-sample"


def count(tmp_path: Path, model: type) -> int:
    engine = make_engine(f"sqlite:///{tmp_path / 'portal.db'}")
    with make_sessionmaker(engine)() as session:
        found = session.scalar(select(func.count()).select_from(model)) or 0
    engine.dispose()
    return found


def test_nothing_starts_without_its_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORTAL_SECRET_KEY", raising=False)
    said = CliRunner().invoke(main, ["worker", "--once"])
    assert said.exit_code == 1 and "PORTAL_SECRET_KEY is not set" in said.output


def test_hmis_csv_comes_in_once_and_the_operator_is_on_record(portal: Portal, tmp_path: Path) -> None:
    rehearsed = portal("import", "hmis-csv", str(SAMPLE), "--dry-run")
    assert rehearsed.exit_code == 0 and count(tmp_path, Project) == 0
    assert portal("import", "hmis-csv", str(SAMPLE)).exit_code == 0
    agencies, projects = count(tmp_path, Agency), count(tmp_path, Project)
    assert projects > 0 and agencies > 0
    assert portal("import", "hmis-csv", str(SAMPLE)).exit_code == 0
    assert (count(tmp_path, Agency), count(tmp_path, Project)) == (agencies, projects)
    engine = make_engine(f"sqlite:///{tmp_path / 'portal.db'}")
    with make_sessionmaker(engine)() as session:
        assert (
            "(command line)"
            in session.scalars(select(AuditEntry.actor).where(AuditEntry.act.like("%import%"))).all()[0]
        )
    engine.dispose()


def test_an_import_with_a_wrong_row_refuses_whole_and_names_it(portal: Portal, tmp_path: Path) -> None:
    portal("import", "hmis-csv", str(SAMPLE))
    bad = tmp_path / "results.csv"
    header = "email,course,score,max_score,taken_at,attempt\n"
    bad.write_text(
        header
        + "a.sample@example.org,security,92,100,2026-11-02,1\nb.sample@example.org,security,105,100,2026-11-02,1\n",
        encoding="utf-8",
    )
    said = portal("import", "training", str(bad))
    assert said.exit_code == 1 and "line 3" in said.output.lower() and count(tmp_path, TrainingResult) == 0
    kept = portal("import", "training", str(bad), "--skip-bad")
    assert kept.exit_code == 0 and count(tmp_path, TrainingResult) == 1


def test_a_pack_is_checked_by_file_stanza_and_field(portal: Portal, tmp_path: Path) -> None:
    assert portal("policy", "check", str(MAINE)).exit_code == 0
    wrong = tmp_path / "pack.toml"
    wrong.write_text(
        text_of(MAINE).replace('on_lapse   = "suspend"', 'on_lapse   = "explode"', 1),
        encoding="utf-8",
    )
    if "explode" not in wrong.read_text(encoding="utf-8"):
        wrong.write_text(text_of(MAINE).replace('= "suspend"', '= "explode"', 1), encoding="utf-8")
    said = portal("policy", "check", str(wrong))
    assert said.exit_code == 1 and "pack.toml" in said.output and "on_lapse" in said.output


def test_show_names_every_prerequisite_with_its_heading(portal: Portal) -> None:
    said = portal("policy", "show").output
    assert "user-agreement" in said and "User Access Levels" in said


def test_the_first_administrator_is_invited_by_the_operator(portal: Portal, tmp_path: Path) -> None:
    said = portal(
        "user", "invite", "ada@example.org", "--role", "lead_admin", "--first-name", "Ada", "--last-name", "Sample"
    )
    assert said.exit_code == 0 and "Ada Sample was invited as lead_admin" in said.output
    assert count(tmp_path, Job) > 0
    assert portal("worker", "--once").exit_code == 0
    assert list((tmp_path / "var" / "mail").glob("*.eml"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("user", "invite", "ada@example.org", "--role", "wizard"), "is no role"),
        (("user", "invite", "ada@example.org", "--role", "lead_admin"), "--first-name"),
        (("user", "invite", "ada@example.org", "--role", "end_user", "--agency", "Nowhere"), "No Agency is called"),
        (("gate", "nobody@example.org"), "Nobody with the e-mail address"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_line_and_status_1(portal: Portal, words: tuple[str, ...], says: str) -> None:
    said = portal(*words)
    assert said.exit_code == 1 and says in said.output


def test_gate_and_sweep_answer_in_their_stable_shape(portal: Portal) -> None:
    portal("user", "invite", "ada@example.org", "--role", "lead_admin", "--first-name", "Ada", "--last-name", "Sample")
    said = portal("gate", "ada@example.org", "--json", "--on", "2026-11-23")
    answer = json.loads(said.output)
    assert said.exit_code == 1 and answer["permitted"] is False and answer["subject"] == "ada@example.org"
    assert {
        "id",
        "title",
        "status",
        "reason",
        "sentence",
        "evidence",
        "waiting_on",
        "since",
        "valid_until",
        "cite",
        "basis",
    } <= set(answer["findings"][0])
    swept = json.loads(portal("sweep", "--json").output)
    assert {"on", "policy", "memberships", "permitted", "seconds", "by_prerequisite"} <= set(swept)
    assert swept["memberships"] == 1 and swept["permitted"] == 0


def test_wrong_usage_is_status_2(portal: Portal) -> None:
    assert portal("gate").exit_code == 2
