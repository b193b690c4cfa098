"""Files under STORAGE, named by their SHA-256: written whole or not at all, checked when they are read."""

import hashlib
import os
import re
import uuid
from pathlib import Path


class FileLost(OSError):
    """A file that the record names is not there, or is not what was stored."""


class Storage:
    """A folder of files by fingerprint, two levels deep; the same content is kept once."""

    def __init__(self, root: Path):
        self.root = root

    def put(self, content: bytes) -> str:
        """Keeps the content and returns its SHA-256; nothing happens where it is kept already."""
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path(sha256)
        if target.exists() and target.stat().st_size == len(content):
            return sha256
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = target.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.chmod(0o600)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The content of that fingerprint; FileLost where it is missing or was changed on disk."""
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise FileLost(f"The file {sha256[:12]}… is not in the storage. Restore it from the backup.") from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise FileLost(f"The file {sha256[:12]}… was changed on disk. Restore it from the backup.")
        return content

    def remove(self, sha256: str) -> None:
        """Removes the file of that fingerprint for good; nothing happens where it is not there."""
        self.path(sha256).unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the file of that fingerprint lies; ValueError for anything that is none, such as a path."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError(f"{sha256[:70]!r} is no SHA-256 fingerprint.")
        return self.root / sha256[:2] / sha256[2:4] / sha256
