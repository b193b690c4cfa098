"""How text becomes words to search by: folded, without what everybody says, cut back to what the forms of a word share."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

SHORTEST, LONGEST = 2, 40
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_ENDINGS = (
    ("ies", "y"),
    ("sses", "ss"),
    ("ings", ""),
    ("ing", ""),
    ("edly", ""),
    ("ed", ""),
    ("es", ""),
    ("s", ""),
    ("ly", ""),
)
_LEAST = 3
"""Letters that must be left of a word once its ending is cut off."""

EVERYBODYS = frozenset({
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been",
    "before", "but", "by", "can", "cannot", "could", "did", "do", "does", "doing", "don't", "for", "from", "get",
    "gets", "getting", "got", "had", "has", "have", "having", "he", "hello", "her", "here", "hi", "him", "his",
    "how", "i", "i'd", "i'm", "i've", "if", "in", "into", "is", "it", "it's", "its", "just", "let", "like", "me",
    "my", "need", "needs", "no", "not", "now", "of", "on", "or", "our", "out", "please", "she", "should", "so",
    "some", "somebody", "someone", "thank", "thanks", "that", "the", "their", "them", "then", "there", "these",
    "they", "thing", "this", "those", "to", "too", "try", "trying", "up", "us", "use", "using", "want", "was",
    "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
})  # fmt: skip
"""Words that say nothing about what somebody looks for."""


def stem(word: str) -> str:
    """What the forms of a word share: 'duplicates' and 'duplicate' are one, 'passwords' and 'password' too."""
    if word.isdigit():
        return word[:LONGEST]
    word = word.partition("'")[0]
    for ending, instead in _ENDINGS:
        if (
            word.endswith(ending)
            and len(word) - len(ending) >= _LEAST
            and not word.endswith("ss" if ending == "s" else "\0")
        ):
            word = word[: len(word) - len(ending)] + instead
            break
    if len(word) > _LEAST and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    if len(word) > _LEAST and word.endswith("e"):
        word = word[:-1]
    return word[:LONGEST]


def words_of(text: str) -> list[str]:
    """The words of a text in its order, each as stem() has it; doubles stay."""
    flat = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    plain = "".join(letter for letter in flat if not unicodedata.combining(letter))
    found = (word for word in _WORD.findall(plain) if word not in EVERYBODYS and word.partition("'")[0] not in EVERYBODYS)
    return [stem(word) for word in found if len(word) >= SHORTEST]


def weighed(parts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Each word of several texts with what it weighs: the sum over the texts, in each of them counted three times at most."""
    total: dict[str, int] = {}
    for text, weight in parts:
        for word, times in Counter(words_of(text)).items():
            total[word] = total.get(word, 0) + weight * min(times, 3)
    return total
