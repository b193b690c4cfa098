"""The pack's part about the annual security review: when it is due, and the checklist item by item ('Annual security review')."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.periods import Period
from workflows.questions import Basis
from workflows.stanza import Stanza

APPLIES = ("lead", "agency", "both")
SHOWN_BY: Mapping[str, str] = {
    "document": "A document", "records": "The portal's own records", "image": "A picture", "observed": "What was seen",
    "attested": "A statement", "log": "A log or list",
}  # fmt: skip
"""What shows that the answer is true, as the pack writes it and as people read it."""

ANSWERS: Mapping[str, str] = {"yes": "Yes", "partial": "Partial", "no": "No", "not_applicable": "Does not apply"}
FINDINGS = frozenset({"partial", "no"})
"""Answers that call for a corrective action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of the checklist; `na` says when 'does not apply' is an answer, '' where it never is."""

    id: str
    category: str
    asks: str
    applies: str
    evidence: str
    cite: str
    basis: str
    also: str = ""
    help: str = ""
    na: str = ""
    topics: tuple[str, ...] = ()

    def concerns(self, *, lead: bool) -> bool:
        return self.applies in ("both", "lead" if lead else "agency")

    @property
    def answers(self) -> Mapping[str, str]:
        """The answers that may be given, as people read them."""
        return {word: said for word, said in ANSWERS.items() if word != "not_applicable" or self.na}


@dataclass(frozen=True, slots=True)
class Category:
    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The rules of the yearly review. `sample` is the share that is visited, in hundredths of a percent."""

    period: Period
    answer_within: Period
    sample: int
    hand_over: bool
    cite: str
    basis: str
    categories: tuple[Category, ...]
    items: tuple[Item, ...]

    def checklist(self, *, lead: bool) -> tuple[Item, ...]:
        """The items that the Lead answers for itself, or those of an Agency, in the pack's order."""
        return tuple(item for item in self.items if item.concerns(lead=lead))


def read_review(pack: Stanza) -> Review | None:
    """What the pack says about the review; None for a pack from before there was one.

    PolicyError by stanza and field for an unknown category, a word that is none, an item that stands twice.
    """
    if "review" not in pack:
        return None
    stanza = pack.stanza("review")
    categories = pack.each("review_category", _category)
    left_out: set[str] = set()
    listed = pack.each("review_item", lambda s: _item(s, [category.id for category in categories], left_out))
    items = tuple(item for item in listed if item.id not in left_out)
    review = Review(
        period=stanza.period("period"), answer_within=stanza.period("answer_within"), sample=stanza.percent("sample"),
        hand_over=stanza.flag("hand_over", True), cite=stanza.text("cite"), basis=stanza.choice("basis", Basis), categories=categories, items=items,
    )  # fmt: skip
    stanza.done()
    for lead in (True, False):
        if not review.checklist(lead=lead):
            raise stanza.wrong("period", f"no item of the checklist is for {'the Lead' if lead else 'an Agency'}")
    return review


def version_of(items: Iterable[Item]) -> str:
    """A fingerprint of a checklist: the same items in the same order are the same version."""
    whole = json.dumps([as_data(item) for item in items], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()


def as_data(item: Item) -> dict[str, Any]:
    """An item as it is kept with a review that was opened with it."""
    return {name: getattr(item, name) for name in Item.__slots__} | {"topics": list(item.topics)}


def from_data(kept: Mapping[str, Any]) -> Item:
    """The item again, also from a checklist that lacks what was added to items since."""
    return Item(**{**kept, "topics": tuple(kept.get("topics", ()))})


def _category(s: Stanza) -> Category:
    return Category(s.text("id", longest=40), s.text("title", longest=100))


def _item(s: Stanza, categories: list[str], left_out: set[str]) -> Item:
    used = s.flag("in_use", True)
    item = Item(
        id=s.text("id", longest=20), category=s.one_of("category", categories), asks=s.text("asks"),
        applies=s.one_of("applies", APPLIES), evidence=s.one_of("evidence", SHOWN_BY), help=s.text("help", ""),
        na=s.text("na", ""), topics=s.texts("topics", ()), cite=s.text("cite"), basis=s.choice("basis", Basis).value,
        also=s.text("also", ""),
    )  # fmt: skip
    if not used:
        left_out.add(item.id)
    return item


__all__ = [
    "ANSWERS", "APPLIES", "FINDINGS", "SHOWN_BY", "Category", "Item", "Review", "as_data", "from_data", "read_review", "version_of",
]  # fmt: skip
