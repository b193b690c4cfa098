"""The record's head, written down outside the database from time to time: a file of lines, each sealed onto the line before.

Whoever cuts the end of the record off, or writes all of it anew, cannot make it agree with these lines.
"""

import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from portal.audit import form
from portal.audit.sealing import Head
from portal.secrets import RecordKeys

ANCHORED = "record.anchor"
"""The entry that says that anchors are kept from here on: without it nobody would miss the file."""

_FIELDS = ("at", "key_id", "mac", "seq")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The record's last entry as it once was: its number and its seal."""

    seq: int
    mac: str


@dataclass(frozen=True, slots=True)
class Anchors:
    """What a file of anchors says: those that can be relied on in order, and what is wrong with the file ('' for nothing)."""

    kept: tuple[Anchor, ...] = ()
    wrong: str = ""


def put(path: Path, head: Head, *, keys: RecordKeys, now: datetime) -> bool:
    """Adds the head as a line and has it on the disk; False where the last line is as far already.

    OSError where the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        os.fchmod(file.fileno(), 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)  # two workers must not seal two lines onto the same one
        last = _last(file)
        if last and last["seq"] >= head.seq:  # a record that is shorter than it was leaves the file as the witness
            return False
        line: dict[str, Any] = {"at": form.moment(now), "key_id": keys.active, "mac": head.mac, "seq": head.seq}
        line["seal"] = _seal(last["seal"] if last else "", line, keys)
        file.seek(0, os.SEEK_END)
        torn = file.tell() > 0 and not _ends_well(file)
        file.write((b"\n" if torn else b"") + _text(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def read(path: Path, *, keys: RecordKeys) -> Anchors:
    """The anchors of a file; none where there is no file. A line that a power cut tore is passed over, any other is not."""
    if not path.exists():
        return Anchors()
    found: list[Anchor] = []
    seal, number, unread = "", 0, 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = _line(raw)
            if line is None:
                unread = number if raw.endswith(b"\n") else unread
                continue
            unread = 0
            if line["key_id"] not in keys:
                return Anchors(
                    tuple(found), f"line {number} was sealed with the key {line['key_id']}, which is not here"
                )
            if _seal(seal, line, keys) != line["seal"]:
                return Anchors(tuple(found), f"line {number} or the one before it was changed, moved or taken away")
            seal = line["seal"]
            found.append(Anchor(line["seq"], line["mac"]))
    if unread:
        return Anchors(tuple(found), f"line {unread} says nothing that can be read")
    return Anchors(tuple(found))


def _seal(before: str, line: dict[str, Any], keys: RecordKeys) -> str:
    sealed = {name: line[name] for name in _FIELDS}
    return keys.mac(line["key_id"], b"anchor\n" + before.encode("ascii") + b"\n" + _text(sealed))


def _text(line: dict[str, Any]) -> bytes:
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _line(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(line, dict) or set(line) != {*_FIELDS, "seal"}:
        return None
    good = isinstance(line["seq"], int) and all(isinstance(line[name], str) for name in ("at", "key_id", "mac", "seal"))
    return line if good and line["seal"].isascii() else None


def _last(file: Any) -> dict[str, Any] | None:
    """The last line that can be read, looked for from the end: the file grows for years."""
    size = file.seek(0, os.SEEK_END)
    reach = 4096
    while size:
        file.seek(max(0, size - reach))
        lines: Sequence[bytes] = file.read().splitlines()
        for raw in reversed(lines if reach >= size else lines[1:]):
            if (line := _line(raw)) is not None:
                return line
        if reach >= size:
            return None
        reach *= 4
    return None


def _ends_well(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    good = file.read(1) == b"\n"
    file.seek(0, os.SEEK_END)
    return bool(good)
