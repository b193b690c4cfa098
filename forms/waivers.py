"""Waivers on screen: asked for, given until a day, refused, ended; and which of them to show."""

from collections.abc import Iterable
from typing import Any

from wtforms import RadioField, SearchField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional

from forms.access_request import Day, listed
from forms.base import Form, OneLine
from forms.desk import LONG, Filter, choices

SHOWN = {
    "": "Asked for, and in force",
    "asked": "Asked for",
    "in_force": "In force",
    "over": "Over, refused or withdrawn",
}


class WaiverFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    q = SearchField("Agency", [Optional(), OneLine(100)])


class AskForWaiver(Form):
    prerequisite = RadioField("What should be waived", [InputRequired("Choose what should be waived.")])
    until = Day(
        "Last day of the waiver", [DataRequired("Enter the last day.")], description="A year from today at most"
    )
    reason = TextAreaField(
        "Why",
        [DataRequired("Say why it should be waived."), LONG],
        description="For whoever decides, and for whoever reads it years later. No client's name.",
    )

    def __init__(self, *args: Any, prerequisites: Iterable[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.prerequisite.choices = listed(prerequisites)


class Decide(Form):
    decision = RadioField(
        "Your decision",
        [InputRequired("Choose one.")],
        choices=listed([("give", "Give the waiver"), ("refuse", "Refuse it")]),
    )
    until = Day("Last day", [Optional()], description="No later than it was asked for")
    reason = TextAreaField("Why", [DataRequired("Say why: it is shown wherever this decision is shown."), LONG])


class EndWaiver(Form):
    reason = TextAreaField("Why", [DataRequired("Say why it ends before its last day."), LONG])
