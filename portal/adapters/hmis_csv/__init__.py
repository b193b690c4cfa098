"""HMIS CSV, HUD's exchange format: reads the files that describe agencies, projects and users, and writes them."""

from portal.adapters.hmis_csv.reader import read
from portal.adapters.hmis_csv.rows import (
    Export,
    Funder,
    Inventory,
    Organization,
    Participation,
    Project,
    ProjectCoC,
    Reading,
    User,
)
from portal.adapters.hmis_csv.summary import Summary, summary
from portal.adapters.hmis_csv.writer import NotWritableError, write, write_reading

__all__ = [
    "Export",
    "Funder",
    "Inventory",
    "NotWritableError",
    "Organization",
    "Participation",
    "Project",
    "ProjectCoC",
    "Reading",
    "Summary",
    "User",
    "read",
    "summary",
    "write",
    "write_reading",
]
