"""Free text in which no client may stand: a form that warns when one seems to, and lets whoever wrote it go on."""

from typing import Any, ClassVar

from wtforms import BooleanField
from wtforms.validators import Optional

from forms.base import Form
from workflows.client_data import looks_like_client

REWORD = "{} Reword it. If it is no client's, tick the box at the end and send it again: the Lead's staff look at it."
NO_CLIENT = "Never a client's name, number or birth date"


class Careful(Form):
    """`free` names the fields that are looked at; `doubtful` is true once something in them was found."""

    free: ClassVar[tuple[str, ...]] = ()
    doubtful = False

    anyway = BooleanField("What I wrote is no client's data, or cannot be left out", [Optional()])

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        for name in self.free:
            field = self[name]
            for why in looks_like_client(field.data or ""):
                self.doubtful = True
                if not self.anyway.data:
                    field.errors = [*field.errors, REWORD.format(why)]
                    valid = False
        return valid
