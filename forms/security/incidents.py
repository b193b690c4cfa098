"""Incidents on screen: reported, triaged, worked on, concluded; and which of them to show."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    IntegerField,
    RadioField,
    SearchField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from forms.access_request import Day, Several, listed
from forms.base import Form, OneLine
from forms.desk import LONG, PAPER, Filter, choices
from forms.security.client_words import NO_CLIENT, Careful
from workflows.enforcement_pack import Severity

TEXT = Length(max=4000, message="At most 4,000 characters.")
COUNT = NumberRange(0, 1_000_000, "Enter a number from 0 to 1,000,000.")
SEVERITIES: Mapping[str, str] = {Severity.MINOR: "Minor", Severity.MAJOR: "Major", Severity.SEVERE: "Severe"}
SHOWN = {
    "": "All that are not over",
    "new": "To triage",
    "open": "Triaged or being investigated",
    "concluded": "Concluded, not closed",
    "late": "Somebody was not told in time",
    "redact": "To look at for a client's data",
    "over": "Closed or set aside",
    "all": "All of them",
}
COMPLAINTS_SHOWN = {"": "Not answered yet", "over": "Answered or set aside", "all": "All of them"}
PEOPLE_AFFECTED = "People affected, if you know"


class Report(Form):
    """What anybody may send; whether a client stands in it is asked on the page that shows the answers."""

    said = TextAreaField(
        "What happened", [DataRequired("Say what happened, in a few words."), TEXT], description=f"{NO_CLIENT}. Say 'a client' instead."
    )  # fmt: skip
    place = StringField("Where: the agency, the office, the computer", [Optional(), OneLine(200)])
    occurred_on = Day("When it happened, if you know", [Optional()])
    discovered_on = Day("When you found out", [Optional()])
    affected = IntegerField(PEOPLE_AFFECTED, [Optional(), COUNT], description="Only how many, never who")
    contact = StringField(
        "How the Lead can reach you", [Optional(), OneLine(320)], description="An e-mail address or a number, if you want to be asked"
    )  # fmt: skip
    unnamed = BooleanField("Leave my name out: nobody is told who sent this", [Optional()])


class AddToReport(Careful):
    free = ("text",)
    text = TextAreaField("What you want to add", [DataRequired("Write what you want to add."), TEXT], description=NO_CLIENT)  # fmt: skip


class IncidentFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    severity = SelectField("Severity", [Optional()], choices=choices(SEVERITIES, "All"))
    kind = SelectField("Kind", [Optional()])
    q = SearchField("Agency, reference or title", [Optional(), OneLine(100)])

    def __init__(self, *args: Any, kinds: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(kinds, "All kinds")


class Triage(Careful):
    """What is known of an incident, at triage and whenever more becomes known."""

    free = ("media", "found_how", "contained")

    title = StringField(
        "Short title", [DataRequired("Give it a short title."), OneLine(200)], description="Nobody's name: it stands in lists and goes on record"
    )  # fmt: skip
    kind = SelectField("What kind of incident", [DataRequired("Choose what kind of incident it is.")])
    severity = RadioField(
        "How severe", [InputRequired("Choose how severe it is.")], choices=choices(SEVERITIES), description="What is about privacy or security is never minor"
    )  # fmt: skip
    agency = SelectField("Agency", coerce=str)
    agency_sees = BooleanField(
        "Show it to the Agency's executive director and security officer", [Optional()],
        description="Those who are involved never see it. Leave it off where it may be about them.",
    )  # fmt: skip
    occurred_on = Day("It occurred on", [Optional()])
    discovered_on = Day("It was discovered on", [Optional()])
    affected = IntegerField("People affected", [Optional(), COUNT], description="Only how many. Empty: not known yet.")
    elements = Several("What may have been laid open", [Optional()])
    media = StringField("On what", [Optional(), OneLine(300)], description="A laptop, paper, e-mail, a screen")
    found_how = TextAreaField("How it was found", [Optional(), LONG], description=NO_CLIENT)
    contained = TextAreaField("What was done at once", [Optional(), LONG], description=NO_CLIENT)

    def __init__(
        self, *args: Any, kinds: Mapping[str, str], agencies: Iterable[tuple[str, str]], elements: Mapping[str, str], **kwargs: Any
    ):  # fmt: skip
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(kinds, "Choose")
        self.agency.choices = listed([("", "None, or not known yet"), *agencies])
        self.elements.choices = choices(elements)


class Note(Careful):
    free = ("text",)
    text = TextAreaField("Note", [DataRequired("Write the note first."), TEXT], description=NO_CLIENT)


class Why(Careful):
    """A step that only needs its reason."""

    free = ("reason",)

    reason = TextAreaField("Why", [DataRequired("Say why."), LONG], description=NO_CLIENT)


class Investigator(Form):
    # `who`, since no field of a page is called `person`
    who = RadioField("Who investigates it", [InputRequired("Choose who investigates it.")], coerce=int)

    def __init__(self, *args: Any, people: Mapping[int, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.who.choices = listed(people.items())


class NamePerson(Form):
    member = SelectField("Somebody of this Agency", [Optional()], coerce=str)
    email = StringField("Or anybody by e-mail address", [Optional(), OneLine(320)])
    part = RadioField(
        "In what part", [InputRequired("Choose the part.")], choices=listed([("accused", "It is said of them"), ("witness", "They saw it")])
    )  # fmt: skip

    def __init__(self, *args: Any, members: Iterable[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.member.choices = listed([("", "Choose"), *members])


class Ask(Form):
    asked = TextAreaField(
        "What you ask them", [DataRequired("Write what you ask them."), TEXT], description="They are mailed and read exactly this. Never who reported it."
    )  # fmt: skip


class Answer(Careful):
    free = ("text",)
    text = TextAreaField("Your answer", [DataRequired("Write your answer."), TEXT], description=NO_CLIENT)


class KeepFile(Form):
    file = FileField("File", [FileRequired("Choose the file.")], description=PAPER)
    what = StringField(
        "What it shows", [DataRequired("Say what the file shows."), OneLine(300)], description="Black out what is a client's before you upload it"
    )  # fmt: skip


class StepDone(Form):
    told = StringField(
        "Who was told", [DataRequired("Say who was told."), OneLine(200)], description="A name, or the office"
    )
    words = TextAreaField("What was said, and how", [DataRequired("Say what was said."), LONG], description=NO_CLIENT)


class Contain(Form):
    what = Several("What is closed now", [DataRequired("Choose at least one.")])
    reason = TextAreaField(
        "Why it cannot wait", [DataRequired("Say why it cannot wait."), LONG], description=f"Those whom it concerns read it. {NO_CLIENT}."
    )  # fmt: skip

    def __init__(self, *args: Any, targets: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.what.choices = choices(targets)


class Conclude(Form):
    finding = RadioField(
        "What was found", [InputRequired("Choose whether a violation was found.")],
        choices=listed([("found", "A violation was found"), ("not_found", "No violation was found")]),
    )  # fmt: skip
    conclusion = TextAreaField(
        "What was found and how you know", [DataRequired("Say what was found and how you know."), TEXT], description=NO_CLIENT
    )  # fmt: skip
    wrong = TextAreaField(
        "What has to be put right", [Optional(), LONG], description="Needed where a violation was found"
    )
    doing = TextAreaField("What should be done", [Optional(), LONG])
    owner = SelectField("Who puts it right", [Optional()], coerce=int)
    due = Day("By", [Optional()])

    def __init__(self, *args: Any, owners: Iterable[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.owner.choices = listed([(0, "The security officer decides"), *owners])


class Redact(Form):
    text = TextAreaField(
        "The words without a client in them", [DataRequired("Leave what does not concern a client."), TEXT],
        description="What stood there before is gone for good",
    )  # fmt: skip


class ComplaintFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(COMPLAINTS_SHOWN))
    q = SearchField("Agency, reference or title", [Optional(), OneLine(100)])


class EnterComplaint(Careful):
    free = ("said",)
    agency = SelectField("Received by", coerce=int)
    received_on = Day("Received on", [DataRequired("Enter the day it was received.")])
    title = StringField(
        "What it is about", [DataRequired("Say what it is about."), OneLine(200)], description="Nobody's name"
    )
    from_whom = StringField(
        "Who complained", [DataRequired("Say who complained, without a name."), OneLine(200)], description="A client, a neighbor, another agency: no name"
    )  # fmt: skip
    said = TextAreaField(
        "What was complained of", [DataRequired("Say what was complained of."), TEXT], description=NO_CLIENT
    )

    def __init__(self, *args: Any, agencies: Iterable[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.agency.choices = listed(agencies)


class ReviewComplaint(Careful):
    free = ("note",)
    note = TextAreaField("What you look into", [DataRequired("Say what you look into."), LONG], description=NO_CLIENT)


class AnswerComplaint(Form):
    answer = TextAreaField(
        "What was found, and how it was answered", [DataRequired("Say how it was answered."), TEXT], description=NO_CLIENT
    )  # fmt: skip
