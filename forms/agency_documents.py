"""Forms made from a document's own definition: the fields of one group, of one entry, or of the ten security topics."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import Field, SelectChoice, SelectField, StringField
from wtforms.validators import Optional

from forms.base import Form, OneLine
from forms.documents import Blank, DocumentText
from forms.fields import DayField
from forms.signing import MANY, field_for


class Part(Form):
    """Some fields of a document, saved whether complete or not; part_form() makes it."""

    FIELDS: tuple[str, ...] = ()
    NEEDED: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in self.NEEDED:
            # It may stay empty today and is needed to submit: 'optional' beside its label would mislead.
            self[name].flags.optional = False

    def values(self) -> dict[str, Any]:
        """What was typed, by the document's names; what was taken out is empty."""
        typed = {name: self[name].data for name in self.FIELDS}
        return {
            name: value.isoformat() if hasattr(value, "isoformat") else "" if value is None else value
            for name, value in typed.items()
        }

    def refuse(self, sentence: str, field: str = "") -> None:
        """Puts a refusal on its field; one of an entry is named 'group.1.field' by the service."""
        super().refuse(sentence, field.rpartition(".")[2])


def part_form(blanks: Sequence[Blank]) -> type[Part]:
    """The form for these fields; nothing is required while it is still being filled in."""
    made: dict[str, Any] = {blank.name: _field(blank) for blank in blanks}
    return type(
        "PartOfForm",
        (Part,),
        {**made, "FIELDS": tuple(made), "NEEDED": tuple(blank.name for blank in blanks if blank.required)},
    )


def filled_part(form: type[Part], answers: Mapping[str, Any]) -> Part:
    """The form with what is kept; after a POST with what was sent."""
    return form(data={name: answers.get(name) or None for name in form.FIELDS})


def topics_form(topics: Sequence[tuple[str, str, str]], text: DocumentText) -> type[Part]:
    """For each topic (id, title, sentence) the title and the day of the document that holds the Agency's rule."""
    made: dict[str, Any] = {}
    for topic, title, _sentence in topics:
        if any(field.name == f"{topic}_document" for field in text.fields):
            made[f"{topic}_document"] = StringField("Title of the document", [Optional(), OneLine(300)])
            made[f"{topic}_date"] = DayField(f"Date of the document on: {title}", [Optional()])
    return type("Topics", (Part,), {**made, "FIELDS": tuple(made), "NEEDED": tuple(made)})


def _field(blank: Blank) -> Field:
    if blank.type == "date":
        return DayField(blank.label, [Optional()], description=blank.hint)
    if blank.type == "choice" and len(blank.choices) >= MANY:
        listed = [SelectChoice("", "Select"), *(SelectChoice(choice, choice) for choice in blank.choices)]
        return SelectField(blank.label, [Optional()], choices=listed, description=blank.hint)
    return field_for(blank, required=False)
