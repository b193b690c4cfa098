"""Triggers that keep what is kept for good from being replaced, emptied out, or put where it does not belong."""

from portal.models.base import Trigger


def _kept(table: str, sentence: str) -> Trigger:
    """Refuses INSERT OR REPLACE on SQLite, which deletes without a word, and TRUNCATE on PostgreSQL."""
    name = f"{table}_is_not_replaced"
    there = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"  # noqa: S608 - a constant of ours
    return Trigger(
        name, table,
        sqlite=(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {there} BEGIN SELECT RAISE(ABORT, '{sentence}'); END",
        ),
        postgresql=(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{sentence}'; END $$",
            f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        ),
    )  # fmt: skip


_NEXT = "SELECT coalesce(max(seq), 0) + 1 FROM audit_entry"
_ORDER = "an entry of the record comes after the one before it"

KEPT_TRIGGERS = (
    _kept("evidence", "evidence is never replaced"),
    _kept("decision", "a decision is never replaced"),
    _kept("audit_entry", "the record is never replaced"),
    Trigger(
        "audit_is_in_order", "audit_entry",
        sqlite=(
            f"CREATE TRIGGER audit_is_in_order BEFORE INSERT ON audit_entry WHEN NEW.seq <> ({_NEXT}) "
            f"BEGIN SELECT RAISE(ABORT, '{_ORDER}'); END",
        ),
        postgresql=(
            "CREATE FUNCTION audit_is_in_order() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.seq <> ({_NEXT}) THEN RAISE EXCEPTION '{_ORDER}'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER audit_is_in_order BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_is_in_order()",
        ),
    ),
)  # fmt: skip
