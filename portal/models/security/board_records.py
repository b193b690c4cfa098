"""What the Continuum's Board and the Lead keep on file, and until when it does ('MCoC key responsibilities')."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.paperwork import StoredFile
from portal.models.people import Person


class BoardRecord(Base):
    """One record of a kind of the pack: the day it was adopted, signed or held, its file or where it is filed.

    `about` tells apart records of a kind of which there are several: the vendor's name. Rows are set aside, never deleted.
    """

    __tablename__ = "board_record"
    __table_args__ = (
        CheckConstraint("file_id IS NOT NULL OR filed_at <> ''", name="somewhere"),
        CheckConstraint("due_again IS NULL OR due_again >= held_on", name="days"),
        CheckConstraint(
            "(set_aside_at IS NULL) = (set_aside_by IS NULL) AND (set_aside_at IS NULL) = (set_aside_why = '')",
            name="set_aside",
        ),
        Index("ix_board_record_kind", "kind", "about_key", "held_on"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(String(200), default="")
    about_key: Mapped[str] = mapped_column(String(200), default="")
    held_on: Mapped[date] = mapped_column(Date)
    due_again: Mapped[date | None] = mapped_column(Date)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    filed_at: Mapped[str] = mapped_column(String(300), default="")
    note: Mapped[str] = mapped_column(String(1000), default="")
    recorded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime)
    set_aside_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_aside_at: Mapped[datetime | None] = mapped_column(DateTime)
    set_aside_why: Mapped[str] = mapped_column(String(1000), default="")

    file: Mapped[StoredFile | None] = relationship(viewonly=True)
    recorder: Mapped[Person] = relationship(foreign_keys=[recorded_by], viewonly=True)
