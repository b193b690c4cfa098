"""Opens zip files that strangers made: counted before they are opened, read no further than a limit, every fault one error."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

_ENTRY = (
    b"PK\x01\x02"  # begins each line of an archive's own list; zipfile makes an object of several hundred bytes of each
)

# What the standard library's reader has raised on damaged files, beside its own error.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, IndexError, KeyError, OverflowError,
    RuntimeError, NotImplementedError,
)  # fmt: skip


class DamagedZip(ValueError):
    """The file is no zip file that can be read, or this entry of it is not."""


class TooManyEntries(ValueError):
    """The file lists more entries than the limit; it was not opened."""


@contextmanager
def opened(data: bytes, *, most: int) -> Iterator[zipfile.ZipFile]:
    """The archive in `data`. TooManyEntries, before anything is read, where it lists more than `most`; DamagedZip."""
    if data.count(_ENTRY) > most:
        raise TooManyEntries
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED as fault:
        raise DamagedZip from fault
    with archive:
        yield archive


def content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, most: int) -> bytes:
    """The first `most` bytes of an entry, however far it unpacks. DamagedZip, also for one that a password protects."""
    try:
        with archive.open(entry) as file:
            return file.read(most)
    except _DAMAGED as fault:
        raise DamagedZip from fault
