"""HMIS CSV files come in: agencies, projects and every other row with every cell; all of it, or nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.adapters.hmis_csv import Export, Funder, Inventory, Organization, Participation, ProjectCoC, Reading, User
from portal.adapters.hmis_csv import Project as ProjectRow
from portal.adapters.hmis_csv.rows import Row
from portal.models import Agency, HudRecord, Project
from portal.services import evidence
from portal.services.desk.import_report import Report
from portal.services.desk.import_work import Work, differences, plain, update, words
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import About, Kind

KEPT = (ProjectCoC, Funder, Inventory, Participation, User, Export)
"""The files whose rows are kept as they are, cell by cell."""


NAMES = {
    Organization: "agencies",
    ProjectRow: "projects",
    ProjectCoC: "places of projects",
    Participation: "participations",
}


class _TakenBack(Exception):
    """Ends the savepoint of a trial, or of an import that was refused."""


def import_reading(
    session: Session,
    reading: Reading,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
    dry_run: bool = False,
    skip_bad: bool = False,
    source: str = "HMIS CSV",
) -> Report:
    """Brings in everything that was read: all of it or, where a row has an error, nothing unless `skip_bad`.

    Organizations become agencies, and VictimServiceProvider = 1 closes the gate for one at once; projects become
    projects; the rows of the other files are kept with every cell. What is on record is compared cell by cell: the same
    files twice change nothing. A trial does all the same work and takes it back.
    """
    permissions.check(session, actor, Action.AGENCY_IMPORT)
    report = Report(source, dry_run=dry_run)
    work = Work(session, actor, now, policy, report)
    try:
        with session.begin_nested():
            _bring_in(work, reading)
            report.problems = tuple(sorted((*reading.problems, *work.problems), key=lambda p: (p.file, p.line)))
            report.refused = bool(report.errors) and not skip_bad
            if dry_run or report.refused:
                raise _TakenBack
    except _TakenBack:
        pass
    if report.refused:
        report.counts = {"rows with an error": len({(p.file, p.line) for p in report.errors})}
    elif not report.changes:
        report.said.append("Everything in these files is on record already, so nothing was changed.")
    elif not dry_run:
        counted = ", ".join(f"{name} {count}" for name, count in report.counts.items())
        work.told(None, "import.hmis_csv", f"Imported {source}: {counted}.", {}, report.counts)
    return report


def _bring_in(work: Work, reading: Reading) -> None:
    session = work.session
    for agency in session.scalars(select(Agency)):
        work.names[agency.name_key] = agency
        if agency.hud_id:
            work.agencies[agency.hud_id] = agency
    for project in session.scalars(select(Project)):
        work.titles[project.agency_id, project.name.casefold()] = project
        if project.hud_id:
            work.projects[project.hud_id] = project
    work.records = {(record.file, record.key): record for record in session.scalars(select(HudRecord))}
    for organization in reading.organizations:
        _organization(work, organization)
    session.flush()
    for row in reading.projects:
        _project(work, row)
    session.flush()
    for row_type in KEPT:
        for row in reading.rows(row_type):
            _record(work, row)
    _mandates(work, reading)
    session.flush()


# --- agencies --------------------------------------------------------------------------------------------------------


def _organization(work: Work, row: Organization) -> None:
    known, holder = work.agencies.get(row.organization_id), work.names.get(row.organization_name.casefold())
    if holder is not None and holder is not known and (known is not None or holder.hud_id or holder.id == 0):
        other = f"with the id {holder.hud_id}" if holder.hud_id else "without an id of HUD's"
        sentence = f"An Agency named {holder.name} is on record {other}. Rename one at the source, or correct the id."
        work.error(row, "OrganizationName", row.organization_name, sentence, "name-taken")
        return
    agency = known or holder
    if agency is None and row.deleted:
        work.report.count("left out")
        return
    values = {"name": row.organization_name, "common_name": row.organization_common_name, "hud_id": row.organization_id}
    if agency is None:
        agency = Agency(
            **values,
            name_key=row.organization_name.casefold(),
            mandated_by=[],
            cells=dict(row.cells),
            entered_at=work.now,
        )
        work.session.add(agency)
        work.session.flush()
        work.report.count("agencies added")
        work.told(
            agency,
            "agency.enter",
            f"{agency.name} came in from HMIS CSV (OrganizationID {row.organization_id}).",
            {},
            values,
        )
    else:
        work.names.pop(agency.name_key, None)
        update(work, agency, values, row, "agencies", f"{agency.name}", "agency.change")
        agency.name_key = agency.name.casefold()
    work.names[agency.name_key] = work.agencies[row.organization_id] = agency
    if row.deleted and known is not None:
        sentence = f"{agency.name} is marked as deleted at the source. Nothing was ended here: do that on its own page."
        work.warn(row, "DateDeleted", str(row.date_deleted), sentence, "deleted-at-source")
    _provider(work, agency, row)


def _provider(work: Work, agency: Agency, row: Organization) -> None:
    """A victim service provider keeps a comparable database: nobody there may have access, and nothing waives that."""
    today = local_day(work.now, work.policy.zone)
    held = evidence.in_force(
        work.session, About.AGENCY, agency.id, Kind.EXCLUDED_PROVIDER, on=today, detail="victim_service"
    )
    if row.victim_service_provider == 1 and not held:
        evidence.record(
            work.session,
            actor=work.actor,
            now=work.now,
            kind=Kind.EXCLUDED_PROVIDER,
            about=About.AGENCY,
            subject_id=agency.id,
            detail="victim_service",
            valid_from=today,
            note="HMIS CSV says VictimServiceProvider = 1.",
        )
        work.report.count("victim service providers excluded")
    elif row.victim_service_provider == 0 and held:
        sentence = f"{agency.name} is a victim service provider here, and stays excluded until the Lead ends that."
        work.warn(row, "VictimServiceProvider", "0", sentence, "still-excluded")


def _mandates(work: Work, reading: Reading) -> None:
    """Which funders make participation a duty, as far as the funding rows tell ('Mandated Participation')."""
    by_code = {code: funder.id for funder in work.policy.funders for code in funder.codes}
    found: dict[int, set[str]] = {}
    today = local_day(work.now, work.policy.zone)
    for row in reading.funders:
        project = work.projects.get(row.project_id)
        over = row.deleted or (row.end_date is not None and row.end_date < today)
        if project is not None and row.funder in by_code and not over:
            found.setdefault(project.agency_id, set()).add(by_code[row.funder])
    for agency in work.agencies.values():
        wanted = sorted({*agency.mandated_by, *found.get(agency.id, ())})
        if wanted != sorted(agency.mandated_by):
            before, agency.mandated_by = list(agency.mandated_by), wanted
            said = f"{agency.name} takes part because of: {', '.join(wanted)}."
            work.told(agency, "agency.change", said, {"mandated_by": before}, {"mandated_by": wanted})
            work.report.count("agencies with a mandate learned")


# --- projects and rows below them ------------------------------------------------------------------------------------


def _project(work: Work, row: ProjectRow) -> None:
    agency = work.agencies.get(row.organization_id)
    if agency is None:
        if not row.deleted:
            sentence = f"No Agency has the OrganizationID {row.organization_id}. Send Organization.csv too."
            work.error(row, "OrganizationID", row.organization_id, sentence, "organization-unknown")
        return
    known, holder = work.projects.get(row.project_id), work.titles.get((agency.id, row.project_name.casefold()))
    if holder is not None and holder is not known and (known is not None or holder.hud_id):
        sentence = f"{agency.name} has another project named {holder.name}. Rename one of them at the source."
        work.error(row, "ProjectName", row.project_name, sentence, "name-taken")
        return
    project = known or holder
    if project is None and row.deleted:
        work.report.count("left out")
        return
    values: dict[str, Any] = {
        "agency_id": agency.id,
        "hud_id": row.project_id,
        "name": row.project_name,
        "common_name": row.project_common_name,
        "project_type": row.project_type,
        "starts_on": row.operating_start_date,
        "ends_on": row.operating_end_date,
    }
    if project is None:
        project = Project(**values, cells=dict(row.cells))
        work.session.add(project)
        work.session.flush()
        work.report.count("projects added")
        said = f"The project {project.name} of {agency.name} came in from HMIS CSV (ProjectID {row.project_id})."
        work.told(project, "project.enter", said, {}, plain(values))
    else:
        work.titles.pop((project.agency_id, project.name.casefold()), None)
        update(work, project, values, row, "projects", f"The project {project.name}", "project.change")
    work.projects[row.project_id] = work.titles[project.agency_id, project.name.casefold()] = project


def _record(work: Work, row: Row) -> None:
    project_hud = getattr(row, "project_id", None)
    project = work.projects.get(project_hud) if project_hud else None
    if project_hud and project is None:
        _without_project(work, row, project_hud)
        return
    key, kind, cells = (
        (row.FILE, row.id),
        NAMES.get(type(row), f"{row.FILE.removesuffix('.csv')} rows"),
        dict(row.cells),
    )
    record = work.records.get(key)
    if record is None:
        record = HudRecord(
            file=row.FILE, key=row.id, project_id=project.id if project else None, cells=cells, imported_at=work.now
        )
        work.session.add(record)
        work.records[key] = record
        work.report.count(f"{kind} added")
        return
    before, after = differences(record.cells, cells)
    if not after and record.cells == cells and record.project_id == (project.id if project else None):
        work.report.count("unchanged")
        return
    record.cells, record.project_id, record.imported_at = cells, project.id if project else None, work.now
    if after:
        work.report.count(f"{kind} changed")
        of = f" of {project.name}" if project else ""
        work.told(
            project,
            "hud_record.change",
            f"{row.FILE.removesuffix('.csv')} {row.id}{of} changed: {words(before, after)}.",
            before,
            after,
        )
    else:
        work.report.count("unchanged")


def _without_project(work: Work, row: Row, project_hud: str) -> None:
    if getattr(row, "deleted", False):
        work.report.count("left out")
        return
    refused = any(p.rule in ("name-taken", "organization-unknown") and p.file == ProjectRow.FILE for p in work.problems)
    sentence = f"No project with the ProjectID {project_hud} is in the files or on record."
    work.error(
        row,
        "ProjectID",
        project_hud,
        f"{sentence} {'See the errors of Project.csv.' if refused else 'Send Project.csv too.'}",
        "project-unknown",
    )
