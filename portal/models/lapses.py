"""What runs out: lapses that are coming or have come, the days on which access may be suspended for them, the brake."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.base import HasStatus, one_of, status_check
from portal.models.people import Membership
from workflows.processes import SWEEP_STOP
from workflows.vocabulary import About

_OPEN = text("settled_at IS NULL")


class Lapse(Base):
    """One prerequisite of somebody with access that holds no longer from `due` on, as was foreseen or found.

    `told` is the nearest day of warning that went out, in days ahead; 0 when it was said that it has lapsed.
    """

    __tablename__ = "lapse"
    __table_args__ = (
        one_of("about", (About.AGENCY, About.MEMBERSHIP), "about"),
        CheckConstraint("told >= 0", name="told"),
        CheckConstraint("(told IS NULL) = (told_at IS NULL)", name="told_at"),
        Index(
            "uq_lapse_open", "about", "subject_id", "prerequisite", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
        Index("ix_lapse_agency", "agency_id", "due"),
        Index("ix_lapse_due", "due"),
        Index("ix_lapse_open", "due", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[int] = mapped_column(Integer)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    prerequisite: Mapped[str] = mapped_column(String(40))
    on_lapse: Mapped[str] = mapped_column(String(10))
    due: Mapped[date] = mapped_column(Date)
    found_at: Mapped[datetime] = mapped_column(DateTime)
    told: Mapped[int | None] = mapped_column(Integer)
    told_at: Mapped[datetime | None] = mapped_column(DateTime)
    settled_at: Mapped[datetime | None] = mapped_column(DateTime)


class LapseDay(Base):
    """A day of the Lead's: how much live access there was, how many lapses may suspend, how many did."""

    __tablename__ = "lapse_day"
    __table_args__ = (CheckConstraint("made >= 0 AND made <= allowed", name="made"),)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    live: Mapped[int] = mapped_column(Integer)
    allowed: Mapped[int] = mapped_column(Integer)
    made: Mapped[int] = mapped_column(Integer, default=0)
    weighed_at: Mapped[datetime | None] = mapped_column(DateTime)
    warned_at: Mapped[datetime | None] = mapped_column(DateTime)


class SweepStop(HasStatus, Base):
    """The brake, pulled: too many would have lost access for a lapse on one day, so none did and the Lead was asked."""

    __tablename__ = "sweep_stop"
    __machine__ = SWEEP_STOP
    __table_args__ = (
        status_check(SWEEP_STOP),
        CheckConstraint("(status = 'released') = (released_until IS NOT NULL)", name="released"),
        CheckConstraint("(status = 'pulled') = (ended_at IS NULL)", name="ended"),
        Index(
            "uq_sweep_stop_pulled", "status", unique=True,
            sqlite_where=text("status = 'pulled'"), postgresql_where=text("status = 'pulled'"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    pulled_at: Mapped[datetime] = mapped_column(DateTime)
    would_close: Mapped[int] = mapped_column(Integer)
    live: Mapped[int] = mapped_column(Integer)
    allowed: Mapped[int] = mapped_column(Integer)
    share: Mapped[int] = mapped_column(Integer)
    by_prerequisite: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_reason: Mapped[str] = mapped_column(String(1000), default="")
    released_until: Mapped[date | None] = mapped_column(Date)


class StoppedCase(Base):
    """One membership whose suspension waits behind the brake, and what it lacks, until `settled_at`."""

    __tablename__ = "stopped_case"
    __table_args__ = (
        Index(
            "uq_stopped_case_open", "stop_id", "membership_id", unique=True,
            sqlite_where=text("settled_at IS NULL"), postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_stopped_case_membership", "membership_id"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    stop_id: Mapped[int] = mapped_column(ForeignKey("sweep_stop.id"))
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id"))
    lacks: Mapped[str] = mapped_column(String(2000))
    """The ids of the prerequisites, each between two spaces, so that one of them is found in SQL."""
    found_at: Mapped[datetime] = mapped_column(DateTime)
    settled_at: Mapped[datetime | None] = mapped_column(DateTime)

    membership: Mapped[Membership] = relationship(viewonly=True)
    stop: Mapped[SweepStop] = relationship(viewonly=True)

    @property
    def prerequisites(self) -> tuple[str, ...]:
        return tuple(self.lacks.split())
