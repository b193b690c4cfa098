"""What every form shares: white space stripped once and for all, hostile control characters refused."""

import unicodedata
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, ValidationError


def clean(value: Any) -> Any:
    """Text without white space around it and in one Unicode form; anything else as it is."""
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


class Form(FlaskForm):
    """The base of all forms: CSRF by Flask-WTF, text cleaned before it is validated."""

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            filters = list(unbound_field.kwargs.get("filters", ()))
            takes_text = unbound_field.field_class.__name__ in {
                "StringField",
                "TextAreaField",
                "EmailField",
                "TelField",
                "SearchField",
            }
            if takes_text and clean not in filters:
                filters.append(clean)
            return unbound_field.bind(form=form, filters=filters, **options)

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        for field in self:
            if isinstance(field.data, str) and _has_control(field.data):
                field.errors = [
                    *field.errors,
                    f"{field.label.text} contains a character that cannot be shown. Type it again.",
                ]
                valid = False
        return valid

    def refuse(self, sentence: str, field: str = "") -> None:
        """Puts a service's refusal on the field it concerns, or on the form, so that nothing typed is lost."""
        target = self._fields.get(field)
        if target is None:
            self.form_errors.append(sentence)
        else:
            target.errors = [*target.errors, sentence]


class OneLine:
    """Refuses text of more than `most` characters with a sentence that says so."""

    def __init__(self, most: int):
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, _form: Form, field: Field) -> None:
        if field.data and len(field.data) > self.most:
            raise ValidationError(f"{field.label.text} may have {self.most} characters; this has {len(field.data)}.")


def _has_control(text: str) -> bool:
    return any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\r\n\t" for letter in text)
