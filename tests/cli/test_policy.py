"""`portal policy …` as a script sees it: adopted once, proposed by one operator, activated by another, shown and warned about."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from portal.config import MAINE
from tests.cli.conftest import Portal
from workflows.policy import load, text_of


@pytest.fixture
def portal(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Runs a command as the operator named by `by`, on a database of its own."""

    def run(*words: str, by: str = "ada", typed: str | None = None) -> Result:
        monkeypatch.setenv("LOGNAME", by)
        return CliRunner().invoke(main, list(words), input=typed, catch_exceptions=False)

    return run


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    pack = tmp_path / "stricter.toml"
    pack.write_text(text_of(MAINE).replace("pass_mark = 80 ", "pass_mark = 85 "), encoding="utf-8")
    return pack


def in_force(portal: Portal) -> str:
    shown = json.loads(portal("policy", "show", "--json").output)
    return str(shown["version"])


def test_the_first_migration_adopts_the_pack_of_the_settings_and_a_later_file_changes_nothing(
    portal: Portal, stricter: Path
) -> None:
    assert "Maine HMIS" in portal("policy", "show").output, "a database that was never migrated has no pack yet"
    said = portal("migrate").output
    assert f"The pack in force is Maine HMIS, version {load(MAINE).version[:12]}" in said
    assert "The pack in force" not in portal("migrate").output
    again = portal("worker", "--once", "--policy", str(stricter))
    assert again.exit_code == 0 and "stricter.toml differs from it" in again.stderr
    assert "portal policy activate FILE" in again.stderr
    assert in_force(portal) == load(MAINE).version
    assert "differs" not in portal("worker", "--once").stderr


def test_one_operator_proposes_and_another_activates(portal: Portal, stricter: Path) -> None:
    portal("migrate")
    first = portal("policy", "activate", str(stricter), "--note", "A higher mark.")
    assert first.exit_code == 0 and "A second person has to activate it" in first.output
    assert "Training: passing score: 80 % → 85 %" in first.output
    alone = portal("policy", "activate", str(stricter), "--yes")
    assert alone.exit_code == 1 and "You proposed this pack" in alone.stderr
    unsure = portal("policy", "activate", str(stricter), by="ben", typed="n\n")
    assert unsure.exit_code == 1 and "Nothing was changed" in unsure.stderr
    assert in_force(portal) == load(MAINE).version
    second = portal("policy", "activate", str(stricter), by="ben", typed="y\n")
    assert second.exit_code == 0 and "is in force" in second.output
    assert in_force(portal) == load(stricter).version
    again = portal("policy", "activate", str(stricter), by="ada", typed="y\n")
    assert again.exit_code == 1 and "in force already" in again.stderr
    history = json.loads(portal("policy", "show", "--json").output)["history"]
    assert [(row["status"], row["proposed_by"], row["activated_by"]) for row in history] == [
        ("in_force", "ada (command line)", "ben (command line)"), ("superseded", "The portal", "The portal"),
    ]  # fmt: skip


def test_questions_are_asked_under_the_pack_in_force_unless_another_is_named(portal: Portal, stricter: Path) -> None:
    portal("migrate")
    portal("policy", "activate", str(stricter))
    portal("policy", "activate", str(stricter), "--yes", by="ben")
    assert json.loads(portal("sweep", "--json").output)["policy"] == load(stricter).version
    named = json.loads(portal("sweep", "--json", "--policy", str(MAINE)).output)
    assert named["policy"] == load(MAINE).version


def test_a_preview_changes_nothing_and_says_what_differs(portal: Portal, stricter: Path) -> None:
    portal("migrate")
    said = portal("policy", "preview", str(stricter))
    assert said.exit_code == 0 and "80 % → 85 %" in said.output and "0 let in" in said.output
    data = json.loads(portal("policy", "preview", str(stricter), "--json").output)
    assert data["candidate"] == load(stricter).version and data["in_force"] == load(MAINE).version
    assert data["changes"] == [{"stanza": "Training", "field": "passing score", "before": "80 %", "after": "85 %"}]
    assert data["counts"] == {"open": 0, "close": 0, "held": 0, "lacks": 0} and data["lines"] == []
    assert len(json.loads(portal("policy", "show", "--json").output)["history"]) == 1


def test_check_warns_of_what_is_softer_than_maines(portal: Portal, tmp_path: Path) -> None:
    text = text_of(MAINE)
    head, *stanzas = text.split("[[prerequisite]]\n")
    kept = [one for one in stanzas if '"background-check"' not in one.split("\n", 1)[0]]
    text = "[[prerequisite]]\n".join([head, *kept])
    text = text.replace("pass_mark = 80 ", "pass_mark = 70 ").replace(
        'max_age  = "P1Y"\nabout    = "person"', 'max_age  = "P2Y"\nabout    = "person"'
    )
    soft = tmp_path / "soft.toml"
    soft.write_text(text, encoding="utf-8")
    said = portal("policy", "check", str(soft))
    assert said.exit_code == 0 and "is valid" in said.stdout
    for warning in (
        "does not ask for background-check",
        "passing score is 70 %",
        "security-training holds for 2 years; in Maine HMIS, for 1 year",
    ):
        assert warning in said.stderr, warning
    assert portal("policy", "check", str(MAINE)).stderr == ""


@pytest.mark.parametrize("command", ["preview", "activate", "check"])
def test_a_wrong_pack_is_refused_before_anything_is_done(portal: Portal, tmp_path: Path, command: str) -> None:
    portal("migrate")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text_of(MAINE).replace("pass_mark = 80 ", "pass_mark = 180 "), encoding="utf-8")
    said = portal("policy", command, str(wrong))
    assert said.exit_code == 1 and "wrong.toml" in said.stderr and "pass_mark" in said.stderr
    assert portal("policy", command, str(tmp_path / "nowhere.toml")).exit_code == 2
