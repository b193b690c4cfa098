"""The knowledge base as its readers see it: the shelves, one article, and whether it helped."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Article, ArticleVersion, ArticleVote
from portal.refusals import Refused, not_found
from portal.secrets import Keys, hash_of, new_token
from portal.services.account import limits
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Reason

PURPOSE = "article-vote"
_TOKEN_WORKS = timedelta(days=1)
SLOW_DOWN = "Many answers came from your network within the hour. Nothing is lost: you need not send yours again."


def shelves(session: Session, actor: Actor, policy: Policy) -> dict[str, int]:
    """How many articles the actor finds under each topic, in the order of the pack; empty ones left out. One statement."""
    query = select(Article.topic, func.count()).where(_readable(actor)).group_by(Article.topic)
    counted = {topic: int(number) for topic, number in session.execute(query)}
    ordered = [topic.id for topic in policy.front.topics if topic.id in counted]
    return {topic: counted[topic] for topic in [*ordered, *sorted(set(counted) - set(ordered))]}


def on_shelf(session: Session, actor: Actor, topic: str, *, limit: int = 500) -> list[Article]:
    """The articles of a topic by title."""
    query = select(Article).where(Article.topic == topic, _readable(actor)).order_by(Article.title, Article.id)
    return list(session.scalars(query.limit(limit)))


def often_read(session: Session, actor: Actor, *, limit: int = 6) -> list[Article]:
    """What helped most people, then what is read most."""
    query = select(Article).where(_readable(actor)).order_by(Article.helped.desc(), Article.views.desc(), Article.id)
    return list(session.scalars(query.limit(limit)))


def one(session: Session, actor: Actor, article_id: int) -> tuple[Article, ArticleVersion]:
    """An article and the version in print, for whoever may read it; NOT_FOUND for all others. One statement."""
    query = (
        select(Article, ArticleVersion)
        .join(ArticleVersion, (ArticleVersion.article_id == Article.id) & (ArticleVersion.number == Article.printed))
        .where(Article.id == article_id, _readable(actor))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise not_found()
    return found[0], found[1]


def token(keys: Keys, article: Article) -> str:
    """The signed word that lets somebody who has not signed in vote once about this article."""
    return keys.envelope(PURPOSE, [article.id, new_token()])


def vote(
    session: Session,
    article: Article,
    *,
    helped: bool,
    actor: Actor,
    now: datetime,
    policy: Policy,
    keys: Keys,
    envelope: str = "",
    address: str = "",
) -> bool:
    """Counts that an article helped, or did not; false where the same person or the same token has said so before.

    A person may change their mind. Whoever has not signed in needs the token of the page; CONFLICT where too many votes
    came from one network within the hour. Neither name nor address is kept with a vote that was not signed in.
    """
    permissions.check(session, actor, Action.ARTICLE_READ, article)
    session.refresh(article, with_for_update=True)
    today = local_day(now, policy.zone)
    if actor.person_id is not None:
        return _of_person(session, article, actor.person_id, helped, today)
    content = keys.open(PURPOSE, envelope, max_age=int(_TOKEN_WORKS / timedelta(seconds=1)))
    if not isinstance(content, list) or len(content) != 2 or content[0] != article.id:
        raise Refused(Reason.LINK_SPENT, "This page is of another article. Open the article again.")
    key = limits.of_unnamed("article", address)
    if not limits.take(session, key, most=policy.front.knowledge.votes, within=timedelta(hours=1), now=now):
        raise Refused(Reason.CONFLICT, SLOW_DOWN)
    known = (ArticleVote.article_id == article.id, ArticleVote.token_sha256 == hash_of(str(content[1])))
    if session.scalar(select(ArticleVote.id).where(*known)) is not None:
        return False
    session.add(ArticleVote(article_id=article.id, token_sha256=hash_of(str(content[1])), day=today, helped=helped))
    _count(session, article, helped, +1)
    return True


def seen(session: Session, counted: Mapping[int, int]) -> None:
    """Adds to how often articles were opened."""
    for article_id, times in sorted(counted.items()):
        session.execute(update(Article).where(Article.id == article_id).values(views=Article.views + times))


def _of_person(session: Session, article: Article, person_id: int, helped: bool, today: date) -> bool:
    before = session.scalar(
        select(ArticleVote).where(ArticleVote.article_id == article.id, ArticleVote.person_id == person_id)
    )
    if before is not None:
        if before.helped == helped:
            return False
        _count(session, article, before.helped, -1)
        before.helped, before.day = helped, today
    else:
        session.add(ArticleVote(article_id=article.id, person_id=person_id, day=today, helped=helped))
    _count(session, article, helped, +1)
    return True


def _count(session: Session, article: Article, helped: bool, by: int) -> None:
    if helped:
        article.helped += by
    else:
        article.not_helped += by
    session.flush()


def _readable(actor: Actor) -> ColumnElement[bool]:
    return permissions.visible(actor, Action.ARTICLE_READ, Article)
