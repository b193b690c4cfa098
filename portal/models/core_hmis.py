"""Work orders for the core HMIS, the temporary password handed over once, and how its own list differs from ours."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.access import Account
from portal.models.agencies import Agency
from portal.models.base import HasStatus, one_of, status_check
from workflows.pack import ACTS
from workflows.processes import WORK_ORDER


class WorkOrder(HasStatus, Base):
    """What somebody types into the core HMIS, field by field, and what came of it."""

    __tablename__ = "work_order"
    __machine__ = WORK_ORDER
    __table_args__ = (
        status_check(WORK_ORDER),
        one_of("act", ACTS, "act"),
        UniqueConstraint("account_id", "account_version"),
        Index("uq_work_order_configure", "agency_id", unique=True,
              sqlite_where=text("act = 'configure' AND status = 'open'"), postgresql_where=text("act = 'configure' AND status = 'open'")),
        Index("ix_work_order_open", "status", "due_at"),
        Index("ix_work_order_opened", "status", "opened_at"),
        Index("ix_work_order_agency", "agency_id", "status"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(12))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    account_version: Mapped[int | None] = mapped_column(Integer)
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    opened_at: Mapped[datetime] = mapped_column(DateTime)
    due_at: Mapped[datetime] = mapped_column(DateTime)
    alarmed_at: Mapped[datetime | None] = mapped_column(DateTime)
    done_at: Mapped[datetime | None] = mapped_column(DateTime)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    typed_back: Mapped[str] = mapped_column(String(50), default="")
    note: Mapped[str] = mapped_column(String(1000), default="")

    account: Mapped[Account | None] = relationship(viewonly=True)
    agency: Mapped[Agency] = relationship(viewonly=True)


class Handover(Base):
    """The core HMIS's temporary password, encrypted until it is shown once to its person or 72 hours have passed."""

    __tablename__ = "handover"
    __table_args__ = (Index("ix_handover_account", "account_id"), Index("ix_handover_person", "person_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(DateTime)
    expires_at: Mapped[datetime] = mapped_column(DateTime)
    revealed_at: Mapped[datetime | None] = mapped_column(DateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(DateTime)


class CoreComparison(Base):
    """One look at the core HMIS's own list: how many accounts stood there and here, and how many were being changed."""

    __tablename__ = "core_comparison"
    __table_args__ = (Index("ix_core_comparison_at", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime)
    by: Mapped[str] = mapped_column(String(200))
    there: Mapped[int] = mapped_column(Integer)
    here: Mapped[int] = mapped_column(Integer)
    under_way: Mapped[int] = mapped_column(Integer)


class CoreDifference(Base):
    """One account that the core HMIS has otherwise than the portal, from the look that found it to the one that no longer did."""

    __tablename__ = "core_difference"
    __table_args__ = (
        Index(
            "uq_core_difference_open", "found", "user_id", unique=True,
            sqlite_where=text("settled_at IS NULL"), postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_core_difference_settled", "settled_at"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    found: Mapped[str] = mapped_column(String(12))
    rank: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200), default="")
    sentence: Mapped[str] = mapped_column(String(1000))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    first_seen_at: Mapped[datetime] = mapped_column(DateTime)
    last_seen_at: Mapped[datetime] = mapped_column(DateTime)
    settled_at: Mapped[datetime | None] = mapped_column(DateTime)

    account: Mapped[Account | None] = relationship(viewonly=True)
