"""What the time machine is asked: a day, and as known when."""

from wtforms import DateTimeLocalField, SelectField, ValidationError
from wtforms.validators import InputRequired, Optional

from forms.access_request import Day, listed
from forms.base import Form

KNOWN = [("then", "On that day"), ("today", "Today"), ("moment", "At a moment of your choice")]
STATES = [
    ("", "Everybody"),
    ("live", "Had access"),
    ("suspended", "Suspended"),
    ("asked", "Asked for, not issued"),
    ("ended", "Ended"),
    ("none", "No access"),
]


class Moment(DateTimeLocalField):
    """A moment in the Lead's time; what is none gets a sentence."""

    def __init__(self, label: str, validators: object = None, **options: object) -> None:
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p"]
        super().__init__(label, validators, format=formats, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Enter a day and a time that exist, such as 11/23/2026 14:10.") from None


class Then(Form):
    """Which day, and as known when; sent by GET."""

    class Meta(Form.Meta):
        csrf = False

    day = Day("On which day?", [InputRequired("Enter the day.")])
    known = SelectField("As known", choices=listed(KNOWN), default="then")
    at = Moment("At which moment?", [Optional()], description="Only for a moment of your choice; Eastern time")

    def validate_at(self, field: Moment) -> None:
        if self.known.data != "moment":
            field.errors = []
        elif field.data is None:
            raise ValidationError("Enter the day and the time whose knowledge counts.")


class AgencyThen(Then):
    """The same about everybody of an Agency."""

    state = SelectField("Access", choices=listed(STATES), validate_choice=False)
