"""Agencies, their projects and whatever else their HMIS CSV files said."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, DateTime, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.base import HasStatus, status_check
from workflows.processes import AGENCY


class Agency(HasStatus, Base):
    """A Participating Agency; id 0 is the Lead's own organisation. What it is and has is evidence, not columns."""

    __tablename__ = "agency"
    __machine__ = AGENCY
    __table_args__ = (
        status_check(AGENCY),
        UniqueConstraint("name_key"),
        UniqueConstraint("hud_id"),
        Index("ix_agency_status", "status", "entered_at"),
        Index("ix_agency_entered", "entered_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200))
    common_name: Mapped[str] = mapped_column(String(200), default="")
    hud_id: Mapped[str | None] = mapped_column(String(32))
    phone: Mapped[str] = mapped_column(String(30), default="")
    email: Mapped[str] = mapped_column(String(320), default="")
    street: Mapped[str] = mapped_column(String(200), default="")
    city: Mapped[str] = mapped_column(String(80), default="")
    state: Mapped[str] = mapped_column(String(2), default="")
    zip: Mapped[str] = mapped_column(String(10), default="")
    mandated_by: Mapped[list[str]] = mapped_column(JSON, default=list)
    provider_id: Mapped[str] = mapped_column(String(32), default="")
    cells: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    entered_at: Mapped[datetime] = mapped_column(DateTime)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)
    ended_reason: Mapped[str] = mapped_column(String(1000), default="")
    successor: Mapped[str] = mapped_column(String(200), default="")

    projects: Mapped[list["Project"]] = relationship(order_by="Project.name", viewonly=True)

    @property
    def agency_id(self) -> int:
        return self.id


class Project(Base):
    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("hud_id"), UniqueConstraint("agency_id", "name"))
    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), index=True)
    hud_id: Mapped[str | None] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(200))
    common_name: Mapped[str] = mapped_column(String(200), default="")
    project_type: Mapped[int | None] = mapped_column(Integer)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    provider_id: Mapped[str] = mapped_column(String(32), default="")
    cells: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class HudRecord(Base):
    """One row of an HMIS CSV file below a project (or of User and Export), every cell as it was read."""

    __tablename__ = "hud_record"
    __table_args__ = (UniqueConstraint("file", "key"), Index("ix_hud_record_project", "project_id", "file"))
    id: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(32))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))
    cells: Mapped[dict[str, Any]] = mapped_column(JSON)
    imported_at: Mapped[datetime] = mapped_column(DateTime)
