"""The list of mail that came in."""

from wtforms import StringField
from wtforms.validators import Optional

from forms.base import OneLine
from forms.desk import Filter


class FindMail(Filter):
    """By how the sender's address begins."""

    sender = StringField("Sender's address begins with", [Optional(), OneLine(320)])
