"""What somebody types to get somewhere: cleaned, read as a number or as words, and how well a name fits it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

MOST = 100
"""Letters that are looked for; no name or number is longer."""

SHORTEST = 2
"""Letters that a word needs before it is looked for: one alone would find half of everybody."""

LARGEST = 2**31 - 1
SPELLED = {
    "ticket": "HD", "question": "HD", "work order": "WO", "order": "WO", "incident": "I", "complaint": "C",
    "corrective action": "CA", "service request": "SR", "request": "SR", "outage": "O",
}  # fmt: skip
"""What people write instead of the letters before a number."""

PREFIXES = frozenset(SPELLED.values())
_NUMBER = re.compile(
    rf"(?:#|no\.?\s*)?(?:({'|'.join(sorted(PREFIXES))}|{'|'.join(SPELLED)})\s*[-#]?\s*)?(?:(\d{{4}})-)?(\d{{1,10}})",
    re.IGNORECASE | re.ASCII,
)
Entry = TypeVar("Entry")


class Fit(IntEnum):
    """How well a name fits what was typed, the best first."""

    EXACT = 0
    BEGINS = 1
    INSIDE = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: its text, and its number where it is one. `prefix` are the letters that say what is numbered.

    `cut` says that more was typed than is looked for.
    """

    text: str
    cut: bool = False
    prefix: str = ""
    year: int | None = None
    number: int | None = None

    @property
    def says_enough(self) -> bool:
        """Whether it is worth looking: a number, or a word of two letters."""
        return self.number is not None or any(len(word) >= SHORTEST for word in self.text.split())

    def means(self, prefix: str, number: int, year: int | None = None) -> bool:
        """Whether this very number was typed; without its letters or its year, that counts as well."""
        named = self.prefix in ("", prefix) and self.number == number
        return named and (self.year is None or self.year == year)


def read(typed: str) -> Asked:
    """What was typed, without signs that nobody sees and more white space than needed."""
    seen = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in typed[: MOST * 10])
    whole = " ".join(unicodedata.normalize("NFC", seen).split())
    text = whole[:MOST].rstrip()
    found = _NUMBER.fullmatch(text)
    if found is None or int(found[3]) > LARGEST:
        return Asked(text, len(whole) > MOST or len(typed) > MOST * 10)
    letters = found[1] or ""
    prefix = SPELLED.get(letters.lower(), letters.upper())
    return Asked(text, False, prefix, int(found[2]) if found[2] else None, int(found[3]))


def fit(text: str, *names: str) -> Fit:
    """How well the best of some names fits: it is the text, its words begin as those of the text do, or neither.

    Small and capital letters, accents, and the order of words make no difference.
    """
    wanted = folded(text)
    return min((_fit(wanted, folded(name)) for name in names if name), default=Fit.INSIDE)


def _fit(wanted: Sequence[str], words: Sequence[str]) -> Fit:
    if sorted(wanted) == sorted(words):
        return Fit.EXACT
    begun = all(any(word.startswith(each) for word in words) for each in wanted)
    return Fit.BEGINS if wanted and begun else Fit.INSIDE


def folded(text: str) -> list[str]:
    """The words of a text in small letters without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    return re.findall(r"[^\W_]+", plain)


def best_first(found: Iterable[tuple[Fit, Entry]]) -> list[Entry]:
    """What was found by how well it fits; what fits alike stays in its order."""
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]
