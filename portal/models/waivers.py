"""Waivers: asked for by one person, given by another, for a prerequisite that the pack lets be waived (G1)."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, ForeignKeyConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency
from portal.models.base import HasStatus, status_check
from portal.models.people import Person
from workflows.processes import WAIVER

_ASKED = text("status = 'asked'")


class Waiver(HasStatus, Base):
    """One waiver of one prerequisite, for a whole Agency or for one of its people; what the gate reads is its evidence.

    `person_id` is whom it is for, empty where it is for the Agency. Whoever decides is neither that person nor the one
    who asked: the database refuses it too.
    """

    __tablename__ = "waiver"
    __machine__ = WAIVER
    __table_args__ = (
        status_check(WAIVER),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="another_decides"),
        CheckConstraint("decided_by IS NULL OR person_id IS NULL OR decided_by <> person_id", name="not_for_oneself"),
        CheckConstraint("(status IN ('asked', 'withdrawn')) = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="moment"),
        CheckConstraint("(status IN ('given', 'ended')) = (evidence_id IS NOT NULL)", name="evidence"),
        CheckConstraint("(membership_id IS NULL) = (person_id IS NULL)", name="whose"),
        ForeignKeyConstraint(["membership_id", "agency_id"], ["membership.id", "membership.agency_id"]),
        ForeignKeyConstraint(["membership_id", "person_id"], ["membership.id", "membership.person_id"]),
        Index("ix_waiver_status", "status", "until", "id"),
        Index("ix_waiver_agency", "agency_id", "status"),
        Index("ix_waiver_membership", "membership_id"),
        Index(
            "uq_waiver_asked", "agency_id", text("coalesce(membership_id, 0)"), "prerequisite", unique=True, sqlite_where=_ASKED, postgresql_where=_ASKED
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    membership_id: Mapped[int | None] = mapped_column(Integer)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    prerequisite: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(String(1000))
    until: Mapped[date] = mapped_column(Date)
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(DateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime)
    decided_reason: Mapped[str] = mapped_column(String(1000), default="")
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))

    agency: Mapped[Agency] = relationship(viewonly=True)
    whom: Mapped[Person | None] = relationship(foreign_keys=[person_id], viewonly=True)
    asker: Mapped[Person] = relationship(foreign_keys=[asked_by], viewonly=True)
    decider: Mapped[Person | None] = relationship(foreign_keys=[decided_by], viewonly=True)

    @property
    def subject(self) -> str:
        """Whom or what it is for, in words."""
        return f"{self.whom.name} at {self.agency.name}" if self.whom else f"everybody at {self.agency.name}"
