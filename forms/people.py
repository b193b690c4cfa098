"""What is filled in about people: filters of the list, departure, name, background check, a certificate handed in."""

from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SearchField, SelectField, StringField, TelField
from wtforms.validators import DataRequired, InputRequired, Optional, Regexp

from forms.access_request import Day, One, Reason, listed
from forms.base import Form, OneLine
from forms.names import FullName

STANDINGS = [
    ("", "Everybody who is here"),
    ("access", "Has access"),
    ("waiting", "Waits for access"),
    ("suspended", "Suspended"),
    ("none", "Access not asked for"),
    ("left", "Left"),
]
BACKGROUND = [
    ("ordered", "Ordered"),
    ("pending", "Pending with the provider"),
    ("cleared", "Cleared"),
    ("not_cleared", "Not cleared"),
]


class Filter(Form):
    """The list's filters, sent by GET."""

    class Meta(Form.Meta):
        csrf = False

    q = SearchField("Name or e-mail", [OneLine(100)])
    agency = SelectField("Agency", coerce=str, validate_choice=False)
    standing = SelectField("Standing", choices=listed(STANDINGS), validate_choice=False)


class InUse(Form):
    """The device that somebody uses."""

    device_id = RadioField("Device", [InputRequired("Choose the device.")], coerce=int)


class Departure(Reason):
    """A person leaves."""

    when = RadioField(
        "When does access end?",
        [InputRequired("Choose one.")],
        choices=listed([("now", "Now"), ("later", "At the end of a last day")]),
        default="now",
    )
    last_day = Day("Last day", [Optional()], description="A past day is recorded as it was; access ends now")


class Name(FullName):
    """A name has changed."""

    title = StringField("Job title or volunteer role", [Optional(), OneLine(100)])
    phone = TelField("Telephone", [Optional(), OneLine(30)])


class Background(Form):
    """How a background check stands: status, dates, reference, decider, and nothing else."""

    status = RadioField("How does the check stand?", [InputRequired("Choose one.")], choices=listed(BACKGROUND))
    ordered_on = Day("Day it was ordered", [InputRequired("Enter the day the check was ordered.")])
    decided_on = Day("Day it was decided", [Optional()], description="Only for 'cleared' and 'not cleared'")
    reference = StringField(
        "The provider's reference",
        [Optional(), OneLine(60)],
        description="The number of the order, never a Social Security number",
    )
    decider = StringField("Who at the Agency decided", [Optional(), OneLine(200)])


class Certificate(Form):
    """A course certificate that the help desk confirms."""

    course = One("Course", [InputRequired("Choose the course.")])
    score = StringField(
        "Score in percent",
        [
            DataRequired("Enter the score that stands on the certificate."),
            Regexp(r"^\d{1,3}([.,]\d{1,4})?\s*%?$", message="Enter a number such as 85 or 79.5."),
        ],
        render_kw={"inputmode": "decimal"},
    )
    taken_on = Day("Day of the quiz", [InputRequired("Enter the day of the quiz.")])
    file = FileField(
        "Certificate",
        [FileRequired("Choose the file: a PDF, or a picture as PNG or JPEG.")],
        description="PDF, PNG or JPEG, at most 15 MB",
    )
