"""Evidence: what the gate reads. Rows are never edited or deleted; a mistake is withdrawn and recorded anew."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ColumnElement, Date, DateTime, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.models.base import Trigger, one_of
from workflows.questions import holds
from workflows.vocabulary import About, Kind

KEPT = (
    "id", "about", "subject_id", "kind", "detail", "value", "version", "valid_from", "valid_until", "recorded_at",
    "recorded_by", "rests_on", "rests_on_id", "note", "verified_how",
)  # fmt: skip


DEPARTURES = "kind = 'departure'"
"""Few have left: an index of those alone. Whoever asks for them writes this condition as it stands here."""

ROLES = "kind = 'role'"
"""Who holds an office, for PostgreSQL, which would look for the holders of one in all that is on record."""


class Evidence(Base):
    """Evidence of a kind about a subject, valid from day to day, known from moment to moment, and what it rests on."""

    __tablename__ = "evidence"
    __table_args__ = (
        one_of("about", About, "about"),
        one_of("kind", Kind, "kind"),
        CheckConstraint("valid_until >= valid_from", name="days"),
        CheckConstraint("withdrawn_at >= recorded_at", name="moments"),
        CheckConstraint("kind <> 'waiver' OR valid_until < '9999-12-31'", name="waiver_ends"),
        Index(
            "ix_evidence_asked", "about", "subject_id", "kind", "detail", "value", "version", "valid_from", "valid_until",
            "recorded_at", "withdrawn_at",
        ),  # one covering index: with (about, subject_id) alone the sweep grows faster than the community
        Index("ix_evidence_departure", "subject_id", sqlite_where=text(DEPARTURES), postgresql_where=text(DEPARTURES)),
        Index("ix_evidence_role", "detail", "subject_id", sqlite_where=text(ROLES), postgresql_where=text(ROLES)),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(64), default="")
    value: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[str] = mapped_column(String(64), default="")
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date, default=date.max)
    recorded_at: Mapped[datetime] = mapped_column(DateTime)
    withdrawn_at: Mapped[datetime] = mapped_column(DateTime, default=datetime.max)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    rests_on: Mapped[str] = mapped_column(String(40), default="")
    rests_on_id: Mapped[int] = mapped_column(Integer, default=0)
    note: Mapped[str] = mapped_column(String(1000), default="")
    verified_how: Mapped[str] = mapped_column(String(40), default="")
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_reason: Mapped[str] = mapped_column(String(1000), default="")

    @classmethod
    def in_force(cls, on: date | ColumnElement[date]) -> tuple[ColumnElement[bool], ...]:
        """The conditions for rows that hold on a day and were never taken back: what the gate reads of today."""
        return holds(cls, on), cls.withdrawn_at == datetime.max


class EndedEvidence(Base):
    """The mark on evidence that was withdrawn though it was right: it ended on its first day, and no day is left."""

    __tablename__ = "ended_evidence"
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), primary_key=True)


_SAME = " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in KEPT)
_SAME_PG = " OR ".join(f"NEW.{c} IS DISTINCT FROM OLD.{c}" for c in KEPT)

EVIDENCE_TRIGGERS = (
    Trigger(
        "evidence_is_kept", "evidence",
        sqlite=(
            f"CREATE TRIGGER evidence_is_kept BEFORE UPDATE ON evidence WHEN {_SAME} "
            "OR OLD.withdrawn_at < '9999-12-31' BEGIN SELECT RAISE(ABORT, 'evidence is never edited'); END",
            "CREATE TRIGGER evidence_is_not_deleted BEFORE DELETE ON evidence "
            "BEGIN SELECT RAISE(ABORT, 'evidence is never deleted'); END",
        ),
        postgresql=(
            "CREATE FUNCTION evidence_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'evidence is never deleted'; END IF; "
            f"IF {_SAME_PG} OR OLD.withdrawn_at < '9999-12-31' THEN RAISE EXCEPTION 'evidence is never edited'; END IF; "
            "RETURN NEW; END $$",
            "CREATE TRIGGER evidence_is_kept BEFORE UPDATE OR DELETE ON evidence "
            "FOR EACH ROW EXECUTE FUNCTION evidence_is_kept()",
        ),
    ),
)  # fmt: skip
