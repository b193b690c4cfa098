"""The mailbox on the command line: fetched by hand, never twice, and its state for a script."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.cli import main
from tests.cli.conftest import Portal
from tests.helpdesk.mails.sample import mail


@pytest.fixture
def folder(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PORTAL_INBOX_URL", "file:inbox")
    made = own_folder / "inbox"
    made.mkdir()
    return made


def test_fetched_by_hand_it_comes_in_once_and_the_state_says_so(folder: Path, portal: Portal) -> None:
    assert portal("inbox", "status").exit_code == 1
    (folder / "one.eml").write_bytes(mail("Help."))
    assert "1 message taken in" in portal("inbox", "fetch").output
    assert "0 messages taken in" in portal("inbox", "fetch").output
    done = portal("inbox", "status", "--json")
    told = json.loads(done.output)
    assert done.exit_code == 0 and not told["late"] and told["fetched_at"] and told["trouble"] == ""
    assert (told["held"], told["not_delivered"], told["in_doubt"]) == (0, 0, 0)
    assert "fetched at: 20" in portal("inbox", "status").output


def test_a_mailbox_that_cannot_be_reached_is_said_without_its_password(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_INBOX_URL", "imap://desk:secret-word@127.0.0.1:1/INBOX")
    for words in (("inbox", "fetch"), ("inbox", "status")):
        done = portal(*words)
        assert done.exit_code == 1 and "secret-word" not in done.output
    assert "cannot be reached" in portal("inbox", "status").output


def test_without_a_mailbox_it_says_what_to_set(portal: Portal) -> None:
    done = portal("inbox", "fetch")
    assert done.exit_code == 1 and "PORTAL_INBOX_URL" in done.output


def test_a_setting_that_makes_no_sense_stops_the_start(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_INBOX_URL", "pop3://desk:secret-word@host")
    done = CliRunner().invoke(main, ["inbox", "status"])
    assert (
        done.exit_code == 1 and "PORTAL_INBOX_URL" in str(done.exception) and "secret-word" not in str(done.exception)
    )
