"""Unpacks a zip file of scans with limits, and gathers a folder: names and bytes, nothing decided about either."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from portal.adapters import zips

MOST_FILES = 1_000
MOST_LISTED = 5_000  # folders and the litter of a Mac are listed too
MOST_EACH = 15 * 1024 * 1024
MOST_BYTES = 400 * 1024 * 1024
_SKIPPED = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")


class ArchiveError(ValueError):
    """An archive that cannot be taken in; the text is a sentence that says what to do."""


def is_archive(data: bytes) -> bool:
    return data.startswith(b"PK\x03\x04")


def unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file in a zip file, read only as far as the limits go; folders lead into the name.

    Raises ArchiveError before anything is read where the archive's own list breaks a limit, and when a file turns out
    larger than it was said to be.
    """
    try:
        with zips.opened(data, most=MOST_LISTED) as archive:
            yield from _entries(archive)
    except zips.TooManyEntries:
        raise ArchiveError(
            f"This zip file lists more than {MOST_LISTED:,} files; at most {MOST_FILES:,} are taken. Split it."
        ) from None
    except zips.DamagedZip:
        raise ArchiveError("This zip file is damaged. Make it again and upload it.") from None


def _entries(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = [
        entry for entry in archive.infolist() if not entry.filename.endswith("/") and not _is_litter(entry.filename)
    ]
    if any(entry.flag_bits & 1 for entry in entries):
        raise ArchiveError("This zip file is protected by a password. Make one without and upload that.")
    if len(entries) > MOST_FILES:
        raise ArchiveError(f"This zip file holds {len(entries):,} files; at most {MOST_FILES:,} are taken. Split it.")
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise ArchiveError("This zip file unpacks to more than 400 MB. Split it and upload the parts.")
    for entry in entries:
        yield entry.filename, _content(archive, entry)


def in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name (with the folders below `folder`) and content of each file, in order of name; no links are followed."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    found = [path for path in found if not _is_litter(path.relative_to(folder).as_posix())]
    if len(found) > MOST_FILES * 10:
        raise ArchiveError(f"The folder holds {len(found):,} files; at most {MOST_FILES * 10:,} are taken. Split it.")
    for path in found:
        with path.open("rb") as file:
            yield path.relative_to(folder).as_posix(), file.read(MOST_EACH + 1)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        # One byte more than may be: whoever judges the file then sees that it is too large.
        return zips.content(archive, entry, most=MOST_EACH + 1)
    except zips.DamagedZip:
        raise ArchiveError(
            f"{Path(entry.filename).name[:60]!r} in this zip file can't be read. Make the zip file again."
        ) from None


def _is_litter(name: str) -> bool:
    lower = name.replace("\\", "/").casefold()
    return (
        lower.startswith(_SKIPPED[0])
        or lower.rsplit("/", 1)[-1] in _SKIPPED[1:]
        or lower.rsplit("/", 1)[-1].startswith("._")
    )
