"""What is filled in to sign a document, to hand in its scan, to verify it or to send it back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_wtf.file import FileField, FileRequired
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    Field,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forms.base import Form, OneLine
from forms.documents import Blank, DocumentText, Signer
from forms.fields import Boxes

DAYS = ["%Y-%m-%d", "%m/%d/%Y"]
MANY = 7


class SignForm(Form):
    """A signature on one document; sign_form() makes it, with the fields in the order of the page."""

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> "SignForm":
        """The form as it was sent before: `kept` has a list of texts for each field, as a browser sends them."""
        return cls(formdata=MultiDict(kept) if kept else None)

    def validate_again(self) -> bool:
        """Whether what was kept is complete; the token of this request was checked on its own form."""
        if "csrf_token" in self:
            del self.csrf_token
        return bool(self.validate())

    def initials(self, text: DocumentText) -> dict[str, str]:
        """The initials by clause."""
        return {
            clause: self[f"initials-{clause}"].data or "" for clause in text.initialled if f"initials-{clause}" in self
        }

    def answers(self) -> dict[str, Any]:
        """What was filled in, by the document's names of fields; what stayed empty is left out."""
        found = {
            name.removeprefix("answer-"): field.data
            for name, field in self._fields.items()
            if name.startswith("answer-")
        }
        return {name: value for name, value in found.items() if value not in (None, "", [])}

    def refuse(self, sentence: str, field: str = "") -> None:
        """Puts a refusal on its field; those of the document are named `answer-…` here."""
        super().refuse(sentence, field if field in self._fields else f"answer-{field}")


def sign_form(text: DocumentText, signer: Signer, blanks: Iterable[Blank], statement: str) -> type[SignForm]:
    """The form to sign one document in one capacity: `blanks` are still empty, `statement` is what the signer confirms."""
    more: dict[str, Any] = {f"answer-{blank.name}": field_for(blank) for blank in blanks}
    if signer.initials:
        for clause in text.initialled:
            number = text.numbers[clause]
            rules = [
                DataRequired(f"Put your initials beside {number}."),
                Length(max=10, message=f"Initials beside {number}: 1 to 5 letters."),
            ]
            more[f"initials-{clause}"] = StringField(f"Initials {number}", rules)
    in_office = signer.capacity in ("executive_director", "lead")
    more |= {
        "name": StringField(
            "Your full name", [DataRequired("Type your full name. It is your signature."), OneLine(200)], description="Typing it is your signature"
        ),
        "title": StringField(
            "Your title", [DataRequired("Enter your title, such as Executive director.") if in_office else Optional(), OneLine(100)]
        ),
        "authority": BooleanField(
            statement, [InputRequired("Confirm this statement. If it is not true, do not sign; tell the help desk.")]
        ),
        "consent": BooleanField(
            "I agree to sign this document electronically, as the consent above says",
            [InputRequired("Agree to sign electronically, or print the document and sign it on paper, which counts the same.")],
        ),
    }  # fmt: skip
    return type("SignThis", (SignForm,), more)


def countersign_form(text: DocumentText, signer: Signer, statement: str) -> type[SignForm]:
    """The Lead's own signature: no initials, no blanks."""
    return sign_form(text, signer, (), statement)


def field_for(blank: Blank, *, required: bool = True) -> Field:
    """The form field for a document's blank; `required` as the document says, unless it may be saved half-filled."""
    must, label = blank.required and required, blank.label
    rules: list[Any] = [DataRequired(f"Fill in: {blank.label}.")] if must else [Optional()]
    about: dict[str, Any] = {"description": blank.hint}
    if blank.type == "choices":
        return Boxes(label, choices=[SelectChoice(choice, choice) for choice in blank.choices], **about)
    if blank.type == "choice" and len(blank.choices) < MANY:
        return RadioField(
            label,
            [DataRequired(f"Select one: {blank.label}.")] if must else [Optional()],
            choices=[SelectChoice(choice, choice) for choice in blank.choices],
            **about,
        )
    if blank.type == "choice":
        return SelectField(
            label,
            rules,
            choices=[SelectChoice("", "Select"), *(SelectChoice(choice, choice) for choice in blank.choices)],
            **about,
        )
    if blank.type == "date":
        return DateField(label, rules, format=DAYS, **about)
    if blank.type == "long_text":
        return TextAreaField(label, [*rules, Length(max=4000, message="At most 4,000 characters.")], **about)
    render = {"inputmode": "numeric"} if blank.type == "number" else {"type": "email"} if blank.type == "email" else {}
    return StringField(label, [*rules, OneLine(300)], render_kw=render, **about)


class ScanForm(Form):
    """The scan of a document that was signed on paper; scan_form() adds a name for each signer."""

    file = FileField(
        "The scan",
        [FileRequired("Choose the file with the scan.")],
        description="PDF, PNG or JPEG, at most 15 megabytes",
    )
    signed_on = DateField(
        "Day it was signed",
        [DataRequired("Enter the day beside the signature.")],
        format=DAYS,
        description="If there are several, the last one",
    )


def scan_form(signers: Sequence[Signer]) -> type[ScanForm]:
    """The form for a scan that these people signed."""
    more: dict[str, Any] = {}
    for signer in signers:
        must = DataRequired(f"Enter the name printed beside the signature: {signer.label}.")
        more[f"name-{signer.capacity}"] = StringField(f"{signer.label}: name as printed", [must, OneLine(200)])
        more[f"title-{signer.capacity}"] = StringField(f"{signer.label}: title", [Optional(), OneLine(100)])
    return type("ScanThis", (ScanForm,), more)


class VerifyForm(Form):
    how = RadioField(
        "How did you see it?",
        [DataRequired("Say how you saw it.")],
        choices=[SelectChoice("submitted", "It was submitted"), SelectChoice("viewed on site", "I viewed it on site")],
    )


class RejectForm(Form):
    reason = TextAreaField(
        "What has to be corrected?", [DataRequired("Say what has to be corrected."), Length(max=1000, message="At most 1,000 characters.")],
        description="Whoever signed it reads this",
    )  # fmt: skip
