"""The help desk's forms for whoever asks: a question of some kind, more to it, its end; and the days the desk is closed."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, RadioField, SearchField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forms.access_request import Day, listed
from forms.base import Form, OneLine
from forms.desk import Filter, choices
from forms.security.client_words import NO_CLIENT, Careful
from workflows.helpdesk_pack import TicketQuestion

TEXT = Length(max=10_000, message="At most 10,000 characters. Attach the rest as a file.")
SHOWN = {"": "All of them", "living": "Open", "solved": "Solved"}
PREFIX = "q_"
"""The fields of a kind's own questions are called by their ids after this."""


class Ask(Form):
    """What every question has; which Agency and how pressing are chosen from what the view hands in."""

    subject = StringField(
        "In a few words",
        [DataRequired("Say in a few words what it is about."), OneLine(200)],
        description=f"The desk reads it first. {NO_CLIENT}",
    )
    text = TextAreaField(
        "Your question, or what went wrong", [DataRequired("Write what you want to know or what went wrong."), TEXT], description=NO_CLIENT
    )  # fmt: skip
    agency = SelectField("Your Agency", [InputRequired("Choose your Agency.")])
    priority = RadioField("How pressing is it?", [InputRequired("Choose how pressing it is.")])
    direct = BooleanField("Do not show this to my Agency Administrator: it is about them, or they could not help", [Optional()])  # fmt: skip
    files = MultipleFileField("Files", description="Screenshots or documents: PDF, PNG or JPEG, at most five. No client may be seen in them")  # fmt: skip

    def __init__(
        self, *args: Any, agencies: Iterable[tuple[str, str]], priorities: Iterable[tuple[str, str]], **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.agency.choices = listed(agencies)
        self.priority.choices = listed(priorities)
        if not self.agency.choices:
            del self.agency

    def answers(self) -> dict[str, str]:
        """What was answered to the kind's own questions, by their ids."""
        return {
            name.removeprefix(PREFIX): field.data or ""
            for name, field in self._fields.items()
            if name.startswith(PREFIX)
        }

    def questions(self) -> list[Any]:
        """The fields of the kind's own questions, in their order."""
        return [field for name, field in self._fields.items() if name.startswith(PREFIX)]


@cache
def ask_form(questions: tuple[TicketQuestion, ...], *, first_to_the_admin: bool) -> type[Ask]:
    """The form of a kind: its own questions after what every question has."""
    asked = {f"{PREFIX}{each.id}": _question(each) for each in questions}
    shown: dict[str, Any] = asked if first_to_the_admin else {**asked, "direct": None}
    return type("AskAbout", (Ask,), shown)


def _question(question: TicketQuestion) -> Any:
    of, check = (TextAreaField, TEXT) if question.long else (StringField, OneLine(300))
    return of(question.title, [Optional(), check], description=question.hint)


class Look(Filter):
    q = SearchField("What do you want to know?", [Optional(), OneLine(200)])


class Own(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    q = SearchField("Words or number", [Optional(), OneLine(100)])


class AddTo(Careful):
    """More to a question, and what is still open in one that was taken as solved."""

    free = ("text",)
    text = TextAreaField("What you want to add", [DataRequired("Write what you want to add."), TEXT], description=NO_CLIENT)  # fmt: skip
    files = MultipleFileField("Files", description="PDF, PNG or JPEG, at most five")


class AnswerAsAdmin(Careful):
    """What an Agency Administrator answers one of their people."""

    free = ("text",)
    text = TextAreaField("Your answer", [DataRequired("Write your answer."), TEXT], description=NO_CLIENT)
    after = RadioField(
        "And then",
        [InputRequired("Choose what happens then.")],
        choices=listed([("solve", "It is solved"), ("wait", "I wait for their answer"), ("", "I go on working on it")]),
        default="solve",
    )


class PassOn(Careful):
    free = ("words",)
    words = TextAreaField(
        "What you tried, or why the HMIS Team should have it",
        [DataRequired("Say in a few words what you tried, or why the HMIS Team should have it."), Length(max=1000)],
        description=NO_CLIENT,
    )


class Rate(Form):
    rating = RadioField(
        "Was it solved well?",
        [InputRequired("Choose one.")],
        choices=listed([("good", "Yes, it was solved well"), ("bad", "No, it was not")]),
    )
    said = TextAreaField("What could be better", [Optional(), Length(max=1000, message="At most 1,000 characters.")], description=NO_CLIENT)  # fmt: skip


class CloseDay(Form):
    day = Day("Day", [DataRequired("Enter the day.")])
    name = StringField(
        "What it is", [DataRequired("Say what it is, as people will read it."), OneLine(100)], description="For example: closed for snow"
    )  # fmt: skip
