"""A person's name and work address, as every form that names somebody asks for them."""

from wtforms import EmailField, StringField
from wtforms.validators import DataRequired, Email

from forms.base import Form, OneLine


class FullName(Form):
    first_name = StringField("First name", [DataRequired("Enter the first name."), OneLine(100)])
    last_name = StringField("Last name", [DataRequired("Enter the last name."), OneLine(100)])


class WorkAddress(Form):
    email = EmailField(
        "Work e-mail address",
        [
            DataRequired("Enter the e-mail address."),
            Email("Enter an e-mail address like name@example.org."),
            OneLine(320),
        ],
    )
