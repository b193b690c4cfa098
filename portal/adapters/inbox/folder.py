"""A folder of .eml files as a mailbox: what the demonstration and a machine without a mail server use."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.adapters.inbox.port import Fetched, InboxError

ASIDE = "taken-over"
HEAD = 65_536


class FolderInbox:
    """Whoever puts `something.eml` into the folder has sent a message; `taken-over` below it keeps what was taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"file:{folder.name}"

    @contextmanager
    def open(self) -> Iterator["_Open"]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            yield _Open(self.folder)
        except OSError as error:
            raise InboxError(f"The mail folder {self.folder.name} could not be read: {error.strerror}.") from error


class _Open:
    uidvalidity = 1

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        files = sorted(folder.glob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name))
        self._files = {_uid(file): file for file in files}

    def uids(self) -> list[int]:
        return [uid for uid, file in self._files.items() if file.exists()]

    def fetch(self, uid: int, *, most: int) -> Fetched | None:
        file = self._files.get(uid)
        if file is None or not file.exists():
            return None
        size = file.stat().st_size
        if size <= most:
            return Fetched(file.read_bytes(), size)
        with file.open("rb") as opened:
            return Fetched(re.split(rb"\r?\n\r?\n", opened.read(HEAD), maxsplit=1)[0], size, whole=False)

    def put_aside(self, uids: Iterable[int]) -> None:
        aside = self._folder / ASIDE
        for uid in uids:
            file = self._files.get(uid)
            if file is not None and file.exists():
                aside.mkdir(exist_ok=True)
                file.replace(aside / file.name)


def _uid(file: Path) -> int:
    """Another number for another content under the same name; below 2**48."""
    digest = hashlib.sha256(file.name.encode() + b"\x00")
    with file.open("rb") as opened:
        digest.update(hashlib.file_digest(opened, "sha256").digest())
    return int.from_bytes(digest.digest()[:6], "big")
