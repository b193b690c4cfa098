"""The exact bytes of an entry that its seal is made of, written down for strangers in docs/audit-format.md."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

FIELDS = (
    "act", "actor", "actor_id", "address", "after", "agency_id", "at", "before", "decision_id", "id", "key_id", "on_behalf",
    "person_id", "refused", "said", "seq", "thing", "thing_id", "via",
)  # fmt: skip
"""What is sealed: every column of an entry but the seal itself."""


def canonical(entry: Mapping[str, Any]) -> bytes:
    """One entry as JSON: keys sorted, nothing between the marks, letters as they are, UTF-8.

    `entry` has FIELDS with `at` as text (see moment()). TypeError or ValueError for what no JSON can say.
    """
    whole = {name: entry[name] for name in FIELDS}
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def moment(at: datetime) -> str:
    """A moment of UTC, always with its microseconds: '2026-11-23T15:00:00.000000Z'."""
    return at.isoformat(timespec="microseconds") + "Z"


def sealed_bytes(before: str, entry: Mapping[str, Any]) -> bytes:
    """What the HMAC is taken of: the seal before it, a line break, the entry."""
    return before.encode("ascii") + b"\n" + canonical(entry)


def plain(value: Any) -> Any:
    """A value as the database hands it back: what JSON turns into something else is that already."""
    return json.loads(json.dumps(value))
