"""Sanctions on screen: drafted from the ladder's proposal, decided, appealed, heard, lifted; letters; which to show."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from wtforms import IntegerField, RadioField, SearchField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forms.access_request import Day, listed
from forms.base import Form, OneLine
from forms.desk import LONG, Filter, choices

SHOWN = {
    "": "Drafted, appealed or in force",
    "drafted": "Drafts to decide",
    "appealed": "Appeals to hear",
    "in_force": "In force",
    "over": "Over, lifted or withdrawn",
    "all": "All of them",
}
WORDS = Length(max=2000, message="At most 2,000 characters.")
NO_CLIENT = "No client's name or data."
MEASURES = {
    "reprimand": "Formal letter of reprimand",
    "training": "Required training: closed until the course is passed again",
    "penalty": "Financial penalty",
    "suspension": "Suspension of access",
    "revocation": "Revocation of access",
    "referral": "Referral for prosecution",
}


class SanctionFilter(Filter):
    show = SelectField("Show", [Optional()], choices=choices(SHOWN))
    violation = SelectField("Violation", [Optional()])
    measure = SelectField("Measure", [Optional()])
    q = SearchField("Name, Agency or number", [Optional(), OneLine(100)])

    def __init__(self, *args: Any, violations: Iterable[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.violation.choices = listed([("", "All violations"), *violations])
        words = {name: words.partition(":")[0] for name, words in MEASURES.items()}
        self.measure.choices = choices(words, "All measures")


class ChooseCase(Filter):
    """The first step, in the address: whom it is about, and what was violated."""

    about = RadioField("What it is about", [InputRequired("Choose one.")])
    violation = SelectField("What was violated", [InputRequired("Choose what was violated.")])

    def __init__(
        self, *args: Any, abouts: Iterable[tuple[str, str]], violations: Iterable[tuple[str, str]], **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.about.choices = listed(abouts)
        self.violation.choices = listed([("", "Choose"), *violations])


class TakeMeasure(Form):
    """A measure with what belongs to it; each field is for one of them."""

    measure = RadioField("Measure", [InputRequired("Choose the measure.")], choices=choices(MEASURES))
    days = IntegerField(
        "Days of the suspension",
        [Optional()],
        description="Leave it empty for a suspension until what was wrong is remedied",
    )
    remedy = StringField(
        "What has to be remedied", [Optional(), OneLine(500)], description="For a suspension without days"
    )
    course = SelectField("Course to be taken again", [Optional()], description="For required training")
    amount = StringField(
        "Amount in dollars", [Optional(), OneLine(15)], description="For a financial penalty, such as 250.00"
    )
    due_on = Day("To be paid by", [Optional()], description="For a financial penalty")
    referred_to = StringField("To whom it is referred", [Optional(), OneLine(200)], description="For a referral")

    def __init__(self, *args: Any, courses: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.course.choices = choices(courses, "None")

    def validate_days(self, field: IntegerField) -> None:
        if field.data is None and field.raw_data and field.raw_data[0].strip():
            raise ValidationError("Enter a whole number of days, or leave it empty.")

    def validate_amount(self, field: StringField) -> None:
        if field.data and self.cents() is None:
            raise ValidationError("Enter dollars and cents, such as 250.00.")

    def cents(self) -> int | None:
        """The amount in cents; None where nothing, or no amount, was typed."""
        typed = re.sub(r"[\s$,]", "", self.amount.data or "")
        return int(Decimal(typed) * 100) if re.fullmatch(r"\d{1,9}(\.\d{1,2})?", typed) else None


class DraftSanction(TakeMeasure):
    facts = TextAreaField(
        "What was found",
        [DataRequired("Say what was found."), WORDS],
        description=f"It stands in the letter. {NO_CLIENT}",
    )
    departs_because = TextAreaField(
        "Why not what the ladder proposes", [Optional(), LONG], description="Only where you choose another measure"
    )


class ChangeSanction(TakeMeasure):
    reason = TextAreaField("Why", [DataRequired("Say why: whoever appealed reads it."), LONG])


class WithReason(Form):
    reason = TextAreaField("Why", [DataRequired("Say why: it stays on record."), LONG], description=NO_CLIENT)


class Appeal(Form):
    """By the person or the director; the Lead, entering what came on paper, says from whom and when."""

    text = TextAreaField(
        "What should be looked at again, and why", [DataRequired("Say what should be looked at again."), WORDS],
        description=NO_CLIENT,
    )  # fmt: skip
    came_from = StringField("From whom it came, and how", [Optional(), OneLine(200)])
    received_on = Day("Day it was received", [Optional()])

    def __init__(self, *args: Any, on_paper: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not on_paper:
            del self.came_from
            del self.received_on


class HearAppeal(Form):
    outcome = RadioField(
        "Your decision",
        [InputRequired("Choose one.")],
        choices=listed([
            ("upheld", "The decision stands"),
            ("lifted", "The decision was not right: it is taken back"),
        ]),
    )  # fmt: skip
    reason = TextAreaField("Why", [DataRequired("Say why: whoever appealed reads it."), LONG], description=NO_CLIENT)


class Paid(Form):
    paid_on = Day("Day it was paid", [DataRequired("Enter the day it was paid.")])


class Referred(Form):
    reference = StringField("Reference", [DataRequired("Enter the reference."), OneLine(100)])


class Delivered(Form):
    delivered_on = Day("Day it was handed over", [DataRequired("Enter the day it was handed over.")])
    how = StringField(
        "How", [DataRequired("Say how."), OneLine(200)], description="By hand, by certified mail, by courier"
    )
