"""What HUD expects of projects and their inventory as a whole; a broken rule is a warning, and the row comes in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, TypeVar

from portal.adapters.hmis_csv import codes
from portal.adapters.hmis_csv.columns import as_text
from portal.adapters.hmis_csv.rows import BED_COLUMNS, Inventory, Participation, Project, Reading, Record, Row, columns
from portal.adapters.tables import Problem

TITLES: Mapping[str, str] = {
    "availability-missing": "Emergency shelter inventory without availability",
    "availability-not-es": "Availability given outside emergency shelter",
    "bed-sum": "Beds are not the sum of the seven bed columns",
    "bed-type-missing": "Emergency shelter inventory without bed type",
    "bed-type-not-es": "Emergency shelter bed type given outside emergency shelter",
    "ch-beds-not-psh": "Beds for chronic homelessness outside permanent supportive housing",
    "coc-unmatched": "Inventory in a Continuum of Care in which its project does not work",
    "column-absent": "A column of the format is missing",
    "column-unknown": "A column that the format does not have; kept as read",
    "csv-version-unknown": "Unknown version of the format",
    "email-form": "Not an e-mail address",
    "encoding": "Not UTF-8; read as Windows-1252",
    "export-rows": "Export.csv does not have exactly one row",
    "file-absent": "A file of the format is missing",
    "file-client-data": "A file with client data; not opened",
    "file-unknown": "A file that the portal does not read",
    "geocode-form": "Geocode without six digits",
    "geocode-missing": "Empty Geocode",
    "geography-type-missing": "Empty GeographyType",
    "grant-id-empty": "Empty GrantID",
    "housing-type-missing": "Lodging project without housing type",
    "inventory-not-for-type": "Inventory of a project whose type has none",
    "no-coc": "Project without Continuum of Care",
    "no-funder": "Project without funder",
    "no-inventory": "Lodging project without inventory",
    "no-participation": "Project without HMIS participation",
    "other-funder-missing": "Local or other funder without a name",
    "parent-deleted": "Row of a project or organization that was deleted",
    "participation-gap": "Participation does not cover every operating day",
    "participation-overlap": "Two participation periods on the same day",
    "project-type-missing": "Continuum project without project type",
    "retired-code": "Code that HUD has withdrawn",
    "rrh-sub-type-missing": "Rapid re-housing without its sub-type",
    "rrh-sub-type-not-rrh": "Rapid re-housing sub-type on another project type",
    "safe-haven-families": "Safe haven with adult-and-child households",
    "seasonal-without-end": "Seasonal inventory without an end date",
    "too-long": "Text longer than the format allows",
    "units-over-beds": "More units than beds",
    "unlikely-date": "Date before 1950 or after 2100",
    "updated-before-created": "Changed before it was created",
    "user-id-empty": "Empty UserID",
    "vet-beds-child-only": "Veteran beds for households with only children",
    "victim-service-in-hmis": "Victim service provider's project in the shared HMIS",
    "zip-form": "ZIP without five digits",
    "zip-missing": "Empty ZIP",
}

_FOREVER = date.max
R = TypeVar("R", bound=Record)


def found(row: Row, attribute: str, rule: str, sentence: str, value: str | None = None) -> Problem:
    """A warning about one attribute of a row."""
    column = columns(type(row))[attribute]
    written = as_text(getattr(row, attribute)) if value is None else value
    return Problem("warning", row.FILE, row.line, column.header, written, sentence, rule)


def _live(rows: Iterable[R]) -> list[R]:
    return [row for row in rows if not row.deleted]


def _by_project(rows: Iterable[Any]) -> Mapping[str, list[Any]]:
    grouped: defaultdict[str, list[Any]] = defaultdict(list)
    for row in _live(rows):
        grouped[row.project_id].append(row)
    return grouped


@dataclass(frozen=True)
class _Community:
    """The rows that are not deleted, by what they belong to."""

    reading: Reading
    projects: Mapping[str, Project]
    funders: Mapping[str, list[Any]]
    cocs: Mapping[str, list[Any]]
    inventories: Mapping[str, list[Any]]
    participations: Mapping[str, list[Any]]
    victim_services: frozenset[str]

    @classmethod
    def of(cls, reading: Reading) -> "_Community":
        return cls(
            reading,
            {project.project_id: project for project in _live(reading.projects)},
            _by_project(reading.funders),
            _by_project(reading.project_cocs),
            _by_project(reading.inventories),
            _by_project(reading.participations),
            frozenset(each.organization_id for each in _live(reading.organizations) if each.victim_service_provider),
        )


# --- projects --------------------------------------------------------------------------------------------------------


def _lodging(project: Project) -> bool:
    """Whether inventory is expected: the type has beds, and it is not rapid re-housing with services only."""
    if project.project_type is None or project.project_type in codes.WITHOUT_INVENTORY:
        return False
    return not (project.project_type == codes.RAPID_REHOUSING and project.rrh_sub_type == codes.RRH_SERVICES_ONLY)


def _belongings(community: _Community) -> Iterator[Problem]:
    absent = set(community.reading.absent)
    checks: tuple[tuple[str, Mapping[str, list[Any]], str, str], ...] = (
        ("Funder.csv", community.funders, "no-funder", "at least one funder; 46 is a local or other one"),
        ("ProjectCoC.csv", community.cocs, "no-coc", "the Continuum of Care in which it works"),
        ("Inventory.csv", community.inventories, "no-inventory", "its units and beds, for it is a lodging project"),
        ("HMISParticipation.csv", community.participations, "no-participation", "its HMIS participation"),
    )
    for file, held, rule, what in checks:
        if file in absent:
            continue
        for project in community.projects.values():
            if project.project_id not in held and (rule != "no-inventory" or _lodging(project)):
                yield found(project, "project_id", rule, f"The project has no row in {file}. Add {what}.")


def _project_types(community: _Community) -> Iterator[Problem]:
    for project in community.projects.values():
        rapid = project.project_type == codes.RAPID_REHOUSING
        if project.continuum_project and project.project_type is None:
            yield found(project, "project_type", "project-type-missing", "A continuum project needs its project type.")
        if rapid and project.rrh_sub_type is None:
            said = "Say whether the rapid re-housing project gives services only (1) or housing (2)."
            yield found(project, "rrh_sub_type", "rrh-sub-type-missing", said)
        if not rapid and project.rrh_sub_type is not None:
            said = "Only rapid re-housing (13) has this sub-type. Leave it empty, or correct the project type."
            yield found(project, "rrh_sub_type", "rrh-sub-type-not-rrh", said)
        if project.housing_type is None and _lodging(project):
            yield found(project, "housing_type", "housing-type-missing", "A lodging project needs its housing type.")


def _uncovered(project: Project, periods: list[Participation]) -> date | None:
    """The first operating day that no participation period covers."""
    day = project.operating_start_date
    last = project.operating_end_date or _FOREVER
    for period in sorted(periods, key=lambda each: each.start_date):
        if period.start_date > day:
            break
        ends = period.end_date or _FOREVER
        if ends >= last:
            return None
        day = max(day, ends + timedelta(days=1))
    return day if day <= last else None


def _participation(community: _Community) -> Iterator[Problem]:
    for project_id, periods in community.participations.items():
        project = community.projects.get(project_id)
        if project is None:
            continue
        if day := _uncovered(project, periods):
            said = f"The project's participation leaves {as_text(day)} open. Cover every day on which it operates."
            yield found(project, "operating_start_date", "participation-gap", said)
        ordered = sorted(periods, key=lambda each: each.start_date)
        for before, after in pairwise(ordered):
            if after.start_date <= (before.end_date or _FOREVER):
                said = f"The period on line {before.line} still runs on this day. End it the day before."
                yield found(after, "start_date", "participation-overlap", said)
        if project.organization_id in community.victim_services:
            for period in periods:
                if period.participation_type == codes.PARTICIPATES_IN_HMIS:
                    said = "A victim service provider enters no clients in a shared HMIS. Stop any entry; use 0 or 2."
                    yield found(period, "participation_type", "victim-service-in-hmis", said)


def _funder_names(community: _Community) -> Iterator[Problem]:
    for funders in community.funders.values():
        for funder in funders:
            if funder.funder == codes.LOCAL_OR_OTHER_FUNDER and not funder.other_funder:
                yield found(funder, "other_funder", "other-funder-missing", "Name the local or other funder.")


# --- inventory -------------------------------------------------------------------------------------------------------


def _counts(row: Inventory, _project: Project) -> Iterator[Problem]:
    beds = sum(getattr(row, name) or 0 for name in BED_COLUMNS)
    if row.bed_inventory != beds:
        said = f"The seven bed columns add up to {beds}. Correct them or the total."
        yield found(row, "bed_inventory", "bed-sum", said)
    if row.unit_inventory > row.bed_inventory:
        said = f"There are more units than beds ({row.bed_inventory}). A unit has at least one bed."
        yield found(row, "unit_inventory", "units-over-beds", said)


def _shelter(row: Inventory, project: Project) -> Iterator[Problem]:
    shelter = project.project_type in codes.EMERGENCY_SHELTER
    for attribute, rule in (("availability", "availability"), ("es_bed_type", "bed-type")):
        given = getattr(row, attribute) is not None
        if shelter and not given:
            yield found(row, attribute, f"{rule}-missing", "An emergency shelter must give this. Fill it in.")
        if given and not shelter:
            yield found(row, attribute, f"{rule}-not-es", "Only an emergency shelter has this. Leave it empty.")
    if row.availability == codes.SEASONAL and row.inventory_end_date is None:
        said = "Seasonal beds need the day on which the season ends. Fill it in."
        yield found(row, "inventory_end_date", "seasonal-without-end", said)


def _households(row: Inventory, project: Project) -> Iterator[Problem]:
    chronic = ("ch_vet_bed_inventory", "ch_youth_bed_inventory", "ch_bed_inventory")
    veteran = ("ch_vet_bed_inventory", "youth_vet_bed_inventory", "vet_bed_inventory")
    if project.project_type != codes.PERMANENT_SUPPORTIVE_HOUSING:
        for name in filter(lambda each: getattr(row, each), chronic):
            said = "Only permanent supportive housing (3) has beds for chronic homelessness. Count them elsewhere."
            yield found(row, name, "ch-beds-not-psh", said)
    if row.household_type == codes.ONLY_CHILDREN:
        for name in filter(lambda each: getattr(row, each), veteran):
            said = "Households with only children have no veteran beds. Count them elsewhere."
            yield found(row, name, "vet-beds-child-only", said)
    if project.project_type == codes.SAFE_HAVEN and row.household_type == codes.ADULT_AND_CHILD:
        said = "A safe haven takes no adult-and-child households. Correct the household type or the project type."
        yield found(row, "household_type", "safe-haven-families", said)


def _inventory(community: _Community) -> Iterator[Problem]:
    for project_id, rows in community.inventories.items():
        project = community.projects.get(project_id)
        if project is None:
            continue
        works_in = {each.coc_code for each in community.cocs.get(project_id, ())}
        for row in rows:
            if project.project_type in codes.WITHOUT_INVENTORY:
                name = codes.PROJECT_TYPES[project.project_type]
                said = f"A project of the type '{name}' has no inventory. Delete the row, or correct the project type."
                yield found(row, "project_id", "inventory-not-for-type", said)
            if works_in and row.coc_code not in works_in:
                said = f"ProjectCoC.csv has the project in {', '.join(sorted(works_in))} only. Correct one of them."
                yield found(row, "coc_code", "coc-unmatched", said)
            for check in (_counts, _shelter, _households):
                yield from check(row, project)


# --- every row -------------------------------------------------------------------------------------------------------


def _rows(community: _Community) -> Iterator[Problem]:
    reading = community.reading
    gone_organizations = {each.organization_id for each in reading.organizations if each.deleted}
    gone_projects = {each.project_id for each in reading.projects if each.deleted}
    children: tuple[Any, ...] = (
        *reading.project_cocs,
        *reading.funders,
        *reading.inventories,
        *reading.participations,
    )
    for row in (*reading.organizations, *reading.projects, *children, *reading.users):
        if row.date_updated < row.date_created:
            said = "The row was changed before it was created. Check both times."
            yield found(row, "date_updated", "updated-before-created", said)
    for project in _live(reading.projects):
        if project.organization_id in gone_organizations:
            said = "Its organization was deleted. Delete or move the project."
            yield found(project, "organization_id", "parent-deleted", said)
    for child in _live(children):
        if child.project_id in gone_projects:
            yield found(child, "project_id", "parent-deleted", "Its project was deleted. Delete or move the row.")


def check(reading: Reading) -> Iterator[Problem]:
    """Every broken rule among the rows of a reading; deleted rows are held to no project or inventory rule."""
    community = _Community.of(reading)
    for rule in (_belongings, _project_types, _participation, _funder_names, _inventory, _rows):
        yield from rule(community)
