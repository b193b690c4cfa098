"""The knowledge base: articles, every version of them, the words they are found by, and whether they helped."""

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.base import HasStatus, Trigger, one_of, status_check
from portal.models.people import Person
from workflows.front_processes import ARTICLE

AUDIENCES = ("public", "signed_in")
_SIGNED_IN, _ANONYMOUS = text("person_id IS NOT NULL"), text("token_sha256 IS NOT NULL")


class Article(HasStatus, Base):
    """One article. Title, summary, topic, audience and kinds are those of the version in print, or of the draft before the first.

    `printed` is the number of the version that readers see (0: none yet); `written` the newest. A newer one waits to be
    published. `kinds` are the ids of ticket kinds it answers.
    """

    __tablename__ = "article"
    __machine__ = ARTICLE
    __table_args__ = (
        status_check(ARTICLE),
        one_of("audience", AUDIENCES, "audience"),
        CheckConstraint("printed >= 0 AND printed <= written", name="versions"),
        CheckConstraint("(status = 'draft') = (printed = 0) OR status = 'retired'", name="printed"),
        CheckConstraint("views >= 0 AND helped >= 0 AND not_helped >= 0", name="counts"),
        Index("ix_article_topic", "status", "topic", "title"),
        Index("ix_article_title", "title", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(40))
    audience: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(150))
    summary: Mapped[str] = mapped_column(String(300), default="")
    kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    printed: Mapped[int] = mapped_column(Integer, default=0)
    written: Mapped[int] = mapped_column(Integer, default=0)
    from_ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime)
    published_at: Mapped[datetime | None] = mapped_column(DateTime)
    reviewed_on: Mapped[date | None] = mapped_column(Date)
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    views: Mapped[int] = mapped_column(Integer, default=0)
    helped: Mapped[int] = mapped_column(Integer, default=0)
    not_helped: Mapped[int] = mapped_column(Integer, default=0)

    author: Mapped[Person | None] = relationship(foreign_keys=[created_by], viewonly=True)
    reviewer: Mapped[Person | None] = relationship(foreign_keys=[reviewed_by], viewonly=True)


class ArticleVersion(Base):
    """One version of an article as it was written, with who wrote it and why; never changed."""

    __tablename__ = "article_version"
    __table_args__ = (
        UniqueConstraint("article_id", "number"),
        one_of("audience", AUDIENCES, "audience"),
        CheckConstraint("number > 0", name="number"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    number: Mapped[int] = mapped_column(Integer)
    topic: Mapped[str] = mapped_column(String(40))
    audience: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(150))
    summary: Mapped[str] = mapped_column(String(300), default="")
    kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    words: Mapped[str] = mapped_column(String(300), default="")
    body: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(String(300), default="")
    written_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(DateTime)

    writer: Mapped[Person | None] = relationship(viewonly=True)


class ArticleWord(Base):
    """One word by which the printed version is found, and how much it weighs there."""

    __tablename__ = "article_word"
    __table_args__ = (CheckConstraint("weight > 0", name="weight"), Index("ix_article_word_word", "word", "article_id"))
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), primary_key=True)
    word: Mapped[str] = mapped_column(String(40), primary_key=True)
    weight: Mapped[int] = mapped_column(Integer)


class ArticleVote(Base):
    """Whether an article helped: once for a person, once a day for whoever did not sign in.

    `token_sha256` is the digest of a random word that the page carried: it leads to nobody.
    """

    __tablename__ = "article_vote"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (token_sha256 IS NULL)", name="of_one"),
        Index("uq_article_vote_person", "article_id", "person_id", unique=True, sqlite_where=_SIGNED_IN, postgresql_where=_SIGNED_IN),
        Index("uq_article_vote_token", "article_id", "token_sha256", "day", unique=True, sqlite_where=_ANONYMOUS, postgresql_where=_ANONYMOUS),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    token_sha256: Mapped[str | None] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date)
    helped: Mapped[bool]


def never_changed(table: str, sentence: str) -> Trigger:
    """Refuses UPDATE and DELETE on a table whose rows are kept as they were written."""
    name = f"{table}_is_never_changed"
    return Trigger(
        name, table,
        sqlite=tuple(
            f"CREATE TRIGGER {name}_{word.lower()} BEFORE {word} ON {table} BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            for word in ("UPDATE", "DELETE")
        ),
        postgresql=(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{sentence}'; END $$",
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
    )  # fmt: skip


KNOWLEDGE_TRIGGERS = (never_changed("article_version", "a version of an article is never changed"),)
