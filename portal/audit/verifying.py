"""Reads the whole record and says whether every entry is what was sealed, in its place, and as long as the anchors knew it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from portal.audit import form, rows, sealing
from portal.audit.anchors import ANCHORED, Anchor, Anchors
from portal.audit.sealing import BEGINS, NEW_KEY
from portal.secrets import RecordKeys


@dataclass(frozen=True, slots=True)
class Break:
    """Where the record is broken: the number of the first entry it shows at, the kind in a word, and a sentence."""

    seq: int
    kind: str
    said: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verification found. `entries` were read, `earlier` of them from before there were seals."""

    entries: int
    earlier: int
    anchors: int
    last: int
    mac: str
    breaks: tuple[Break, ...]

    @property
    def sound(self) -> bool:
        return not self.breaks


def verify(connection: Connection, *, keys: RecordKeys, anchors: Anchors | None = None, since: int = 1) -> Outcome:
    """Verifies the sealed entries from the number `since` on, what is older than the chain, and the anchors.

    A batch in memory at a time. `anchors` are to be read before the connection looks for the first time; None leaves them
    out. With `since`, the entry before it is taken as it stands, and what is older than the chain is left out.
    """
    chain = _Chain(connection, keys, anchors, since)
    try:
        chain.follow()
        chain.outside()
    except rows.Unreadable as fault:
        chain.found.append(
            Break(chain.seq + 1, "unreadable", f"Entry {chain.seq + 1} or one after it cannot be read: {fault}")
        )
    chain.at_the_end()
    kept = len(anchors.kept) if anchors else 0
    return Outcome(chain.read, chain.earlier, kept, chain.seq, chain.mac, tuple(chain.found))


class _Chain:
    """One walk along the chain: where it is, the seal there, and what was found."""

    def __init__(self, connection: Connection, keys: RecordKeys, anchors: Anchors | None, since: int) -> None:
        self.connection, self.keys, self.since, self.anchors = connection, keys, since, anchors
        self.found: list[Break] = []
        self.seq, self.mac, self.key_id, self.read, self.earlier = 0, "", "", 0, 0
        self.left: set[str] = set()
        self.begins: Any = None
        self.coming: Iterator[Anchor] = iter(anchors.kept if anchors else ())
        self.next = next(self.coming, None)
        if since > 1:
            self._start()

    def _start(self) -> None:
        query = text("SELECT mac, key_id FROM audit_entry WHERE seq = :before")
        before = self.connection.execute(query, {"before": self.since - 1}).first()
        if before is None:
            self.found.append(Break(self.since - 1, "missing", f"Entry {self.since - 1} is not there."))
            return
        self.seq, self.mac, self.key_id = self.since - 1, before.mac, before.key_id
        while self.next is not None and self.next.seq < self.since:
            self.next = next(self.coming, None)

    def follow(self) -> None:
        """Entry by entry up to the first that is not what was sealed; one break is enough to say where."""
        if self.found:
            return
        for entry in rows.read(self.connection, since=self.since):
            self.read += 1
            wrong = self._wrong(entry)
            if wrong is not None:
                self.found.append(wrong)
                return
            self.seq, self.mac, self.key_id = entry["seq"], entry["mac"], entry["key_id"]
            if self.seq == 1:
                self.begins = entry["after"]
            while self.next is not None and self.next.seq <= self.seq:
                if self.next.seq == self.seq and self.next.mac != self.mac:
                    self.found.append(
                        Break(self.seq, "anchor", f"Entry {self.seq} is not the one that was anchored: all from some entry up to it was written anew.")
                    )  # fmt: skip
                    return
                self.next = next(self.coming, None)

    def _wrong(self, entry: dict[str, Any]) -> Break | None:
        seq, due = entry["seq"], self.seq + 1
        if not isinstance(seq, int) or seq < due:
            return Break(due, "inserted", f"The number {seq} comes twice: an entry was put in.")
        if seq > due:
            gone = f"Entry {due} is" if seq == due + 1 else f"Entries {due} to {seq - 1} are"
            return Break(due, "missing", f"{gone} missing.")
        if (due == 1) != (entry["act"] == BEGINS):
            return Break(due, "changed", f"Entry {due} is not how the record begins, or begins it once more.")
        if entry["key_id"] not in self.keys:
            return Break(due, "key", f"Entry {due} is sealed with the key {entry['key_id']!r}, which is not here.")
        if not self._same_key(entry):
            return Break(due, "key", f"Entry {due} is sealed with another key, and the record does not say so.")
        try:
            mac = self.keys.mac(entry["key_id"], form.sealed_bytes(self.mac, entry))
        except (TypeError, ValueError):
            mac = ""
        if mac != entry["mac"]:
            return Break(
                due, "changed", f"Entry {due} is not what was sealed: it, its place or the seal before it was changed."
            )
        return None

    def _same_key(self, entry: dict[str, Any]) -> bool:
        """Whether this entry may be sealed with its key: the one before it, or a new one that this entry announces."""
        if not self.key_id or entry["key_id"] == self.key_id:
            return True
        self.left.add(self.key_id)
        return entry["act"] == NEW_KEY and entry["key_id"] not in self.left

    def outside(self) -> None:
        """What is older than the chain, by the digest in its first entry; anything else outside of it was put there."""
        if self.since > 1:
            return
        self.earlier, digest = sealing.earlier(self.connection)
        self.read += self.earlier
        if self.begins is None:
            if self.earlier and not self.found:
                self.found.append(Break(0, "unsealed", f"{self.earlier:,} entries are not sealed. Run portal migrate."))
        elif self.begins != {"entries": self.earlier, "sha256": digest}:
            self.found.append(
                Break(0, "earlier", "The entries from before the seals are not those that entry 1 says: changed, taken away, or put there since.")
            )  # fmt: skip

    def at_the_end(self) -> None:
        """What only the anchors know: that there once was more."""
        if self.anchors is None:
            return
        if self.anchors.wrong:
            self.found.append(Break(self.seq, "anchor", f"The file of anchors was changed: {self.anchors.wrong}."))
        if self.found:
            return
        if self.next is not None:
            self.found.append(
                Break(
                    self.seq + 1, "cut", f"Entries after {self.seq} were cut off: number {self.next.seq} was anchored."
                )
            )
        elif not self.anchors.kept and self._anchored():
            self.found.append(
                Break(self.seq, "anchor", "The file of anchors is gone, so that nobody can say whether the end was cut off.")
            )  # fmt: skip

    def _anchored(self) -> bool:
        query = text("SELECT count(*) FROM audit_entry WHERE act = :act")
        return bool(self.connection.scalar(query, {"act": ANCHORED}))
