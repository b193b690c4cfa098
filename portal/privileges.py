"""What the portal's own role may do on PostgreSQL: everything but change what is kept for good.

The owner of the tables migrates; pages and workers sign in as another role, which can add to the record and read it.
"""

import re

from sqlalchemy import Connection, Engine, text

NAME = re.compile(r"[a-z_][a-z0-9_$]{0,62}")
ADDED_TO = ("audit_entry", "decision")
WITHDRAWN = ("withdrawn_at", "withdrawn_by", "withdrawn_reason")
_STANDS = (
    "SELECT rolsuper, EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND pg_has_role(:role, tableowner, 'MEMBER')) "
    "FROM pg_roles WHERE rolname = :role"
)


class NotGranted(ValueError):
    """The role cannot be held back; the sentence says why and what to do."""


def grant(engine: Engine, role: str) -> None:
    """Gives `role` what pages and workers need, and takes everything else from it; the same each time, in one transaction.

    NotGranted on SQLite, for a role that is not there, and for one that may do everything anyway: the tables' owner or a
    superuser.
    """
    if engine.dialect.name != "postgresql":
        raise NotGranted("SQLite has no roles: its triggers alone guard the record. Leave --app-role away.")
    if not NAME.fullmatch(role):
        raise NotGranted(f"{role!r} is no plain name of a role: small letters, digits and underscores.")
    with engine.begin() as connection:
        _refuse_mighty(connection, role)
        for statement in statements(role):
            connection.exec_driver_sql(statement)


def statements(role: str) -> list[str]:
    """The statements in their order, for whoever reads them first."""
    kept = ", ".join(ADDED_TO)
    return [
        f'REVOKE ALL ON ALL TABLES IN SCHEMA public FROM "{role}"',
        f'REVOKE CREATE ON SCHEMA public FROM PUBLIC, "{role}"',
        f'GRANT USAGE ON SCHEMA public TO "{role}"',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"',
        f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{role}"',
        f'REVOKE UPDATE, DELETE ON {kept}, evidence FROM "{role}"',
        f'GRANT UPDATE ({", ".join(WITHDRAWN)}) ON evidence TO "{role}"',
        f'REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM "{role}"',
    ]


def _refuse_mighty(connection: Connection, role: str) -> None:
    found = connection.execute(text(_STANDS), {"role": role}).first()
    if found is None:
        raise NotGranted(f"There is no role {role}. Make it first: CREATE ROLE {role} LOGIN PASSWORD '…'.")
    if any(found):
        raise NotGranted(
            f"{role} is a superuser or owns the tables, so nothing can be kept from it. Name the role that pages and workers sign in as."
        )
