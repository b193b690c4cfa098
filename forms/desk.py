"""What the Lead's desk fills in: imports, quiz results, enrolment, evidence by hand, versions in force, filters."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf.file import FileField, FileRequired, MultipleFileField
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SearchField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from forms.base import Form, OneLine
from forms.fields import Boxes, DayField

PAPER = "PDF, PNG or JPEG, up to 15 megabytes"
LONG = Length(max=1000, message="At most 1,000 characters.")


def choices(named: Mapping[str, str], empty: str | None = None) -> list[SelectChoice]:
    """Values with their labels as WTForms wants them; `empty` puts a first choice that stands for none."""
    first = [] if empty is None else [SelectChoice("", empty)]
    return [*first, *(SelectChoice(value, label) for value, label in named.items())]


class Filter(Form):
    """A form in the address: no token, nothing is changed by it."""

    class Meta(Form.Meta):
        csrf = False


class Search(Filter):
    q = SearchField("Search", [Optional(), OneLine(100)])


class Reason(Form):
    reason = TextAreaField("Reason", [DataRequired("Say why."), LONG])


# --- imports ----------------------------------------------------------------------------------------------------------


class TrainingFile(Form):
    file = FileField(
        "File of results",
        [FileRequired("Choose the file to import.")],
        description="CSV: Bridge's program export, or a table with email, course, score, max_score, taken_at, attempt",
    )


class HmisFiles(Form):
    files = MultipleFileField(
        "HMIS CSV files", description="The zip file that the HMIS hands out, or its CSV files one by one"
    )


class GoOn(Form):
    """The button that imports what was tried before."""

    skip_bad = BooleanField("Leave out the rows with errors and import the rest")


# --- training ---------------------------------------------------------------------------------------------------------


class HandResult(Form):
    """One result with its proof; `course` gets the pack's courses."""

    email = StringField(
        "Whose result",
        [DataRequired("Enter the person's e-mail address."), OneLine(320)],
        description="Work e-mail address of somebody whom the portal knows",
    )
    course = SelectField("Course", [DataRequired("Choose the course.")])
    score = StringField(
        "Score",
        [DataRequired("Enter the score as it is written on the proof."), OneLine(20)],
        description="In percent, or points with the maximum below. 79.99 is not 80.",
    )
    out_of = StringField("Out of", [Optional(), OneLine(20)], description="Only where the score is in points")
    taken_on = DayField("Day it was taken", [InputRequired("Enter the day it was taken.")])
    attempt = StringField(
        "Attempt", [Optional(), OneLine(3)], description="1 for the first. Leave it empty for the next one."
    )
    source = RadioField("What is the proof?", [InputRequired("Say what the proof is.")])
    proof = FileField("Proof", [FileRequired("Add the proof.")], description=PAPER)
    note = TextAreaField("Note", [Optional(), LONG], description="Never a client's name or data")

    SOURCES = {
        "hand": "A screenshot or letter that shows the quiz result",
        "session": "The sign-in sheet of a training session, with its quiz",
    }

    def __init__(self, *args: Any, courses: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.course.choices = choices(courses, "Choose a course")
        self.source.choices = choices(self.SOURCES)


class MatchForm(Form):
    """Whose a result is: one of the suggested people, or another by e-mail address."""

    person = RadioField("Whose result is it?", [Optional()])
    email = StringField("Somebody else's e-mail address", [Optional(), OneLine(320)])

    def __init__(self, *args: Any, people: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.person.choices = choices(people)


class Enrol(Form):
    courses = Boxes("Courses to assign", [DataRequired("Choose at least one course.")])

    def __init__(self, *args: Any, courses: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.courses.choices = choices(courses)


# --- evidence ---------------------------------------------------------------------------------------------------------


class EvidenceForm(Form):
    """Evidence about one subject; the view hands in what the kind takes, and other fields are left out."""

    detail = SelectField("Which one", [Optional()])
    version = SelectField("Version that was signed, or year", [Optional()])
    device_id = SelectField("Device", [Optional()])
    valid_from = DayField(
        "Holds from",
        [InputRequired("Enter the first day for which it holds.")],
        description="The day it was signed, passed, seen or decided",
    )
    valid_until = DayField("Holds until", [Optional()], description="Its last day. Leave it empty where it has none.")
    verified_by = StringField("Who verified it", [DataRequired("Say who verified it."), OneLine(100)])
    verified_how = SelectField("How", [DataRequired("Say how.")])
    file = FileField(
        "Document",
        [Optional()],
        description=f"{PAPER}. Leave it empty where the document is filed elsewhere; then say where in the note.",
    )
    note = TextAreaField(
        "Note",
        [Optional(), Length(max=700, message="At most 700 characters.")],
        description="Never a client's name or data",
    )
    kept = HiddenField()

    def __init__(
        self,
        *args: Any,
        details: Mapping[str, str],
        versions: Iterable[str],
        devices: Mapping[str, str],
        how: Iterable[str],
        decided: bool,
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        self.verified_how.choices = choices({one: one.capitalize() for one in how}, "Choose how")
        for name, offered in (("detail", details), ("version", {one: one for one in versions}), ("device_id", devices)):
            if not offered:
                del self[name]
                continue
            self[name].choices = choices(
                {value: label for value, label in offered.items() if value},
                "None of these" if "" in offered else "Choose",
            )
            if "" not in offered:
                demand(self[name], f"{self[name].label.text}: choose one.")
        if decided:
            demand(self.note, "Say why, so that everybody who reads this later understands it.")
            self.note.label.text = "Reason"


def demand(field: Field, sentence: str) -> None:
    """Makes a field of this one form a required one."""
    field.validators = [InputRequired(sentence), *(rule for rule in field.validators if not isinstance(rule, Optional))]
    field.flags.optional = False


class EndForm(Form):
    """Ends evidence with a day, or withdraws it as never having been right."""

    how = RadioField("What shall happen?", [InputRequired("Choose one of the two.")])
    last_day = DayField("Last day for which it holds", [Optional()])
    reason = TextAreaField("Reason", [DataRequired("Say why."), LONG])

    HOW = {"end": "It was right, and ends: lifted, given up, replaced", "withdraw": "It was never right: a mistake"}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.how.choices = choices(self.HOW)


class Publish(Form):
    version = SelectField("Version", [DataRequired("Choose the version.")])
    in_force_from = DayField("In force from", [InputRequired("Enter the first day on which it is in force.")])

    def __init__(self, *args: Any, versions: Iterable[str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.version.choices = choices({one: one for one in versions}, "Choose a version")


# --- the record -------------------------------------------------------------------------------------------------------


class AuditFilter(Filter):
    person = StringField("Person (e-mail)", [Optional(), OneLine(320)])
    agency = StringField("Agency (name)", [Optional(), OneLine(200)])
    act = SelectField("Act", [Optional()])
    thing = SelectField("About", [Optional()])
    thing_id = IntegerField(
        "Its number", [Optional(), NumberRange(0, 2**31 - 1, "Enter a number as it stands in the list.")]
    )
    refused = SelectField("Outcome", [Optional()], choices=choices({"": "Done and refused", "only": "Refused only"}))
    since = DayField("From", [Optional()])
    until = DayField("To", [Optional()])

    def __init__(self, *args: Any, acts: Iterable[str], things: Iterable[str] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.thing.choices = choices({one: one.replace("_", " ").capitalize() for one in things}, "Everything")
        self.act.choices = choices(
            {one: one.replace(".", ": ").replace("_", " ").capitalize() for one in acts}, "Everything"
        )


SHOWN = {
    "": "What waits for the Lead",
    "verify": "To verify",
    "countersign": "To countersign",
    "all": "Everything signed and not verified",
}


class DocumentFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    kind = SelectField("Document", [Optional()])
    q = SearchField("Agency", [Optional(), OneLine(100)])

    def __init__(self, *args: Any, kinds: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(kinds, "Every kind")
