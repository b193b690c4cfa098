"""Tickets: what somebody asked, the conversation about it, who follows it, and the clock it runs against."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    case,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency
from portal.models.base import HasStatus, Trigger, one_of, status_check
from portal.models.paperwork import StoredFile
from portal.models.people import Membership, Person
from workflows.ticket_processes import TICKET

PRIORITIES = ("low", "normal", "high", "urgent")
CHANNELS = ("mail", "portal", "staff")
RUNGS = ("agency_admin", "lead")
RATINGS = ("good", "bad")
DELIVERIES = ("queued", "sent", "uncertain", "failed")
LIVING = ("new", "open", "waiting")
"""Where somebody still has to do something."""

_LIVING = text("status IN ('new', 'open', 'waiting')")
_SOLVED = text("status = 'solved'")
_DUE = "coalesce(CASE WHEN first_answered_at IS NULL THEN answer_due ELSE solve_due END, '9999-12-31 00:00:00.000000')"


class Ticket(HasStatus, Base):
    """What one person asked the help desk. `requester_id` is empty for a sender whom nobody knows: then nothing is shown of anybody.

    `answer_due` and `solve_due` are moments of business hours; while the clock stands they are empty, and `answer_left` and
    `solve_left` hold the business minutes that were left, negative ones where it was late. `due_key` is next_due for
    sorting, far away while the clock stands. `last_entry_id` is the newest entry that somebody wrote.
    """

    __tablename__ = "ticket"
    __machine__ = TICKET
    __table_args__ = (
        status_check(TICKET),
        one_of("priority", PRIORITIES, "priority"),
        one_of("channel", CHANNELS, "channel"),
        one_of("rung", RUNGS, "rung"),
        one_of("rating", ("", *RATINGS), "rating"),
        CheckConstraint("requester_id IS NOT NULL OR (agency_id IS NULL AND membership_id IS NULL)", name="unknown"),
        CheckConstraint("rung = 'lead' OR agency_id IS NOT NULL", name="whose_rung"),
        CheckConstraint("status <> 'merged' OR merged_into_id IS NOT NULL", name="merged"),
        CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="not_into_itself"),
        CheckConstraint("status NOT IN ('solved', 'closed') OR solved_at IS NOT NULL", name="solved"),
        CheckConstraint("status <> 'closed' OR closed_at IS NOT NULL", name="closed"),
        CheckConstraint("(rating = '') = (rated_at IS NULL)", name="rated"),
        Index("ix_ticket_living", "touched_at", "id", sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index("ix_ticket_due", "due_key", "id", sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index("ix_ticket_assignee", "assignee_id", "due_key", "id", sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index("ix_ticket_redact", "id", sqlite_where=text("to_redact"), postgresql_where=text("to_redact")),
        Index("ix_ticket_solved", "solved_at", "id", sqlite_where=_SOLVED, postgresql_where=_SOLVED),
        Index("ix_ticket_touched", "touched_at", "id"),
        Index("ix_ticket_status", "status", "id"),
        Index("ix_ticket_requester", "requester_id", "id"),
        Index("ix_ticket_email", "requester_email", "id"),
        Index("ix_ticket_agency", "agency_id", "id"),
        Index("ix_ticket_outage", "outage_id", "id"),
        Index("ix_ticket_kind", "kind", "id"),
        Index("ix_ticket_priority", "priority", "id"),
        Index("ix_ticket_merged_into", "merged_into_id"),
        Index("ix_ticket_split_from", "split_from_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    priority: Mapped[str] = mapped_column(String(8), default="normal")
    channel: Mapped[str] = mapped_column(String(8))
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    requester_email: Mapped[str] = mapped_column(String(320), default="")
    requester_name: Mapped[str] = mapped_column(String(200), default="")
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    rung: Mapped[str] = mapped_column(String(12), default="lead")
    rung_since: Mapped[datetime] = mapped_column(DateTime)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime] = mapped_column(DateTime)
    touched_at: Mapped[datetime] = mapped_column(DateTime)
    first_answered_at: Mapped[datetime | None] = mapped_column(DateTime)
    solved_at: Mapped[datetime | None] = mapped_column(DateTime)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime)
    answer_due: Mapped[datetime | None] = mapped_column(DateTime)
    solve_due: Mapped[datetime | None] = mapped_column(DateTime)
    clock_stopped_at: Mapped[datetime | None] = mapped_column(DateTime)
    answer_left: Mapped[int | None] = mapped_column(Integer)
    solve_left: Mapped[int | None] = mapped_column(Integer)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    split_from_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    outage_id: Mapped[int | None] = mapped_column(ForeignKey("outage.id"))
    to_redact: Mapped[bool] = mapped_column(default=False)
    rating: Mapped[str] = mapped_column(String(4), default="")
    rating_said: Mapped[str] = mapped_column(String(1000), default="")
    rated_at: Mapped[datetime | None] = mapped_column(DateTime)
    last_entry_id: Mapped[int] = mapped_column(Integer, default=0)
    due_key: Mapped[datetime] = mapped_column(DateTime, Computed(_DUE, persisted=True))

    requester: Mapped[Person | None] = relationship(foreign_keys=[requester_id], viewonly=True)
    assignee: Mapped[Person | None] = relationship(foreign_keys=[assignee_id], viewonly=True)
    agency: Mapped[Agency | None] = relationship(viewonly=True)
    membership: Mapped[Membership | None] = relationship(viewonly=True)
    followers: Mapped[list["TicketFollower"]] = relationship(order_by="TicketFollower.id", viewonly=True)
    tags: Mapped[list["TicketTag"]] = relationship(order_by="TicketTag.tag", viewonly=True)

    @property
    def reference(self) -> str:
        """What people call it by: 'HD-123'."""
        return f"HD-{self.id}"

    @property
    def person_id(self) -> int | None:
        """Whom an act on it concerns, for the record: who asked."""
        return self.requester_id

    @property
    def asker(self) -> str:
        """Who asked, in words: the name, else the address."""
        return self.requester_name or self.requester_email or "Somebody unknown"

    @hybrid_property
    def next_due(self) -> datetime | None:
        """The moment it is due next: the first answer, then its solution; None while the clock stands."""
        return self.answer_due if self.first_answered_at is None else self.solve_due

    @next_due.inplace.expression
    @classmethod
    def _next_due(cls) -> Any:
        return case((cls.first_answered_at.is_(None), cls.answer_due), else_=cls.solve_due)


class TicketEntry(Base):
    """One message, note or act of a ticket: kept as it is, but for its redaction and what became of its delivery.

    `text` is the plain text as shown, of which everything from `folded_from` on is quoted or a signature; `html` is made safe.
    """

    __tablename__ = "ticket_entry"
    __table_args__ = (
        one_of("kind", ("in", "out", "note", "act"), "kind"),
        one_of("delivery", ("", *DELIVERIES), "delivery"),
        CheckConstraint("(redacted_at IS NULL) = (redacted_by IS NULL)", name="redacted"),
        CheckConstraint("redacted_at IS NULL OR (html = '' AND original_file_id IS NULL)", name="redacted_whole"),
        CheckConstraint("folded_from IS NULL OR folded_from >= 0", name="folded_from"),
        CheckConstraint("kind = 'out' OR delivery = ''", name="delivery_of_answers"),
        Index("ix_ticket_entry_ticket", "ticket_id", "id"),
        Index("ix_ticket_entry_original", "original_file_id"),
        Index(
            "ix_ticket_entry_delivery", "delivery", "id",
            sqlite_where=text("delivery IN ('queued', 'uncertain', 'failed')"),
            postgresql_where=text("delivery IN ('queued', 'uncertain', 'failed')"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    at: Mapped[datetime] = mapped_column(DateTime)
    kind: Mapped[str] = mapped_column(String(4))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    author_name: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text)
    folded_from: Mapped[int | None] = mapped_column(Integer)
    html: Mapped[str] = mapped_column(Text, default="")
    original_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    message_id: Mapped[str] = mapped_column(String(998), default="")
    in_reply_to: Mapped[str] = mapped_column(String(998), default="")
    to_redact: Mapped[bool] = mapped_column(default=False)
    redacted_at: Mapped[datetime | None] = mapped_column(DateTime)
    redacted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    delivery: Mapped[str] = mapped_column(String(10), default="")
    canned_id: Mapped[int | None] = mapped_column(ForeignKey("canned_reply.id"))
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_entry.id"))

    ticket: Mapped[Ticket] = relationship(viewonly=True)
    author: Mapped[Person | None] = relationship(foreign_keys=[author_id], viewonly=True)
    original: Mapped[StoredFile | None] = relationship(viewonly=True)
    files: Mapped[list["TicketFile"]] = relationship(order_by="TicketFile.id", viewonly=True)

    @property
    def shown(self) -> str:
        """What stands above the fold: the words that are new in this message."""
        return self.body if self.folded_from is None else self.body[: self.folded_from].rstrip()

    @property
    def folded(self) -> str:
        """What stands below the fold: quoted text and the signature; '' where nothing is folded."""
        return "" if self.folded_from is None else self.body[self.folded_from :].strip()


class TicketFile(Base):
    """A file that came with an entry or goes out with it; `refused` says why one was not kept."""

    __tablename__ = "ticket_file"
    __table_args__ = (
        CheckConstraint("file_id IS NULL OR refused = ''", name="kept_or_refused"),
        Index("ix_ticket_file_entry", "entry_id", "id"),
        Index("ix_ticket_file_file", "file_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ticket_entry.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[str] = mapped_column(String(300), default="")

    entry: Mapped[TicketEntry] = relationship(viewonly=True)
    file: Mapped[StoredFile | None] = relationship(viewonly=True)


class TicketFollower(Base):
    """Somebody who gets every answer too (CC): a person, or an address of nobody's."""

    __tablename__ = "ticket_follower"
    __table_args__ = (
        UniqueConstraint("ticket_id", "email"),
        Index("ix_ticket_follower_person", "person_id", "ticket_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    email: Mapped[str] = mapped_column(String(320))
    added_at: Mapped[datetime] = mapped_column(DateTime)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id], viewonly=True)


class TicketTag(Base):
    """A word by which the staff find tickets again."""

    __tablename__ = "ticket_tag"
    __table_args__ = (UniqueConstraint("ticket_id", "tag"), Index("ix_ticket_tag_tag", "tag", "ticket_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    tag: Mapped[str] = mapped_column(String(40))


class TicketWord(Base):
    """A word that stands in a ticket: what the search reads, made anew where something is redacted."""

    __tablename__ = "ticket_word"
    __table_args__ = (Index("ix_ticket_word_ticket", "ticket_id"), {"sqlite_with_rowid": False})
    word: Mapped[str] = mapped_column(String(40), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)


class MessageSeen(Base):
    """A Message-ID that came or went: what an answer's References are looked up in, and what no message brings twice."""

    __tablename__ = "message_seen"
    __table_args__ = (
        UniqueConstraint("sha256"),
        one_of("direction", ("in", "out"), "direction"),
        Index("ix_message_seen_ticket", "ticket_id"),
        Index("ix_message_seen_entry", "entry_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(String(998))
    sha256: Mapped[str] = mapped_column(String(64))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_entry.id"))
    direction: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime] = mapped_column(DateTime)


def _never(name: str, table: str, said: str, event: str, when: str) -> Trigger:
    sqlite_when, postgresql_when = (f"WHEN {when} ", f"WHEN ({when}) ") if when else ("", "")
    return Trigger(
        name, table,
        sqlite=(f"CREATE TRIGGER {name} BEFORE {event} ON {table} {sqlite_when}BEGIN SELECT RAISE(ABORT, '{said}'); END",),
        postgresql=(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{said}'; END $$",
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {postgresql_when}EXECUTE FUNCTION {name}()",
        ),
    )  # fmt: skip


_MOVED = (
    "NEW.ticket_id <> OLD.ticket_id OR NEW.at <> OLD.at OR NEW.kind <> OLD.kind OR NEW.author_name <> OLD.author_name "
    "OR coalesce(NEW.author_id, 0) <> coalesce(OLD.author_id, 0) OR NEW.message_id <> OLD.message_id"
)
_REWRITTEN = "(NEW.body <> OLD.body OR NEW.html <> OLD.html) AND NEW.redacted_at IS NULL"
_UNREDACTED = "OLD.redacted_at IS NOT NULL AND NEW.redacted_at IS NULL"

TICKET_TRIGGERS = (
    _never("ticket_is_kept", "ticket", "a ticket is never removed", "DELETE", ""),
    _never("ticket_entry_is_kept", "ticket_entry", "what belongs to a ticket is never removed", "DELETE", ""),
    _never(
        "ticket_entry_is_as_written", "ticket_entry", "what was written in a ticket is only ever redacted", "UPDATE",
        f"{_MOVED} OR ({_REWRITTEN}) OR ({_UNREDACTED})",
    ),
)  # fmt: skip
