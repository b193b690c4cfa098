"""What the executive director lets somebody else of the Agency do, from day to day."""

from wtforms import SelectField, TextAreaField
from wtforms.validators import DataRequired

from forms.agency import WHY, choices
from forms.base import Form, OneLine
from forms.fields import Boxes, DayField


class NewDelegation(Form):
    who = SelectField("Who acts for you?", [DataRequired("Choose a person.")], choices=[])
    scopes = Boxes("What may this person do?", [DataRequired("Choose at least one thing.")])
    starts_on = DayField("First day", [DataRequired("Enter the first day.")])
    ends_on = DayField(
        "Last day", [DataRequired("Enter the last day.")], description="A year at most; then it can be given again"
    )
    reason = TextAreaField("Why?", [DataRequired(WHY), OneLine(1000)])

    def offering(self, people: list[tuple[str, str]], scopes: list[tuple[str, str]]) -> "NewDelegation":
        """The same form with the people and the things to choose from."""
        self.who.choices, self.scopes.choices = choices([("", "Choose a person"), *people]), choices(scopes)
        return self


class RevokeDelegation(Form):
    reason = TextAreaField("Why is it taken back?", [DataRequired(WHY), OneLine(1000)])
