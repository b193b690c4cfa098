"""Entries wait for the end of their transaction, and are written there at once, each sealed onto the one before.

Whoever seals holds a lock until the commit, so that the chain has no fork and no gap; nothing is locked after it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event, insert, text
from sqlalchemy.orm import Session, SessionTransaction

from portal.audit import form, rows
from portal.config import Settings
from portal.models import AuditEntry
from portal.secrets import RecordKeys

Entry = dict[str, Any]

LOCK_KEY = 580_362  # any number that nothing else asks PostgreSQL's advisory locks for
BEGINS, NEW_KEY = "record.begin", "record.key"
_PENDING, KEYS = "record", "record_keys"

_ENTRIES: Any = AuditEntry.__table__
_HEAD = "SELECT seq, mac, key_id FROM audit_entry WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1"
_LAST_ID = "SELECT coalesce(max(id), 0) AS id FROM audit_entry"
_NUMBERS = "SELECT nextval(pg_get_serial_sequence('audit_entry', 'id')) AS next_id FROM generate_series(1, :wanted)"
_NEXT = {  # the head and the ids to come, in one look
    "sqlite": f"SELECT h.*, m.id + 1 AS next_id FROM ({_LAST_ID}) m LEFT JOIN ({_HEAD}) h ON true",  # noqa: S608 - constants
    "postgresql": f"SELECT h.*, n.next_id FROM ({_NUMBERS}) n LEFT JOIN ({_HEAD}) h ON true",  # noqa: S608 - constants
}


class NotSealed(RuntimeError):
    """The record cannot be sealed, so that nothing is done either; the sentence says what to do."""


class Head(NamedTuple):
    """The last sealed entry: its number, its seal, and the id of the key that made it."""

    seq: int
    mac: str
    key_id: str


def add(session: Session, entries: Sequence[Entry]) -> None:
    """Puts entries, in this order, behind those that wait for the session's commit."""
    if not session.in_transaction():  # what waits belongs to a transaction, and goes with it
        session.begin()
    session.info.setdefault(_PENDING, []).extend(entries)


def reserve(session: Session) -> int:
    """The id that the next entry of this session will have, for what rests on it; add the entry right after."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(text("SELECT nextval(pg_get_serial_sequence('audit_entry', 'id'))")))
    # The one writer of SQLite is this session, and a savepoint that is taken back takes the last entries, never earlier ones.
    last = connection.scalar(text("SELECT coalesce(max(id), 0) FROM audit_entry"))
    return int(last) + len(session.info.get(_PENDING, ())) + 1 + (0 if head(connection) else 1)


def head(connection: Connection) -> Head | None:
    """The last sealed entry, as this connection sees it."""
    found = connection.execute(text(_HEAD)).one_or_none()
    return Head(*found) if found else None


def write(session: Session) -> None:
    """Seals and writes what waits; done by itself at the commit. NotSealed where it cannot be done."""
    entries: list[Entry] = session.info.get(_PENDING) or []
    if not entries:
        return
    session.flush()  # a decision that an entry names must be there first
    _write(session.connection(), entries, _keys(session))
    entries.clear()


def begin(session: Session, *, now: datetime) -> bool:
    """Begins the chain where it has not begun, which seals all that was there before; whether it did."""
    connection, keys = session.connection(), _keys(session)
    _lock(connection)
    if head(connection) is not None:
        return False
    _write(connection, [], keys, at=now)
    return True


def _write(connection: Connection, entries: Sequence[Entry], keys: RecordKeys, at: datetime | None = None) -> None:
    _lock(connection)
    wanted = sum("id" not in entry for entry in entries)
    sqlite = connection.dialect.name == "sqlite"
    found = connection.execute(text(_NEXT[connection.dialect.name]), {} if sqlite else {"wanted": wanted + 1}).all()
    last = Head(*found[0][:3]) if found[0].seq is not None else None
    free = (
        iter(range(found[0].next_id, found[0].next_id + len(entries) + 2))
        if sqlite
        else iter(sorted(r.next_id for r in found))
    )
    whole = [*_first(connection, last, keys, at or entries[0]["at"]), *entries]
    ready = []
    for number, entry in enumerate(whole, start=last.seq + 1 if last else 1):
        own = next(free) if sqlite or "id" not in entry else entry["id"]
        if "id" in entry and own != entry["id"]:
            raise NotSealed("An entry that others rest on would get another number than it was promised. Try again.")
        ready.append(entry | {"id": own, "seq": number, "key_id": keys.active})
    connection.execute(insert(_ENTRIES), [*_chained(ready, last.mac if last else "", keys)])


def _first(connection: Connection, last: Head | None, keys: RecordKeys, at: datetime) -> list[Entry]:
    """What the chain itself has to say first: that it begins, or that another key seals from here on."""
    if not keys.active:
        raise NotSealed("No key seals the record. Set PORTAL_AUDIT_KEY or PORTAL_SECRET_KEY.")
    if last is None:
        return [_beginning(connection, at)]
    if last.key_id == keys.active:
        return []
    changes = connection.scalars(text("SELECT said FROM audit_entry WHERE act = :act"), {"act": NEW_KEY})
    if last.key_id not in keys or any(f"instead of {keys.active}." in said for said in changes):
        raise NotSealed(
            f"The record is sealed with the key {last.key_id}, and this process seals with {keys.active}, which it has "
            "not or which was left before. Start it again with the newest PORTAL_AUDIT_KEY first and the earlier ones behind it."
        )
    return [
        _own(at, NEW_KEY, f"From here on the key {keys.active} seals the record, instead of {last.key_id}.")
        | {"before": {"key": last.key_id}, "after": {"key": keys.active}}
    ]


def _beginning(connection: Connection, at: datetime) -> Entry:
    count, digest = earlier(connection)
    before = f"{count:,} entries from before are kept as they are" if count else "Nothing was on record before"
    return _own(at, BEGINS, f"The sealed record begins. {before}.") | {"after": {"entries": count, "sha256": digest}}


def earlier(connection: Connection) -> tuple[int, str]:
    """How many entries stand outside the chain, and the SHA-256 of all of them in order of id, a line each."""
    digest, count = hashlib.sha256(), 0
    for each in rows.read(connection, sealed=False):
        digest.update(_line(each) + b"\n")
        count += 1
    return count, digest.hexdigest()


def _line(each: Entry) -> bytes:
    try:
        return form.canonical(each)
    except (TypeError, ValueError):  # nothing that the portal ever wrote
        return b"?"


def _own(at: datetime, act: str, said: str) -> Entry:
    return {
        "at": at, "actor_id": None, "actor": "The portal", "via": "portal", "on_behalf": "", "address": "", "act": act, "thing": "",
        "thing_id": None, "agency_id": None, "person_id": None, "said": said, "before": {}, "after": {}, "decision_id": None,
        "refused": "",
    }  # fmt: skip


def _chained(entries: Sequence[Entry], mac: str, keys: RecordKeys) -> Iterator[Entry]:
    for entry in entries:
        said = entry | {
            "at": form.moment(entry["at"]),
            "before": form.plain(entry["before"]),
            "after": form.plain(entry["after"]),
        }
        mac = keys.mac(entry["key_id"], form.sealed_bytes(mac, said))
        yield entry | {"mac": mac}


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # A statement of its own: the one that reads the head must begin after the lock is held.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})


def _keys(session: Session) -> RecordKeys:
    found: RecordKeys | None = session.info.get(KEYS)
    return found or Settings.from_environment(needs_secret=False).record_keys


# --- what waits follows the transaction: taken back with a savepoint, gone with the whole ------------------------------

_began: WeakKeyDictionary[SessionTransaction, int] = WeakKeyDictionary()


@event.listens_for(Session, "after_transaction_create")
def _remember(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        _began[transaction] = len(session.info.get(_PENDING, ()))


@event.listens_for(Session, "after_soft_rollback")
def _take_back(session: Session, transaction: SessionTransaction) -> None:
    whole: SessionTransaction | None = transaction
    while whole is not None and not whole.nested and whole.parent is not None:
        whole = whole.parent  # what a flush began is part of the savepoint around it
    del session.info.get(_PENDING, [])[_began.get(whole, 0) if whole is not None else 0 :]


@event.listens_for(Session, "before_commit")
def _at_the_end(session: Session) -> None:
    if not session.in_nested_transaction():
        write(session)


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.get(_PENDING, []).clear()
