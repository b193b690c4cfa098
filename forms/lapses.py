"""What the pages about lapses ask: which ones to show, and the Lead's word that lets the brake go."""

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, HiddenField, SearchField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional

from forms.base import Form, OneLine
from forms.desk import LONG, Filter, choices

WITHIN = {"": "All of them", "lapsed": "Lapsed already", "7": "Within 7 days", "30": "Within 30 days"}


class LapseFilter(Filter):
    within = SelectField("When", [Optional()], choices=choices(WITHIN))
    prerequisite = SelectField("Prerequisite", [Optional()])
    q = SearchField("Agency", [Optional(), OneLine(100)])

    def __init__(self, *args: Any, prerequisites: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.prerequisite.choices = choices(prerequisites, "Every prerequisite")


class BrakeFilter(Filter):
    prerequisite = SelectField("Prerequisite", [Optional()])
    q = SearchField("Agency", [Optional(), OneLine(100)])

    def __init__(self, *args: Any, prerequisites: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.prerequisite.choices = choices(prerequisites, "Every prerequisite")


class Release(Form):
    """`upto` is the last person on the list as it was shown: nobody is released whom nobody has seen."""

    upto = HiddenField("Shown", [InputRequired()])
    reason = TextAreaField("Why may access end for all of them?", [DataRequired("Say why. It stays on record."), LONG])
    sure = BooleanField(
        "I have read the list of who would lose access", [InputRequired("Tick this when you have read the list.")]
    )
