"""Finds articles by words, best first: the same in both databases, without an engine for it ('The HMIS Application Support')."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log2
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Article, ArticleWord
from workflows.actions import Action
from workflows.policy import Policy
from workflows.search_words import words_of

MOST_WORDS = 24
"""Words of a question that are looked for: those that come first say what it is about."""

SHORTEST_BEGINNING = 3
_EXACT, _SAME_THING, _BEGINNING = 1.0, 0.7, 0.5
_LONG_QUESTION = 4
_LAST = "z" * 40


@dataclass(frozen=True, slots=True)
class Found:
    """An article that answers to the words; the higher the score, the better."""

    id: int
    title: str
    summary: str
    topic: str
    score: float


def suggest(session: Session, actor: Actor, text: str, limit: int = 5, *, policy: Policy | None = None) -> list[Found]:
    """The articles that seem to answer a text, best first, of those that the actor may read. Two statements at most.

    With the pack, words that mean the same count too. Nothing where no word of the text says anything.
    """
    terms = list(dict.fromkeys(words_of(text)))[:MOST_WORDS]
    if not terms:
        return []
    wanted = {term: _same(term, policy) for term in terms}
    rows = session.execute(
        select(ArticleWord.article_id, ArticleWord.word, ArticleWord.weight)
        .join(Article, Article.id == ArticleWord.article_id)
        .where(or_(*_conditions(wanted)), _readable(actor))
    ).all()
    best = _best(wanted, rows)[:limit]
    if not best:
        return []
    query = select(Article.id, Article.title, Article.summary, Article.topic).where(
        Article.id.in_([a for a, _ in best])
    )
    known = {row.id: row for row in session.execute(query)}
    return [Found(a, known[a].title, known[a].summary, known[a].topic, round(score, 3)) for a, score in best]


def _readable(actor: Actor) -> ColumnElement[bool]:
    return permissions.visible(actor, Action.ARTICLE_READ, Article)


def _same(term: str, policy: Policy | None) -> frozenset[str]:
    """The words of the pack that mean the same, without the term itself."""
    synonyms = policy.front.synonyms if policy else {}
    head = synonyms.get(term)
    return frozenset(word for word, of in synonyms.items() if of == head and word != term) if head else frozenset()


def _conditions(wanted: Mapping[str, frozenset[str]]) -> Iterable[ColumnElement[bool]]:
    yield ArticleWord.word.in_(sorted(set(wanted).union(*wanted.values())))
    for term in wanted:
        if len(term) >= SHORTEST_BEGINNING:  # a range, not LIKE: both databases read it from the index
            yield and_(ArticleWord.word > term, ArticleWord.word < term + _LAST)


def _best(wanted: Mapping[str, frozenset[str]], rows: Iterable[Any]) -> list[tuple[int, float]]:
    """Articles by score: what a word weighs in an article, less where many have it, times how much of the question it meets."""
    met: dict[str, dict[int, float]] = {term: defaultdict(float) for term in wanted}
    for article_id, word, weight in rows:
        for term, same in wanted.items():
            factor = _EXACT if word == term else _SAME_THING if word in same else 0.0
            if not factor and len(term) >= SHORTEST_BEGINNING and word.startswith(term):
                factor = _BEGINNING
            if factor:
                met[term][article_id] = max(met[term][article_id], weight * factor)
    score: dict[int, float] = defaultdict(float)
    count: dict[int, int] = defaultdict(int)
    for articles in met.values():
        rare = 1 / (1 + log2(1 + len(articles)))
        for article_id, weight in articles.items():
            score[article_id] += weight * rare
            count[article_id] += 1
    least = 2 if len(wanted) >= _LONG_QUESTION else 1
    ranked = [(a, value * count[a] / len(wanted)) for a, value in score.items() if count[a] >= least]
    return sorted(ranked, key=lambda pair: (-pair[1], pair[0]))
