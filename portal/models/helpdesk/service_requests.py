"""Service requests (H4): what the HMIS should do or which program changes, what was done for it, and who looked at the list each month."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, DateTime, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency, Project
from portal.models.base import HasStatus, one_of, status_check
from portal.models.helpdesk.knowledge import never_changed
from portal.models.people import Person
from workflows.front_processes import SERVICE_REQUEST

TO = ("vendor", "lead")
PRIORITIES = ("low", "normal", "high", "urgent")


class ServiceRequest(HasStatus, Base):
    """A change that an Agency (0: the Lead itself) asks for, of the vendor or of the Lead."""

    __tablename__ = "service_request"
    __machine__ = SERVICE_REQUEST
    __table_args__ = (
        status_check(SERVICE_REQUEST),
        one_of("sent_to", TO, "sent_to"),
        one_of("priority", PRIORITIES, "priority"),
        CheckConstraint("status NOT IN ('resolved', 'declined') OR resolution <> ''", name="resolved"),
        CheckConstraint("status NOT IN ('delivered', 'resolved') OR deliverable <> ''", name="delivered"),
        CheckConstraint("(status IN ('resolved', 'declined')) = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("status NOT IN ('accepted', 'in_progress') OR due IS NOT NULL", name="due"),
        Index("ix_service_request_status", "status", "due", "id"),
        Index("ix_service_request_agency", "agency_id", "id"),
        Index("ix_service_request_ticket", "ticket_id", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(150))
    description: Mapped[str] = mapped_column(String(4000))
    sent_to: Mapped[str] = mapped_column(String(10))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(DateTime)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    priority: Mapped[str] = mapped_column(String(10), default="normal")
    reference: Mapped[str] = mapped_column(String(60), default="")
    due: Mapped[date | None] = mapped_column(Date)
    deliverable: Mapped[str] = mapped_column(String(2000), default="")
    resolution: Mapped[str] = mapped_column(String(2000), default="")
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)

    agency: Mapped[Agency] = relationship(viewonly=True)
    asker: Mapped[Person | None] = relationship(foreign_keys=[asked_by], viewonly=True)
    change: Mapped["ProgramChange | None"] = relationship(viewonly=True)

    @property
    def number(self) -> str:
        """What people call it by: the year it was asked in, and its own number."""
        return f"SR-{self.asked_at.year}-{self.id:04d}"


class ProgramChange(Base):
    """What changes about a program of an Agency, as it was announced: the request beside it is where the Lead sets it up.

    `notice_days` are the business days between the day it was announced and the day from which it holds, 0 where that is
    the same day or past; `wanted_days` is what the pack asked for then.
    """

    __tablename__ = "program_change"
    __table_args__ = (
        UniqueConstraint("request_id"),
        CheckConstraint("notice_days >= 0 AND wanted_days >= 0", name="days"),
        CheckConstraint("program <> ''", name="program"),
        Index("ix_program_change_project", "project_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"))
    kind: Mapped[str] = mapped_column(String(40))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))
    program: Mapped[str] = mapped_column(String(200))
    becomes: Mapped[str] = mapped_column(String(300), default="")
    effective_on: Mapped[date] = mapped_column(Date)
    notice_days: Mapped[int] = mapped_column(Integer)
    wanted_days: Mapped[int] = mapped_column(Integer)

    project: Mapped[Project | None] = relationship(viewonly=True)

    @property
    def late(self) -> bool:
        """Whether fewer business days of notice were given than the manual asks for."""
        return self.notice_days < self.wanted_days


class ProgramTask(Base):
    """One thing that the HMIS Team does for a change of a program, in the pack's words when it was announced."""

    __tablename__ = "program_task"
    __table_args__ = (
        UniqueConstraint("request_id", "number"),
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"))
    number: Mapped[int] = mapped_column(Integer)
    what: Mapped[str] = mapped_column(String(200))
    done_at: Mapped[datetime | None] = mapped_column(DateTime)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    doer: Mapped[Person | None] = relationship(viewonly=True)


class ServiceActivity(Base):
    """Something done for a service request, or said about it; never changed."""

    __tablename__ = "service_activity"
    __table_args__ = (Index("ix_service_activity_request", "request_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"))
    at: Mapped[datetime] = mapped_column(DateTime)
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    said: Mapped[str] = mapped_column(String(2000))

    writer: Mapped[Person | None] = relationship(viewonly=True)


class ServiceReview(Base):
    """That somebody of the Lead looked at the list for a month: what stood on it at that moment, and its fingerprint."""

    __tablename__ = "service_review"
    __table_args__ = (
        UniqueConstraint("month"),
        CheckConstraint("listed >= 0", name="listed"),
        CheckConstraint("length(sha256) = 64", name="fingerprint"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(Date)
    reviewed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime] = mapped_column(DateTime)
    notes: Mapped[str] = mapped_column(String(2000))
    listed: Mapped[int] = mapped_column(Integer)
    rows: Mapped[list[Any]] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64))

    reviewer: Mapped[Person] = relationship(viewonly=True)


SERVICE_TRIGGERS = (
    never_changed("program_change", "a change of a program is kept as it was announced"),
    never_changed("service_activity", "what was done for a service request is never changed"),
    never_changed("service_review", "a review of the service requests is never changed"),
)
