"""Surveys on screen: written, answered, closed, and what was done about them."""

from collections.abc import Iterable
from typing import Any, ClassVar

from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forms.access_request import Day, listed
from forms.base import Form, OneLine
from forms.desk import LONG, choices
from forms.security.client_words import Careful
from workflows.survey_questions import MOST, WORDS, Question

ASKED = {
    "lived_experience": "People with lived experience of homelessness, by a public link",
    "users": "People who work in the HMIS, by mail",
    "managers": "Agency Administrators and security officers, by mail",
    "directors": "Executive directors, by mail",
}
KINDS = {"": "Not asked", "scale": "From 1 to 5", "choice": "One of a few answers", "words": "In some words"}
SCALE = {"1": "1, not at all", "2": "2", "3": "3", "4": "4", "5": "5, very well"}
NOBODY = "Please name nobody: no client, no colleague, not yourself."


class Draft(Form):
    """A survey with a number of questions, each a text, how it is answered, and the answers to choose from."""

    title = StringField("Title", [DataRequired("Enter a title."), OneLine(150)])
    asked = RadioField("Who is asked", [InputRequired("Choose who is asked.")], choices=choices(ASKED))
    intro = TextAreaField(
        "What it is for", [Optional(), Length(max=1000, message="At most 1,000 characters.")],
        description="One or two sentences, shown above the questions.",
    )  # fmt: skip
    opens_on = Day("First day", [DataRequired("Enter the first day.")])
    closes_on = Day("Last day", [DataRequired("Enter the last day.")])

    @property
    def rows(self) -> list[tuple[Any, Any, Any]]:
        """The fields of each question: its words, how it is answered, the answers."""
        names = range(1, MOST + 1)
        return [(self[f"text_{n}"], self[f"kind_{n}"], self[f"choices_{n}"]) for n in names if f"text_{n}" in self]

    def questions(self) -> list[Question]:
        """What was typed, where there is anything."""
        return [
            Question("", kind.data or "scale", text.data, tuple((answers.data or "").splitlines()))
            for text, kind, answers in self.rows
            if text.data
        ]


def drafting(rows: int, begun: Iterable[Question] = (), **given: Any) -> Draft:
    """The form with so many questions; what `begun` holds stands in the first of them."""
    fields: dict[str, Any] = {}
    for n in range(1, min(max(rows, 1), MOST) + 1):
        fields[f"text_{n}"] = StringField(f"Question {n}", [OneLine(200)])
        fields[f"kind_{n}"] = SelectField("How it is answered", choices=choices(KINDS))
        fields[f"choices_{n}"] = TextAreaField("Answers to choose from, one a line", [LONG])
    for n, question in enumerate(begun, 1):
        given |= {f"text_{n}": question.text, f"kind_{n}": question.kind, f"choices_{n}": "\n".join(question.choices)}
    made: Draft = type("Draft", (Draft,), fields)(**given)
    return made


class _Answer(Careful):
    """The questions of one survey; none of them has to be answered. `once` tells a page that is sent twice."""

    once = HiddenField()

    def given(self) -> dict[str, str]:
        """What was answered, by question."""
        return {name: field.data or "" for name, field in self._fields.items() if name.startswith("q")}


def answering(questions: Iterable[Question]) -> _Answer:
    """The form for these questions."""
    fields: dict[str, Any] = {}
    free = []
    for question in questions:
        if question.kind == "words":
            too_long = Length(max=WORDS, message=f"At most {WORDS:,} characters.")
            fields[question.id] = TextAreaField(question.text, [Optional(), too_long], description=NOBODY)
            free.append(question.id)
        else:
            words = SCALE if question.kind == "scale" else {each: each for each in question.choices}
            fields[question.id] = RadioField(question.text, [Optional()], choices=listed(words.items()))
    made: _Answer = type("Answer", (_Answer,), fields | {"free": tuple(free)})()
    return made


class Close(Form):
    reason = TextAreaField("Why", [DataRequired("Say why."), LONG])


class Tell(Careful):
    free: ClassVar[tuple[str, ...]] = ("said",)

    said = TextAreaField("What was done about it", [DataRequired("Say what was done."), LONG])
    public = BooleanField("Everybody may read it", [Optional()], default=True)
