"""The record of what was done, and the queue of what is still to be done."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.base import Trigger, one_of
from workflows.vocabulary import Effect

_REFUSED = "refused <> ''"


class AuditEntry(Base):
    """One act or refusal: who, on whose behalf, from where, on what, in words, and why.

    `seq` counts what is sealed without a gap, and `mac` seals it onto the one before (docs/audit-format.md); what was on
    record before there were seals has no `seq`, and is covered by the first sealed entry.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_thing", "thing", "thing_id"),
        Index("ix_audit_entry_agency", "agency_id", "at"),
        Index("ix_audit_entry_person", "person_id", "at"),
        Index("ix_audit_entry_act", "act", "id"),
        Index("ix_audit_entry_actor", "actor_id", "id"),
        Index("uq_audit_entry_seq", "seq", unique=True),
        Index("ix_audit_entry_refused", "id", sqlite_where=text(_REFUSED), postgresql_where=text(_REFUSED)),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    actor: Mapped[str] = mapped_column(String(200))
    via: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(64), default="")
    act: Mapped[str] = mapped_column(String(60))
    thing: Mapped[str] = mapped_column(String(40), default="")
    thing_id: Mapped[int | None] = mapped_column(Integer)
    agency_id: Mapped[int | None] = mapped_column(Integer)
    person_id: Mapped[int | None] = mapped_column(Integer)
    said: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    refused: Mapped[str] = mapped_column(String(40), default="")
    on_behalf: Mapped[str] = mapped_column(String(200), default="", server_default="")
    seq: Mapped[int | None] = mapped_column(Integer)
    key_id: Mapped[str] = mapped_column(String(16), default="", server_default="")
    mac: Mapped[str] = mapped_column(String(64), default="", server_default="")


_SHARED = "state = 'waiting' AND coalesced"


class Job(Base):
    """An effect to come: claimed under a lease, tried again with back-off, in order for each `key`."""

    __tablename__ = "job"
    __table_args__ = (
        one_of("effect", Effect, "effect"),
        one_of("state", ("waiting", "running", "done", "failed", "dropped"), "state"),
        Index("uq_job_waiting", "effect", "key", unique=True, sqlite_where=text(_SHARED), postgresql_where=text(_SHARED)),
        Index("ix_job_due", "state", "run_at"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    effect: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(100))
    coalesced: Mapped[bool] = mapped_column(default=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    policy_version: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    enqueued_at: Mapped[datetime] = mapped_column(DateTime)
    run_at: Mapped[datetime] = mapped_column(DateTime)
    lease: Mapped[str] = mapped_column(String(32), default="")
    leased_until: Mapped[datetime | None] = mapped_column(DateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)


RECORD_TRIGGERS = (
    Trigger(
        "audit_is_kept", "audit_entry",
        sqlite=(
            "CREATE TRIGGER audit_is_kept BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the record is never edited'); END",
            "CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the record is never deleted'); END",
        ),
        postgresql=(
            "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'the record is never edited or deleted'; END $$",
            "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_is_kept()",
        ),
    ),
)  # fmt: skip
