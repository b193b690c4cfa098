"""What a password must be like, by profile: how long, how many digits, how easy to guess from known words, how old ('User Passwords')."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from workflows.periods import NO_TIME, Period

ENOUGH = 3
"""Of the four steps by which the estimator (zxcvbn) says how hard a password is to guess."""

LETTERS_LEFT = 6
PRODUCT = (
    "hmis",
    "portal",
    "access",
    "password",
    "servicepoint",
    "wellsky",
    "clarity",
    "bitfocus",
    "homeless",
    "shelter",
)
"""Words of the trade: none of them makes a password harder to guess."""

_CALENDAR = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec", "spring", "summer", "autumn", "fall", "winter",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
_KNOWN_FROM = 4
_LEET = str.maketrans("@4301!5$7", "aaeoiisst")


class Composed(Protocol):
    """Whatever says what a password is made of: a profile here, or the pack's stanza about the core HMIS."""

    @property
    def shortest(self) -> int: ...
    @property
    def longest(self) -> int: ...
    @property
    def digits(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Profile:
    """Characters from `shortest` to `longest`, digits at least; `change_after` is no time where a password never runs out."""

    shortest: int
    longest: int
    digits: int
    change_after: Period


PROFILES: Mapping[str, Profile] = {
    "nist-63b4": Profile(15, 128, 0, NO_TIME),
    "manual": Profile(8, 50, 2, Period(days=45)),
}
"""The portal's own sign-in, by the name that the pack's stanza [sign_in] gives."""


def misfit(rules: Composed, password: str, called: str = "A password") -> str:
    """What is wrong with how a password is composed, in a sentence; '' where nothing is."""
    if not rules.shortest <= len(password) <= rules.longest:
        return f"{called} has {rules.shortest} to {rules.longest} characters; this has {len(password)}."
    if sum(letter.isdigit() for letter in password) < rules.digits:
        return f"{called} has at least {rules.digits} digits."
    return ""


def known_words(texts: Iterable[str]) -> list[str]:
    """The words in names, addresses and titles that a guesser would try first, each once, in lower case."""
    words = (word for text in texts for word in re.findall(r"[^\W\d_]+", text.lower()))
    return list(dict.fromkeys([*(word for word in words if len(word) >= _KNOWN_FROM), *PRODUCT]))


def guessable(password: str, own: Iterable[str], known: Iterable[str]) -> bool:
    """Whether a password is made of what everybody knows.

    `own` are the person's own names, which may not stand in it at all; without the `known` words, seasons, months,
    days and years at least six letters must be left: 'Summer2026!!' is nothing but a season and a year.
    """
    lowered = password.lower()
    plain = lowered.translate(_LEET)
    if any(len(word) >= _KNOWN_FROM and (word in lowered or word in plain) for word in own):
        return True
    words = sorted({*known, *_CALENDAR}, key=len, reverse=True)
    return any(_letters_left(text, words) < LETTERS_LEFT for text in (lowered, plain))


def runs_out(rules: Profile, changed_on: date) -> date | None:
    """The last day on which a password set on `changed_on` may be used; None where it never runs out."""
    return None if rules.change_after == NO_TIME else rules.change_after.after(changed_on)


def _letters_left(text: str, words: Iterable[str]) -> int:
    for word in words:
        text = text.replace(word, " ")
    return sum(letter.isalpha() for letter in text)
