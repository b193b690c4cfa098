"""People, their memberships at agencies, and the devices they work at."""

from datetime import datetime

from sqlalchemy import JSON, Computed, DateTime, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency

KEY = String(100).with_variant(String(100, collation="C"), "postgresql")
"""Letters in the order of their bytes on either database: so its index serves the order of a list and the start of a word."""


class Person(Base):
    """Somebody whom an Agency Admin or the Lead named; nobody registers themselves."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("email_key"),
        UniqueConstraint("lms_uid"),
        Index("ix_person_name", "last_key", "first_key"),
        Index("ix_person_first", "first_key"),
        Index("ix_person_mail", "email_key", postgresql_ops={"email_key": "varchar_pattern_ops"}),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320))
    phone: Mapped[str] = mapped_column(String(30), default="")
    title: Mapped[str] = mapped_column(String(100), default="")
    lms_uid: Mapped[str | None] = mapped_column(String(100))
    named_at: Mapped[datetime] = mapped_column(DateTime)
    named_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    last_key: Mapped[str] = mapped_column(KEY, Computed("lower(last_name)", persisted=True))
    first_key: Mapped[str] = mapped_column(KEY, Computed("lower(first_name)", persisted=True))

    memberships: Mapped[list["Membership"]] = relationship(viewonly=True)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def person_id(self) -> int:
        return self.id


class Membership(Base):
    """A person at an agency: the unit that gets access. What the person is and does there is evidence."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("agency_id", "person_id"),
        UniqueConstraint("id", "person_id"),
        UniqueConstraint("id", "agency_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(DateTime)
    nudged_at: Mapped[datetime | None] = mapped_column(DateTime)

    agency: Mapped[Agency] = relationship(viewonly=True)
    person: Mapped[Person] = relationship(viewonly=True)


class Device(Base):
    """A workstation from which the core HMIS may be reached, once its evidence says so.

    What it is (laptop, home office) and whether it is authorised is evidence; who has authorised it so far stands here.
    """

    __tablename__ = "device"
    __table_args__ = (UniqueConstraint("agency_id", "label"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    label: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(300), default="")
    entered_at: Mapped[datetime] = mapped_column(DateTime)
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    safeguards: Mapped[list[str]] = mapped_column(JSON, default=list)
    director_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    director_at: Mapped[datetime | None] = mapped_column(DateTime)
    admin_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    admin_at: Mapped[datetime | None] = mapped_column(DateTime)
