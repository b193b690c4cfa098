"""The made-up community multiplied: every row copied as often as is wanted, straight into the tables, in minutes.

A copy of an Agency, a person or a document is another one, with ids, names and addresses of its own; the Lead and its
staff are there once. A copied decision has no text: no page that is measured reads it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Engine, Integer, Select, Table, func, inspect, select, text

from bench import queued
from portal.db import Base
from portal.models import Evidence, Membership
from workflows.vocabulary import LEAD

COPIED = (
    "job", "agency", "person", "account", "device", "evidence", "licence", "membership", "project", "access_request",
    "background_check", "decision", "document", "handover", "seat", "work_order", "access_grant", "audit_entry", "link",
    "signature", "training_result", "lapse",
)  # fmt: skip
FILLED_FROM = 7_000
"""Copies with this number and higher ones stand in every size (living.fill)."""
LETTERS = "abcdefghijklmnoprstu"
ANOTHER = "|| ' ' || " + " || ".join(f"substr('{LETTERS}', (copies.k / {d}) % 20 + 1, 1)" for d in (400, 20, 1))
MARKED = "'c' || copies.k || '.' || "
BEHIND = f"CASE WHEN copies.k < {FILLED_FROM} THEN 'Yonder ' ELSE '' END || was."
"""Before the name of an Agency or a person: the small community comes first in every list, so that the same ones are on a page."""
OWN: Mapping[tuple[str, str], str] = {
    ("person", "last_name"): f"{BEHIND}last_name {ANOTHER}",
    ("person", "email"): f"{MARKED}was.email",
    ("person", "email_key"): f"{MARKED}was.email_key",
    ("person", "lms_uid"): f"{MARKED}was.lms_uid",
    ("agency", "name"): f"{BEHIND}name {ANOTHER}",
    ("agency", "name_key"): f"lower({BEHIND}name_key {ANOTHER})",
    ("agency", "hud_id"): f"{MARKED}was.hud_id",
    ("project", "hud_id"): f"{MARKED}was.hud_id",
    ("account", "user_id"): f"{MARKED}was.user_id",
    ("account", "external_id"): "copies.k || substr(was.external_id, 6)",
    ("link", "token_hash"): f"{MARKED}substr(was.token_hash, 8)",
    ("training_result", "fingerprint"): f"{MARKED}substr(was.fingerprint, 8)",
    ("training_result", "learner_email"): f"{MARKED}was.learner_email",
    ("training_result", "file_id"): "NULL",
    ("job", "key"): f"{MARKED}was.key",
    ("audit_entry", "seq"): "NULL",
    ("audit_entry", "mac"): "''",
    ("audit_entry", "key_id"): "''",
    ("decision", "facts"): "'[]'",
    ("decision", "findings"): "'[]'",
}
"""What a copy has of its own, by table and column."""

KNOWN_BY_NOBODY = {
    ("evidence", "subject_id"): "subject",
    ("evidence", "rests_on_id"): "thing",
    ("lapse", "subject_id"): "subject",
    ("audit_entry", "thing_id"): "thing",
    ("audit_entry", "agency_id"): "agency",
    ("audit_entry", "person_id"): "person",
}
"""Ids of which the database does not know that they are, and of what."""

Shifted = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Copying:
    """What is copied: a condition for each table on the rows that are, and which ids stay as they are."""

    rows: Mapping[str, str]
    stays: Mapping[str, str]

    def statement(self, table: Table, step: int, copies: int, first: int, start: int) -> str:
        """One insert for all copies: `n` lies between their ids and those they are copies of, `k` is in their names.

        The ids of the copies begin after `start`; only what has an id below `step` is copied.
        """
        columns = [column for column in table.c if column.computed is None]
        names = ", ".join(f'"{column.name}"' for column in columns)
        values = ", ".join(self._value(table, column) for column in columns)
        return (
            f"WITH RECURSIVE copies(n, k) AS (SELECT {start}, {first} UNION ALL "
            f"SELECT n + {step}, k + 1 FROM copies WHERE k < {first + copies - 1}) "
            f"INSERT INTO {table.name} ({names}) SELECT {values} FROM copies CROSS JOIN {table.name} AS was "
            f"WHERE was.id < {step} AND ({self.rows.get(table.name, 'true')})"
        )

    def _value(self, table: Table, column: Column) -> str:
        name = f'was."{column.name}"'
        here = table.name, column.name
        if here in OWN:
            return OWN[here]
        if here == ("evidence", "value"):
            device = self._moved(name, "device")
            return f"CASE WHEN was.kind = 'device_in_use' THEN {device} ELSE was.value END"
        if here == ("evidence", "detail"):
            project = self._moved("CAST(was.detail AS INTEGER)", "project")
            return f"CASE WHEN was.kind = 'project' THEN CAST({project} AS VARCHAR(64)) ELSE was.detail END"
        if column.name == "id":
            return "was.id + copies.n"
        if here in KNOWN_BY_NOBODY:
            return self._moved(name, KNOWN_BY_NOBODY[here])
        if isinstance(column.type, Integer) and column.foreign_keys:
            return self._moved(name, self._target(column))
        return name

    def _moved(self, name: str, what: str) -> str:
        """The same id of the copy, unless the copy shares it with what it is a copy of."""
        moved = f"{name} + copies.n"
        if what not in self.stays:
            return moved
        stays = self.stays[what].format(name)
        return name if stays == "true" else f"CASE WHEN {stays} THEN {name} ELSE {moved} END"

    @staticmethod
    def _target(column: Column) -> str:
        """What a column points to: by its name where the pair of columns is what points."""
        table, _, target = next(iter(column.foreign_keys)).target_fullname.partition(".")
        return table if target == "id" else target.removesuffix("_id")


def everybody(connection: Connection) -> Copying:
    """All but the Lead and its staff, who came first."""
    lead = select(func.max(Membership.person_id), func.max(Membership.id)).where(Membership.agency_id == LEAD)
    staff, places = connection.execute(lead).one()
    others = select(func.count()).where((Membership.person_id <= staff) | (Membership.id <= places))
    if connection.scalar(others.where(Membership.agency_id != LEAD)):
        raise RuntimeError("The Lead's staff did not come first: nothing can be copied")
    at_agency, of_lead = "was.agency_id <> 0", "SELECT id FROM document WHERE agency_id = 0"
    here = dict.fromkeys(
        ("membership", "project", "device", "licence", "seat", "access_request", "document", "work_order"), at_agency
    )
    whose = dict.fromkeys(("account", "handover", "background_check", "access_grant"), f"was.person_id > {staff}")
    return Copying(
        rows=here | whose | {
            "agency": "was.id <> 0",
            "person": f"was.id > {staff}",
            "decision": f"was.membership_id > {places}",
            "evidence": "was.about <> 'lead' AND NOT (was.about = 'agency' AND was.subject_id = 0) "
            f"AND NOT (was.about = 'person' AND was.subject_id <= {staff}) "
            f"AND NOT (was.about = 'membership' AND was.subject_id <= {places})",
            "link": f"was.person_id > {staff} AND coalesce(was.document_id, 1) NOT IN ({of_lead})",
            "signature": f"was.document_id NOT IN ({of_lead})",
            "training_result": f"was.person_id IS NULL OR was.person_id > {staff}",
            "audit_entry": "was.agency_id IS NULL OR was.agency_id <> 0",
            "lapse": "was.agency_id <> 0",
        },
        stays={"person": f"{{0}} <= {staff}", "agency": "{0} = 0", "membership": f"{{0}} <= {places}",
               "decision": f"{{0}} IN (SELECT id FROM decision WHERE membership_id <= {places})"},
    )  # fmt: skip


def crowd_of(connection: Connection, agency_id: int) -> Copying:
    """The people of one Agency who hold no office there; the copies join the same Agency."""
    return those(connection, select(Membership.id).where(Membership.agency_id == agency_id))


def those(connection: Connection, members: Select[int], also: str = "false") -> Copying:
    """Some people with all that is theirs, as far as they hold no office and belong to one Agency, which the copies join.

    `also` says which quiz results are copied that are nobody's yet.
    """
    office = select(Evidence.subject_id).where(
        Evidence.about == "membership", Evidence.kind == "role", Evidence.detail != "end_user"
    )
    several = select(Membership.person_id).group_by(Membership.person_id).having(func.count() > 1)
    chosen = select(Membership.id, Membership.person_id).where(
        Membership.id.in_(members), Membership.id.not_in(office), Membership.person_id.not_in(several)
    )
    found = connection.execute(chosen).all()
    places, people = listed(row.id for row in found), listed(row.person_id for row in found)
    of_members = ("access_request", "decision", "seat", "access_grant", "document", "background_check")
    return Copying(
        rows=dict.fromkeys(("agency", "project", "device", "job"), "false")
        | dict.fromkeys(of_members, f"was.membership_id IN ({places})")
        | dict.fromkeys(("account", "handover", "training_result", "audit_entry"), f"was.person_id IN ({people})")
        | {
            "person": f"was.id IN ({people})",
            "membership": f"was.id IN ({places})",
            "training_result": f"was.person_id IN ({people}) OR ({also})",
            "licence": f"was.id IN (SELECT licence_id FROM seat WHERE membership_id IN ({places}))",
            "work_order": f"was.account_id IN (SELECT id FROM account WHERE person_id IN ({people}))",
            "lapse": f"was.about = 'membership' AND was.subject_id IN ({places})",
            "evidence": f"(was.about = 'person' AND was.subject_id IN ({people})) "
            f"OR (was.about = 'membership' AND was.subject_id IN ({places}))",
            "link": f"was.person_id IN ({people}) AND (was.document_id IS NULL "
            f"OR was.document_id IN (SELECT id FROM document WHERE membership_id IN ({places})))",
            "signature": f"was.document_id IN (SELECT id FROM document WHERE membership_id IN ({places}))",
        },
        stays={"person": f"{{0}} NOT IN ({people})", "agency": "true", "device": "true", "project": "true", "thing": "true"},
    )  # fmt: skip


def agencies(connection: Connection, which: Select[int]) -> Copying:
    """Some Agencies with their people and all that is theirs; whoever belongs to another one too stays who they are."""
    ids = set(connection.scalars(which))
    members = connection.execute(select(Membership.id, Membership.agency_id, Membership.person_id)).all()
    elsewhere = {row.person_id for row in members if row.agency_id not in ids}
    own = listed(ids)
    places = listed(row.id for row in members if row.agency_id in ids)
    people = listed(row.person_id for row in members if row.agency_id in ids and row.person_id not in elsewhere)
    theirs = f"SELECT id FROM document WHERE agency_id IN ({own})"
    of_agency = (
        "membership",
        "project",
        "device",
        "licence",
        "seat",
        "access_request",
        "document",
        "work_order",
        "audit_entry",
    )
    of_people = ("account", "handover", "background_check", "access_grant", "training_result")
    return Copying(
        rows=dict.fromkeys(of_agency, f"was.agency_id IN ({own})")
        | dict.fromkeys(of_people, f"was.person_id IN ({people})")
        | {
            "job": "false",
            "agency": f"was.id IN ({own})",
            "person": f"was.id IN ({people})",
            "decision": f"was.membership_id IN ({places})",
            "lapse": f"was.agency_id IN ({own})",
            "evidence": f"(was.about = 'agency' AND was.subject_id IN ({own})) OR (was.about = 'person' AND was.subject_id IN ({people})) "
            f"OR (was.about = 'membership' AND was.subject_id IN ({places})) "
            f"OR (was.about = 'device' AND was.subject_id IN (SELECT id FROM device WHERE agency_id IN ({own})))",
            "link": f"was.person_id IN ({people}) AND (was.document_id IS NULL OR was.document_id IN ({theirs}))",
            "signature": f"was.document_id IN ({theirs})",
        },
        stays={"person": f"{{0}} NOT IN ({people})", "agency": f"{{0}} NOT IN ({own})", "membership": f"{{0}} NOT IN ({places})"},
    )  # fmt: skip


def listed(ids: Iterable[int]) -> str:
    """Ids as SQL takes them in a list: 0, which nobody has, where there are none."""
    return ", ".join(str(each) for each in sorted(set(ids))) or "0"


def grow(
    engine: Engine,
    copies: int,
    what: Callable[[Connection], Copying] = everybody,
    *,
    first: int = 1,
    step: int | None = None,
) -> int:
    """Adds `copies` copies to what is in the database, named from `first` on (no two copies may share a number).

    The step by which their ids are apart, to be handed in where more is copied of the same: rows that came later are not.
    """
    with loading(engine) as connection:
        there = inspect(connection).get_table_names()  # what is a view here is another's table, and stays as it is
        tables = [table for table in Base.metadata.sorted_tables if table.name in COPIED and table.name in there]
        start = 1 + max(connection.scalar(select(func.max(table.c.id))) or 0 for table in tables)
        step = step or start
        if copies > 0:
            copying = what(connection)
            for table in reversed(tables):  # what is pointed at comes last: the conditions read it before it is copied
                connection.execute(text(copying.statement(table, step, copies, first, start)))
                count_on(connection, table)
            if what is everybody and engine.dialect.name == "postgresql":
                queued.multiply(connection, copies=copies, first=first, start=start, step=step)
    return step


@contextmanager
def loading(engine: Engine) -> Iterator[Connection]:
    """One transaction in which foreign keys are not looked at: what is copied was whole before."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            for pragma in ("foreign_keys = OFF", "synchronous = OFF", "cache_size = -1000000"):
                raw = connection.connection.driver_connection
                raw.execute(f"PRAGMA {pragma}")  # type: ignore[union-attr]
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield connection
        connection.invalidate()  # and with it what was set for the loading alone


def count_on(connection: Connection, table: Table) -> None:
    """Lets PostgreSQL go on numbering after the rows that were put in with their numbers."""
    if connection.dialect.name == "postgresql" and "id" in table.c:
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), greatest(max(id), 1)) FROM {table.name}"
        )


def settle(engine: Engine) -> None:
    """What PostgreSQL does by itself after a while; SQLite has no such housekeeping, and must do without."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
