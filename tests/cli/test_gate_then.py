"""`portal gate` about a day that is past: its old keys stay, new ones say what access there was, and the paper is written."""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pypdf import PdfReader
from sqlalchemy import Engine, select

from portal.cli import main
from portal.models import AuditEntry, Membership, Person
from tests.services.world import MONDAY, World
from workflows.vocabulary import About, Kind

OLD_KEYS = ["subject", "agency", "on", "policy", "permitted", "findings"]
DAY = timedelta(days=1)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine, now=MONDAY - 13 * DAY)


@pytest.fixture
def member(world: World) -> Membership:
    """Let in on November 10, suspended on November 15, before the clock of the machine the test runs on."""
    made = world.ready(world.agency("Harbor Sample Shelter"), world.person("Jamie", "Sample"))
    world.let_in(made)
    world.now += 5 * DAY
    world.record(Kind.SANCTION, About.MEMBERSHIP, made.id, detail="suspension", valid_from=world.today)
    world.drain()
    return made


def run(world: World, member: Membership, *words: str) -> Result:
    with world.look() as session:
        email = session.get_one(Person, member.person_id).email
    url = world.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(main, ["gate", email, "--database-url", url, *words], catch_exceptions=False)


def test_json_keeps_its_keys_and_says_what_access_there_was(world: World, member: Membership) -> None:
    said = run(world, member, "--on", "2026-11-12", "--known-at", "2026-11-13T05:00:00", "--json")
    assert said.exit_code == 0
    answer = json.loads(said.output)
    assert list(answer)[: len(OLD_KEYS)] == OLD_KEYS
    assert answer["access"]["state"] == "live" and answer["access"]["user_id"] == "jsample"
    assert answer["access"]["level"] == "case_manager_1" and answer["verdict"]["answer"] == "yes"
    assert answer["pack_then"]["version"] == world.policy.version and answer["decision"]["proves_itself"] is True
    shut = run(world, member, "--on", "2026-11-17", "--json")
    assert shut.exit_code == 1 and json.loads(shut.output)["access"]["state"] == "suspended"
    none = json.loads(run(world, member, "--on", "2026-11-01", "--json").output)
    assert none["access"] == {"state": "none", "since": None, "why": ""} and none["decision"] is None


def test_in_words_the_verdict_comes_first(world: World, member: Membership) -> None:
    said = run(world, member, "--on", "2026-11-17").output.splitlines()
    assert "not permitted" in said[0] and said[1].startswith("No: on November 17, 2026 the access of Jamie Sample")
    assert said[2].startswith("Policy pack then: Maine HMIS, version ")


def test_the_paper_is_written_and_on_record_under_the_operators_name(
    world: World, member: Membership, tmp_path: Path
) -> None:
    file = tmp_path / "paper.pdf"
    run(world, member, "--on", "2026-11-12", "--pdf", str(file))
    reader = PdfReader(BytesIO(file.read_bytes()))
    assert len(reader.pages) == 1
    said = " ".join(reader.pages[0].extract_text().split())
    assert "Yes. On November 12, 2026 Jamie Sample was authorized" in said and "(command line)" in said
    with world.look() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "standing.certify")).one()
    assert entry.actor.endswith("(command line)") and entry.thing_id == member.id


def test_a_file_that_cannot_be_written_leaves_nothing_on_record(
    world: World, member: Membership, tmp_path: Path
) -> None:
    said = run(world, member, "--on", "2026-11-12", "--pdf", str(tmp_path / "no such folder" / "paper.pdf"))
    assert said.exit_code == 1 and "could not be written" in said.output and "Traceback" not in said.output
    assert world.count(AuditEntry, AuditEntry.act == "standing.certify") == 0
