"""What the help desk's clock goes by beside the pack: days the Lead closes or works, and when a ticket's clock stood."""

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, DateTime, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.people import Person


class Closure(Base):
    """A day on which the desk is closed beside the pack's holidays, or (`worked`) a holiday on which it works."""

    __tablename__ = "closure"
    __table_args__ = (UniqueConstraint("day"), CheckConstraint("name <> ''", name="named"))
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(100))
    worked: Mapped[bool] = mapped_column(Boolean, default=False)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(DateTime)

    adder: Mapped[Person | None] = relationship(foreign_keys=[added_by])


class TicketPause(Base):
    """The clock of one ticket stood from one moment to another; at most one such time of a ticket is open."""

    __tablename__ = "ticket_pause"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name="in_order"),
        Index("ix_ticket_pause_ticket", "ticket_id", "began_at"),
        Index(
            "uq_ticket_pause_open", "ticket_id", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    began_at: Mapped[datetime] = mapped_column(DateTime)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)
    why: Mapped[str] = mapped_column(String(100))
