"""Corrective actions: what was found wrong, what will be done by whom until when, and who saw that it was done (S1, S5)."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency
from portal.models.base import HasStatus, one_of, status_check
from portal.models.paperwork import StoredFile
from portal.models.people import Person
from workflows.processes import CORRECTIVE_ACTION

SOURCES = ("review", "incident", "plan")
_LIVING = text("source = 'review' AND status <> 'withdrawn'")


class CorrectiveAction(HasStatus, Base):
    """One thing to put right at an Agency (0: the Lead itself), or the standard that cannot be met for now.

    Whoever says it is done, whoever owns it and whoever asks for an exception never decide about it: the database
    refuses it too. The exception's part is empty until one is asked for, and says the last one that was.
    """

    __tablename__ = "corrective_action"
    __machine__ = CORRECTIVE_ACTION
    __table_args__ = (
        status_check(CORRECTIVE_ACTION),
        one_of("source", SOURCES, "source"),
        CheckConstraint("(source = 'review') = (review_id IS NOT NULL)", name="of_a_review"),
        CheckConstraint("(source = 'incident') = (incident_id IS NOT NULL)", name="of_an_incident"),
        CheckConstraint("verified_by IS NULL OR verified_by <> completed_by", name="another_verifies"),
        CheckConstraint("verified_by IS NULL OR owner_id IS NULL OR verified_by <> owner_id", name="not_its_owner"),
        CheckConstraint("(status = 'verified') = (verified_by IS NOT NULL)", name="verified"),
        CheckConstraint("(verified_by IS NULL) = (verified_at IS NULL)", name="verified_moment"),
        CheckConstraint("status NOT IN ('completed', 'verified') OR completed_by IS NOT NULL", name="completed"),
        CheckConstraint("(completed_by IS NULL) = (completed_at IS NULL)", name="completed_moment"),
        CheckConstraint("status NOT IN ('planned', 'completed', 'verified') OR owner_id IS NOT NULL", name="owned"),
        CheckConstraint("status NOT IN ('asked', 'accepted') OR asked_by IS NOT NULL", name="asked"),
        CheckConstraint("accepted_by IS NULL OR accepted_by <> asked_by", name="another_accepts"),
        CheckConstraint("accepted_by IS NULL OR owner_id IS NULL OR accepted_by <> owner_id", name="owner_does_not_accept"),
        CheckConstraint("(status = 'accepted') = (accepted_by IS NOT NULL)", name="accepted"),
        CheckConstraint("accepted_by IS NULL OR until IS NOT NULL", name="until"),
        ForeignKeyConstraint(["agency_id", "owner_id"], ["membership.agency_id", "membership.person_id"]),
        Index("ix_corrective_action_agency", "agency_id", "status", "due"),
        Index("ix_corrective_action_status", "status", "due", "id"),
        Index("ix_corrective_action_owner", "owner_id", "status"),
        Index("ix_corrective_action_incident", "incident_id"),
        Index("uq_corrective_action_finding", "review_id", "item", unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    source: Mapped[str] = mapped_column(String(10))
    review_id: Mapped[int | None] = mapped_column(ForeignKey("security_review.id"))
    item: Mapped[str] = mapped_column(String(20), default="")
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))
    category: Mapped[str] = mapped_column(String(40))
    wrong: Mapped[str] = mapped_column(String(2000))
    doing: Mapped[str] = mapped_column(String(2000), default="")
    owner_id: Mapped[int | None] = mapped_column(Integer)
    due: Mapped[date] = mapped_column(Date)
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime] = mapped_column(DateTime)
    completed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime)
    statement: Mapped[str] = mapped_column(String(2000), default="")
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    verified_at: Mapped[datetime | None] = mapped_column(DateTime)
    verified_how: Mapped[str] = mapped_column(String(1000), default="")
    justification: Mapped[str] = mapped_column(String(2000), default="")
    mitigation: Mapped[str] = mapped_column(String(2000), default="")
    until: Mapped[date | None] = mapped_column(Date)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime | None] = mapped_column(DateTime)
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime)
    accepted_reason: Mapped[str] = mapped_column(String(1000), default="")

    agency: Mapped[Agency] = relationship(viewonly=True)
    owner: Mapped[Person | None] = relationship(
        primaryjoin="CorrectiveAction.owner_id == Person.id", foreign_keys=[owner_id], viewonly=True
    )
    opener: Mapped[Person | None] = relationship(foreign_keys=[opened_by], viewonly=True)
    completer: Mapped[Person | None] = relationship(foreign_keys=[completed_by], viewonly=True)
    verifier: Mapped[Person | None] = relationship(foreign_keys=[verified_by], viewonly=True)
    asker: Mapped[Person | None] = relationship(foreign_keys=[asked_by], viewonly=True)
    accepter: Mapped[Person | None] = relationship(foreign_keys=[accepted_by], viewonly=True)
    steps: Mapped[list["CorrectiveStep"]] = relationship(order_by="CorrectiveStep.id", viewonly=True)
    files: Mapped[list["CorrectiveFile"]] = relationship(order_by="CorrectiveFile.id", viewonly=True)

    @property
    def number(self) -> str:
        """What people call it by: the year it was opened in, and its own number."""
        return f"CA-{self.opened_at.year}-{self.id:04d}"


class CorrectiveStep(Base):
    """One milestone of a corrective action; a new plan takes the undone ones away, and keeps what was done."""

    __tablename__ = "corrective_step"
    __table_args__ = (
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done"),
        Index("ix_corrective_step_action", "action_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("corrective_action.id"))
    text: Mapped[str] = mapped_column(String(500))
    due: Mapped[date] = mapped_column(Date)
    done_at: Mapped[datetime | None] = mapped_column(DateTime)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    doer: Mapped[Person | None] = relationship(viewonly=True)


class CorrectiveFile(Base):
    """A file that shows what was done; it stays for good, under its fingerprint."""

    __tablename__ = "corrective_file"
    __table_args__ = (UniqueConstraint("action_id", "stored_file_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("corrective_action.id"))
    stored_file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    note: Mapped[str] = mapped_column(String(300), default="")
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(DateTime)

    stored: Mapped[StoredFile] = relationship(viewonly=True)
    adder: Mapped[Person | None] = relationship(viewonly=True)
