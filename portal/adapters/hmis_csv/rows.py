"""The rows of the eight HMIS CSV files, a class for each file, and what reading them all together yields."""

# ruff: noqa: RUF009 -- `column` returns a dataclass field, which the rule does not see

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, ClassVar

from portal.adapters.hmis_csv import codes
from portal.adapters.hmis_csv.columns import Column, Kind, column
from portal.adapters.tables import Problem

NO_CELLS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row: `cells` are all its cells as written under the headers as given, `line` where it begins (0: made here)."""

    FILE: ClassVar[str] = ""
    line: int = field(default=0, compare=False)
    cells: Mapping[str, str] = field(default_factory=lambda: NO_CELLS, compare=False, repr=False)

    @property
    def id(self) -> str:
        """The row's own id: its first column."""
        return str(getattr(self, next(iter(columns(type(self))))))


@dataclass(frozen=True, kw_only=True)
class Record(Row):
    """A row that the HMIS keeps: when it was made, changed and deleted, and in which export it came."""

    date_created: datetime = column("DateCreated", Kind.MOMENT, required=True)
    date_updated: datetime = column("DateUpdated", Kind.MOMENT, required=True)
    date_deleted: datetime | None = column("DateDeleted", Kind.MOMENT)
    export_id: str = column("ExportID", Kind.ID, 32, required=True, refers_to="Export.csv")

    @property
    def deleted(self) -> bool:
        """Whether the HMIS marked the row as deleted."""
        return self.date_deleted is not None


@dataclass(frozen=True, kw_only=True)
class Authored(Record):
    """A record that names the HMIS user who last changed it; real exports often leave that empty."""

    user_id: str = column("UserID", Kind.ID, 32, required=True, empty="user-id-empty", refers_to="User.csv")


@dataclass(frozen=True, kw_only=True)
class Organization(Authored):
    """An Agency. `victim_service_provider` is 0 or 1: an unknown answer is refused, because 1 closes the gate."""

    FILE: ClassVar[str] = "Organization.csv"
    organization_id: str = column("OrganizationID", Kind.ID, 32, required=True)
    organization_name: str = column("OrganizationName", Kind.NAME, 200, required=True)
    victim_service_provider: int = column("VictimServiceProvider", Kind.CODE, required=True, codes=codes.NO_YES)
    organization_common_name: str = column("OrganizationCommonName", Kind.NAME, 200)


@dataclass(frozen=True, kw_only=True)
class Project(Authored):
    """A project of an Agency."""

    FILE: ClassVar[str] = "Project.csv"
    project_id: str = column("ProjectID", Kind.ID, 32, required=True)
    organization_id: str = column("OrganizationID", Kind.ID, 32, required=True, refers_to="Organization.csv")
    project_name: str = column("ProjectName", Kind.NAME, 200, required=True)
    project_common_name: str = column("ProjectCommonName", Kind.NAME, 200)
    operating_start_date: date = column("OperatingStartDate", Kind.DAY, required=True)
    operating_end_date: date | None = column("OperatingEndDate", Kind.DAY)
    continuum_project: int = column("ContinuumProject", Kind.CODE, required=True, codes=codes.NO_YES)
    project_type: int | None = column("ProjectType", Kind.CODE, codes=codes.PROJECT_TYPES)
    housing_type: int | None = column("HousingType", Kind.CODE, codes=codes.HOUSING_TYPES)
    rrh_sub_type: int | None = column("RRHSubType", Kind.CODE, codes=codes.RRH_SUB_TYPES)
    residential_affiliation: int | None = column("ResidentialAffiliation", Kind.CODE, codes=codes.NO_YES)
    target_population: int | None = column("TargetPopulation", Kind.CODE, codes=codes.TARGET_POPULATIONS)
    hopwa_med_assisted_living_fac: int | None = column(
        "HOPWAMedAssistedLivingFac", Kind.CODE, codes=codes.HOPWA_FACILITIES
    )
    pit_count: int | None = column("PITCount", Kind.NUMBER)


@dataclass(frozen=True, kw_only=True)
class ProjectCoC(Authored):
    """Where a project works: its Continuum of Care and its address."""

    FILE: ClassVar[str] = "ProjectCoC.csv"
    project_coc_id: str = column("ProjectCoCID", Kind.ID, 32, required=True)
    project_id: str = column("ProjectID", Kind.ID, 32, required=True, refers_to="Project.csv")
    coc_code: str = column("CoCCode", Kind.COC, 6, required=True)
    geocode: str = column("Geocode", Kind.DIGITS, 6, required=True, empty="geocode-missing")
    address1: str = column("Address1", Kind.TEXT, 100)
    address2: str = column("Address2", Kind.TEXT, 100)
    city: str = column("City", Kind.TEXT, 50)
    state: str = column("State", Kind.TEXT, 2)
    zip: str = column("ZIP", Kind.DIGITS, 5, empty="zip-missing")
    geography_type: int | None = column(
        "GeographyType", Kind.CODE, codes=codes.GEOGRAPHY_TYPES, empty="geography-type-missing"
    )


@dataclass(frozen=True, kw_only=True)
class Funder(Authored):
    """A grant that pays for a project."""

    FILE: ClassVar[str] = "Funder.csv"
    funder_id: str = column("FunderID", Kind.ID, 32, required=True)
    project_id: str = column("ProjectID", Kind.ID, 32, required=True, refers_to="Project.csv")
    funder: int = column("Funder", Kind.CODE, required=True, codes=codes.FUNDERS, retired=codes.RETIRED_FUNDERS)
    other_funder: str = column("OtherFunder", Kind.TEXT, 100)
    grant_id: str = column("GrantID", Kind.TEXT, 100, required=True, empty="grant-id-empty")
    start_date: date = column("StartDate", Kind.DAY, required=True)
    end_date: date | None = column("EndDate", Kind.DAY)


@dataclass(frozen=True, kw_only=True)
class Inventory(Authored):
    """Units and beds of a project for one kind of household."""

    FILE: ClassVar[str] = "Inventory.csv"
    inventory_id: str = column("InventoryID", Kind.ID, 32, required=True)
    project_id: str = column("ProjectID", Kind.ID, 32, required=True, refers_to="Project.csv")
    coc_code: str = column("CoCCode", Kind.COC, 6, required=True)
    household_type: int = column("HouseholdType", Kind.CODE, required=True, codes=codes.HOUSEHOLD_TYPES)
    availability: int | None = column("Availability", Kind.CODE, codes=codes.AVAILABILITIES)
    unit_inventory: int = column("UnitInventory", Kind.NUMBER, required=True)
    bed_inventory: int = column("BedInventory", Kind.NUMBER, required=True)
    ch_vet_bed_inventory: int | None = column("CHVetBedInventory", Kind.NUMBER)
    youth_vet_bed_inventory: int | None = column("YouthVetBedInventory", Kind.NUMBER)
    vet_bed_inventory: int | None = column("VetBedInventory", Kind.NUMBER)
    ch_youth_bed_inventory: int | None = column("CHYouthBedInventory", Kind.NUMBER)
    youth_bed_inventory: int | None = column("YouthBedInventory", Kind.NUMBER)
    ch_bed_inventory: int | None = column("CHBedInventory", Kind.NUMBER)
    other_bed_inventory: int | None = column("OtherBedInventory", Kind.NUMBER)
    es_bed_type: int | None = column("ESBedType", Kind.CODE, codes=codes.ES_BED_TYPES)
    inventory_start_date: date | None = column("InventoryStartDate", Kind.DAY)
    inventory_end_date: date | None = column("InventoryEndDate", Kind.DAY)


@dataclass(frozen=True, kw_only=True)
class Participation(Authored):
    """Whether a project takes part in the HMIS or a comparable database, from a day to a day."""

    FILE: ClassVar[str] = "HMISParticipation.csv"
    participation_id: str = column("HMISParticipationID", Kind.ID, 32, required=True)
    project_id: str = column("ProjectID", Kind.ID, 32, required=True, refers_to="Project.csv")
    participation_type: int = column("HMISParticipationType", Kind.CODE, required=True, codes=codes.PARTICIPATION_TYPES)
    start_date: date = column("HMISParticipationStatusStartDate", Kind.DAY, required=True)
    end_date: date | None = column("HMISParticipationStatusEndDate", Kind.DAY)


@dataclass(frozen=True, kw_only=True)
class User(Record):
    """A user of the HMIS as the export names them; an extract of people, not a list of accounts."""

    FILE: ClassVar[str] = "User.csv"
    user_id: str = column("UserID", Kind.ID, 32, required=True)
    first_name: str = column("UserFirstName", Kind.NAME, 50)
    last_name: str = column("UserLastName", Kind.NAME, 50)
    phone: str = column("UserPhone", Kind.TEXT, 10)
    extension: str = column("UserExtension", Kind.TEXT, 5)
    email: str = column("UserEmail", Kind.EMAIL, 320)


@dataclass(frozen=True, kw_only=True)
class Export(Row):
    """The export itself: who made it, with what, for which days."""

    FILE: ClassVar[str] = "Export.csv"
    export_id: str = column("ExportID", Kind.ID, 32, required=True)
    source_type: int | None = column("SourceType", Kind.NUMBER)
    source_id: str = column("SourceID", Kind.TEXT, 32)
    source_name: str = column("SourceName", Kind.TEXT, 100)
    contact_first: str = column("SourceContactFirst", Kind.TEXT, 50)
    contact_last: str = column("SourceContactLast", Kind.TEXT, 50)
    contact_phone: str = column("SourceContactPhone", Kind.TEXT, 10)
    contact_extension: str = column("SourceContactExtension", Kind.TEXT, 5)
    contact_email: str = column("SourceContactEmail", Kind.EMAIL, 320)
    export_date: datetime | None = column("ExportDate", Kind.MOMENT)
    start_date: date | None = column("ExportStartDate", Kind.DAY)
    end_date: date | None = column("ExportEndDate", Kind.DAY)
    software_name: str = column("SoftwareName", Kind.TEXT, 50)
    software_version: str = column("SoftwareVersion", Kind.TEXT, 50)
    csv_version: str = column("CSVVersion", Kind.TEXT, 50)
    period_type: int | None = column("ExportPeriodType", Kind.NUMBER)
    directive: int | None = column("ExportDirective", Kind.NUMBER)
    hash_status: int | None = column("HashStatus", Kind.NUMBER)
    implementation_id: str = column("ImplementationID", Kind.TEXT, 200)


# In the order in which each file finds the rows that it refers to already read.
FILES: tuple[type[Row], ...] = (Export, User, Organization, Project, ProjectCoC, Funder, Inventory, Participation)
BED_COLUMNS = (
    "ch_vet_bed_inventory",
    "youth_vet_bed_inventory",
    "vet_bed_inventory",
    "ch_youth_bed_inventory",
    "youth_bed_inventory",
    "ch_bed_inventory",
    "other_bed_inventory",
)
_TAIL = ("date_created", "date_updated", "user_id", "date_deleted", "export_id")


def _columns(row_type: type[Row]) -> Mapping[str, Column]:
    found = {each.name: each.metadata["column"] for each in fields(row_type) if "column" in each.metadata}
    own = [name for name in found if name in row_type.__annotations__]
    tail = [name for name in _TAIL if name in found and name not in own]
    return MappingProxyType({name: found[name] for name in [*own, *tail]})


_COLUMNS = {row_type.FILE: _columns(row_type) for row_type in FILES}


def columns(row_type: type[Row]) -> Mapping[str, Column]:
    """The columns of a file by the name of their attribute, in the order in which the format writes them."""
    return _COLUMNS[row_type.FILE]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything that could be read: the rows without an error, and every problem by file and line.

    `absent` are files that were not there or could not be read, so that what refers to them was not checked; `ignored`
    are files that the portal does not read; `found` counts the rows of each file, refused ones included.
    """

    organizations: tuple[Organization, ...] = ()
    projects: tuple[Project, ...] = ()
    project_cocs: tuple[ProjectCoC, ...] = ()
    funders: tuple[Funder, ...] = ()
    inventories: tuple[Inventory, ...] = ()
    participations: tuple[Participation, ...] = ()
    users: tuple[User, ...] = ()
    export: Export | None = None
    problems: tuple[Problem, ...] = ()
    absent: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    found: Mapping[str, int] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What refuses rows; an import that is all or nothing stops when there is one."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What came in all the same."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")

    def rows(self, row_type: type[Row]) -> tuple[Any, ...]:
        """The rows of one file."""
        return {
            Organization: self.organizations,
            Project: self.projects,
            ProjectCoC: self.project_cocs,
            Funder: self.funders,
            Inventory: self.inventories,
            Participation: self.participations,
            User: self.users,
            Export: (self.export,) if self.export else (),
        }[row_type]
