"""The queue as the checks see it, whichever tables hold it on this database."""

from sqlalchemy import Connection, text

LEASED = "SELECT id, effect, key, state, run_at FROM job"
PROCRASTINATED = """SELECT id, task_name AS effect, lock AS key,
    CASE status WHEN 'todo' THEN 'waiting' WHEN 'doing' THEN 'running' WHEN 'failed' THEN 'failed' ELSE 'done' END AS state,
    CAST(args ->> 'run_at' AS timestamp) AS run_at
  FROM procrastinate_jobs"""


def within(connection: Connection, sql: str) -> str:
    """The statement with a table `queue` in front of it: id, effect, key, state (waiting, running, failed, done), run_at."""
    return f"WITH queue AS ({_source(connection)})\n{sql}" if "queue" in sql else sql


def _source(connection: Connection) -> str:
    if connection.dialect.name == "postgresql" and has_table(connection, "procrastinate_jobs"):
        return PROCRASTINATED
    return LEASED


def has_table(connection: Connection, name: str) -> bool:
    if connection.dialect.name == "postgresql":
        return connection.scalar(text("SELECT to_regclass(:name)").bindparams(name=name)) is not None
    query = text("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = :name")
    return bool(connection.scalar(query, {"name": name}))
