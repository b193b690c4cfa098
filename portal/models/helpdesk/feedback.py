"""Feedback: surveys, answers that lead to nobody, who was asked by mail, and what was done about it (R5)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.base import HasStatus, one_of, status_check
from portal.models.helpdesk.knowledge import never_changed
from portal.models.people import Person
from workflows.front_processes import SURVEY

ASKED = ("users", "managers", "directors", "lived_experience")


class Survey(HasStatus, Base):
    """A few questions to a group of people. `questions` is a list of {id, kind, text, choices}; fixed once it is opened.

    People with lived experience answer by a public link; all others by a link of their own, once.
    """

    __tablename__ = "survey"
    __machine__ = SURVEY
    __table_args__ = (
        status_check(SURVEY),
        one_of("asked", ASKED, "asked"),
        CheckConstraint("closes_on >= opens_on", name="days"),
        CheckConstraint("status NOT IN ('open', 'closed') OR opened_at IS NOT NULL", name="opened"),
        Index("ix_survey_status", "status", "closes_on"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(150))
    intro: Mapped[str] = mapped_column(String(1000), default="")
    asked: Mapped[str] = mapped_column(String(20))
    questions: Mapped[list[Any]] = mapped_column(JSON)
    opens_on: Mapped[date] = mapped_column(Date)
    closes_on: Mapped[date] = mapped_column(Date)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime)
    opened_at: Mapped[datetime | None] = mapped_column(DateTime)
    sent_until: Mapped[int] = mapped_column(Integer, default=0)

    author: Mapped[Person | None] = relationship(viewonly=True)


class SurveyInvite(Base):
    """That somebody is asked by mail, once; `used` says that an answer came, and neither which nor when."""

    __tablename__ = "survey_invite"
    __table_args__ = (UniqueConstraint("survey_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    used: Mapped[bool] = mapped_column(default=False)


class SurveyAnswer(Base):
    """One answer. It holds what was answered and the month: no person, no address, no moment, and an id out of any order."""

    __tablename__ = "survey_answer"
    __table_args__ = (Index("ix_survey_answer_survey", "survey_id", "month"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"))
    month: Mapped[date] = mapped_column(Date)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    to_redact: Mapped[bool] = mapped_column(default=False)


class SurveyFollowUp(Base):
    """What was done about what people answered; open to everybody where `public` says so."""

    __tablename__ = "survey_follow_up"
    __table_args__ = (Index("ix_survey_follow_up_survey", "survey_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"))
    said: Mapped[str] = mapped_column(String(1000))
    public: Mapped[bool] = mapped_column(default=True)
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(DateTime)

    writer: Mapped[Person | None] = relationship(viewonly=True)


FEEDBACK_TRIGGERS = (never_changed("survey_follow_up", "what was done about a survey is never changed"),)
