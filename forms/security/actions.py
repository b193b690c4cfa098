"""Corrective actions on screen: opened from a finding, planned in steps, completed, verified, excepted; and which to show."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_wtf.file import FileField
from wtforms import RadioField, SearchField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forms.access_request import Day, listed
from forms.base import Form, OneLine
from forms.desk import LONG, PAPER, Filter, choices

SHOWN = {
    "": "Not closed yet",
    "to_plan": "Without a plan",
    "overdue": "Overdue",
    "completed": "To verify",
    "asked": "Exceptions asked for",
    "accepted": "Exceptions in force",
    "verified": "Verified and closed",
    "withdrawn": "Withdrawn",
    "all": "All of them",
}
WORDS = Length(max=2000, message="At most 2,000 characters.")
MOST_ROWS = 20
NO_CLIENT = "No client's name."


class ActionFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    category = SelectField("Category", [Optional()])
    q = SearchField("Agency, number or words", [Optional(), OneLine(100)])

    def __init__(self, *args: Any, categories: Iterable[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.category.choices = listed([("", "All categories"), *categories])


class OpenAction(Form):
    """One finding becomes an action."""

    wrong = TextAreaField("What is wrong", [DataRequired("Say what is wrong."), WORDS], description=NO_CLIENT)
    doing = TextAreaField("What should be done", [Optional(), WORDS], description="The Agency may plan it otherwise.")
    owner = SelectField("Who puts it right", [Optional()], coerce=int)
    due = Day("Last day", [DataRequired("Enter the last day.")])

    def __init__(self, *args: Any, people: Iterable[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.owner.choices = listed([(0, "The security officer decides"), *people])


class EvidenceFile(Form):
    file = FileField("A file that shows it", description=PAPER)
    note = StringField("What it shows", [Optional(), OneLine(300)], description=NO_CLIENT)


class Complete(Form):
    statement = TextAreaField(
        "What was done",
        [DataRequired("Say what was done and how one can see it."), WORDS],
        description="Whoever verifies it reads this. " + NO_CLIENT,
    )


class Verify(Form):
    decision = RadioField(
        "Your decision",
        [InputRequired("Choose one.")],
        choices=listed([("verify", "It is done: close it"), ("send_back", "It is not done yet: send it back")]),
    )
    reason = TextAreaField(
        "How you know, or what is missing", [DataRequired("Say how you know, or what is missing."), LONG]
    )


class DecideException(Form):
    decision = RadioField(
        "Your decision",
        [InputRequired("Choose one.")],
        choices=listed([("accept", "Accept the exception"), ("refuse", "Refuse it")]),
    )
    until = Day("Last day", [Optional()], description="No later than it was asked for")
    reason = TextAreaField("Why", [DataRequired("Say why: it is shown with the exception."), LONG])


class Reopen(Form):
    due = Day("New last day", [DataRequired("Enter the new last day.")])
    reason = TextAreaField("Why", [DataRequired("Say why."), LONG])


class Withdraw(Form):
    reason = TextAreaField("Why", [DataRequired("Say why."), LONG])


class _Steps(Form):
    """A form with a number of steps, each a text and a day."""

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        """The fields of each step: what, and by when."""
        return [(self[f"step_{n}"], self[f"due_{n}"]) for n in range(1, MOST_ROWS + 1) if f"step_{n}" in self]

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """A day whose step says nothing is pointed at: it would be left out otherwise."""
        right = super().validate(*args, **kwargs)
        for text, day in self.pairs:
            if day.data and not text.data:
                text.errors = [*text.errors, "Say what is done by this day, or clear the day."]
                right = False
        return bool(right)

    def steps(self) -> list[tuple[str, date]]:
        """What was typed, where there is anything; a step without a day ends on the last day of all."""
        last = self["until" if "until" in self else "due"].data
        return [(text.data, day.data or last) for text, day in self.pairs if text.data]


class Plan(_Steps):
    doing = TextAreaField("What will be done", [DataRequired("Say what will be done."), WORDS], description=NO_CLIENT)
    owner = SelectField("Who sees to it", [InputRequired("Choose somebody.")], coerce=int)
    due = Day("All of it done by", [DataRequired("Enter the last day.")])


class AskException(_Steps):
    justification = TextAreaField(
        "Why the standard cannot be met now",
        [DataRequired("Say why it cannot be met now."), WORDS],
        description=NO_CLIENT,
    )
    mitigation = TextAreaField(
        "What protects the data meanwhile", [DataRequired("Say what protects the data meanwhile."), WORDS]
    )
    until = Day("Until when", [DataRequired("Enter the last day of the exception.")])


def stepped(kind: type[_Steps], rows: int, **given: Any) -> Any:
    """A form of that kind with so many steps, each an own pair of fields."""
    fields: dict[str, Any] = {}
    for n in range(1, min(max(rows, 1), MOST_ROWS) + 1):
        fields[f"step_{n}"] = StringField(f"Step {n}", [Optional(), OneLine(500)])
        fields[f"due_{n}"] = Day(f"Step {n} is done by", [Optional()])
    return type(kind.__name__, (kind,), fields)(**given)
