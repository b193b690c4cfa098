"""Security reviews on screen: answering an item, its files and comments, handing over, attesting, signing off, campaigns."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import (
    DecimalField,
    IntegerField,
    RadioField,
    SearchField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from forms.access_request import listed
from forms.base import Form, OneLine
from forms.desk import LONG, PAPER, Filter, choices
from forms.fields import Boxes, DayField
from workflows.review_pack import Item

SHOWN = {
    "": "Not signed off yet",
    "overdue": "Overdue",
    "not_started": "Not started",
    "in_progress": "In progress",
    "attested": "Attested, to sign off",
    "returned": "Changes requested",
    "signed_off": "Signed off",
    "visit": "Drawn to be visited",
    "all": "All",
}
MINUTES = Length(max=2000, message="At most 2,000 characters.")


class ReviewFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    q = SearchField("Agency", [Optional(), OneLine(100)])


class AnswerForm(Form):
    """One item; its fields carry the item's id before their names, so that many stand on one page."""

    seen = IntegerField(widget=HiddenInput(), default=0)
    answer = RadioField("Your answer", [InputRequired("Choose an answer.")])
    note = TextAreaField(
        "Note", [Optional(), MINUTES], description="What you saw, or what is missing. Never write a client's name."
    )
    owner = StringField("Who puts it right", [Optional(), OneLine(200)])
    due = DayField("By when", [Optional()])

    @classmethod
    def of(cls, item: Item, **values: Any) -> "AnswerForm":
        """The form of this item, its answers in the pack's words."""
        made = cls(prefix=f"{item.id}-", **values)
        made.answer.choices = listed(item.answers.items())
        made.answer.label.text = f"{item.id}: your answer"
        return made


class Comment(Form):
    text = TextAreaField("Write about this item", [DataRequired("Write something."), MINUTES])


class FileForm(Form):
    file = FileField("Photo or document", [FileRequired("Choose a file.")], description=PAPER)
    title = StringField("What it shows", [Optional(), OneLine(200)])
    effective_on = DayField("It holds from", [DataRequired("Enter the day from which it holds.")])
    expires_on = DayField("It holds until", [Optional()])
    replaces = SelectField("In place of", [Optional()], choices=[])

    def offering(self, files: Iterable[tuple[str, str]]) -> "FileForm":
        """The same form with the files that a newer one may replace."""
        self.replaces.choices = listed([("", "Nothing, it is a further file"), *files])
        return self


class HandOver(Form):
    to = SelectField("Who answers?", [DataRequired("Choose a colleague.")], choices=[])
    items = Boxes("Which items?", [DataRequired("Choose at least one item.")], choices=[])

    def offering(self, people: Iterable[tuple[str, str]], items: Iterable[tuple[str, str]]) -> "HandOver":
        self.to.choices, self.items.choices = listed([("", "Choose a colleague"), *people]), listed(items)
        return self


class Why(Form):
    reason = TextAreaField("Why", [DataRequired("Say why, in a few words."), LONG])


class SignOff(Form):
    note = TextAreaField("A word to the Agency", [Optional(), LONG])


def changes_form(items: Iterable[Item]) -> type[Form]:
    """A form with a line for each item, for what the Lead wants changed there."""
    fields: dict[str, Any] = {
        "reason": TextAreaField("In short", [DataRequired("Say in a few words what has to change."), LONG])
    }
    for item in items:
        fields[f"wanted-{item.id}"] = TextAreaField(f"{item.id}: {item.asks}", [Optional(), LONG])
    return type("Changes", (Form,), fields)


def visit_form(items: Iterable[Item]) -> type[Form]:
    """A form for what a visit showed: the day, notes, and for each item whether it was seen to be so."""
    fields: dict[str, Any] = {
        "on": DayField("Day of the visit", [DataRequired("Enter the day of the visit.")]),
        "notes": TextAreaField("Notes", [Optional(), Length(max=4000, message="At most 4,000 characters.")]),
    }
    seen = listed([("", "Not looked at"), ("yes", "It was so"), ("no", "It was not so")])
    for item in items:
        fields[f"seen-{item.id}"] = SelectField(f"{item.id}: {item.asks}", [Optional()], choices=seen)
        fields[f"word-{item.id}"] = StringField("What was seen", [Optional(), OneLine(2000)])
    return type("Visit", (Form,), fields)


class NewCampaign(Form):
    name = StringField(
        "Name", [DataRequired("Enter a name."), OneLine(100)], description="Such as 'Security review 2027'"
    )
    spread = RadioField(
        "When are the reviews due?",
        [InputRequired("Choose one.")],
        choices=listed(
            [
                ("over_the_year", "Spread over the year, each before its last review is a year old"),
                ("at_once", "All by one day"),
            ]
        ),
    )
    due = DayField("The day", [Optional()], description="Only where all are due by one day")
    share = DecimalField(
        "How many percent are visited?",
        [InputRequired("Enter a percentage, 0 for none."), NumberRange(0, 100, "Enter a percentage from 0 to 100.")],
        places=None,
        description="The rest attest without a visit",
    )
    seed = StringField(
        "What the lots are drawn from",
        [Optional(), OneLine(100)],
        description="Such as the numbers of a public lottery: with it, anybody can draw the same Agencies again",
    )


def to_mapping(form: Form, prefix: str) -> Mapping[str, str]:
    """What was typed into the fields of that prefix, by item."""
    return {
        name.removeprefix(prefix): field.data or "" for name, field in form._fields.items() if name.startswith(prefix)
    }
