"""How accounts that are older than the portal come in: imports, what the roster said, columns, addresses, bundled scans."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.base import HasStatus, one_of, status_check
from portal.models.paperwork import Document
from portal.models.people import Membership
from workflows.processes import BULK_SCAN


class DayOneImport(Base):
    """One roster or list of people that came in: what evidence of that day rests on."""

    __tablename__ = "day_one_import"
    __table_args__ = (one_of("kind", ("roster", "people"), "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    takes_over: Mapped[date] = mapped_column(Date)
    agreement_version: Mapped[str] = mapped_column(String(64), default="")
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    imported_at: Mapped[datetime] = mapped_column(DateTime)
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class RosterEntry(Base):
    """What the core HMIS's roster said last about one User ID, every cell as it was read."""

    __tablename__ = "roster_entry"
    __table_args__ = (Index("ix_roster_entry_email", "email_key"),)
    user_id: Mapped[str] = mapped_column(String(50), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email_key: Mapped[str] = mapped_column(String(320), default="")
    active: Mapped[bool] = mapped_column(Boolean)
    created_on: Mapped[date | None] = mapped_column(Date)
    provider: Mapped[str] = mapped_column(String(300), default="")
    cells: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    import_id: Mapped[int] = mapped_column(ForeignKey("day_one_import.id"))


class ColumnMap(Base):
    """What somebody said a list's columns hold, for the next list with the same headers."""

    __tablename__ = "column_map"
    __table_args__ = (UniqueConstraint("kind", "headers_sha256"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    headers_sha256: Mapped[str] = mapped_column(String(64))
    columns: Mapped[dict[str, str]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(DateTime)
    saved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class OtherAddress(Base):
    """An e-mail address that a list gave for somebody known by another one; nobody is ever written to at it."""

    __tablename__ = "other_address"
    email_key: Mapped[str] = mapped_column(String(320), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    said_at: Mapped[datetime] = mapped_column(DateTime)
    said_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class BulkScan(HasStatus, Base):
    """One file of a bundle of signed paper: what its name tells, and the document it became."""

    __tablename__ = "bulk_scan"
    __machine__ = BULK_SCAN
    __table_args__ = (
        status_check(BULK_SCAN),
        Index("ix_bulk_scan_status", "status", "id"),
        Index("ix_bulk_scan_sha256", "sha256"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(80), default="")
    size: Mapped[int] = mapped_column(Integer)
    pages: Mapped[int] = mapped_column(Integer, default=0)
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    kind: Mapped[str] = mapped_column(String(40), default="")
    version: Mapped[str] = mapped_column(String(20), default="")
    signed_on: Mapped[date | None] = mapped_column(Date)
    why: Mapped[str] = mapped_column(String(500), default="")
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"), index=True)
    arrived_at: Mapped[datetime] = mapped_column(DateTime)
    arrived_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    membership: Mapped[Membership | None] = relationship(viewonly=True)
    document: Mapped[Document | None] = relationship(viewonly=True)
