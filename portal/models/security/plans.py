"""Plans and policies by version: drafted, commented on, voted on by the Board, implemented, reviewed ('Lead Agency', (f))."""

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
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
from portal.models.base import HasStatus, one_of, status_check
from portal.models.paperwork import StoredFile
from portal.models.people import Person
from workflows.processes import PLAN

_IN_FORCE = text("status = 'in_force'")
_ON_THE_WAY = text("status IN ('drafted', 'feedback', 'submitted')")
_IMPLEMENTING = text("status = 'implementing'")
_VOTED = "('sent_back', 'implementing', 'overtaken', 'in_force', 'superseded')"
_APPROVED = "('implementing', 'overtaken', 'in_force', 'superseded')"
TAKEN = ("yes", "partly", "no")


class PlanVersion(HasStatus, Base):
    """One version of a plan; `kind` is the pack's id. Its text, its file, or both; `sha256` is the fingerprint of both.

    Whoever drafted it does not record the Board's vote, and nothing is approved, implemented or in force without a vote.
    """

    __tablename__ = "plan_version"
    __machine__ = PLAN
    __table_args__ = (
        status_check(PLAN),
        UniqueConstraint("kind", "number"),
        UniqueConstraint("id", "drafted_by"),
        CheckConstraint("voted_by IS NULL OR voted_by <> drafted_by", name="another_records_the_vote"),
        CheckConstraint("voted_by IS NULL OR revised_by IS NULL OR voted_by <> revised_by", name="nor_who_revised_it"),
        CheckConstraint(f"(status IN {_VOTED}) = (voted_on IS NOT NULL)", name="voted"),
        CheckConstraint("(voted_on IS NULL) = (voted_by IS NULL)", name="vote_recorded"),
        CheckConstraint("(voted_on IS NULL) = (minutes_file_id IS NULL)", name="minutes"),
        CheckConstraint(f"status NOT IN {_APPROVED} OR votes_for > votes_against", name="majority"),
        CheckConstraint("votes_for >= 0 AND votes_against >= 0 AND votes_abstained >= 0", name="votes"),
        CheckConstraint(f"(status IN {_APPROVED}) = (implement_by IS NOT NULL)", name="implement_by"),
        CheckConstraint(
            "(status IN ('in_force', 'superseded')) = (in_force_from IS NOT NULL)", name="in_force_from"
        ),
        CheckConstraint("body <> '' OR file_id IS NOT NULL", name="something_to_read"),
        Index("uq_plan_version_in_force", "kind", unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE),
        Index("uq_plan_version_on_the_way", "kind", unique=True, sqlite_where=_ON_THE_WAY, postgresql_where=_ON_THE_WAY),
        Index(
            "uq_plan_version_implementing", "kind", unique=True, sqlite_where=_IMPLEMENTING, postgresql_where=_IMPLEMENTING
        ),
        Index("ix_plan_version_status", "status", "id"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    number: Mapped[int] = mapped_column(Integer)
    changes: Mapped[str] = mapped_column(String(2000))
    body: Mapped[str] = mapped_column(Text, default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    from_before: Mapped[bool] = mapped_column(Boolean, default=False)
    drafted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    drafted_at: Mapped[datetime] = mapped_column(DateTime)
    revised_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(DateTime)
    feedback_until: Mapped[date | None] = mapped_column(Date)
    submitted_on: Mapped[date | None] = mapped_column(Date)
    voted_on: Mapped[date | None] = mapped_column(Date)
    votes_for: Mapped[int] = mapped_column(Integer, default=0)
    votes_against: Mapped[int] = mapped_column(Integer, default=0)
    votes_abstained: Mapped[int] = mapped_column(Integer, default=0)
    minutes_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    voted_note: Mapped[str] = mapped_column(String(1000), default="")
    voted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    voted_at: Mapped[datetime | None] = mapped_column(DateTime)
    implement_by: Mapped[date | None] = mapped_column(Date)
    in_force_from: Mapped[date | None] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)
    review_due: Mapped[date | None] = mapped_column(Date)

    file: Mapped[StoredFile | None] = relationship(foreign_keys=[file_id], viewonly=True)
    minutes: Mapped[StoredFile | None] = relationship(foreign_keys=[minutes_file_id], viewonly=True)
    drafter: Mapped[Person] = relationship(foreign_keys=[drafted_by], viewonly=True)
    recorder: Mapped[Person | None] = relationship(foreign_keys=[voted_by], viewonly=True)


class PlanComment(Base):
    """What somebody of an Agency, of the Board or of the Committee says about a version, and the Lead's answer."""

    __tablename__ = "plan_comment"
    __table_args__ = (
        one_of("taken_up", ("", *TAKEN), "taken_up"),
        CheckConstraint(
            "(answered_at IS NULL) = (answered_by IS NULL) AND (answered_at IS NULL) = (answer = '') "
            "AND (answered_at IS NULL) = (taken_up = '')",
            name="answered",
        ),
        Index("ix_plan_comment_version", "version_id", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("plan_version.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    said_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    said_as: Mapped[str] = mapped_column(String(40))
    said_at: Mapped[datetime] = mapped_column(DateTime)
    place: Mapped[str] = mapped_column(String(200), default="")
    comment: Mapped[str] = mapped_column(String(4000))
    answer: Mapped[str] = mapped_column(String(4000), default="")
    taken_up: Mapped[str] = mapped_column(String(10), default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime)

    agency: Mapped[Agency] = relationship(viewonly=True)
    speaker: Mapped[Person] = relationship(foreign_keys=[said_by], viewonly=True)
    answerer: Mapped[Person | None] = relationship(foreign_keys=[answered_by], viewonly=True)


class PlanTask(Base):
    """One thing to do until an approved version is implemented, and who of the Lead does it by when."""

    __tablename__ = "plan_task"
    __table_args__ = (
        CheckConstraint("(done_on IS NULL) = (done_by IS NULL)", name="done"),
        Index("ix_plan_task_version", "version_id", "id"),
        Index("ix_plan_task_owner", "owner_id", "done_on"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("plan_version.id"))
    what: Mapped[str] = mapped_column(String(500))
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    due: Mapped[date] = mapped_column(Date)
    entered_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    done_on: Mapped[date | None] = mapped_column(Date)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(String(500), default="")

    version: Mapped[PlanVersion] = relationship(viewonly=True)
    owner: Mapped[Person] = relationship(foreign_keys=[owner_id], viewonly=True)


class PlanReview(Base):
    """The yearly look at a version in force that found nothing to change; by somebody who did not draft it."""

    __tablename__ = "plan_review"
    __table_args__ = (
        ForeignKeyConstraint(["version_id", "drafted_by"], ["plan_version.id", "plan_version.drafted_by"]),
        CheckConstraint("reviewed_by <> drafted_by", name="another_reviews"),
        Index("ix_plan_review_version", "version_id", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(Integer)
    drafted_by: Mapped[int] = mapped_column(Integer)
    reviewed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reviewed_on: Mapped[date] = mapped_column(Date)
    note: Mapped[str] = mapped_column(String(1000))
    recorded_at: Mapped[datetime] = mapped_column(DateTime)

    reviewer: Mapped[Person] = relationship(foreign_keys=[reviewed_by], viewonly=True)


class HmisChange(Base):
    """A change that was made to the HMIS, after which the plans that it touches are handed in again."""

    __tablename__ = "hmis_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(String(1000))
    changed_on: Mapped[date] = mapped_column(Date)
    entered_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(DateTime)

    enterer: Mapped[Person] = relationship(foreign_keys=[entered_by], viewonly=True)
    resubmissions: Mapped[list["PlanResubmission"]] = relationship(order_by="PlanResubmission.id", viewonly=True)


class PlanResubmission(Base):
    """One plan that a change touches: until when it goes to the Board again, and the version that went."""

    __tablename__ = "plan_resubmission"
    __table_args__ = (
        UniqueConstraint("change_id", "kind"),
        CheckConstraint("(met_by IS NULL) = (met_on IS NULL)", name="met"),
        Index("ix_plan_resubmission_open", "kind", "met_by"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("hmis_change.id"))
    kind: Mapped[str] = mapped_column(String(40))
    due: Mapped[date] = mapped_column(Date)
    met_by: Mapped[int | None] = mapped_column(ForeignKey("plan_version.id"))
    met_on: Mapped[date | None] = mapped_column(Date)

    change: Mapped[HmisChange] = relationship(viewonly=True)
