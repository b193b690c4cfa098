"""The annual security review: campaigns, the checklist each review was opened with, its answers, comments and files."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency
from portal.models.base import HasStatus, Trigger, one_of, status_check
from portal.models.paperwork import Document, StoredFile
from portal.models.people import Person
from workflows.processes import REVIEW
from workflows.review_pack import ANSWERS

OPEN = "status NOT IN ('signed_off', 'called_off')"
OBSERVED = ("", "yes", "no")


class Checklist(Base):
    """The items of one version of the checklist, as the pack had them when a review was first opened with it."""

    __tablename__ = "review_checklist"
    __table_args__ = (UniqueConstraint("version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(64))
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    kept_at: Mapped[datetime] = mapped_column(DateTime)


class ReviewCampaign(Base):
    """The Lead's yearly round: who is asked by when, and how those who are visited were drawn."""

    __tablename__ = "review_campaign"
    __table_args__ = (
        UniqueConstraint("name"),
        one_of("spread", ("at_once", "over_the_year"), "spread"),
        CheckConstraint("share BETWEEN 0 AND 10000", name="share"),
        CheckConstraint("(share = 0) = (seed = '')", name="seed"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    spread: Mapped[str] = mapped_column(String(20))
    due: Mapped[date] = mapped_column(Date)
    share: Mapped[int] = mapped_column(Integer, default=0)
    seed: Mapped[str] = mapped_column(String(100), default="")
    listed: Mapped[list[int]] = mapped_column(JSON, default=list)
    opened_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime] = mapped_column(DateTime)

    opener: Mapped[Person] = relationship(foreign_keys=[opened_by], viewonly=True)


class SecurityReview(HasStatus, Base):
    """One review of one Agency, or of the Lead itself (agency 0), with the checklist it was opened with.

    Who signs it off has neither sent it nor filled in any of it; the database refuses it too.
    """

    __tablename__ = "security_review"
    __machine__ = REVIEW
    __table_args__ = (
        status_check(REVIEW),
        CheckConstraint("signed_off_by IS NULL OR sent_by IS NULL OR signed_off_by <> sent_by", name="another_signs_off"),
        CheckConstraint("(status = 'signed_off') = (signed_off_by IS NOT NULL)", name="signed_off"),
        CheckConstraint("(signed_off_by IS NULL) = (signed_off_at IS NULL)", name="moment"),
        CheckConstraint("status <> 'signed_off' OR evidence_id IS NOT NULL OR agency_id = 0", name="evidence"),
        CheckConstraint("status NOT IN ('attested', 'signed_off') OR answers_sha256 <> ''", name="attested"),
        Index("uq_security_review_open", "agency_id", unique=True, sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
        Index("ix_security_review_board", "status", "due", "id"),
        Index("ix_security_review_campaign", "campaign_id", "status"),
        Index("ix_security_review_agency", "agency_id", "opened_at"),
        Index("ix_security_review_document", "document_id"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("review_campaign.id"))
    checklist_id: Mapped[int] = mapped_column(ForeignKey("review_checklist.id"))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("security_review.id"))
    due: Mapped[date] = mapped_column(Date)
    opened_at: Mapped[datetime] = mapped_column(DateTime)
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    answers_sha256: Mapped[str] = mapped_column(String(64), default="")
    sent_at: Mapped[datetime | None] = mapped_column(DateTime)
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    attested_at: Mapped[datetime | None] = mapped_column(DateTime)
    attested_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    returned_reason: Mapped[str] = mapped_column(String(1000), default="")
    signed_off_at: Mapped[datetime | None] = mapped_column(DateTime)
    signed_off_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signed_off_note: Mapped[str] = mapped_column(String(1000), default="")
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    visit: Mapped[bool] = mapped_column(Boolean, default=False)
    visited_on: Mapped[date | None] = mapped_column(Date)
    visited_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    visit_notes: Mapped[str] = mapped_column(String(4000), default="")

    agency: Mapped[Agency] = relationship(viewonly=True)
    campaign: Mapped[ReviewCampaign | None] = relationship(viewonly=True)
    checklist: Mapped[Checklist] = relationship(viewonly=True)
    document: Mapped[Document | None] = relationship(viewonly=True)
    sender: Mapped[Person | None] = relationship(foreign_keys=[sent_by], viewonly=True)
    attester: Mapped[Person | None] = relationship(foreign_keys=[attested_by], viewonly=True)
    signer: Mapped[Person | None] = relationship(foreign_keys=[signed_off_by], viewonly=True)
    visitor: Mapped[Person | None] = relationship(foreign_keys=[visited_by], viewonly=True)
    answers: Mapped[list["ReviewAnswer"]] = relationship(order_by="ReviewAnswer.place", viewonly=True)


class ReviewAnswer(Base):
    """The present answer to one item, '' while there is none; who has it in hand, and what the Lead wants changed.

    `revision` counts the saves: whoever saves says which one they saw, so that nothing is overwritten unseen. `fact` is what the
    portal's own records said when it was saved.
    """

    __tablename__ = "review_answer"
    __table_args__ = (
        UniqueConstraint("review_id", "item"),
        one_of("answer", ("", *ANSWERS), "answer"),
        one_of("observed", OBSERVED, "observed"),
        CheckConstraint("(answer = '') = (answered_by IS NULL)", name="answered"),
        Index("ix_review_answer_handed", "handed_to", "review_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("security_review.id"))
    item: Mapped[str] = mapped_column(String(20))
    place: Mapped[int] = mapped_column(Integer)
    answer: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(String(2000), default="")
    owner: Mapped[str] = mapped_column(String(200), default="")
    due: Mapped[date | None] = mapped_column(Date)
    fact: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime)
    handed_to: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    handed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    handed_at: Mapped[datetime | None] = mapped_column(DateTime)
    wanted: Mapped[str] = mapped_column(String(1000), default="")
    wanted_at: Mapped[datetime | None] = mapped_column(DateTime)
    observed: Mapped[str] = mapped_column(String(3), default="")
    observed_note: Mapped[str] = mapped_column(String(2000), default="")

    review: Mapped[SecurityReview] = relationship(viewonly=True)
    answerer: Mapped[Person | None] = relationship(foreign_keys=[answered_by], viewonly=True)
    helper: Mapped[Person | None] = relationship(foreign_keys=[handed_to], viewonly=True)


class ReviewRevision(Base):
    """What was saved for an item, each time: never changed, so that everybody's words stay readable."""

    __tablename__ = "review_revision"
    __table_args__ = (
        UniqueConstraint("answer_id", "revision"),
        Index("ix_review_revision_by", "saved_by", "answer_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("review_answer.id"))
    revision: Mapped[int] = mapped_column(Integer)
    answer: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(2000), default="")
    owner: Mapped[str] = mapped_column(String(200), default="")
    due: Mapped[date | None] = mapped_column(Date)
    saved_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    saved_at: Mapped[datetime] = mapped_column(DateTime)

    saver: Mapped[Person] = relationship(viewonly=True)


class ReviewComment(Base):
    """A word about one item, from the Agency or the Lead; kept as it was written."""

    __tablename__ = "review_comment"
    __table_args__ = (Index("ix_review_comment_item", "review_id", "item", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("security_review.id"))
    item: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(2000))
    written_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(DateTime)

    writer: Mapped[Person] = relationship(viewonly=True)


class ReviewFile(Base):
    """A photo or document that shows an answer, with the days for which it holds; a newer one replaces it, and it stays."""

    __tablename__ = "review_file"
    __table_args__ = (
        CheckConstraint("expires_on IS NULL OR expires_on >= effective_on", name="days"),
        Index("ix_review_file_item", "review_id", "item", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("security_review.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    item: Mapped[str] = mapped_column(String(20))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    title: Mapped[str] = mapped_column(String(200))
    effective_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date | None] = mapped_column(Date)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("review_file.id"), unique=True)
    taken_over_id: Mapped[int | None] = mapped_column(ForeignKey("review_file.id"))
    added_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(DateTime)

    file: Mapped[StoredFile] = relationship(viewonly=True)
    adder: Mapped[Person] = relationship(viewonly=True)


_FILLED_IN = (
    "EXISTS (SELECT 1 FROM review_revision r JOIN review_answer a ON a.id = r.answer_id "
    "WHERE a.review_id = NEW.id AND r.saved_by = NEW.signed_off_by)"
)
_SENTENCE = "who filled a review in does not sign it off"

REVIEW_TRIGGERS = (
    Trigger(
        "review_is_signed_off_by_another", "security_review",
        sqlite=(
            "CREATE TRIGGER review_is_signed_off_by_another BEFORE UPDATE OF signed_off_by ON security_review "
            f"WHEN NEW.signed_off_by IS NOT NULL AND {_FILLED_IN} BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END",
        ),
        postgresql=(
            "CREATE FUNCTION review_is_signed_off_by_another() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.signed_off_by IS NOT NULL AND {_FILLED_IN} THEN RAISE EXCEPTION '{_SENTENCE}'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER review_is_signed_off_by_another BEFORE UPDATE OF signed_off_by ON security_review "
            "FOR EACH ROW EXECUTE FUNCTION review_is_signed_off_by_another()",
        ),
    ),
)  # fmt: skip
