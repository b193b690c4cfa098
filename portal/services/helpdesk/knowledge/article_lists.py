"""The staff's list of articles: drafts too, how often each helped, and which are to be looked at again."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import Article, ArticleVersion
from portal.services.paging import PAGE, Order, Page, like
from workflows.actions import Action
from workflows.policy import Policy

IN_ORDER = Order(((Article.title, str), (Article.id, int)))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many articles stand where."""

    published: int = 0
    drafts: int = 0
    waiting: int = 0
    stale: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of two versions beside each other: `sign` is '+', '-' or ' '."""

    sign: str
    text: str


def page(
    session: Session,
    actor: Actor,
    *,
    on: date,
    policy: Policy,
    show: str = "",
    topic: str = "",
    search: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """Articles by title, those that readers see and those in the making; one statement."""
    query = select(Article).where(permissions.visible(actor, Action.ARTICLE_SEE, Article), _shown(show, on, policy))
    query = query.options(joinedload(Article.author), joinedload(Article.reviewer))
    if topic:
        query = query.where(Article.topic == topic)
    if search:
        word = like(search)
        query = query.where(
            or_(func.lower(Article.title).like(word, escape="/"), func.lower(Article.summary).like(word, escape="/"))
        )
    return IN_ORDER.page(session, query, after, lambda row: (row[0].title, row[0].id), limit=limit)


def counted(session: Session, actor: Actor, *, on: date, policy: Policy) -> Counts:
    """One statement."""
    query = select(
        func.count().filter(Article.status == "published"),
        func.count().filter(Article.status == "draft"),
        func.count().filter(_waiting()),
        func.count().filter(stale(on, policy)),
    ).where(permissions.visible(actor, Action.ARTICLE_SEE, Article))
    return Counts(*map(int, session.execute(query).one()))


def stale(on: date, policy: Policy) -> ColumnElement[bool]:
    """What is in print and was looked at too long ago."""
    return and_(Article.status == "published", Article.reviewed_on < policy.front.knowledge.review.reaching(on))


def is_stale(article: Article, on: date, policy: Policy) -> bool:
    day = article.reviewed_on
    return article.status == "published" and day is not None and policy.front.knowledge.review.after(day) < on


def versions(session: Session, article: Article) -> Sequence[ArticleVersion]:
    """Every version with who wrote it, the newest first; one statement."""
    query = select(ArticleVersion).where(ArticleVersion.article_id == article.id).order_by(ArticleVersion.number.desc())
    return session.scalars(query.options(joinedload(ArticleVersion.writer))).all()


def differences(old: ArticleVersion, new: ArticleVersion) -> list[Line]:
    """What the later version took out and put in, with three lines around each place."""
    lines = difflib.unified_diff(_lines(old), _lines(new), lineterm="", n=3)
    return [Line(line[0], line[1:]) for line in list(lines)[2:] if line[1:].strip() and not line.startswith("@@")]


def _lines(version: ArticleVersion) -> list[str]:
    audience = "everybody" if version.audience == "public" else "whoever is signed in"
    head = [
        f"Title: {version.title}",
        f"Summary: {version.summary}",
        f"Other words: {version.words}",
        f"For: {audience}",
    ]
    return [*head, "", *version.body.splitlines()]


def _waiting() -> ColumnElement[bool]:
    """A newer version is written than the one in print."""
    return and_(Article.status == "published", Article.written > Article.printed)


def _shown(show: str, on: date, policy: Policy) -> ColumnElement[bool]:
    match show:
        case "published" | "retired" | "draft":
            return Article.status == show
        case "waiting":
            return _waiting()
        case "stale":
            return stale(on, policy)
        case "unhelpful":
            return and_(Article.status == "published", Article.not_helped > Article.helped)
        case "all":
            return Article.id > 0
    return Article.status != "retired"
