"""Ways to falsify the record and its anchors, by raw SQL as somebody with the whole database in hand would."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from portal.audit import form
from portal.models import AuditEntry
from portal.secrets import RecordKeys

TABLE: Any = AuditEntry.__table__
Row = dict[str, Any]


@dataclass
class Forger:
    """Somebody who has a database with the triggers off, the file of anchors, and no key."""

    connection: Connection
    anchors: Path
    rng: random.Random
    done: str = ""
    fake: RecordKeys = field(default_factory=lambda: RecordKeys(["a key of the forger's own, made up for the purpose"]))

    def tamper(self) -> str:
        """Does one thing to the record, and says what."""
        name, way = self.rng.choice([*sorted(WAYS.items()), *[("edit", edit)] * 8])
        self.done = name
        way(self)
        return f"{name}: {self.done}"

    def rows(self) -> list[Row]:
        query = select(TABLE).where(TABLE.c.seq.is_not(None)).order_by(TABLE.c.seq)
        return [dict(row) for row in self.connection.execute(query).mappings()]

    def one(self) -> Row:
        return self.rng.choice(self.rows())

    def run(self, sql: str, **values: Any) -> None:
        assert self.connection.execute(text(sql), values).rowcount, sql

    def put(self, row: Row) -> None:
        self.connection.execute(insert(TABLE), [row])

    def new_id(self) -> int:
        return 1 + int(self.connection.scalar(text("SELECT max(id) FROM audit_entry")) or 0)

    def loosen(self) -> None:
        """Takes the index away that keeps two entries from having one number."""
        self.connection.execute(text("DROP INDEX uq_audit_entry_seq"))


def _another(forger: Forger, value: Any, name: str) -> Any:
    rng = forger.rng
    if isinstance(value, datetime):
        return value + rng.choice([-1, 1]) * timedelta(microseconds=rng.choice([1, 1_000_000, 86_400_000_000]))
    if isinstance(value, dict):
        return rng.choice(
            [
                {**value, "more": 1},
                {"other": [value]},
                {} if value else {"x": None},
                {**value, **dict.fromkeys([*value][:1]), "y": ""},
            ]
        )
    if isinstance(value, int) or (value is None and name != "refused"):
        return (value or 0) + rng.choice([1, 7, 1000])
    swapped = value.swapcase()
    return rng.choice(
        [value + " ", value[:-1] if value else "x", swapped if swapped != value else value + "?", value + "\u200b"]
    )


def edit(forger: Forger, name: str = "") -> None:
    row = forger.one()
    name = name or forger.rng.choice(TABLE.c.keys())
    if name in ("actor_id", "decision_id"):  # what the database itself holds to other tables
        value = (
            None
            if row[name] is not None
            else forger.connection.scalar(text(f"SELECT max(id) FROM {name[:-3].replace('actor', 'person')}"))
        )
    elif name == "id":
        value = forger.new_id() + forger.rng.randrange(9)
    elif name == "seq":
        value = forger.rng.choice([None, 1_000_000 + forger.rng.randrange(9)])
    elif name in ("mac", "key_id"):  # as long as the column is
        value = ("0" if row[name][0] != "0" else "1") + row[name][1:]
    else:
        value = _another(forger, row[name], name)
    forger.done = f"{name} of {row['seq']}: {row[name]!r} is {value!r}"
    assert value != row[name], forger.done
    forger.connection.execute(update(TABLE).where(TABLE.c.id == row["id"]).values({name: value}))


def edit_in_words(forger: Forger) -> None:
    """The plainest forgery: one word of one sentence."""
    row = forger.one()
    forger.run("UPDATE audit_entry SET said = 'Nothing happened.' WHERE id = :id", id=row["id"])


def new_seal(forger: Forger) -> None:
    row = forger.one()
    seal = forger.rng.choice(
        ["", "0" * 64, row["mac"][::-1] + "0", row["mac"].upper() + "x", forger.fake.mac(forger.fake.active, b"x")]
    )
    forger.run(
        "UPDATE audit_entry SET mac = :mac WHERE id = :id",
        mac=seal[:64] if seal[:64] != row["mac"] else "1" * 64,
        id=row["id"],
    )


def delete(forger: Forger) -> None:
    """One or some from the middle."""
    rows = forger.rows()
    first = forger.rng.randrange(len(rows) - 1)
    count = forger.rng.choice([1, 1, 2, 5, 40])
    last = min(first + count, len(rows) - 1)
    forger.done = f"{rows[first]['seq']} to {rows[last - 1]['seq']}"
    forger.run("DELETE FROM audit_entry WHERE seq >= :a AND seq < :b", a=rows[first]["seq"], b=rows[last]["seq"])


def delete_and_close_the_gap(forger: Forger) -> None:
    forger.loosen()
    seq = forger.rng.choice(forger.rows()[:-1])["seq"]
    forger.run("DELETE FROM audit_entry WHERE seq = :seq", seq=seq)
    forger.run("UPDATE audit_entry SET seq = seq - 1 WHERE seq > :seq", seq=seq)


def swap(forger: Forger) -> None:
    """Two entries change places, with or without their seals."""
    one, other = forger.rng.sample(forger.rows(), 2)
    forger.loosen()
    kept = {"seq"} | ({"mac", "key_id"} if forger.rng.random() < 0.5 else set())
    for mine, yours in ((one, other), (other, one)):
        values = {name: yours[name] for name in yours if name not in kept | {"id"}}
        values |= {name: mine[name] for name in kept}
        forger.connection.execute(update(TABLE).where(TABLE.c.id == mine["id"]).values(values))


def put_in(forger: Forger) -> None:
    """An entry that never was, at a number of its own with all later ones moved on, or with a number that is taken."""
    forger.loosen()
    like = forger.one()
    new = like | {
        "id": forger.new_id(),
        "said": "Access was approved.",
        "mac": forger.rng.choice([like["mac"], "2" * 64]),
    }
    if forger.rng.random() < 0.5:
        forger.connection.execute(update(TABLE).where(TABLE.c.seq >= like["seq"]).values(seq=TABLE.c.seq + 1))
    forger.put(new)


def put_beside(forger: Forger) -> None:
    """An entry outside the chain, as if it were older."""
    like = forger.one()
    forger.put(
        like | {"id": forger.new_id(), "seq": None, "mac": "", "key_id": "", "said": "Access was approved long ago."}
    )


def put_at_the_end(forger: Forger) -> None:
    last = forger.rows()[-1]
    seal = forger.rng.choice(["", last["mac"], "3" * 64])
    forger.put(
        last | {"id": forger.new_id(), "seq": last["seq"] + forger.rng.choice([1, 1, 2]), "mac": seal, "said": "Done."}
    )


def double(forger: Forger) -> None:
    """An entry twice, exactly the same, whatever number the second gets."""
    forger.loosen()
    row = forger.one()
    last = forger.rows()[-1]["seq"]
    forger.put(row | {"id": forger.new_id(), "seq": forger.rng.choice([row["seq"], last + 1, None])})


def cut_the_tail(forger: Forger) -> None:
    rows = forger.rows()
    count = forger.rng.choice([1, 2, 17, len(rows) // 2, len(rows)])
    forger.done = f"{count} of {len(rows)}"
    forger.run("DELETE FROM audit_entry WHERE seq >= :seq", seq=rows[-count]["seq"])


def cut_the_head(forger: Forger) -> None:
    """The oldest, and sometimes the rest renumbered from one."""
    forger.loosen()
    count = forger.rng.choice([1, 2, 17, 100])
    forger.run("DELETE FROM audit_entry WHERE seq <= :count", count=count)
    if forger.rng.random() < 0.5:
        forger.run("UPDATE audit_entry SET seq = seq - :count WHERE seq IS NOT NULL", count=count)


def write_anew(forger: Forger) -> None:
    """Everything from some entry on sealed again by a forger with a key of their own, under the right key's name or another."""
    rows = forger.rows()
    start = forger.rng.randrange(len(rows))
    keep_name = forger.rng.random() < 0.5
    before = rows[start - 1]["mac"] if start else ""
    rows[start]["said"] += " Not so."
    for row in rows[start:]:
        row["key_id"] = row["key_id"] if keep_name else forger.fake.active
        before = forger.fake.mac(forger.fake.active, _bytes(before, row))
        values = {"said": row["said"], "key_id": row["key_id"], "mac": before}
        forger.connection.execute(update(TABLE).where(TABLE.c.id == row["id"]).values(values))
    forger.done = f"from {start + 1}, the key's name {'kept' if keep_name else 'changed'}"


def edit_anchor(forger: Forger) -> None:
    lines = _anchors(forger)
    at = forger.rng.randrange(len(lines))
    line = json.loads(lines[at])
    name = forger.rng.choice(sorted(line))
    value = line[name]
    line[name] = value + 1 if isinstance(value, int) else ("0" if value[:1] != "0" else "1") + value[1:]
    lines[at] = json.dumps(line, sort_keys=True, separators=(",", ":"))
    forger.done = f"{name} of line {at + 1}"
    _put_anchors(forger, lines)


def lose_anchor(forger: Forger) -> None:
    """A line of the anchors away, but the last one: the file itself cannot know how it once ended."""
    lines = _anchors(forger)
    del lines[forger.rng.randrange(len(lines) - 1)]
    _put_anchors(forger, lines)


def swap_anchors(forger: Forger) -> None:
    lines = _anchors(forger)
    a, b = forger.rng.sample(range(len(lines)), 2)
    lines[a], lines[b] = lines[b], lines[a]
    _put_anchors(forger, lines)


def garble_anchor(forger: Forger) -> None:
    lines = _anchors(forger)
    lines[forger.rng.randrange(len(lines))] = forger.rng.choice(["", "{}", "nothing", '{"seq":1}'])
    _put_anchors(forger, lines)


def lose_the_anchors(forger: Forger) -> None:
    forger.anchors.unlink()


def _bytes(before: str, row: Row) -> bytes:
    return form.sealed_bytes(before, row | {"at": form.moment(row["at"])})


def _anchors(forger: Forger) -> list[str]:
    return forger.anchors.read_text(encoding="utf-8").splitlines()


def _put_anchors(forger: Forger, lines: Sequence[str]) -> None:
    forger.anchors.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


WAYS: dict[str, Callable[[Forger], None]] = {
    way.__name__: way
    for way in (
        edit, edit_in_words, new_seal, delete, delete_and_close_the_gap, swap, put_in, put_beside, put_at_the_end, double, cut_the_tail,
        cut_the_head, write_anew, edit_anchor, lose_anchor, swap_anchors, garble_anchor, lose_the_anchors,
    )
}  # fmt: skip
