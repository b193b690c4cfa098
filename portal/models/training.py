"""Quiz results, every attempt kept, and the status of background checks."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.base import HasStatus, one_of, status_check
from portal.models.people import Membership, Person
from workflows.processes import BACKGROUND, TRAINING


class TrainingResult(HasStatus, Base):
    """One attempt at a course's quiz, as its source wrote it and as hundredths of a percent (79.999 % is 7999)."""

    __tablename__ = "training_result"
    __machine__ = TRAINING
    __table_args__ = (
        status_check(TRAINING),
        one_of("source", ("import", "hand", "certificate", "session"), "source"),
        CheckConstraint("score >= 0 AND score <= 10000", name="score"),
        UniqueConstraint("fingerprint"),
        Index("ix_training_result_person", "person_id", "course"),
        Index("ix_training_result_status", "status", "entered_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    course: Mapped[str] = mapped_column(String(64))
    course_as_written: Mapped[str] = mapped_column(String(200), default="")
    score: Mapped[int] = mapped_column(Integer)
    score_as_written: Mapped[str] = mapped_column(String(40))
    taken_at: Mapped[datetime] = mapped_column(DateTime)
    attempt: Mapped[int] = mapped_column(Integer, default=1)
    source: Mapped[str] = mapped_column(String(12))
    learner: Mapped[str] = mapped_column(String(320), default="")
    learner_email: Mapped[str] = mapped_column(String(320), default="")
    learner_uid: Mapped[str] = mapped_column(String(100), default="")
    fingerprint: Mapped[str] = mapped_column(String(64))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    flag: Mapped[str] = mapped_column(String(300), default="")
    note: Mapped[str] = mapped_column(String(1000), default="")
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(DateTime)

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id], viewonly=True)


class BackgroundCheck(HasStatus, Base):
    """The status of a check the Agency ordered and decided: dates, provider's reference, decider; never the report."""

    __tablename__ = "background_check"
    __machine__ = BACKGROUND
    __table_args__ = (
        status_check(BACKGROUND),
        Index("ix_background_check_person", "person_id"),
        Index("ix_background_check_membership", "membership_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ordered_on: Mapped[date] = mapped_column(Date)
    decided_on: Mapped[date | None] = mapped_column(Date)
    reference: Mapped[str] = mapped_column(String(60), default="")
    decider: Mapped[str] = mapped_column(String(200), default="")
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(DateTime)

    membership: Mapped[Membership] = relationship(viewonly=True)
