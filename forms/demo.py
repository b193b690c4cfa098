"""The demonstration's forms: which made-up person to be, and whose mail to read."""

from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import InputRequired

from forms.base import Form, OneLine


class Choose(Form):
    person_id = HiddenField(
        validators=[InputRequired("Choose somebody of the list.")],
        filters=[lambda typed: int(typed) if str(typed or "").isdecimal() else None],
    )


class MailFilter(Form):
    class Meta:
        csrf = False

    to = StringField("Sent to", [OneLine(320)], description="Part of an address")
    copies = BooleanField("Show copies of signed documents, too")
