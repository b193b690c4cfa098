"""Lists of people as files: the core HMIS's roster, a Lead's spreadsheet on day one, and bundles of scans."""

from portal.adapters.people_files.archive import ArchiveError, in_folder, is_archive, unpacked
from portal.adapters.people_files.columns import (
    FIELDS,
    NOT_USED,
    Kind,
    MappingError,
    chosen,
    headers_sha256,
    known_keys,
    label_of,
    missing,
    proposed,
)
from portal.adapters.people_files.rows import Quiz, Row, Sheet, read_rows
from portal.adapters.people_files.workbook import read_spreadsheet

__all__ = [
    "FIELDS", "NOT_USED", "ArchiveError", "Kind", "MappingError", "Quiz", "Row", "Sheet", "chosen", "headers_sha256", "in_folder",
    "is_archive", "known_keys", "label_of", "missing", "proposed", "read_rows", "read_spreadsheet", "unpacked",
]  # fmt: skip
