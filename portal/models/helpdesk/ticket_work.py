"""What the staff work with beside a ticket: drafts, who is looking at it, ready answers, and views that were kept."""

from datetime import datetime

from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.people import Person


class TicketDraft(Base):
    """What one person has written and not sent yet; `note` where it was to be an internal note."""

    __tablename__ = "ticket_draft"
    __table_args__ = (UniqueConstraint("ticket_id", "person_id"), Index("ix_ticket_draft_person", "person_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime] = mapped_column(DateTime)


class TicketPresence(Base):
    """Who had the ticket open when, and whether an answer was being written."""

    __tablename__ = "ticket_presence"
    __table_args__ = (UniqueConstraint("ticket_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    seen_at: Mapped[datetime] = mapped_column(DateTime)
    writing: Mapped[bool] = mapped_column(default=False)

    person: Mapped[Person] = relationship(viewonly=True)


class CannedReply(Base):
    """A ready answer with fields such as {name}, for some kinds of ticket or for all; retired, never removed."""

    __tablename__ = "canned_reply"
    __table_args__ = (
        Index(
            "uq_canned_reply_title", "title", unique=True,
            sqlite_where=text("retired_at IS NULL"), postgresql_where=text("retired_at IS NULL"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    written_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(DateTime)
    retired_at: Mapped[datetime | None] = mapped_column(DateTime)


class SavedView(Base):
    """A filter of the ticket list under a name: somebody's own, or everybody's on the desk (no owner)."""

    __tablename__ = "saved_view"
    __table_args__ = (
        Index("uq_saved_view_name", text("coalesce(owner_id, 0)"), "name", unique=True),
        Index("ix_saved_view_owner", "owner_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(1000))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(DateTime)
