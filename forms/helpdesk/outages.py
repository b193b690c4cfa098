"""Outages on screen: announced, reported, said more about, corrected, ended, called off; and which of them to show."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SearchField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forms.access_request import Day, Several, listed
from forms.base import Form, OneLine
from forms.desk import Filter, choices
from workflows.wall_time import clock_words, local, read_clock, to_utc

KINDS = {"": "All kinds", "unplanned": "Unplanned", "planned": "Planned", "weekly": "Weekly maintenance"}
IMPACTS = {"down": "It cannot be used", "trouble": "It can be used, with trouble"}
WORDS = Length(max=2000, message="At most 2,000 characters.")
PUBLIC = "Everybody can read this, also without signing in. No client's name."


class Clock(StringField):
    """A time of day on the wall, typed '10:30 p.m.' or '22:30'; `data` is a time, and what is none gets a sentence."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if valuelist and valuelist[0].strip():
            self.data = read_clock(valuelist[0])

    def _value(self) -> str:
        if isinstance(self.data, time):
            return clock_words(self.data)
        return self.raw_data[0] if self.raw_data else ""


class OutageFilter(Filter):
    kind = SelectField("Kind", [Optional()], choices=choices(KINDS))
    year = SelectField("Year", [Optional()])
    q = SearchField("Words in the title", [Optional(), OneLine(100)])

    def __init__(self, *args: Any, years: Iterable[int], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.year.choices = listed([("", "All years"), *((str(each), str(each)) for each in years)])


class Telling(Form):
    """Whom to write to: every choice says how many people that is, before anything is done."""

    tells = RadioField("Who gets an e-mail", [InputRequired("Choose who gets an e-mail.")])

    def __init__(self, *args: Any, counts: Mapping[str, int], proposed: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.tells.choices = listed([(value or "nobody", label) for value, label in audiences(counts).items()])
        if not self.is_submitted():
            self.tells.data = proposed or "nobody"

    @property
    def audience(self) -> str:
        return "" if self.tells.data == "nobody" else str(self.tells.data or "")


def audiences(counts: Mapping[str, int]) -> dict[str, str]:
    """Who can be written to, in words, with how many people that is."""

    def people(count: int) -> str:
        return f"{count:,} {'person' if count == 1 else 'people'}"

    return {
        "everybody": f"Agency Administrators and all users: {people(counts['everybody'])}",
        "admins": f"Agency Administrators: {people(counts['admins'])}",
        "": "Nobody. It stands on the page, in the feed and in the banner alone.",
    }


class _Entering(Telling):
    title = StringField("What is out, in a few words", [DataRequired("Say in a few words what is out."), OneLine(200)])
    systems = Several("Which systems", [InputRequired("Choose what is out.")])
    impact = RadioField("How bad it is", [InputRequired("Choose one.")], choices=choices(IMPACTS), default="down")

    def __init__(self, *args: Any, systems: Iterable[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.systems.choices = listed(systems)


class AnnounceOutage(_Entering):
    starts_on = Day("First day", [DataRequired("Enter the day it begins.")])
    starts_at = Clock("Begins at", [InputRequired("Enter when it begins.")], description="Eastern, such as 10:30 p.m.")
    ends_on = Day("Last day", [Optional()], description="Leave it empty where it is the same day.")
    ends_at = Clock(
        "Over at", [InputRequired("Enter when it should be over.")], description="Eastern, such as 11:30 p.m."
    )
    text = TextAreaField(
        "What people should know", [DataRequired("Say what people should know."), WORDS], description=PUBLIC
    )
    vendor_case = StringField(
        "The vendor's case number", [Optional(), OneLine(100)], description="For the staff alone."
    )


class ReportOutage(_Entering):
    """Two clicks: everything has a first value but what is out."""

    text = TextAreaField(
        "What people should know", [DataRequired("Say what people should know."), WORDS], description=PUBLIC
    )
    starts_on = Day("Day it began", [Optional()], description="Leave both empty where it began just now.")
    starts_at = Clock("Began at", [Optional()], description="Eastern, such as 10:30 p.m.")
    ends_on = Day("Day it should be over", [Optional()], description="Leave both empty where nobody knows.")
    ends_at = Clock("Over at", [Optional()], description="Eastern, such as 11:30 p.m.")
    vendor_case = StringField(
        "The vendor's case number", [Optional(), OneLine(100)], description="For the staff alone."
    )


class SayMore(Telling):
    text = TextAreaField("What is new", [DataRequired("Say what people should know."), WORDS], description=PUBLIC)
    note = BooleanField("A note for the staff alone: not on the page, and no mail")


class CorrectTimes(Telling):
    starts_on = Day("First day", [DataRequired("Enter the day it begins.")])
    starts_at = Clock("Begins at", [InputRequired("Enter when it begins.")])
    ends_on = Day("Last day", [Optional()], description="Leave both empty where nobody knows.")
    ends_at = Clock("Over at", [Optional()])
    text = TextAreaField("Why", [DataRequired("Say why."), WORDS], description=PUBLIC)


class EndOutage(Telling):
    ended_on = Day("Day it ended", [DataRequired("Enter the day it ended.")])
    ended_at = Clock("Ended at", [InputRequired("Enter when it ended.")], description="Eastern, such as 11:30 p.m.")
    text = TextAreaField(
        "What people should know", [DataRequired("Say what people should know."), WORDS], description=PUBLIC
    )


class CallOff(Telling):
    text = TextAreaField("Why", [DataRequired("Say why."), WORDS], description=PUBLIC)


class AnotherEnd(Telling):
    """One evening's maintenance takes longer, or less long."""

    ends_on = Day("Day it should be over", [DataRequired("Enter the day.")])
    ends_at = Clock(
        "Over at", [InputRequired("Enter when it should be over.")], description="Eastern, such as 1:00 a.m."
    )
    text = TextAreaField("Why", [DataRequired("Say why."), WORDS], description=PUBLIC)


class LinkTickets(Form):
    tickets = Several("Tickets that may be about it", [Optional()], coerce=int)
    number = IntegerField("Another ticket by its number", [Optional()], description="The number after HD-")

    def __init__(self, *args: Any, tickets: Iterable[tuple[int, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.tickets.choices = listed(tickets)


class AnswerAll(Form):
    text = TextAreaField("The answer", [DataRequired("Write the answer."), Length(max=60_000)])
    solve = BooleanField("Solve them all with it")
    anyway = BooleanField("Send it although it looks as if a client stood in it")
    expected = HiddenField()


class PutAway(Form):
    outage = HiddenField()
    on = HiddenField()
    back = HiddenField()


def moment(form: Form, day: str, clock: str, zone: str) -> datetime | None:
    """The naive UTC moment of a day and a time of the form; None where either is empty. ValueError where there is none."""
    on, at = getattr(form, day).data, getattr(form, clock).data
    return to_utc(on, at, zone) if on and at else None


def fill(form: Form, day: str, clock: str, at: datetime | None, zone: str) -> None:
    """Puts a moment into a day and a time of the form."""
    if at is not None:
        there = local(at, zone)
        getattr(form, day).data, getattr(form, clock).data = there.date(), there.time()
