"""Mail that came in: every message once, what became of it, and how the mailbox was found when it was last looked into."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.base import Trigger, one_of
from portal.models.helpdesk.tickets import Ticket
from portal.models.paperwork import StoredFile

OUTCOMES = ("entry", "auto_reply", "bounce", "list", "loop", "duplicate", "refused", "spam_guard")
"""What a message became: part of a ticket, one of the kinds that nobody answers, or one that was held."""

HELD = ("refused", "spam_guard")
"""Outcomes that wait for somebody's look."""

_WAITS = text("outcome IN ('refused', 'spam_guard') AND done_at IS NULL")


class MailArrival(Base):
    """One message of the help desk's mailbox: it is there before anything else of it is, and exactly once.

    `content_sha256` is the fingerprint of what it says (sender, subject, text, files), whichever way it travelled. `said`
    is why it became what it became, `proof` what the mail server said about the sender. Whoever looked at one that waits leaves `done_at` and `done_by`.
    """

    __tablename__ = "mail_arrival"
    __table_args__ = (
        UniqueConstraint("mailbox", "uidvalidity", "uid"),
        one_of("outcome", OUTCOMES, "outcome"),
        CheckConstraint("outcome <> 'entry' OR (ticket_id IS NOT NULL AND entry_id IS NOT NULL)", name="entry"),
        CheckConstraint("entry_id IS NULL OR ticket_id IS NOT NULL", name="whose_entry"),
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done"),
        Index("uq_mail_arrival_entry", "entry_id", unique=True),
        Index("ix_mail_arrival_message", "message_sha256"),
        Index("ix_mail_arrival_sender", "from_email", "arrived_at"),
        Index("ix_mail_arrival_outcome", "outcome", "id"),
        Index("ix_mail_arrival_ticket", "ticket_id"),
        Index("ix_mail_arrival_file", "raw_file_id"),
        Index("ix_mail_arrival_waits", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox: Mapped[str] = mapped_column(String(200))
    uidvalidity: Mapped[int] = mapped_column(BigInteger)
    uid: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    content_sha256: Mapped[str] = mapped_column(String(64), default="")
    message_id: Mapped[str] = mapped_column(String(998), default="")
    message_sha256: Mapped[str] = mapped_column(String(64), default="")
    from_email: Mapped[str] = mapped_column(String(320), default="")
    from_name: Mapped[str] = mapped_column(String(200), default="")
    subject: Mapped[str] = mapped_column(String(200), default="")
    size: Mapped[int] = mapped_column(Integer)
    arrived_at: Mapped[datetime] = mapped_column(DateTime)
    outcome: Mapped[str] = mapped_column(String(10))
    proof: Mapped[str] = mapped_column(String(8), default="", server_default="")
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_entry.id"))
    raw_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    said: Mapped[str] = mapped_column(String(300), default="")
    done_at: Mapped[datetime | None] = mapped_column(DateTime)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    ticket: Mapped[Ticket | None] = relationship(viewonly=True)
    raw_file: Mapped[StoredFile | None] = relationship(viewonly=True)

    @property
    def waits(self) -> bool:
        """Whether somebody has still to look at it."""
        return self.outcome in HELD and self.done_at is None


class MailboxLook(Base):
    """How a mailbox was found when it was last looked into; `since`: trouble began then, and `said` tells which."""

    __tablename__ = "mailbox_look"
    __table_args__ = (
        UniqueConstraint("mailbox"),
        CheckConstraint("(since IS NULL) = (said = '')", name="trouble"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox: Mapped[str] = mapped_column(String(200))
    looked_at: Mapped[datetime] = mapped_column(DateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(DateTime)
    since: Mapped[datetime | None] = mapped_column(DateTime)
    said: Mapped[str] = mapped_column(String(300), default="")


_KEPT = "a message that arrived stays on record"

MAIL_TRIGGERS = (
    Trigger(
        "mail_arrival_is_kept", "mail_arrival",
        sqlite=(f"CREATE TRIGGER mail_arrival_is_kept BEFORE DELETE ON mail_arrival BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END",),
        postgresql=(
            f"CREATE FUNCTION mail_arrival_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_KEPT}'; END $$",
            "CREATE TRIGGER mail_arrival_is_kept BEFORE DELETE ON mail_arrival FOR EACH ROW EXECUTE FUNCTION mail_arrival_is_kept()",
        ),
    ),
)  # fmt: skip
