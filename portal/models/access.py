"""Requests, decisions, licences and seats, accounts and grants: what the gate decided and what followed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency
from portal.models.base import HasStatus, Trigger, one_of, status_check
from portal.models.people import Membership, Person
from workflows.processes import ACCESS_REQUEST, ACCOUNT, GRANT, SEAT
from workflows.vocabulary import LICENCES, Outcome

SELF_NAMED = "status = 'open' AND basis = 'designation'"
"""Requests of those who named themselves: few. Whoever asks for them writes this condition as it stands here."""


class PolicyPack(Base):
    """The text of every pack a decision was made under, by version."""

    __tablename__ = "policy_pack"
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    first_used_at: Mapped[datetime] = mapped_column(DateTime)


class AccessRequest(HasStatus, Base):
    """An Agency Admin's request for one person: what for, which projects, which level, on which device."""

    __tablename__ = "access_request"
    __machine__ = ACCESS_REQUEST
    __table_args__ = (
        status_check(ACCESS_REQUEST),
        one_of("worker", ("staff", "volunteer", "contractor"), "worker"),
        one_of("act", ("add", "modify", "replace"), "act"),
        ForeignKeyConstraint(["membership_id", "agency_id"], ["membership.id", "membership.agency_id"]),
        Index(
            "uq_access_request_open", "membership_id", unique=True,
            sqlite_where=text("status = 'open'"), postgresql_where=text("status = 'open'"),
        ),
        Index("ix_access_request_agency", "agency_id", "status"),
        Index("ix_access_request_waiting", "status", "requested_at"),
        Index("ix_access_request_membership", "membership_id"),
        Index("ix_access_request_named", "requested_at", sqlite_where=text(SELF_NAMED), postgresql_where=text(SELF_NAMED)),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    membership_id: Mapped[int] = mapped_column(Integer)
    agency_id: Mapped[int] = mapped_column(Integer)
    act: Mapped[str] = mapped_column(String(12), default="add")
    purpose: Mapped[str] = mapped_column(String(1000))
    access_level: Mapped[str] = mapped_column(String(40))
    worker: Mapped[str] = mapped_column(String(12))
    project_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    supervisor: Mapped[str] = mapped_column(String(200), default="")
    start_on: Mapped[date] = mapped_column(Date)
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    basis: Mapped[str] = mapped_column(String(40), default="agency_admin")
    requested_at: Mapped[datetime] = mapped_column(DateTime)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime)
    closed_reason: Mapped[str] = mapped_column(String(1000), default="")

    membership: Mapped[Membership] = relationship(viewonly=True)

    @property
    def person_id(self) -> int:
        return self.membership.person_id


class Decision(Base):
    """What the gate decided about one membership, with the facts, the pack and a hash; never changed."""

    __tablename__ = "decision"
    __table_args__ = (
        one_of("outcome", Outcome, "outcome"),
        UniqueConstraint("id", "membership_id", "outcome"),
        Index("ix_decision_membership", "membership_id", "made_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id"))
    outcome: Mapped[str] = mapped_column(String(12))
    on: Mapped[date] = mapped_column("on_day", Date)
    made_at: Mapped[datetime] = mapped_column(DateTime)
    made_for: Mapped[str] = mapped_column(String(40))
    policy_version: Mapped[str] = mapped_column(ForeignKey("policy_pack.version"))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    facts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    fingerprint: Mapped[str] = mapped_column(String(64))


class Licence(Base):
    """One licence the Lead granted to an Agency; a seat occupies it."""

    __tablename__ = "licence"
    __table_args__ = (
        one_of("kind", LICENCES, "kind"),
        UniqueConstraint("id", "agency_id"),
        Index("ix_licence_agency", "agency_id", "kind"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    kind: Mapped[str] = mapped_column(String(8), default="core")
    granted_at: Mapped[datetime] = mapped_column(DateTime)
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime)


class Seat(HasStatus, Base):
    """A licence in use or reserved: one seat on one licence, one seat of a kind for one membership."""

    __tablename__ = "seat"
    __machine__ = SEAT
    __table_args__ = (
        status_check(SEAT),
        ForeignKeyConstraint(["licence_id", "agency_id"], ["licence.id", "licence.agency_id"]),
        ForeignKeyConstraint(["membership_id", "agency_id"], ["membership.id", "membership.agency_id"]),
        UniqueConstraint("id", "membership_id"),
        Index("ix_seat_membership", "membership_id"),
        Index("uq_seat_licence", "licence_id", unique=True, sqlite_where=text("status <> 'returned'"), postgresql_where=text("status <> 'returned'")),
        Index("uq_seat_membership", "membership_id", "kind", unique=True, sqlite_where=text("status <> 'returned'"), postgresql_where=text("status <> 'returned'")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    licence_id: Mapped[int] = mapped_column(Integer)
    agency_id: Mapped[int] = mapped_column(Integer, index=True)
    membership_id: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(8), default="core")
    reserved_at: Mapped[datetime] = mapped_column(DateTime)
    reserved_until: Mapped[date | None] = mapped_column(Date)
    returned_at: Mapped[datetime | None] = mapped_column(DateTime)

    membership: Mapped[Membership] = relationship(viewonly=True)


class Account(HasStatus, Base):
    """The one account a person has in the core HMIS; `version` counts the changes ordered there."""

    __tablename__ = "account"
    __machine__ = ACCOUNT
    __table_args__ = (
        status_check(ACCOUNT),
        UniqueConstraint("person_id"),
        UniqueConstraint("user_id"),
        UniqueConstraint("external_id"),
        UniqueConstraint("id", "person_id"),
        CheckConstraint("user_id = lower(user_id)", name="user_id_lower"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    user_id: Mapped[str] = mapped_column(String(50))
    external_id: Mapped[str] = mapped_column(String(36))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime)
    asked_at: Mapped[datetime | None] = mapped_column(DateTime)
    """When the core HMIS was first asked to make it: from then on it may be there, whoever confirmed it or not."""
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime)
    welcomed_at: Mapped[datetime | None] = mapped_column(DateTime)

    person: Mapped[Person] = relationship(viewonly=True)
    grants: Mapped[list["Grant"]] = relationship(viewonly=True)


class Grant(HasStatus, Base):
    """One membership let in: the database admits it only with a decision that permits and a seat of its own."""

    __tablename__ = "access_grant"
    __machine__ = GRANT
    __table_args__ = (
        status_check(GRANT),
        one_of("outcome", (Outcome.PERMITTED, Outcome.INHERITED), "outcome"),
        ForeignKeyConstraint(["decision_id", "membership_id", "outcome"], ["decision.id", "decision.membership_id", "decision.outcome"]),
        ForeignKeyConstraint(["membership_id", "person_id"], ["membership.id", "membership.person_id"]),
        ForeignKeyConstraint(["account_id", "person_id"], ["account.id", "account.person_id"]),
        ForeignKeyConstraint(["seat_id", "membership_id"], ["seat.id", "seat.membership_id"]),
        UniqueConstraint("seat_id"),
        Index("ix_access_grant_status", "status", "membership_id"),
        Index("ix_access_grant_membership", "membership_id"),
        Index("ix_access_grant_outcome", "outcome", "status"),
        Index("uq_access_grant_live", "membership_id", unique=True, sqlite_where=text("status <> 'ended'"), postgresql_where=text("status <> 'ended'")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(Integer, index=True)
    person_id: Mapped[int] = mapped_column(Integer)
    membership_id: Mapped[int] = mapped_column(Integer)
    decision_id: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(12))
    seat_id: Mapped[int] = mapped_column(Integer)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("access_request.id"))
    access_level: Mapped[str] = mapped_column(String(40))
    issued_at: Mapped[datetime] = mapped_column(DateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime)
    suspended_at: Mapped[datetime | None] = mapped_column(DateTime)
    suspended_for: Mapped[str] = mapped_column(String(400), default="")
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)

    account: Mapped[Account] = relationship(viewonly=True)
    membership: Mapped[Membership] = relationship(foreign_keys=[membership_id, person_id], viewonly=True)

    @property
    def agency_id(self) -> int:
        return self.membership.agency_id

    decision: Mapped[Decision] = relationship(foreign_keys=[decision_id, membership_id, outcome], viewonly=True)


class CoreUser(Base):
    """A User ID that the core HMIS is known to hold, whether or not the portal made it."""

    __tablename__ = "core_user"
    user_id: Mapped[str] = mapped_column(String(50), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    learned_at: Mapped[datetime] = mapped_column(DateTime)
    learned_from: Mapped[str] = mapped_column(String(100))


ACCESS_TRIGGERS = (
    Trigger(
        "decision_is_kept", "decision",
        sqlite=(
            "CREATE TRIGGER decision_is_kept BEFORE UPDATE ON decision BEGIN SELECT RAISE(ABORT, 'a decision is never edited'); END",
            "CREATE TRIGGER decision_is_not_deleted BEFORE DELETE ON decision BEGIN SELECT RAISE(ABORT, 'a decision is never deleted'); END",
        ),
        postgresql=(
            "CREATE FUNCTION decision_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'a decision is never edited or deleted'; END $$",
            "CREATE TRIGGER decision_is_kept BEFORE UPDATE OR DELETE ON decision FOR EACH ROW EXECUTE FUNCTION decision_is_kept()",
        ),
    ),
)  # fmt: skip

__all__ = [
    "ACCESS_TRIGGERS", "AccessRequest", "Account", "Agency", "CoreUser", "Decision", "Grant", "Licence", "PolicyPack", "Seat",
]  # fmt: skip
