"""Writes the next migration from what the models have and the migrations lack, triggers included, to be read over.

`.venv/bin/python -m tools.migration "what changed"` writes migrations/versions/NNNN_what_changed.py.
"""

import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Collection
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import (
    CreateIndexOp,
    CreateTableOp,
    DowngradeOps,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    UpgradeOps,
)
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Engine, Index

import portal.models
from portal import migrate
from portal.db import Base, make_engine
from portal.migrate_queue import effects_of
from portal.models.base import Trigger
from workflows.vocabulary import Effect

VERSIONS = migrate.MIGRATIONS / "versions"
PAGE = '''\
"""{title}."""

import sqlalchemy as sa
from alembic import op

from portal.migrate_queue import take_effects

revision = "{number}"
down_revision = {before}
branch_labels = None
depends_on = None
{triggers}

def upgrade() -> None:
    {up}{create}{take}


def downgrade() -> None:{drop}
    {down}{give}
'''
TAKE = "\n    take_effects({words})"
RUN = """
    connection = op.get_bind()
    for statement in {name}[connection.dialect.name]:
        connection.exec_driver_sql(statement)"""


def write(what: str) -> Path:
    """The path of the new migration. Raises ValueError when nothing has changed."""
    existing = sorted(VERSIONS.glob("[0-9]*.py"))
    number = f"{len(existing) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/before.sqlite3")
        if existing:
            migrate.upgrade(engine)
        up, down = _differences(engine) if existing else _everything()
        triggers, effects = _missing_triggers(engine), _effects(engine)
        engine.dispose()
    wanted = tuple(effect.value for effect in Effect)
    more = bool(effects) and effects != wanted
    if up == "pass" and not triggers and not more:
        raise ValueError("The migrations already make everything that the models have.")
    slug = re.sub(r"[^a-z0-9]+", "_", what.lower()).strip("_")
    page = PAGE.format(
        title=what[0].upper() + what[1:].rstrip("."),
        number=number,
        before=f'"{existing[-1].name[:4]}"' if existing else "None",
        triggers=_trigger_texts(triggers),
        up=up,
        create=RUN.format(name="CREATE_TRIGGERS") if triggers else "",
        take=TAKE.format(words=wanted) if more else "",
        give=TAKE.format(words=effects) if more else "",
        drop=RUN.format(name="DROP_TRIGGERS") if triggers else "",
        down=down,
    )
    path = VERSIONS / f"{number}_{slug}.py"
    path.write_text(page)
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([ruff, "check", "--fix", "--quiet", "--select", "I,F401", path], check=False)
    subprocess.run([ruff, "format", "--quiet", path], check=True)
    return path


def _everything() -> tuple[str, str]:
    """All tables as the models have them; comparing with an empty database would skip indexes on expressions."""
    tables = Base.metadata.sorted_tables
    up: list[MigrateOperation] = []
    for table in tables:
        up.append(CreateTableOp.from_table(table))
        up += [CreateIndexOp.from_index(index) for index in sorted(table.indexes, key=lambda index: str(index.name))]
    down = [DropTableOp.from_table(table) for table in reversed(tables)]
    return _rendered(UpgradeOps(up)), _rendered(DowngradeOps(down))


def _differences(engine: Engine) -> tuple[str, str]:
    with engine.connect() as connection, warnings.catch_warnings():
        # Not compared here; the drift check reads the SQL itself and names an index on an expression that is missing.
        warnings.filterwarnings("ignore", message=".*expression-based index")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        script = produce_migrations(context, Base.metadata)
        there = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    for index in _on_expressions(engine):
        script.upgrade_ops.ops.append(CreateIndexOp.from_index(index))
        script.downgrade_ops.ops.insert(0, DropIndexOp.from_index(index))
    return _rendered(script.upgrade_ops, there), _rendered(script.downgrade_ops, there)


def _on_expressions(engine: Engine) -> list[Index]:
    """The indexes on expressions that the database lacks: the comparison passes over them."""
    with engine.connect() as connection:
        there = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'").scalars())
    return [
        index
        for table in Base.metadata.sorted_tables
        for index in sorted(table.indexes, key=lambda index: str(index.name))
        if index.name not in there and not all(isinstance(each, Column) for each in index.expressions)
    ]


def _rendered(operations: UpgradeOps | DowngradeOps, there: Collection[str] | None = None) -> str:
    """The operations as source; `there` are the tables that exist already, which are altered."""
    text = render_python_code(operations, render_as_batch=there is not None)
    for table in sorted({trigger.table for trigger in portal.models.TRIGGERS}.union(there or ())):
        # A table that SQLite makes anew loses its triggers, and its indexes on expressions are not read back: what was there
        # before is altered in place, or not at all.
        text = text.replace(
            f"batch_alter_table('{table}', schema=None)", f"batch_alter_table('{table}', recreate='never')"
        )
    # What a database has is read back in its own words, which the other one does not know.
    text = text.replace("sa.DATETIME()", "sa.DateTime()").replace("sa.INTEGER()", "sa.Integer()")
    return re.sub(r"^\s*# ###.*\n?", "", text, flags=re.MULTILINE).strip() or "pass"


def _effects(engine: Engine) -> tuple[str, ...]:
    """The effects that the queue takes on SQLite so far; none where there is no queue yet."""
    with engine.connect() as connection:
        query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'job'"
        return effects_of(connection.exec_driver_sql(query).scalar() or "")


def _missing_triggers(engine: Engine) -> list[Trigger]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars()
        existing = {" ".join(sql.split()) for sql in rows}
    return [
        trigger
        for trigger in portal.models.TRIGGERS
        if not {" ".join(statement.split()) for statement in trigger.sqlite} <= existing
    ]


def _trigger_texts(triggers: list[Trigger]) -> str:
    if not triggers:
        return ""
    create: dict[str, list[str]] = {"sqlite": [], "postgresql": []}
    drop: dict[str, list[str]] = {"sqlite": [], "postgresql": []}
    for trigger in triggers:
        create["sqlite"] += trigger.sqlite
        create["postgresql"] += trigger.postgresql
        on_sqlite, on_postgresql = _named("TRIGGER", trigger.sqlite), _named("TRIGGER", trigger.postgresql)
        drop["sqlite"] += [f"DROP TRIGGER {name}" for name in on_sqlite]
        drop["postgresql"] += [f"DROP TRIGGER {name} ON {trigger.table}" for name in on_postgresql]
        drop["postgresql"] += [f"DROP FUNCTION {name}()" for name in _named("FUNCTION", trigger.postgresql)]
    return f"\nCREATE_TRIGGERS = {_literal(create)}\nDROP_TRIGGERS = {_literal(drop)}\n"


def _literal(statements: dict[str, list[str]]) -> str:
    """The dictionary as source, its long statements cut into pieces that fit a line."""
    lines = ["{"]
    for dialect, texts in statements.items():
        lines.append(f"    {dialect!r}: [")
        for text in texts:
            pieces = re.findall(r".{1,90}(?:\s|$)", text) if len(text) > 90 else [text]
            assert "".join(pieces) == text
            if len(pieces) == 1:
                lines.append(f"        {text!r},")
            else:
                lines += ["        (", *(f"            {piece!r}" for piece in pieces), "        ),"]
        lines.append("    ],")
    return "\n".join([*lines, "}"])


def _named(what: str, statements: tuple[str, ...]) -> list[str]:
    return [found for text in statements for found in re.findall(rf"CREATE {what} (\w+)", text)]


def main(arguments: list[str]) -> int:
    """Ends with 0 when a migration was written, 1 when there is nothing to write, 2 when called wrongly."""
    if len(arguments) != 1 or not re.search(r"[A-Za-z]", arguments[0]):
        print('Say what changed, for example: python -m tools.migration "surveys have answers"', file=sys.stderr)
        return 2
    try:
        print(write(arguments[0]).relative_to(migrate.MIGRATIONS.parent))
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
