"""Senders of mail: what our own mail server said about whoever a message says it is from, and who made sure in another way."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.base import Trigger, one_of
from portal.models.people import Person

PROOFS = ("proven", "failed", "unsaid")
"""It is so, it is not so, or the server said nothing."""

_OPEN = text("proof IN ('failed', 'unsaid') AND vouched_at IS NULL")


class SenderProof(Base):
    """One message that came by mail. `said` is the server's own words; `how` is how `vouched_by` made sure of the sender."""

    __tablename__ = "sender_proof"
    __table_args__ = (
        UniqueConstraint("entry_id"),
        one_of("proof", PROOFS, "proof"),
        CheckConstraint(
            "(vouched_at IS NULL) = (vouched_by IS NULL) AND (vouched_at IS NULL) = (how = '')", name="vouched"
        ),
        CheckConstraint("vouched_at IS NULL OR proof <> 'proven'", name="vouched_for_what"),
        Index("ix_sender_proof_open", "ticket_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("ticket_entry.id"))
    proof: Mapped[str] = mapped_column(String(8))
    said: Mapped[str] = mapped_column(String(200), default="")
    vouched_at: Mapped[datetime | None] = mapped_column(DateTime)
    vouched_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    how: Mapped[str] = mapped_column(String(300), default="")

    voucher: Mapped[Person | None] = relationship(viewonly=True)

    @property
    def open(self) -> bool:
        """Whether nobody has made sure yet that it comes from whom it says."""
        return self.proof != "proven" and self.vouched_at is None


_SAID = "what the mail server said about a sender stays as it said it"
_OTHER = (
    "NEW.entry_id <> OLD.entry_id OR NEW.ticket_id <> OLD.ticket_id OR NEW.proof <> OLD.proof OR NEW.said <> OLD.said "
    "OR (OLD.vouched_at IS NOT NULL AND (NEW.vouched_at IS NULL OR NEW.vouched_at <> OLD.vouched_at "
    "OR NEW.vouched_by <> OLD.vouched_by OR NEW.how <> OLD.how))"
)

SENDER_TRIGGERS = (
    Trigger(
        "sender_proof_is_as_said", "sender_proof",
        sqlite=(
            f"CREATE TRIGGER sender_proof_is_as_said BEFORE UPDATE ON sender_proof WHEN {_OTHER} BEGIN SELECT RAISE(ABORT, '{_SAID}'); END",
        ),
        postgresql=(
            f"CREATE FUNCTION sender_proof_is_as_said() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_SAID}'; END $$",
            "CREATE TRIGGER sender_proof_is_as_said BEFORE UPDATE ON sender_proof FOR EACH ROW "
            f"WHEN ({_OTHER}) EXECUTE FUNCTION sender_proof_is_as_said()",
        ),
    ),
    Trigger(
        "sender_proof_is_kept", "sender_proof",
        sqlite=(f"CREATE TRIGGER sender_proof_is_kept BEFORE DELETE ON sender_proof BEGIN SELECT RAISE(ABORT, '{_SAID}'); END",),
        postgresql=(
            f"CREATE FUNCTION sender_proof_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_SAID}'; END $$",
            "CREATE TRIGGER sender_proof_is_kept BEFORE DELETE ON sender_proof FOR EACH ROW EXECUTE FUNCTION sender_proof_is_kept()",
        ),
    ),
)  # fmt: skip
