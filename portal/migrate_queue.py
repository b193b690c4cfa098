"""What a migration does to the embedded queue's table, whose CHECK names the effects and which SQLite makes anew for it."""

import re
from collections.abc import Sequence

from alembic import op

_EFFECTS = re.compile(r"effect IN \(([^)]*)\)")


def take_effects(words: Sequence[str]) -> None:
    """Lets the queue take these effects and no others; jobs of another one are left out, since nobody carries them out.

    Nothing on PostgreSQL, where `job` is a view of another queue's tables.
    """
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    parts = connection.exec_driver_sql(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'job' AND sql IS NOT NULL"
    ).all()
    listed = ", ".join(f"'{word}'" for word in words)
    for kind, name, _ in parts:
        if kind != "table":
            connection.exec_driver_sql(f"DROP {kind.upper()} {name}")
    connection.exec_driver_sql("ALTER TABLE job RENAME TO job_before")
    for kind, _, sql in parts:
        if kind == "table":
            connection.exec_driver_sql(_EFFECTS.sub(f"effect IN ({listed})", sql))
    connection.exec_driver_sql(f"INSERT INTO job SELECT * FROM job_before WHERE effect IN ({listed})")  # noqa: S608 - words of ours
    connection.exec_driver_sql("DROP TABLE job_before")
    for kind, _, sql in parts:
        if kind != "table":
            connection.exec_driver_sql(sql)


def effects_of(create_table: str) -> tuple[str, ...]:
    """The effects that the table of the queue takes, as its CREATE TABLE says them."""
    found = _EFFECTS.search(create_table)
    return tuple(re.findall(r"'(\w+)'", found[1])) if found else ()
