"""What is filled in on day one: the file, what its columns hold, what is to be decided, and whose a scan is."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf.file import FileField, FileRequired, MultipleFileField
from wtforms import BooleanField, RadioField, SearchField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forms.base import Form, OneLine
from forms.desk import Filter, choices
from forms.fields import DayField


class ListFile(Form):
    """A roster or a list of people."""

    file = FileField(
        "File", [FileRequired("Choose the file.")], description="Excel workbook (.xlsx) or CSV, up to 16 megabytes"
    )


def columns_form(headers: Iterable[str], fields: Mapping[str, str]) -> type[Form]:
    """A form with a select for each column, named `column-0`, `column-1` …, of what it may hold."""
    offered = choices(dict(fields), "Not used")
    selects = {
        f"column-{at}": SelectField(f"What {header} holds", [Optional()], choices=offered)
        for at, header in enumerate(headers)
    }
    return type("Columns", (Form,), selects)


class Decide(Form):
    """What holds for the whole list; doubles and Agencies are decided beside it, by fields of their own."""

    takes_over = DayField(
        "The gate takes over on",
        [InputRequired("Enter the day from which the gate rules what comes in.")],
        description="Until the day before, nobody is closed for what is missing. At most a year from now.",
    )
    agreement_version = SelectField(
        "The signed user agreements are of version",
        [Optional()],
        description="Only a version in force satisfies the gate. Older ones are kept on record, and signed anew.",
    )
    skip_bad = BooleanField("Leave out the rows with errors and import the rest")
    accept_closing = BooleanField("Bring in even those whose access is closed at once")

    def __init__(self, *args: Any, versions: Iterable[str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.agreement_version.choices = choices({one: one for one in versions}, "None of these, or not known")


def double_field(label: str, options: Mapping[str, str]) -> RadioField:
    """The decision about somebody who may be known already."""
    return RadioField(label, [Optional()], choices=[SelectChoice(value, text) for value, text in options.items()])


def agency_field(written: str, names: Mapping[str, str]) -> SelectField:
    """Which Agency a name in the file means."""
    return SelectField(f"“{written}” is", [Optional()], choices=choices(names, "Not decided"), validate_choice=False)


def with_fields(fields: Mapping[str, Any]) -> type[Decide]:
    """Decide, with the fields of one trial."""
    return type("Deciding", (Decide,), dict(fields))


class ScanFiles(Form):
    """A bundle of signed paper."""

    files = MultipleFileField(
        "Files or one zip file",
        description="PDF, PNG or JPEG, each up to 15 megabytes; 16 megabytes at a time. For more, the operator has a command.",
    )
    kind = SelectField("What they are, where the name does not say", [Optional()])
    version = SelectField("Version that was signed, where none was published by that day", [Optional()])

    def __init__(self, *args: Any, kinds: Mapping[str, str], versions: Iterable[str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(kinds, "Say nothing: such files wait in the tray")
        self.version.choices = choices({one: one for one in versions}, "Say nothing: such files wait in the tray")


class ScanMatch(Form):
    """Whose a file of the tray is, and what."""

    membership = RadioField("Whose is it?", [InputRequired("Choose whose it is, or search for somebody else.")])
    kind = SelectField("Document", [DataRequired("Choose the document.")])
    version = SelectField("Version that stands on the paper", [DataRequired("Choose the version.")])
    signed_on = DayField("Signed on", [InputRequired("Enter the day it was signed.")])

    def __init__(
        self, *args: Any, people: Mapping[str, str], kinds: Mapping[str, str], versions: Iterable[str], **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.membership.choices = choices(people)
        self.kind.choices = choices(kinds, "Choose")
        self.version.choices = choices({one: one for one in versions}, "Choose")


class Why(Form):
    """The reason for setting a file aside."""

    reason = TextAreaField("Reason", [DataRequired("Say why."), Length(max=500, message="At most 500 characters.")])


class TakeBack(Form):
    """What the name of a scanned file had wrong; its field has a name of its own beside the reason for sending back."""

    wrong = TextAreaField(
        "What the name has wrong",
        [DataRequired("Say what is wrong."), Length(max=500, message="At most 500 characters.")],
    )


class LackingFilter(Filter):
    """The filters of the list of inherited people."""

    q = SearchField("Name or e-mail", [Optional(), OneLine(100)])
    agency = SelectField("Agency", [Optional()], validate_choice=False)
    lacks = SelectField("Lacks", [Optional()], validate_choice=False)

    def __init__(self, *args: Any, agencies: Mapping[str, str], prerequisites: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.agency.choices = choices(agencies, "All Agencies")
        self.lacks.choices = choices(prerequisites, "Anything or nothing")
