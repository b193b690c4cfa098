"""Records of the Board and the log of data releases on screen: put on file, set aside; entered, decided, handed over."""

from collections.abc import Iterable
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, IntegerField, RadioField, SearchField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from forms.access_request import Day, listed
from forms.base import Form, OneLine
from forms.desk import LONG, Filter, choices
from forms.security.client_words import Careful

RECORD_FILE = "PDF, PNG or JPEG, up to 15 megabytes and 300 pages"
SHOWN = {
    "": "All of the log",
    "asked": "Waits for a decision",
    "approved": "Approved, not handed over",
    "released": "Handed over",
    "refused": "Refused",
    "withdrawn": "Withdrawn",
}


class RecordFilter(Filter):
    kind = SelectField("Record", [Optional()])

    def __init__(self, *args: Any, kinds: Iterable[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind.choices = listed([("", "Every record"), *kinds])


class KeepRecord(Careful):
    free = ("filed_at", "note")

    about = StringField("Which one", [Optional(), OneLine(200)], description="The vendor's name")
    held_on = Day("Day it was signed, adopted or held", [InputRequired("Enter the day.")])
    due_again = Day("Due again", [Optional()], description="Leave it empty for the period of the policy pack")
    file = FileField("Document", [Optional()], description=RECORD_FILE)
    filed_at = StringField(
        "Or where it is filed", [Optional(), OneLine(300)], description="Where somebody finds the paper or the file"
    )
    note = TextAreaField("Note", [Optional(), LONG], description="Never a client's name or history")

    def __init__(self, *args: Any, several: bool, again: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not several:
            del self.about
        if not again:
            del self.due_again


class SetAside(Form):
    reason = TextAreaField("Why", [DataRequired("Say why it does not count any more."), LONG])


class ReleaseFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    q = SearchField("Who asked, or what for", [Optional(), OneLine(100)])


class EnterRelease(Careful):
    free = ("recipient", "purpose", "what", "suppression")

    recipient = StringField(
        "Who asks for the data",
        [DataRequired("Enter who asks for it."), OneLine(200)],
        description="The organization, and the office of whoever asks",
    )
    asked_on = Day("Day it was asked for", [InputRequired("Enter the day it was asked for.")])
    purpose = TextAreaField("What it is for", [DataRequired("Say what it is for."), LONG])
    what = TextAreaField(
        "What is released",
        [DataRequired("Say what is released."), Length(max=2000, message="At most 2,000 characters.")],
        description="Which tables, by which groups, of which projects. Never the data itself.",
    )
    period_from = Day("Data from", [InputRequired("Enter the first day of the data.")])
    period_until = Day("Data until", [InputRequired("Enter the last day of the data.")])
    smallest_cell = IntegerField(
        "Fewest people that any cell counts",
        [InputRequired("Enter a number."), NumberRange(0, 1_000_000, "Enter a whole number.")],
    )
    suppression = TextAreaField("How smaller cells are left out", [DataRequired("Say how."), LONG])
    aggregate = BooleanField(
        "It is aggregate only: every name, number and detail by which somebody could be recognized is left out",
        [InputRequired("Data leaves the HMIS in aggregate only. Confirm it, or do not release it.")],
    )


class DecideRelease(Form):
    decision = RadioField(
        "Your decision",
        [InputRequired("Choose one.")],
        choices=listed([("approve", "Approve the release"), ("refuse", "Refuse it")]),
    )
    reason = TextAreaField("Why", [DataRequired("Say why: it is shown wherever this decision is shown."), LONG])


class HandOver(Form):
    on = Day("Day it was handed over", [InputRequired("Enter the day.")])
    how = StringField("How", [Optional(), OneLine(500)], description="By mail, by a link, on the website")
    file = FileField(
        "The file, for its fingerprint",
        [Optional()],
        description="The portal computes the fingerprint and does not keep the file",
    )
    sha256 = StringField("Or its SHA-256 fingerprint", [Optional(), OneLine(64)])
