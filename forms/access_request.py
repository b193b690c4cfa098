"""Asking for access for a person: who, what for, at which level, on which device; and the reason to cancel."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional, ValidationError

from forms.base import Form, OneLine
from forms.fields import Boxes
from forms.names import FullName

DAYS = ["%Y-%m-%d", "%m/%d/%Y"]
WORKERS = [("staff", "Staff"), ("volunteer", "Volunteer"), ("contractor", "Contractor")]
ACTS = [("add", "A new person"), ("replace", "A person who replaces somebody who leaves")]


def listed(pairs: Iterable[tuple[Any, str]]) -> list[SelectChoice]:
    """Values with their labels, as the fields want their choices."""
    return [SelectChoice(value, label) for value, label in pairs]


def said(field: Any) -> dict[Any, str]:
    """The labels of a field's choices by value."""
    return {choice.value: choice.label for choice in field.choices or ()}


class Day(DateField):
    """A day, typed the US way or by the browser's calendar; what is no day gets a sentence."""

    def __init__(self, label: str, validators: Any = None, **options: Any) -> None:
        super().__init__(label, validators, format=DAYS, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Enter a date that exists, such as 11/23/2026.") from None

    def _value(self) -> str:
        # A browser's date field takes the ISO form only, however the day was typed before.
        return self.data.isoformat() if isinstance(self.data, date) else super()._value()


class Several(Boxes):
    """Check boxes; what is not on the list is refused in words."""

    def pre_validate(self, _form: Any) -> None:
        known = {choice.value for choice in self.iter_choices()}
        if self.data and any(each not in known for each in self.data):
            raise ValidationError("Choose from the list.")


class One(SelectField):
    """A list to choose one from; what is not on it is refused in words."""

    def pre_validate(self, _form: Any) -> None:
        if all(choice.value != self.data for choice in self.iter_choices()):
            raise ValidationError("Choose from the list.")


class Who(FullName):
    """Somebody who is named here, with the choice of a replacement."""

    email = EmailField(
        "Work e-mail address",
        [
            DataRequired("Enter the e-mail address."),
            Email("Enter an e-mail address like name@example.org."),
            OneLine(320),
        ],
        description="The person's own mailbox: links to sign go there",
    )
    free_mail_ok = BooleanField("This person has no work mailbox; the private one is right")
    phone = TelField("Telephone", [Optional(), OneLine(30)])
    title = StringField("Job title or volunteer role", [Optional(), OneLine(100)])
    act = RadioField("Is this", [InputRequired("Choose one.")], choices=listed(ACTS), default="add")
    replaces = One("Who leaves?", coerce=int)
    replaced_last_day = Day(
        "Last day of the person who leaves", [Optional()], description="Empty: access ends when you send this"
    )

    def validate_replaces(self, field: One) -> None:
        if self.act.data == "replace" and not field.data:
            raise ValidationError("Choose who leaves.")


class Work(Form):
    """What the person is to do, and at which level; the choices are handed in by the page."""

    purpose = TextAreaField(
        "What does this person need the HMIS for?",
        [
            DataRequired("Say in a sentence what this person needs the HMIS for."),
            Length(max=1000, message="At most 1,000 characters."),
        ],
        description="Essential activity only: client records, reports, administration. No client names.",
        render_kw={"rows": 3},
    )
    project_ids = Several("Projects this person will work for", coerce=int)
    worker = RadioField(
        "This person is",
        [InputRequired("Choose staff, volunteer or contractor.")],
        choices=listed(WORKERS),
        default="staff",
    )
    supervisor = StringField("Supervisor", [Optional(), OneLine(200)])
    start_on = Day(
        "First day of access",
        [InputRequired("Enter the first day.")],
        description="Access is issued on this day or when everything is settled, whichever is later",
    )
    access_level = One(
        "Access level", [InputRequired("Choose an access level.")], description="The lowest level that does the job"
    )
    device_id = One(
        "Device this person will use",
        coerce=int,
        description="A device that is not on the list is entered on the Agency's page first",
    )
    instruction = TextAreaField(
        "The director's signed instruction",
        [Optional(), Length(max=900, message="At most 900 characters.")],
        description="You ask for an Agency's person: who signed, on which day, and where the letter is kept",
        render_kw={"rows": 2},
    )


class NewPerson(Who, Work):
    """A request for somebody who is named here; its errors come in the order of the page."""


class Reason(Form):
    """A reason that stays on record."""

    reason = TextAreaField(
        "Reason",
        [DataRequired("Say why: it stays on record."), Length(max=1000, message="At most 1,000 characters.")],
        render_kw={"rows": 2},
    )
