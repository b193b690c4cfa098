"""How people come in: credentials, recovery codes, server-side sessions, limits, and what waits for a second person."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.people import Person


class Credential(Base):
    """A person's password (argon2) and second factor (a TOTP seed, sealed); locked until somebody else unlocks it."""

    __tablename__ = "credential"
    __table_args__ = (
        Index("ix_credential_locked", "locked_since", sqlite_where=text("locked_since IS NOT NULL"),
              postgresql_where=text("locked_since IS NOT NULL")),
    )  # fmt: skip
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    changed_at: Mapped[datetime] = mapped_column(DateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    locked_since: Mapped[datetime | None] = mapped_column(DateTime)
    told_at: Mapped[datetime | None] = mapped_column(DateTime)
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(DateTime)
    totp_last_step: Mapped[int] = mapped_column(Integer, default=0)

    person: Mapped[Person] = relationship(viewonly=True)


class PastPassword(Base):
    """A password that was replaced, as its argon2 hash: it must not come back while the profile forbids it."""

    __tablename__ = "past_password"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    replaced_at: Mapped[datetime] = mapped_column(DateTime)


class RecoveryCode(Base):
    """One of ten codes for whoever has no phone at hand: 80 random bits, of which the hash is kept; it works once."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("person_id", "code_hash"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(DateTime)
    used_at: Mapped[datetime | None] = mapped_column(DateTime)


class SignInLimit(Base):
    """How often something was tried since a moment: by an address, or by everybody together."""

    __tablename__ = "sign_in_limit"
    __table_args__ = (CheckConstraint("tries >= 0", name="tries"), Index("ix_sign_in_limit_since", "since"))
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    since: Mapped[datetime] = mapped_column(DateTime)
    tries: Mapped[int] = mapped_column(Integer)


class FactorReset(Base):
    """A second factor that is said to be lost: open for an hour, until two people have vouched."""

    __tablename__ = "factor_reset"
    __table_args__ = (
        UniqueConstraint("id", "person_id"),
        Index("uq_factor_reset_open", "person_id", unique=True, sqlite_where=text("closed_at IS NULL"),
              postgresql_where=text("closed_at IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(DateTime)
    expires_at: Mapped[datetime] = mapped_column(DateTime)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime)
    done: Mapped[bool] = mapped_column(default=False)

    person: Mapped[Person] = relationship(viewonly=True)
    vouches: Mapped[list["FactorVouch"]] = relationship(order_by="FactorVouch.id", viewonly=True)


class FactorVouch(Base):
    """Somebody's word that they recognised the person: nobody gives it twice, and nobody for themselves."""

    __tablename__ = "factor_vouch"
    __table_args__ = (
        UniqueConstraint("reset_id", "voucher_id"),
        CheckConstraint("voucher_id <> person_id", name="another"),
        ForeignKeyConstraint(["reset_id", "person_id"], ["factor_reset.id", "factor_reset.person_id"]),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    reset_id: Mapped[int] = mapped_column(Integer)
    person_id: Mapped[int] = mapped_column(Integer)
    voucher_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    of_the_lead: Mapped[bool] = mapped_column()
    recognised: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(DateTime)

    voucher: Mapped[Person] = relationship(viewonly=True)


class EmailChange(Base):
    """A new e-mail address that its mailbox has still to confirm, or has; the address before is kept."""

    __tablename__ = "email_change"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("uq_email_change_open", "person_id", unique=True, sqlite_where=text("closed_at IS NULL"),
              postgresql_where=text("closed_at IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    was: Mapped[str] = mapped_column(String(320))
    email: Mapped[str] = mapped_column(String(320))
    reason: Mapped[str] = mapped_column(String(500), default="")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(DateTime)
    expires_at: Mapped[datetime] = mapped_column(DateTime)
    token_hash: Mapped[str] = mapped_column(String(64))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime)
    done: Mapped[bool] = mapped_column(default=False)

    person: Mapped[Person] = relationship(foreign_keys=[person_id], viewonly=True)
    asker: Mapped[Person | None] = relationship(foreign_keys=[asked_by], viewonly=True)


class WebSession(Base):
    """One signed-in browser; the cookie holds a token, the row its hash."""

    __tablename__ = "web_session"
    __table_args__ = (UniqueConstraint("token_hash"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    via: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime] = mapped_column(DateTime)
    seen_at: Mapped[datetime] = mapped_column(DateTime)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)
    second_factor_at: Mapped[datetime | None] = mapped_column(DateTime)
    proved_at: Mapped[datetime | None] = mapped_column(DateTime)
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id"))
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(300), default="")

    person: Mapped[Person] = relationship(viewonly=True)
