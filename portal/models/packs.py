"""Policy packs as they come into force: proposed by one, put in force by another, superseded by the next."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.access import PolicyPack
from portal.models.base import HasStatus, status_check
from workflows.processes import POLICY_PACK

THE_PORTAL = "portal"
"""Who proposed and adopted the first pack: the portal itself, when it first started on this database."""


def _one(status: str) -> Index:
    only = text(f"status = '{status}'")
    return Index(f"uq_pack_activation_{status}", "status", unique=True, sqlite_where=only, postgresql_where=only)


class PackActivation(HasStatus, Base):
    """One pack on its way into force and out of it again; `…_by` are labels as in Actor.label, `…_name` what people read.

    `foreseen` is what the preview said when it was proposed: membership ids by what would happen to them.
    """

    __tablename__ = "pack_activation"
    __machine__ = POLICY_PACK
    __table_args__ = (
        status_check(POLICY_PACK),
        CheckConstraint(f"activated_by IS NULL OR activated_by <> proposed_by OR activated_by = '{THE_PORTAL}'", name="two"),
        CheckConstraint("(status IN ('in_force', 'superseded')) = (activated_by IS NOT NULL)", name="activated"),
        CheckConstraint("(activated_by IS NULL) = (activated_at IS NULL)", name="moment"),
        _one("proposed"),
        _one("in_force"),
        Index("ix_pack_activation_version", "version"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(ForeignKey("policy_pack.version"))
    note: Mapped[str] = mapped_column(String(1000), default="")
    foreseen: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    proposed_at: Mapped[datetime] = mapped_column(DateTime)
    proposed_by: Mapped[str] = mapped_column(String(120))
    proposed_name: Mapped[str] = mapped_column(String(200))
    activated_at: Mapped[datetime | None] = mapped_column(DateTime)
    activated_by: Mapped[str | None] = mapped_column(String(120))
    activated_name: Mapped[str] = mapped_column(String(200), default="")
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)
    ended_name: Mapped[str] = mapped_column(String(200), default="")
    ended_reason: Mapped[str] = mapped_column(String(1000), default="")

    pack: Mapped[PolicyPack] = relationship(viewonly=True)
