"""What the record's own verification found, night by night."""

from datetime import datetime

from sqlalchemy import DateTime, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class RecordCheck(Base):
    """One verification of the whole record: how far it went, and what was wrong ('' where nothing was)."""

    __tablename__ = "record_check"
    __table_args__ = (Index("ix_record_check_at", "checked_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime] = mapped_column(DateTime)
    entries: Mapped[int] = mapped_column(Integer)
    anchors: Mapped[int] = mapped_column(Integer)
    last_seq: Mapped[int] = mapped_column(Integer)
    broken: Mapped[str] = mapped_column(Text, default="")
