"""Service requests on screen: asked for, worked on, logged, corrected; and the month's review."""

from collections.abc import Iterable
from typing import Any, ClassVar

from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SearchField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forms.access_request import Day, listed
from forms.base import Form, OneLine
from forms.desk import Filter, choices
from forms.fields import Boxes
from forms.security.client_words import NO_CLIENT, Careful

SHOWN = {
    "": "Not ended yet",
    "asked": "Asked for",
    "working": "Accepted and in progress",
    "overdue": "Overdue",
    "delivered": "Delivered",
    "resolved": "Resolved",
    "declined": "Declined",
    "programs": "Changes of programs, not ended yet",
    "all": "All of them",
}
OF_WHOM = {"vendor": "The vendor of the HMIS", "lead": "The HMIS Lead"}
PRIORITIES = {"low": "Low", "normal": "Normal", "high": "High", "urgent": "Urgent"}
SAID = Length(max=2000, message="At most 2,000 characters.")


class RequestFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    of = SelectField("Asked of", [Optional()], choices=choices({"": "Everybody", **OF_WHOM}))
    q = SearchField("Number, Agency or words", [Optional(), OneLine(100)])


class Ask(Careful):
    free: ClassVar[tuple[str, ...]] = ("title", "description")

    agency = SelectField("For whom", coerce=int)
    title = StringField("What do you want?", [DataRequired("Say in a few words what you want."), OneLine(150)])
    description = TextAreaField(
        "Describe it",
        [DataRequired("Describe it."), Length(max=4000, message="At most 4,000 characters.")],
        description=f"What happens now, what should happen, and why. {NO_CLIENT}",
    )
    sent_to = RadioField("Who should do it", [InputRequired("Choose one.")], choices=choices(OF_WHOM))
    priority = SelectField("Priority", choices=choices(PRIORITIES), default="normal")

    def __init__(self, *args: Any, agencies: Iterable[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.agency.choices = listed(agencies)


class Announce(Careful):
    """A change of a program, ahead of the day from which it holds."""

    free: ClassVar[tuple[str, ...]] = ("program", "becomes", "details")

    agency = SelectField("Agency", coerce=int)
    kind = RadioField("What changes", [InputRequired("Choose what changes.")])
    program = StringField(
        "Which program", [DataRequired("Enter the program's name."), OneLine(200)],
        description="As it is called in the HMIS; for a new one, as it is to be called",
    )  # fmt: skip
    becomes = StringField("What it becomes", [Optional(), OneLine(300)])
    effective_on = Day("From which day", [DataRequired("Enter the day from which it holds.")])
    details = TextAreaField(
        "What the HMIS Team should know", [Optional(), Length(max=4000, message="At most 4,000 characters.")],
        description=NO_CLIENT,
    )  # fmt: skip

    def __init__(
        self, *args: Any, agencies: Iterable[tuple[int, str]], kinds: Iterable[tuple[str, str]], **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.agency.choices = listed(agencies)
        self.kind.choices = listed(kinds)


class TasksDone(Form):
    """The open tasks of a program's change."""

    tasks = Boxes(
        "What is done",
        [InputRequired("Choose at least one task.")],
        coerce=int,
    )

    def __init__(self, *args: Any, open_: Iterable[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.tasks.choices = listed(open_)


class Log(Careful):
    free: ClassVar[tuple[str, ...]] = ("said",)

    said = TextAreaField(
        "What was done or found out", [DataRequired("Say what was done."), SAID], description=NO_CLIENT
    )


class Accept(Form):
    deliverable = TextAreaField("What will be delivered", [DataRequired("Say what will be delivered."), SAID])
    due = Day("By when", [DataRequired("Enter the day.")])
    reason = TextAreaField("What happens first", [DataRequired("Say what happens first."), SAID])


class Begin(Form):
    reason = TextAreaField("Who works on what", [DataRequired("Say who works on what."), SAID])


class Deliver(Form):
    deliverable = TextAreaField("What was delivered", [DataRequired("Say what was delivered."), SAID])
    reason = TextAreaField("How one can see it", [DataRequired("Say how whoever asked can see it."), SAID])


class SendBack(Form):
    due = Day("New day", [DataRequired("Enter the new day.")])
    reason = TextAreaField("What is missing", [DataRequired("Say what is missing."), SAID])


class End(Careful):
    """How it ends, for whoever asked; where a ticket began it, as an answer of that."""

    free: ClassVar[tuple[str, ...]] = ("resolution",)

    resolution = TextAreaField("What came of it", [DataRequired("Say what came of it."), SAID])
    answer = BooleanField("Answer the ticket with it, and solve that")

    def __init__(self, *args: Any, ticket: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if ticket:
            self.answer.label.text = f"Answer {ticket} with it, and solve that"
        else:
            del self.answer


class Change(Form):
    sent_to = RadioField("Who should do it", [InputRequired("Choose one.")], choices=choices(OF_WHOM))
    priority = SelectField("Priority", choices=choices(PRIORITIES))
    due = Day("Due", [Optional()])
    reference = StringField("The vendor's own number", [Optional(), OneLine(60)])
    reason = TextAreaField("Why", [DataRequired("Say why."), SAID])


class ReviewMonth(Form):
    seen = HiddenField()
    notes = TextAreaField(
        "What you saw, and what follows from it", [DataRequired("Say what you saw, in a few words."), SAID],
        description="It stays with the list as you see it here, for whoever asks whether the list is reviewed.",
    )  # fmt: skip


STEPS: dict[str, tuple[str, type[Form]]] = {
    "accept": ("Accept it", Accept),
    "begin": ("Begin the work", Begin),
    "deliver": ("Say that it is delivered", Deliver),
    "send_back": ("Send it back", SendBack),
    "resolve": ("Resolve it", End),
    "decline": ("Decline it", End),
}
"""What may be done with a request: how the button is called, and what is asked."""
