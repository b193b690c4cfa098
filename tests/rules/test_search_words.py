"""Text becomes words to search by: forms of a word are one, what everybody says is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.search_words import LONGEST, stem, weighed, words_of


@pytest.mark.parametrize(
    "forms",
    [
        ("password", "passwords", "Password's", "PASSWORDS"), ("duplicate", "duplicates", "duplicated", "duplicating"),
        ("entry", "entries"), ("report", "reports", "reporting", "reported"), ("run", "runs", "running"), ("policy", "policies"),
        ("class", "classes"), ("delete", "deleted", "deleting"), ("résumé", "resumes"), ("locked", "lock", "locking"),
    ],
)  # fmt: skip
def test_forms_of_a_word_are_one(forms: tuple[str, ...]) -> None:
    assert len({tuple(words_of(form)) for form in forms}) == 1, [words_of(form) for form in forms]


@pytest.mark.parametrize(
    ("one", "other"), [("bed", "bee"), ("case", "cast"), ("house", "hour"), ("2026", "2025"), ("pass", "past")]
)
def test_other_words_stay_apart(one: str, other: str) -> None:
    assert words_of(one) != words_of(other)


def test_what_everybody_says_is_no_word() -> None:
    assert words_of("How do I get into it? Please help, I can't …") == ["help"]
    assert words_of("") == words_of("  \n ; !") == []


def test_a_word_weighs_what_its_places_weigh_and_repeating_it_helps_little() -> None:
    found = weighed([("Password lost", 8), ("password " * 50, 1)])
    assert found == {"password": 8 + 3, "lost": 8}


@given(st.text(max_size=200))
def test_words_are_short_and_plain_whatever_was_typed(text: str) -> None:
    for word in words_of(text):
        assert 0 < len(word) <= LONGEST and word.isascii() and word == word.lower() and word.isalnum()
    assert words_of(text) == words_of(text)


@given(st.from_regex(r"[a-z]{2,30}", fullmatch=True))
def test_something_is_left_of_every_word(word: str) -> None:
    assert len(stem(word)) >= 2 and word.startswith(stem(word)[:2])
