"""HMIS CSV comes in whole or not at all, twice without a change, and what changed is said in words."""

import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from portal.actors import operator
from portal.adapters import hmis_csv
from portal.models import Agency, AuditEntry, Evidence, HudRecord, Job, Project
from portal.refusals import Refused
from portal.services.desk import import_hmis
from portal.services.desk.import_report import Report
from tests.services.world import World
from workflows.vocabulary import Kind, Reason, Role

ROOT = Path(__file__).parents[2]
MADE_UP = ROOT / "tests" / "data" / "hmis-sample"
HUD = Path(os.environ.get("PORTAL_SHARED_DATA") or ROOT.parent / "shared" / "data") / "hud-lsa-sample"
SAMPLES = [sample for sample in (MADE_UP, HUD) if sample == MADE_UP or sample.is_dir()]
ROWS = {
    "ProjectCoC.csv": "project_cocs",
    "Funder.csv": "funders",
    "Inventory.csv": "inventories",
    "HMISParticipation.csv": "participations",
}


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Our own sample, to be changed."""
    return Path(shutil.copytree(MADE_UP, tmp_path / "files"))


def bring(world: World, place: Path, *, actor=None, **more) -> Report:
    reading = hmis_csv.read(place)
    with world.change() as session:
        return import_hmis.import_reading(
            session, reading, actor=actor or world.desk, now=world.now, policy=world.policy, **more
        )


def replace(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    content = path.read_bytes().decode("utf-8-sig")
    assert old in content, content[:400]
    path.write_text(content.replace(old, new, 1), encoding="utf-8", newline="")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_whole_sample_comes_in_with_its_warnings(world: World, sample: Path) -> None:
    reading = hmis_csv.read(sample)
    report = bring(world, sample)
    assert not report.refused, report.lines()[:20]
    assert report.of("warning")
    with world.look() as session:
        agencies = {agency.hud_id: agency for agency in session.scalars(select(Agency).where(Agency.id != 0))}
        projects = {project.hud_id: project for project in session.scalars(select(Project))}
        assert {row.organization_id: row.organization_name for row in reading.organizations} == {
            key: each.name for key, each in agencies.items()
        }
        assert {row.project_id: dict(row.cells) for row in reading.projects} == {
            key: each.cells for key, each in projects.items()
        }
        for row in reading.projects:
            assert projects[row.project_id].agency_id == agencies[row.organization_id].id
        for file, attribute in ROWS.items():
            kept = {
                record.key: (record.cells, record.project_id)
                for record in session.scalars(select(HudRecord).where(HudRecord.file == file))
            }
            assert kept == {
                row.id: (dict(row.cells), projects[row.project_id].id) for row in getattr(reading, attribute)
            }


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_same_files_twice_change_nothing_and_say_so(world: World, sample: Path) -> None:
    bring(world, sample)
    counts = [world.count(model) for model in (Agency, Project, HudRecord, Evidence, AuditEntry, Job)]
    again = bring(world, sample)
    assert not again.changes
    assert again.said == ["Everything in these files is on record already, so nothing was changed."]
    assert [world.count(model) for model in (Agency, Project, HudRecord, Evidence, AuditEntry, Job)] == counts


def test_a_trial_says_what_would_come_in_and_writes_nothing(world: World) -> None:
    trial = bring(world, MADE_UP, dry_run=True)
    assert trial.changes
    assert world.count(Agency) == 1  # the Lead
    assert world.count(HudRecord) == 0
    assert bring(world, MADE_UP).counts == trial.counts


def test_a_victim_service_provider_is_excluded_at_once_and_stays_so(world: World, folder: Path) -> None:
    reading = hmis_csv.read(folder)
    wanted = [row.organization_name for row in reading.organizations if row.victim_service_provider == 1]
    assert wanted, "the made-up sample has a victim service provider"
    bring(world, folder)
    with world.look() as session:
        query = (
            select(Agency.name, Evidence.detail)
            .join(Evidence, Evidence.subject_id == Agency.id)
            .where(Evidence.kind == Kind.EXCLUDED_PROVIDER)
        )
        assert [tuple(row) for row in session.execute(query)] == [(name, "victim_service") for name in wanted]
    replace(folder, "Organization.csv", f'"{wanted[0]}","1"', f'"{wanted[0]}","0"')
    again = bring(world, folder)
    assert [problem.rule for problem in again.of("warning") if problem.rule == "still-excluded"] == ["still-excluded"]
    assert world.count(Evidence, Evidence.kind == Kind.EXCLUDED_PROVIDER, Evidence.withdrawn_at == datetime.max) == len(
        wanted
    )


def test_an_agency_with_live_access_that_turns_out_to_be_one_is_closed(world: World, folder: Path) -> None:
    reading = hmis_csv.read(folder)
    provider = next(row for row in reading.organizations if row.victim_service_provider == 1)
    member = world.ready(world.agency(provider.organization_name))
    world.let_in(member)
    bring(world, folder)
    world.drain()
    assert world.status(member) == "suspended"


def test_an_agency_entered_by_hand_is_recognised_by_its_name(world: World) -> None:
    name = hmis_csv.read(MADE_UP).organizations[0].organization_name
    agency = world.agency(name.upper(), licences_=0)
    bring(world, MADE_UP)
    with world.look() as session:
        found = session.get_one(Agency, agency.id)
        assert (found.name, found.hud_id) == (name, hmis_csv.read(MADE_UP).organizations[0].organization_id)
        assert session.scalar(select(func.count()).select_from(Agency).where(Agency.name_key == name.casefold())) == 1


def test_a_name_that_another_id_has_refuses_everything_with_a_sentence(world: World, folder: Path) -> None:
    first, second, *_ = hmis_csv.read(folder).organizations
    replace(folder, "Organization.csv", second.organization_name, first.organization_name)
    report = bring(world, folder)
    assert report.refused
    of_agency = [problem for problem in report.errors if problem.file == "Organization.csv"]
    assert [(problem.rule, problem.line) for problem in of_agency] == [("name-taken", 3)]
    assert first.organization_name in of_agency[0].sentence
    below = {problem.file for problem in report.errors} - {"Organization.csv"}
    assert below <= {"Project.csv", "ProjectCoC.csv", "Funder.csv", "Inventory.csv", "HMISParticipation.csv"}
    assert world.count(HudRecord) == 0
    kept = bring(world, folder, skip_bad=True)
    assert not kept.refused
    assert world.count(Agency) == len(hmis_csv.read(folder).organizations)  # less the one refused, and the Lead


def test_an_error_in_a_file_refuses_all_of_it(world: World, folder: Path) -> None:
    project = hmis_csv.read(folder).projects[0]
    replace(folder, "Project.csv", project.operating_start_date.isoformat(), "31/31/2020")
    report = bring(world, folder)
    assert report.refused
    assert world.count(Agency) == 1
    assert "Project.csv" in report.csv()


def test_what_changed_is_updated_and_said_in_words(world: World, folder: Path) -> None:
    bring(world, folder)
    inventory = hmis_csv.read(folder).inventories[0]
    project = hmis_csv.read(folder).projects[0]
    replace(folder, "Project.csv", project.project_name, "Renamed Rooms")
    cells = dict(inventory.cells)
    header = next(name for name in cells if name.casefold() == "inventoryenddate")
    lines = (folder / "Inventory.csv").read_text(encoding="utf-8-sig").splitlines()
    place = [name.strip('"').casefold() for name in lines[0].split(",")].index("inventoryenddate")
    row = next(n for n, line in enumerate(lines) if n and inventory.inventory_id in line.split(",")[0])
    parts = lines[row].split(",")
    parts[place] = "2026-10-31"
    lines[row] = ",".join(parts)
    (folder / "Inventory.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = bring(world, folder)
    assert not report.refused, report.lines()
    assert (report.counts["projects changed"], report.counts["Inventory rows changed"]) == (1, 1)
    with world.look() as session:
        said = list(
            session.scalars(
                select(AuditEntry.said)
                .where(AuditEntry.act.in_(("project.change", "hud_record.change")))
                .order_by(AuditEntry.id)
            )
        )
        assert len(said) == 2
        assert f"name from '{project.project_name}' to 'Renamed Rooms'" in said[0]
        assert f"{header} from " in said[1]
        assert "to '2026-10-31'" in said[1]
        assert (
            session.scalars(select(Project.name).where(Project.hud_id == project.project_id)).one() == "Renamed Rooms"
        )


def test_a_new_export_number_alone_is_no_change(world: World, folder: Path) -> None:
    bring(world, folder)
    number = hmis_csv.read(folder).organizations[0].export_id
    for file in folder.glob("*.csv"):
        file.write_text(file.read_text(encoding="utf-8-sig").replace(number, "EX-NEXT"), encoding="utf-8")
    before = world.count(AuditEntry)
    report = bring(world, folder)
    assert not report.changes, report.lines()
    assert world.count(AuditEntry) == before


def test_funders_tell_which_agencies_have_to_take_part(world: World) -> None:
    reading = hmis_csv.read(MADE_UP)
    codes = {code: funder.id for funder in world.policy.funders for code in funder.codes}
    projects = {row.project_id: row.organization_id for row in reading.projects}
    wanted: dict[str, set[str]] = {}
    for row in reading.funders:
        if row.funder in codes and not row.deleted and (row.end_date is None or row.end_date >= world.today):
            wanted.setdefault(projects[row.project_id], set()).add(codes[row.funder])
    bring(world, MADE_UP)
    with world.look() as session:
        found = {
            agency.hud_id: set(agency.mandated_by) for agency in session.scalars(select(Agency)) if agency.mandated_by
        }
    assert found == wanted
    assert found


def test_only_the_desk_and_the_command_line_import(world: World) -> None:
    admin = world.actor(world.member(world.agency(licences_=0), None, Role.AGENCY_ADMIN))
    with pytest.raises(Refused) as no:
        bring(world, MADE_UP, actor=admin)
    assert no.value.reason is Reason.NOT_ALLOWED
    assert bring(world, MADE_UP, actor=operator("tester")).changes


def test_both_databases_take_the_sample_twice(each_engine: Engine) -> None:
    world = World(each_engine)
    assert bring(world, MADE_UP, dry_run=True).changes
    assert world.count(Agency) == 1
    assert bring(world, MADE_UP).changes
    assert not bring(world, MADE_UP).changes
