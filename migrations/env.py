"""How a migration runs: on the connection it is handed by portal.migrate, or on one it opens for the command line."""

import os

from alembic import context
from sqlalchemy import Connection

import portal.models  # noqa: F401  # every table must be known before anything is compared
from portal.db import Base, make_engine
from portal.migrate import migrating


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # SQLite cannot alter a column in place: the table is made anew and its rows are copied.
        render_as_batch=True,
        compare_type=True,
        compare_server_default=False,
    )
    context.run_migrations()


def database_url() -> str:
    url = context.get_x_argument(as_dictionary=True).get("url") or os.environ.get("PORTAL_DATABASE_URL", "")
    if not url:
        raise SystemExit("Which database? Give `-x url=...` or set PORTAL_DATABASE_URL.")
    return url


if context.is_offline_mode():
    raise SystemExit("Migrations read the database they change; run them without --sql.")

handed = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    engine = make_engine(database_url())
    with migrating(engine) as opened:
        run(opened)
    engine.dispose()
