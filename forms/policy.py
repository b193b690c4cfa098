"""Policy packs on screen: proposing one, agreeing to one, and looking for somebody in its preview."""

from flask_wtf.file import FileField
from wtforms import HiddenField, SearchField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from forms.base import Form, OneLine
from forms.desk import LONG, Filter, choices


class PackText(TextAreaField):
    """The text of a pack, letter for letter: its version is a hash of it, so that nothing is stripped or recomposed."""


class ProposePack(Form):
    file = FileField("File", [Optional()], description="A policy pack as a TOML file, up to 200,000 characters")
    text = PackText("Or its text", [Optional()], description="Paste the whole pack, not a part of it")
    note = TextAreaField(
        "What changes, and why",
        [DataRequired("Say what changes and why, for the second person who has to decide."), LONG],
    )
    called = HiddenField()


class Agree(Form):
    reason = TextAreaField("Why you agree", [DataRequired("Say why you agree."), Length(max=500)])
    seen = HiddenField()


class Withdraw(Form):
    reason = TextAreaField("Reason", [DataRequired("Say why it is withdrawn."), LONG])


GROUPS = {
    "": "Everybody concerned",
    "open": "Who is let in",
    "close": "Who is shut out",
    "held": "Whose request waits for more",
    "lacks": "Who keeps access and lacks more",
}


class ForeseenFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(GROUPS))
    q = SearchField("Person or Agency", [Optional(), OneLine(100)])
