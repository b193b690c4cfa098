"""The log of data releases: who asked for what and why, in aggregate only, and who let it go ('Data Release Criteria')."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.base import HasStatus, status_check
from portal.models.people import Person
from workflows.processes import DATA_RELEASE


class DataRelease(HasStatus, Base):
    """One release of aggregate data. What was released is not kept here; `file_sha256` proves later which file it was.

    `asked_by` put it in the log and neither approves nor refuses it; `recipient` is who asked for the data.
    """

    __tablename__ = "data_release"
    __machine__ = DATA_RELEASE
    __table_args__ = (
        status_check(DATA_RELEASE),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="another_decides"),
        CheckConstraint("(status IN ('asked', 'withdrawn')) = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="moment"),
        CheckConstraint("(status = 'released') = (released_on IS NOT NULL)", name="released"),
        CheckConstraint("smallest_cell >= 2", name="aggregate"),
        CheckConstraint("period_until >= period_from", name="period"),
        CheckConstraint("file_sha256 = '' OR length(file_sha256) = 64", name="fingerprint"),
        Index("ix_data_release_status", "status", "asked_on", "id"),
        Index("ix_data_release_asked_on", "asked_on", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(String(200))
    recipient_key: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(String(1000))
    what: Mapped[str] = mapped_column(String(2000))
    what_key: Mapped[str] = mapped_column(String(2000))
    period_from: Mapped[date] = mapped_column(Date)
    period_until: Mapped[date] = mapped_column(Date)
    smallest_cell: Mapped[int] = mapped_column(Integer)
    suppression: Mapped[str] = mapped_column(String(1000))
    asked_on: Mapped[date] = mapped_column(Date)
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(DateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime)
    decided_reason: Mapped[str] = mapped_column(String(1000), default="")
    released_on: Mapped[date | None] = mapped_column(Date)
    released_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    released_how: Mapped[str] = mapped_column(String(500), default="")
    file_sha256: Mapped[str] = mapped_column(String(64), default="")
    file_name: Mapped[str] = mapped_column(String(200), default="")

    asker: Mapped[Person] = relationship(foreign_keys=[asked_by], viewonly=True)
    decider: Mapped[Person | None] = relationship(foreign_keys=[decided_by], viewonly=True)
    releaser: Mapped[Person | None] = relationship(foreign_keys=[released_by], viewonly=True)
