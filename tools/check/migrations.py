"""Whether the migrations build the database that the models say: columns, constraints, indexes and triggers."""

import re
import tempfile
from pathlib import Path

from sqlalchemy import Engine, text

import portal.models
from portal import migrate
from portal.db import Base, make_engine

# pg_catalog prints each thing in one canonical form, so that two databases can be compared as text.
POSTGRESQL_SHAPE = """
SELECT 'table ' || table_name || ': column ' || column_name || ' ' || data_type
       || coalesce('(' || character_maximum_length || ')', '')
       || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END || coalesce(' default ' || column_default, '')
  FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL
SELECT 'table ' || relname || ': constraint ' || conname || ' ' || pg_get_constraintdef(c.oid)
  FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
 WHERE c.connamespace = 'public'::regnamespace AND relname <> 'alembic_version'
UNION ALL
SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
UNION ALL
SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE NOT tgisinternal
UNION ALL
SELECT 'function ' || proname || ': ' || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'view ' || viewname || ': ' || definition FROM pg_views WHERE schemaname = 'public'
UNION ALL
SELECT 'type ' || typname || ': ' || coalesce((SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder)
                                                 FROM pg_enum WHERE enumtypid = t.oid), '')
  FROM pg_type t LEFT JOIN pg_class r ON r.oid = t.typrelid
 WHERE t.typnamespace = 'public'::regnamespace AND (typtype = 'e' OR r.relkind = 'c')
"""

# Procrastinate's own schema stands in for the table `job` on PostgreSQL: no model makes it, tests/jobs hold it against
# the package and the view against the model.
QUEUE_ON_POSTGRESQL = re.compile(r"procrastinate_|^(table|view) job:|\bON public\.job\b")


def create_from_models(engine: Engine) -> None:
    """Builds an empty database straight from the models, triggers included: what the migrations are held against."""
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        for trigger in portal.models.TRIGGERS:
            for statement in getattr(trigger, engine.dialect.name):
                connection.exec_driver_sql(statement)


def shape(engine: Engine) -> set[str]:
    """Every column, constraint, index and trigger of a database, a line for each."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            return set(connection.execute(text(POSTGRESQL_SHAPE)).scalars())
        rows = connection.exec_driver_sql(
            "SELECT type, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
            "AND tbl_name <> 'alembic_version'"
        ).all()
    found = set()
    for kind, table, sql in rows:
        written = " ".join(sql.replace('"', "").split())
        if kind == "table":
            inner = written[written.index("(") + 1 : written.rindex(")")]
            found |= {f"table {table}: {part}" for part in _parts(inner)}
        else:
            found.add(f"{kind} {written}")
    return found


def drift(migrated: Engine, modelled: Engine) -> list[str]:
    """The sentences that say where a migrated database and one built from the models differ."""
    have, want = shape(migrated), shape(modelled)
    if migrated.dialect.name == "postgresql":
        have, want = ({line for line in lines if not QUEUE_ON_POSTGRESQL.search(line)} for lines in (have, want))
    return [
        *(f"The models have, and no migration makes: {line}" for line in sorted(want - have)),
        *(f"The migrations make, and the models lack: {line}" for line in sorted(have - want)),
    ]


def problems(root: Path) -> list[str]:
    """Drift on SQLite, and versions that are out of line; PostgreSQL is compared by the tests."""
    with tempfile.TemporaryDirectory() as folder:
        migrated = make_engine(f"sqlite:///{folder}/migrated.sqlite3")
        modelled = make_engine(f"sqlite:///{folder}/modelled.sqlite3")
        migrate.upgrade(migrated)
        create_from_models(modelled)
        found = drift(migrated, modelled)
        migrated.dispose()
        modelled.dispose()
    for path in sorted((root / "migrations" / "versions").glob("*.py")):
        if not re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", path.name):
            found.append(f"{path.name}: a migration is named NNNN_what_changed.py.")
    return found


def _parts(inner: str) -> list[str]:
    """Splits the inside of CREATE TABLE at its outermost commas."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, sign in enumerate(inner):
        if sign == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "," and depth == 0:
            parts.append(inner[start:at].strip())
            start = at + 1
    return [*parts, inner[start:].strip()]
