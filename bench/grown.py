"""The made-up community multiplied: every row copied as often as is wanted, straight into the tables, in minutes.

A copy of an Agency, a person or a document is another one, with ids, names and addresses of its own; the Lead and its
staff are there once. A copied decision has no text: no page that is measured reads it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Engine, Integer, Table, func, inspect, select, text

from portal.db import Base
from portal.models import Membership
from workflows.vocabulary import LEAD

COPIED = (
    "job", "agency", "person", "account", "device", "evidence", "licence", "membership", "project", "access_request",
    "background_check", "decision", "document", "handover", "seat", "work_order", "access_grant", "audit_entry", "link",
    "signature", "training_result",
)  # fmt: skip
LETTERS = "abcdefghijklmnoprstu"
ANOTHER = "|| ' ' || " + " || ".join(f"substr('{LETTERS}', (copies.k / {d}) % 20 + 1, 1)" for d in (400, 20, 1))
MARKED = "'c' || copies.k || '.' || "
OWN: Mapping[tuple[str, str], str] = {
    ("person", "last_name"): f"was.last_name {ANOTHER}",
    ("person", "email"): f"{MARKED}was.email",
    ("person", "email_key"): f"{MARKED}was.email_key",
    ("person", "lms_uid"): f"{MARKED}was.lms_uid",
    ("agency", "name"): f"was.name {ANOTHER}",
    ("agency", "name_key"): f"was.name_key {ANOTHER}",
    ("agency", "hud_id"): f"{MARKED}was.hud_id",
    ("project", "hud_id"): f"{MARKED}was.hud_id",
    ("account", "user_id"): f"{MARKED}was.user_id",
    ("account", "external_id"): "copies.k || substr(was.external_id, 6)",
    ("link", "token_hash"): f"{MARKED}substr(was.token_hash, 8)",
    ("training_result", "fingerprint"): f"{MARKED}substr(was.fingerprint, 8)",
    ("training_result", "learner_email"): f"{MARKED}was.learner_email",
    ("training_result", "file_id"): "NULL",
    ("job", "key"): f"{MARKED}was.key",
    ("decision", "facts"): "'[]'",
    ("decision", "findings"): "'[]'",
}
"""What a copy has of its own, by table and column."""

KNOWN_BY_NOBODY = {
    ("evidence", "subject_id"): "subject",
    ("evidence", "rests_on_id"): "thing",
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

    def statement(self, table: Table, step: int, copies: int, first: int) -> str:
        """One insert for all copies: `n` counts them, `k` gives each a name that no other copy has."""
        columns = [column for column in table.c if column.computed is None]
        names = ", ".join(f'"{column.name}"' for column in columns)
        values = ", ".join(self._value(table, column, step) for column in columns)
        return (
            f"WITH RECURSIVE copies(n, k) AS (SELECT 1, {first} UNION ALL SELECT n + 1, k + 1 FROM copies WHERE n < {copies}) "
            f"INSERT INTO {table.name} ({names}) SELECT {values} FROM copies CROSS JOIN {table.name} AS was "
            f"WHERE was.id < {step} AND ({self.rows.get(table.name, 'true')})"
        )

    def _value(self, table: Table, column: Column, step: int) -> str:
        name = f'was."{column.name}"'
        here = table.name, column.name
        if here in OWN:
            return OWN[here]
        if here == ("evidence", "value"):
            device = self._moved(name, "device", step)
            return f"CASE WHEN was.kind = 'device_in_use' THEN {device} ELSE was.value END"
        if here == ("evidence", "detail"):
            project = self._moved("CAST(was.detail AS INTEGER)", "project", step)
            return f"CASE WHEN was.kind = 'project' THEN CAST({project} AS VARCHAR(64)) ELSE was.detail END"
        if column.name == "id":
            return f"was.id + copies.n * {step}"
        if here in KNOWN_BY_NOBODY:
            return self._moved(name, KNOWN_BY_NOBODY[here], step)
        if isinstance(column.type, Integer) and column.foreign_keys:
            return self._moved(name, self._target(column), step)
        return name

    def _moved(self, name: str, what: str, step: int) -> str:
        """The same id of the copy, unless the copy shares it with what it is a copy of."""
        moved = f"{name} + copies.n * {step}"
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
        },
        stays={"person": f"{{0}} <= {staff}", "agency": "{0} = 0", "membership": f"{{0}} <= {places}",
               "decision": f"{{0}} IN (SELECT id FROM decision WHERE membership_id <= {places})"},
    )  # fmt: skip


def people_of(agency_id: int) -> Copying:
    """The people of one Agency who hold no office there, with all that is theirs; the copies join the same Agency."""
    office = (
        "SELECT subject_id FROM evidence WHERE about = 'membership' AND kind = 'role' AND detail <> 'end_user' "
        f"AND subject_id IN (SELECT id FROM membership WHERE agency_id = {agency_id})"
    )
    several = "SELECT person_id FROM membership GROUP BY person_id HAVING count(*) > 1"
    chosen = f"FROM membership WHERE agency_id = {agency_id} AND id NOT IN ({office}) AND person_id NOT IN ({several})"
    members, people = f"SELECT id {chosen}", f"SELECT person_id {chosen}"
    of_members = ("access_request", "decision", "seat", "access_grant", "document", "background_check")
    of_people = ("account", "handover", "training_result", "audit_entry")
    return Copying(
        rows=dict.fromkeys(("agency", "project", "device", "job", "work_order"), "false")
        | dict.fromkeys(of_members, f"was.membership_id IN ({members})")
        | dict.fromkeys(of_people, f"was.person_id IN ({people})")
        | {
            "person": f"was.id IN ({people})",
            "membership": f"was.id IN ({members})",
            "licence": f"was.id IN (SELECT licence_id FROM seat WHERE membership_id IN ({members}))",
            "evidence": f"(was.about = 'person' AND was.subject_id IN ({people})) "
            f"OR (was.about = 'membership' AND was.subject_id IN ({members}))",
            "link": f"was.person_id IN ({people}) AND (was.document_id IS NULL "
            f"OR was.document_id IN (SELECT id FROM document WHERE membership_id IN ({members})))",
            "signature": f"was.document_id IN (SELECT id FROM document WHERE membership_id IN ({members}))",
        },
        stays={"person": f"{{0}} NOT IN ({people})", "agency": "true", "device": "true", "project": "true", "thing": "true"},
    )  # fmt: skip


def grow(engine: Engine, copies: int, what: Callable[[Connection], Copying] = everybody, *, first: int = 1) -> None:
    """Adds `copies` copies to what is in the database, named from `first` on (no two copies may share a number)."""
    if copies < 1:
        return
    with loading(engine) as connection:
        copying = what(connection)
        there = inspect(connection).get_table_names()  # what is a view here is another's table, and stays as it is
        tables = [table for table in Base.metadata.sorted_tables if table.name in COPIED and table.name in there]
        step = 1 + max(connection.scalar(select(func.max(table.c.id))) or 0 for table in tables)
        for table in reversed(tables):  # what is pointed at comes last: the conditions read it before it is copied
            connection.execute(text(copying.statement(table, step, copies, first)))
            count_on(connection, table)


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
