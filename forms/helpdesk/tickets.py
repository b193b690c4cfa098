"""Tickets on screen, as the staff fill them in: answering, sorting, merging, splitting, redacting, ready answers, filters."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf.file import MultipleFileField
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    RadioField,
    SearchField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Optional

from forms.access_request import Day, listed
from forms.base import Form, OneLine
from forms.desk import LONG, Filter, choices
from forms.fields import Boxes

SHOWN = {
    "": "Open",
    "mine": "Mine",
    "unassigned": "Nobody has them",
    "new": "New",
    "waiting": "Waiting for who asked",
    "soon": "Due soon",
    "overdue": "Overdue",
    "agency": "With an Agency Administrator",
    "solved": "Solved",
    "redact": "May hold a client's data",
    "undelivered": "An answer that did not arrive",
    "all": "All",
}
SORTED = {
    "": "What is due first",
    "-touched": "Latest first",
    "touched": "Longest untouched first",
    "-number": "Newest first",
}
PRIORITIES = {"low": "Low", "normal": "Normal", "high": "High", "urgent": "Urgent"}
AFTER = {"": "It goes on", "wait": "It waits for the sender", "solve": "It is solved"}
WHO = "Work e-mail address of somebody whom the portal knows"


class TicketFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    kind = SelectField("About", [Optional()])
    priority = SelectField("Priority", [Optional()], choices=choices(PRIORITIES, "Any"))
    tag = StringField("Tag", [Optional(), OneLine(40)])
    q = SearchField("Words or HD-number", [Optional(), OneLine(100)])
    sort = SelectField("Order", [Optional()], choices=choices(SORTED))

    def __init__(self, *args: Any, kinds: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(kinds, "Anything")


class AnswerTicket(Form):
    """An answer or an internal note; what was typed is kept whatever is pressed."""

    text = TextAreaField("Your text")
    ready = SelectField("Ready answer", [Optional()], validate_choice=False)
    files = MultipleFileField("Files", description="PDF, PNG or JPEG, up to 15 megabytes each")
    after = SelectField("After that", [Optional()], choices=choices(AFTER))
    anyway = BooleanField("I have looked: no client stands in it, or it has to be sent as it is")
    last_seen = HiddenField()

    def __init__(self, *args: Any, ready: Iterable[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.ready.choices = listed([("", "None"), *ready])
        self.doubtful = False


class SortTicket(Form):
    """Who has it, what it is about, how pressing it is, and its tags."""

    assignee = SelectField("Who has it", [Optional()], validate_choice=False)
    kind = SelectField("About", [DataRequired("Choose what it is about.")], validate_choice=False)
    priority = SelectField("Priority", [DataRequired("Choose a priority.")], choices=choices(PRIORITIES))
    tags = StringField("Tags", [Optional(), OneLine(600)], description="With commas between them")

    def __init__(self, *args: Any, staff: Iterable[tuple[str, str]], kinds: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.assignee.choices = listed([("", "Nobody"), *staff])
        self.kind.choices = choices(kinds)


class Follow(Form):
    email = EmailField("E-mail address", [DataRequired("Enter an e-mail address."), OneLine(320)])


class About(Form):
    email = EmailField("Whom is it about", [DataRequired("Enter an e-mail address."), OneLine(320)], description=WHO)


class MergeTicket(Form):
    into = StringField(
        "Into which ticket", [DataRequired("Enter the ticket's number."), OneLine(20)], description="For example HD-123"
    )


class SplitTicket(Form):
    subject = StringField(
        "Subject of the new ticket", [DataRequired("Say what the new ticket is about."), OneLine(200)]
    )
    entries = Boxes(
        "What goes into it",
        [InputRequired("Choose at least one message.")],
        coerce=int,
    )

    def __init__(self, *args: Any, entries: Iterable[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.entries.choices = listed(entries)


class RedactTicket(Form):
    text = TextAreaField(
        "What is left", [DataRequired("Leave what does not concern a client; put [removed] for the rest.")]
    )


class OutageOf(Form):
    outage_id = SelectField("Outage", [DataRequired("Choose the outage.")], validate_choice=False)

    def __init__(self, *args: Any, outages: Iterable[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.outage_id.choices = listed([("", "None"), *outages])


class OpenForSomebody(Form):
    """A ticket for somebody who called or came by."""

    email = EmailField(
        "Who asks", [DataRequired("Enter the e-mail address."), OneLine(320)], description="Their e-mail address, also of somebody whom the portal does not know"
    )  # fmt: skip
    name = StringField("Name", [Optional(), OneLine(200)], description="Where the portal does not know the address")
    kind = SelectField("About", [DataRequired("Choose what it is about.")])
    priority = SelectField("Priority", [Optional()], choices=choices(PRIORITIES, "As usual for this"))
    subject = StringField("In a few words", [DataRequired("Say in a few words what it is about."), OneLine(200)])
    text = TextAreaField(
        "What they asked or told", [DataRequired("Write what they asked or told.")], description="No client's name"
    )

    def __init__(self, *args: Any, kinds: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(kinds, "Choose")


class ReadyAnswer(Form):
    title = StringField("Title", [DataRequired("Give it a title."), OneLine(100)])
    body = TextAreaField("Text", [DataRequired("Write the answer.")])
    kinds = Boxes("For tickets about", [Optional()], description="None chosen: offered for all")

    def __init__(self, *args: Any, kinds: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kinds.choices = choices(kinds)


class KeepView(Form):
    name = StringField("Keep this filter as", [DataRequired("Give the view a name."), OneLine(60)])
    shared = BooleanField("For the whole desk")


class BulkAct(Form):
    """What to do with several tickets; `value` is chosen or typed, as the act asks."""

    act = SelectField("What", [DataRequired("Choose what to do.")])
    value = SelectField("Which", [Optional()], validate_choice=False)

    def __init__(self, *args: Any, acts: Mapping[str, str], values: Iterable[tuple[str, str]] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.act.choices = choices(acts)
        self.value.choices = listed(values)


class MadeSure(Form):
    """How somebody made sure who wrote; `last_seen` is the newest entry that was before their eyes."""

    how = StringField(
        "How did you make sure who wrote this?", [OneLine(300)],
        description="For example: called the number on record and spoke with them",
    )  # fmt: skip
    last_seen = HiddenField()


class WhyHelped(MadeSure):
    reason = TextAreaField("Why", [DataRequired("Say why in a sentence."), LONG], description="It stays on record")


class Depart(MadeSure):
    last_day = Day("Last day", [Optional()], description="Empty: access ends at once")
    reason = TextAreaField("Why", [DataRequired("Say why."), LONG])


class IncidentOf(Form):
    said = TextAreaField(
        "What happened", [DataRequired("Say what happened, in a few words.")], description="No client's name"
    )


class TakeAgreement(MadeSure):
    """An attachment becomes the scan of a document."""

    document = RadioField("Which document", [InputRequired("Choose the document.")], coerce=int)
    file = RadioField("Which attachment", [InputRequired("Choose the attachment.")], coerce=int)
    signed_on = Day("Signed on", [DataRequired("Enter the day it was signed.")])
    name = StringField(
        "Signed by", [DataRequired("Enter the name as it is printed beside the signature."), OneLine(200)]
    )
    verified = BooleanField("I looked at it: it is the right form, complete, and signed by the person")

    def __init__(
        self, *args: Any, documents: Iterable[tuple[int, str]], attached: Iterable[tuple[int, str]], **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.document.choices = listed(documents)
        self.file.choices = listed(attached)
