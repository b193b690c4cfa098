"""Which Agencies' results to show."""

from wtforms import SearchField
from wtforms.validators import Optional

from forms.base import OneLine
from forms.desk import Filter


class ResultFilter(Filter):
    q = SearchField("Agency", [Optional(), OneLine(100)])
