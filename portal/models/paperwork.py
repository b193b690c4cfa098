"""Documents that people sign or fill in, their signatures, the files kept, and the links that invite to act."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency
from portal.models.base import HasStatus, one_of, status_check
from portal.models.people import Membership, Person
from workflows.processes import DOCUMENT

_OPEN = "status IN ('prepared', 'signed', 'scanned', 'rejected')"
_UNVERIFIED = "verified_at IS NULL"


class StoredFile(Base):
    """A file under STORAGE, named by its hash; never below the web root."""

    __tablename__ = "stored_file"
    __table_args__ = (UniqueConstraint("sha256", "document_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(Integer)
    pages: Mapped[int] = mapped_column(Integer, default=0)
    name: Mapped[str] = mapped_column(String(200))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    stored_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    stored_at: Mapped[datetime] = mapped_column(DateTime)


class Document(HasStatus, Base):
    """One piece of paperwork about an agency, a membership or a device, in one version of its text."""

    __tablename__ = "document"
    __machine__ = DOCUMENT
    __table_args__ = (
        status_check(DOCUMENT),
        Index(
            "uq_document_open", "kind", "version", "agency_id", text("coalesce(membership_id, 0)"), text("coalesce(device_id, 0)"),
            unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN),
        ),
        Index("ix_document_status", "status", "id"),
        Index(
            "ix_document_unverified", "status", "route", "kind", "id",
            sqlite_where=text(_UNVERIFIED), postgresql_where=text(_UNVERIFIED),
        ),
        Index("ix_document_person", "person_id"),
        Index("ix_document_of_agency", "agency_id", "kind", "status"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(20))
    text_sha256: Mapped[str] = mapped_column(String(64))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), index=True)
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    route: Mapped[str] = mapped_column(String(12), default="electronic")
    signed_on: Mapped[date | None] = mapped_column(Date)
    prepared_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    prepared_at: Mapped[datetime] = mapped_column(DateTime)
    executed_at: Mapped[datetime | None] = mapped_column(DateTime)
    executed_sha256: Mapped[str] = mapped_column(String(64), default="")
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    verified_at: Mapped[datetime | None] = mapped_column(DateTime)
    verified_how: Mapped[str] = mapped_column(String(20), default="")
    rejected_reason: Mapped[str] = mapped_column(String(1000), default="")
    round: Mapped[int] = mapped_column(Integer, default=1)

    agency: Mapped[Agency] = relationship(viewonly=True)
    membership: Mapped[Membership | None] = relationship(viewonly=True)
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id], viewonly=True)
    signatures: Mapped[list["Signature"]] = relationship(order_by="Signature.id", viewonly=True)


class Signature(Base):
    """One person's signature on a document, with everything that shows who, when and to what."""

    __tablename__ = "signature"
    __table_args__ = (
        UniqueConstraint("document_id", "capacity", "round"),
        one_of("method", ("electronic", "paper"), "method"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    round: Mapped[int] = mapped_column(Integer, default=1)
    capacity: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    method: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(100), default="")
    authority: Mapped[str] = mapped_column(Text, default="")
    consent_version: Mapped[str] = mapped_column(String(20), default="")
    consent_sha256: Mapped[str] = mapped_column(String(64), default="")
    initials: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    content_sha256: Mapped[str] = mapped_column(String(64))
    authentication: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(320), default="")
    code_entered_at: Mapped[datetime | None] = mapped_column(DateTime)
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id"))
    scan_sha256: Mapped[str] = mapped_column(String(64), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(300), default="")
    signed_at: Mapped[datetime] = mapped_column(DateTime)


class Link(Base):
    """A link that left the portal: what it is for, to whom, until when, and its one-time code. The token is not kept."""

    __tablename__ = "link"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        one_of("purpose", ("invitation", "signing", "sign_in", "reset", "download"), "purpose"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"), index=True)
    document_sha256: Mapped[str] = mapped_column(String(64), default="")
    sent_at: Mapped[datetime] = mapped_column(DateTime)
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime] = mapped_column(DateTime)
    opened_at: Mapped[datetime | None] = mapped_column(DateTime)
    used_at: Mapped[datetime | None] = mapped_column(DateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime)
    code_secret: Mapped[str] = mapped_column(String(64), default="")
    code_counter: Mapped[int] = mapped_column(Integer, default=0)
    code_sent_at: Mapped[datetime | None] = mapped_column(DateTime)
    code_tries: Mapped[int] = mapped_column(Integer, default=0)
    code_proven_at: Mapped[datetime | None] = mapped_column(DateTime)
    codes_mailed: Mapped[int] = mapped_column(Integer, default=0)

    person: Mapped[Person] = relationship(foreign_keys=[person_id], viewonly=True)
    document: Mapped[Document | None] = relationship(viewonly=True)


class Draft(Base):
    """What somebody typed and has not sent yet, by page; kept so that nothing is lost."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("person_id", "page"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    page: Mapped[str] = mapped_column(String(200))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(DateTime)
    sent: Mapped[bool] = mapped_column(Boolean, default=False)
