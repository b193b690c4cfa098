"""The questions of a survey: three closed kinds, what counts as an answer to each, and how answers are counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

KINDS = ("scale", "choice", "words")
"""From 1 to 5; one of a few answers; some words."""

SCALE = ("1", "2", "3", "4", "5")
MOST, MOST_CHOICES, WORDS = 10, 8, 1000


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `choices` only of kind 'choice'; `id` stays with the answers."""

    id: str
    kind: str
    text: str
    choices: tuple[str, ...] = ()

    def kept(self) -> dict[str, Any]:
        """As it is kept."""
        return {"id": self.id, "kind": self.kind, "text": self.text, "choices": list(self.choices)}

    @property
    def options(self) -> tuple[str, ...]:
        """What may be answered; empty for words."""
        return SCALE if self.kind == "scale" else self.choices


@dataclass(frozen=True, slots=True)
class Tally:
    """How one question was answered: `counts` by option in their order, `answered` how many in all, `said` the words.

    `mean` is of a scale, in hundredths; None for all others and where nobody answered.
    """

    question: Question
    answered: int
    counts: tuple[tuple[str, int], ...] = ()
    said: tuple[str, ...] = ()
    mean: int | None = None


@dataclass(frozen=True, slots=True)
class Months:
    """How one question was answered in one month or, where few did, in several: `first` and `last` are their first days."""

    first: date
    last: date
    tally: Tally


def checked_questions(questions: Iterable[Question]) -> list[Question]:
    """The questions with their white space folded and ids of their own; ValueError in a sentence for what cannot be asked."""
    made: list[Question] = []
    for number, each in enumerate(questions, 1):
        text = " ".join(each.text.split())
        choices = tuple(dict.fromkeys(" ".join(choice.split()) for choice in each.choices if choice.strip()))
        if not 3 <= len(text) <= 200:
            raise ValueError(f"Question {number} needs between 3 and 200 characters.")
        if each.kind not in KINDS:
            raise ValueError(f"Choose how question {number} is answered.")
        if each.kind == "choice" and not 2 <= len(choices) <= MOST_CHOICES:
            raise ValueError(f"Question {number} needs between 2 and {MOST_CHOICES} different answers, one a line.")
        if any(len(choice) > 80 for choice in choices):
            raise ValueError(f"An answer to question {number} may have 80 characters.")
        made.append(Question(f"q{number}", each.kind, text, choices if each.kind == "choice" else ()))
    if not made:
        raise ValueError("Ask at least one question.")
    if len(made) > MOST:
        raise ValueError(f"Ask at most {MOST} questions: short surveys are answered.")
    return made


def read_questions(kept: Iterable[Mapping[str, Any]]) -> list[Question]:
    """Questions as they are kept."""
    return [Question(each["id"], each["kind"], each["text"], tuple(each["choices"])) for each in kept]


def checked_answers(questions: Iterable[Question], given: Mapping[str, str]) -> dict[str, str]:
    """What was answered, by question: nothing that was not asked; empty answers left out. ValueError for the field by its id."""
    answers: dict[str, str] = {}
    for question in questions:
        said = given.get(question.id, "").strip()
        if not said:
            continue
        if question.options and said not in question.options:
            raise AnswerError(question.id, "Choose one of the answers.")
        if len(said) > WORDS:
            raise AnswerError(question.id, f"At most {WORDS:,} characters; this has {len(said):,}. Shorten it.")
        answers[question.id] = said
    return answers


class AnswerError(ValueError):
    """What is wrong with one answer; `field` is the id of its question."""

    def __init__(self, field: str, sentence: str):
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


def tally(questions: Iterable[Question], answers: Sequence[Mapping[str, str]]) -> list[Tally]:
    """How each question was answered; words by the alphabet, so that their order says nothing."""
    made = []
    for question in questions:
        said = [answer[question.id] for answer in answers if answer.get(question.id)]
        if question.kind == "words":
            made.append(Tally(question, len(said), said=tuple(sorted(said, key=str.casefold))))
            continue
        counts = tuple((option, said.count(option)) for option in question.options)
        mean = round(100 * sum(map(int, said)) / len(said)) if question.kind == "scale" and said else None
        made.append(Tally(question, len(said), counts, mean=mean))
    return made


def by_month(question: Question, found: Mapping[date, Sequence[Mapping[str, str]]], fewest: int) -> list[Months]:
    """One question from month to month. Months in which fewer answered it join the next, the last ones the one before.

    So none of them can be worked out from the others and the whole, which a blank in its place would allow.
    """
    made: list[tuple[date, date, list[Mapping[str, str]]]] = []
    waiting: list[Mapping[str, str]] = []
    begins: date | None = None
    for month in sorted(found):
        waiting = [*waiting, *(answer for answer in found[month] if answer.get(question.id))]
        begins = begins or month
        if len(waiting) >= fewest:
            made.append((begins, month, waiting))
            waiting, begins = [], None
    if waiting and made:
        first, _, said = made.pop()
        made.append((first, max(found), [*said, *waiting]))
    return [Months(first, last, tally([question], said)[0]) for first, last, said in made]
