"""What an executive director lets somebody else of the Agency do in the director's place, for a while."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, ForeignKeyConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency
from portal.models.base import one_of
from portal.models.people import Person
from workflows.vocabulary import Scope

_OPEN = text("revoked_at IS NULL")


class Delegation(Base):
    """One group of acts, from one person of an Agency to another of the same, from day to day.

    It counts while `from_id` is the Agency's executive director and `to_id` has not left; see actors.delegated_to.
    """

    __tablename__ = "delegation"
    __table_args__ = (
        one_of("scope", Scope, "scope"),
        CheckConstraint("from_id <> to_id", name="two"),
        CheckConstraint("agency_id <> 0", name="of_an_agency"),
        CheckConstraint("ends_on >= starts_on", name="days"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
        ForeignKeyConstraint(["agency_id", "from_id"], ["membership.agency_id", "membership.person_id"]),
        ForeignKeyConstraint(["agency_id", "to_id"], ["membership.agency_id", "membership.person_id"]),
        Index("ix_delegation_to", "to_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_delegation_agency", "agency_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    from_id: Mapped[int] = mapped_column(Integer)
    to_id: Mapped[int] = mapped_column(Integer)
    scope: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(1000))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    given_at: Mapped[datetime] = mapped_column(DateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime)
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    revoked_reason: Mapped[str] = mapped_column(String(1000), default="")

    agency: Mapped[Agency] = relationship(viewonly=True)
    director: Mapped[Person] = relationship(
        primaryjoin=lambda: Delegation.from_id == Person.id, foreign_keys=lambda: Delegation.from_id, viewonly=True
    )
    delegate: Mapped[Person] = relationship(
        primaryjoin=lambda: Delegation.to_id == Person.id, foreign_keys=lambda: Delegation.to_id, viewonly=True
    )
