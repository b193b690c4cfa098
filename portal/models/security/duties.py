"""Of what falls due in the wing of security, what was told to whom it concerns: one step of warning at a time."""

from datetime import date, datetime

from sqlalchemy import Date, DateTime, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class DutyTold(Base):
    """The last step of warning (days before, 0 once overdue) that was told of one duty and one day on which it is due."""

    __tablename__ = "duty_told"
    __table_args__ = (UniqueConstraint("key", "due"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80))
    due: Mapped[date] = mapped_column(Date)
    step: Mapped[int] = mapped_column(Integer)
    told_at: Mapped[datetime] = mapped_column(DateTime)
