"""Outages and maintenance: what was announced, each thing said about it, who was told of it once, and who put its banner away."""

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.base import HasStatus, Trigger, one_of, status_check
from portal.models.people import Person
from workflows.outage_pack import Audience, Impact, OutageKind
from workflows.processes import OUTAGE

SAID = ("announced", "update", "corrected", "ended", "called_off")
_LIVE = text("status IN ('announced', 'going_on')")


class Outage(HasStatus, Base):
    """One time at which something cannot be used, or only with trouble.

    The weekly maintenance is the pack's, and has a row only where something is said of one of its evenings: it is
    called off, or takes longer. `occurrence_on` is that evening's day in the Lead's zone. `revision` grows with every
    change that whoever keeps a calendar must hear of; `touched_at` only ever moves on.
    """

    __tablename__ = "outage"
    __machine__ = OUTAGE
    __table_args__ = (
        status_check(OUTAGE),
        one_of("kind", OutageKind, "kind"),
        one_of("impact", Impact, "impact"),
        CheckConstraint("(kind = 'weekly') = (occurrence_on IS NOT NULL)", name="occurrence"),
        CheckConstraint("kind = 'unplanned' OR ends_expected_at IS NOT NULL", name="planned_to_end"),
        CheckConstraint("ends_expected_at IS NULL OR ends_expected_at > starts_at", name="expected"),
        CheckConstraint("ended_at IS NULL OR ended_at >= starts_at", name="order_of_moments"),
        CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("revision >= 0", name="revision"),
        UniqueConstraint("occurrence_on"),
        Index("ix_outage_starts", "starts_at", "id"),
        Index("ix_outage_live", "starts_at", sqlite_where=_LIVE, postgresql_where=_LIVE),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    impact: Mapped[str] = mapped_column(String(12), default="down")
    title: Mapped[str] = mapped_column(String(200))
    systems: Mapped[list[str]] = mapped_column(JSON, default=list)
    starts_at: Mapped[datetime] = mapped_column(DateTime)
    ends_expected_at: Mapped[datetime | None] = mapped_column(DateTime)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)
    occurrence_on: Mapped[date | None] = mapped_column(Date)
    vendor_case: Mapped[str] = mapped_column(String(100), default="")
    announced_at: Mapped[datetime] = mapped_column(DateTime)
    announced_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    touched_at: Mapped[datetime] = mapped_column(DateTime)
    revision: Mapped[int] = mapped_column(Integer, default=0)

    announcer: Mapped[Person | None] = relationship(foreign_keys=[announced_by], viewonly=True)
    updates: Mapped[list["OutageUpdate"]] = relationship(order_by="OutageUpdate.id", viewonly=True)

    @property
    def reference(self) -> str:
        """What people call it by: 'O-2026-0012'."""
        return f"O-{self.announced_at.year}-{self.id:04d}"


class OutageUpdate(Base):
    """One thing said about an outage, for everybody or for the staff alone; never edited and never removed.

    `tells` says whom it is mailed to ('': nobody), `told` how many people that was.
    """

    __tablename__ = "outage_update"
    __table_args__ = (
        one_of("kind", SAID, "kind"),
        one_of("tells", ("", *Audience), "tells"),
        CheckConstraint("tells = '' OR public", name="mailed_is_public"),
        CheckConstraint("told >= 0", name="told"),
        UniqueConstraint("id", "outage_id"),
        Index("ix_outage_update_outage", "outage_id", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"))
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(DateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    said: Mapped[str] = mapped_column(Text)
    public: Mapped[bool] = mapped_column(default=True)
    tells: Mapped[str] = mapped_column(String(12), default="")
    told: Mapped[int] = mapped_column(Integer, default=0)

    outage: Mapped[Outage] = relationship(viewonly=True)
    by: Mapped[Person | None] = relationship(foreign_keys=[by_id], viewonly=True)


class OutageNotice(Base):
    """That one person was written to about one update: the database keeps it from happening twice."""

    __tablename__ = "outage_notice"
    __table_args__ = (
        UniqueConstraint("update_id", "person_id"),
        ForeignKeyConstraint(["update_id", "outage_id"], ["outage_update.id", "outage_update.outage_id"]),
        Index("ix_outage_notice_person", "person_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"))
    update_id: Mapped[int] = mapped_column(Integer)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(DateTime)


class OutageAcknowledged(Base):
    """That somebody has read a banner and put it away: of an outage up to an update, or of one evening's maintenance."""

    __tablename__ = "outage_acknowledged"
    __table_args__ = (
        CheckConstraint("(outage_id IS NULL) <> (occurrence_on IS NULL)", name="of_one"),
        UniqueConstraint("person_id", "outage_id"),
        UniqueConstraint("person_id", "occurrence_on"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    outage_id: Mapped[int | None] = mapped_column(ForeignKey("outage.id"))
    occurrence_on: Mapped[date | None] = mapped_column(Date)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    at: Mapped[datetime] = mapped_column(DateTime)


_KEPT = "what was said about an outage is kept as it was said"


def _never(table: str, act: str) -> Trigger:
    name, said = f"{table}_no_{act.lower()}", _KEPT
    return Trigger(
        name, table,
        sqlite=(f"CREATE TRIGGER {name} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{said}'); END",),
        postgresql=(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{said}'; END $$",
            f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
    )  # fmt: skip


OUTAGE_TRIGGERS = (
    _never("outage", "DELETE"),
    _never("outage_update", "DELETE"),
    _never("outage_update", "UPDATE"),
    _never("outage_notice", "DELETE"),
    _never("outage_notice", "UPDATE"),
)
