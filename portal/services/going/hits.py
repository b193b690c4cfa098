"""What a search by number or name looks with, and what it finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.actors import Actor
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.going import Asked, Fit, best_first, fit
from workflows.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One search: what was typed, who asks, when; `limit` is how much is shown of each noun."""

    asked: Asked
    actor: Actor
    now: datetime
    policy: Policy
    limit: int

    @property
    def text(self) -> str:
        return self.asked.text

    @property
    def on(self) -> date:
        return local_day(self.now, self.policy.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that was found: its noun and id lead to its page. `numbered`: by the very number that was typed."""

    noun: str
    id: int
    title: str
    where: str = ""
    fit: Fit = Fit.INSIDE
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one noun, the best first. `total` is how many there are, None where nobody counted them."""

    noun: str
    hits: tuple[Hit, ...]
    more: bool = False
    total: int | None = None

    @property
    def fit(self) -> Fit:
        return min((hit.fit for hit in self.hits), default=Fit.INSIDE)


Found = tuple[Sequence[Hit], int | None]
"""One more than a search shows, if there is one; and how many there are, where they are counted."""


@dataclass(frozen=True, slots=True)
class Source:
    """One noun that can be found: who may look, how, and the letters before its numbers ('' for what has none)."""

    noun: str
    action: Action
    find: Callable[[Session, Look], Found]
    prefix: str = ""

    def answers(self, asked: Asked) -> bool:
        """Whether it is worth asking: a number with letters is that of one noun alone."""
        return asked.prefix in ("", self.prefix)

    def group(self, session: Session, look: Look) -> Group:
        found, total = self.find(session, look)
        hits = best_first((hit.fit, hit) for hit in found)
        return Group(self.noun, tuple(hits[: look.limit]), len(found) > look.limit, total)


def hit(look: Look, noun: str, key: int, *titles: str, where: str = "", numbered: bool = False) -> Hit:
    """A hit under the first of its titles; the others are names that it may be called by as well."""
    fits = Fit.EXACT if numbered else fit(look.text, *titles)
    return Hit(noun=noun, id=key, title=titles[0], where=where, fit=fits, numbered=numbered)
