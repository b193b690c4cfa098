"""Sanctions: drafted by one person, decided by another, appealed, heard by a third; and the letters about them (S3)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, ForeignKeyConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency
from portal.models.base import HasStatus, Trigger, one_of, status_check
from portal.models.paperwork import StoredFile
from portal.models.people import Person
from workflows.enforcement_pack import Severity, Told
from workflows.processes import SANCTION
from workflows.vocabulary import SANCTIONS

UNDECIDED = "status IN ('drafted', 'withdrawn')"
OUTCOMES = ("", "upheld", "changed", "lifted")


def _differ(one: str, *others: str) -> str:
    """That whoever is in the first column is in none of the others."""
    return " AND ".join(f"({one} IS NULL OR {other} IS NULL OR {one} <> {other})" for other in others)


class Sanction(HasStatus, Base):
    """One measure against an Agency, a person everywhere, or a person at one Agency; what the gate reads is its evidence.

    `agency_id` is where it happened. `days` empty is 'until remedied'. Nobody decides about themselves, what they
    drafted or what they investigated, and whoever hears an appeal had no hand in it: the database refuses it too.
    """

    __tablename__ = "sanction"
    __machine__ = SANCTION
    __table_args__ = (
        status_check(SANCTION),
        one_of("about", ("agency", "person", "membership"), "about"),
        one_of("severity", Severity, "severity"),
        one_of("measure", SANCTIONS, "measure"),
        one_of("proposed", ("", *SANCTIONS), "proposed"),
        one_of("appeal_outcome", OUTCOMES, "outcome"),
        CheckConstraint("(about = 'agency') = (person_id IS NULL)", name="whose"),
        CheckConstraint("(about = 'membership') = (membership_id IS NOT NULL)", name="where"),
        CheckConstraint("departs = (departs_because <> '')", name="departs"),
        CheckConstraint("days IS NULL OR (measure = 'suspension' AND days > 0)", name="days"),
        CheckConstraint("(days IS NULL) = (last_day IS NULL) OR decided_by IS NULL", name="until"),
        CheckConstraint("last_day IS NULL OR last_day >= first_day", name="order_of_days"),
        CheckConstraint("(measure = 'training') = (course <> '')", name="course"),
        CheckConstraint("measure <> 'training' OR about = 'person'", name="trained"),
        CheckConstraint("(measure = 'penalty') = (amount_cents IS NOT NULL)", name="penalty"),
        CheckConstraint("amount_cents IS NULL OR amount_cents > 0", name="amount"),
        CheckConstraint("paid_on IS NULL OR measure = 'penalty'", name="paid"),
        CheckConstraint("(measure = 'referral') = (referred_to <> '')", name="referral"),
        CheckConstraint(_differ("person_id", "drafted_by", "decided_by", "appeal_decided_by"), name="not_about_oneself"),
        CheckConstraint(_differ("decided_by", "drafted_by", "investigated_by"), name="another_decides"),
        CheckConstraint(
            _differ("appeal_decided_by", "drafted_by", "investigated_by", "decided_by", "appealed_by"), name="a_third_hears"
        ),
        CheckConstraint(f"({UNDECIDED}) = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="moment"),
        CheckConstraint("(decided_by IS NULL) = (evidence_id IS NULL)", name="evidence"),
        CheckConstraint("(decided_by IS NULL) = (first_day IS NULL)", name="begins"),
        CheckConstraint("(appealed_by IS NULL) = (appealed_at IS NULL)", name="appeal"),
        CheckConstraint("(appeal_decided_by IS NULL) = (appeal_outcome = '')", name="heard"),
        CheckConstraint("appeal_decided_by IS NULL OR appealed_by IS NOT NULL", name="heard_what_was_appealed"),
        CheckConstraint("(status = 'appealed') = (appealed_by IS NOT NULL AND appeal_decided_by IS NULL)", name="open_appeal"),
        ForeignKeyConstraint(["membership_id", "agency_id"], ["membership.id", "membership.agency_id"]),
        ForeignKeyConstraint(["membership_id", "person_id"], ["membership.id", "membership.person_id"]),
        Index("ix_sanction_status", "status", "id"),
        Index("ix_sanction_agency", "agency_id", "status"),
        Index("ix_sanction_person", "person_id"),
        Index("ix_sanction_membership", "membership_id"),
        Index("ix_sanction_replaces", "replaces_id", unique=True),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(String(12))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    membership_id: Mapped[int | None] = mapped_column(Integer)

    violation: Mapped[str] = mapped_column(String(40))
    violation_title: Mapped[str] = mapped_column(String(200))
    severity: Mapped[str] = mapped_column(String(10))
    facts: Mapped[str] = mapped_column(String(2000))
    proposed: Mapped[str] = mapped_column(String(20), default="")
    proposed_days: Mapped[int | None] = mapped_column(Integer)
    proposed_course: Mapped[str] = mapped_column(String(40), default="")
    proposed_because: Mapped[str] = mapped_column(String(500), default="")
    departs: Mapped[bool] = mapped_column(default=False)
    departs_because: Mapped[str] = mapped_column(String(1000), default="")

    measure: Mapped[str] = mapped_column(String(20))
    days: Mapped[int | None] = mapped_column(Integer)
    remedy: Mapped[str] = mapped_column(String(500), default="")
    course: Mapped[str] = mapped_column(String(40), default="")
    amount_cents: Mapped[int | None] = mapped_column(Integer)
    due_on: Mapped[date | None] = mapped_column(Date)
    paid_on: Mapped[date | None] = mapped_column(Date)
    referred_to: Mapped[str] = mapped_column(String(200), default="")
    reference: Mapped[str] = mapped_column(String(100), default="")
    first_day: Mapped[date | None] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)

    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), index=True)
    investigated_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    drafted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    drafted_at: Mapped[datetime] = mapped_column(DateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime)
    decided_reason: Mapped[str] = mapped_column(String(1000), default="")
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))

    appeal_by: Mapped[date | None] = mapped_column(Date)
    appealed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    appealed_at: Mapped[datetime | None] = mapped_column(DateTime)
    appeal_from: Mapped[str] = mapped_column(String(200), default="")
    appeal_text: Mapped[str] = mapped_column(String(2000), default="")
    appeal_holds: Mapped[bool] = mapped_column(default=False)
    """Whether the measure rests while the appeal is heard, as the pack said on the day of the appeal."""
    appeal_decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    appeal_decided_at: Mapped[datetime | None] = mapped_column(DateTime)
    appeal_reason: Mapped[str] = mapped_column(String(1000), default="")
    appeal_outcome: Mapped[str] = mapped_column(String(10), default="")
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("sanction.id"))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)
    ended_reason: Mapped[str] = mapped_column(String(1000), default="")

    agency: Mapped[Agency] = relationship(viewonly=True)
    whom: Mapped[Person | None] = relationship(foreign_keys=[person_id], viewonly=True)
    drafter: Mapped[Person] = relationship(foreign_keys=[drafted_by], viewonly=True)
    decider: Mapped[Person | None] = relationship(foreign_keys=[decided_by], viewonly=True)
    notices: Mapped[list["SanctionNotice"]] = relationship(order_by="SanctionNotice.id", viewonly=True)

    @property
    def subject(self) -> str:
        """Whom it is about, in words."""
        if self.whom is None:
            return self.agency.name
        return self.whom.name if self.about == "person" else f"{self.whom.name} at {self.agency.name}"

    @property
    def subject_id(self) -> int:
        """The id of the agency, person or membership that its evidence is about."""
        found: Any = {"agency": self.agency_id, "person": self.person_id, "membership": self.membership_id}[self.about]
        return int(found)


class SanctionNotice(Base):
    """One letter to one addressee: handed to the mail, or to be delivered on paper by somebody who records it."""

    __tablename__ = "sanction_notice"
    __table_args__ = (
        one_of("what", ("decision", "outcome", "lifted"), "what"),
        one_of("role", Told, "role"),
        one_of("channel", ("mail", "paper"), "channel"),
        CheckConstraint("channel <> 'mail' OR email <> ''", name="mailed_to"),
        CheckConstraint("(delivered_on IS NULL) = (delivered_recorded_by IS NULL)", name="delivered"),
        Index("uq_sanction_notice", "sanction_id", "what", "role", text("coalesce(person_id, 0)"), unique=True),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    sanction_id: Mapped[int] = mapped_column(ForeignKey("sanction.id"))
    what: Mapped[str] = mapped_column(String(10))
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str] = mapped_column(String(6))
    email: Mapped[str] = mapped_column(String(320), default="")
    made_at: Mapped[datetime] = mapped_column(DateTime)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime)
    delivered_on: Mapped[date | None] = mapped_column(Date)
    delivered_how: Mapped[str] = mapped_column(String(200), default="")
    delivered_recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    sanction: Mapped[Sanction] = relationship(viewonly=True)
    file: Mapped[StoredFile | None] = relationship(viewonly=True)


_NEVER = "a sanction is never deleted"

SANCTION_TRIGGERS = (
    Trigger(
        "sanction_is_not_deleted", "sanction",
        sqlite=(
            f"CREATE TRIGGER sanction_is_not_deleted BEFORE DELETE ON sanction BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END",
        ),
        postgresql=(
            "CREATE FUNCTION sanction_is_not_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{_NEVER}'; END $$",
            "CREATE TRIGGER sanction_is_not_deleted BEFORE DELETE ON sanction "
            "FOR EACH ROW EXECUTE FUNCTION sanction_is_not_deleted()",
        ),
    ),
)  # fmt: skip

__all__ = ["SANCTION_TRIGGERS", "Sanction", "SanctionNotice"]
