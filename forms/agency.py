"""The Agency's pages: entering it, inviting its director, naming its officers, its projects, devices, licenses and its end."""

from collections.abc import Sequence
from typing import Any

from wtforms import (
    BooleanField,
    EmailField,
    IntegerField,
    RadioField,
    SearchField,
    SelectChoice,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Email, InputRequired, NumberRange, Optional

from forms.base import Form, OneLine
from forms.fields import Boxes, DayField
from forms.names import FullName

ADDRESS = "Enter an e-mail address like name@example.org."
WHY = "Say why, in a few words. It stays on record."


def choices(pairs: Any) -> list[SelectChoice]:
    """(value, label) pairs as WTForms wants them."""
    return [SelectChoice(value, label) for value, label in pairs]


class AgencyForm(Form):
    """What is known of an Agency."""

    name = StringField("Legal name", [DataRequired("Enter the Agency's legal name."), OneLine(200)])
    common_name = StringField("Name people know it by", [Optional(), OneLine(200)])
    phone = TelField("Main telephone", [Optional(), OneLine(30)])
    email = EmailField("E-mail address for notices", [Optional(), OneLine(320), Email(ADDRESS)])
    street = StringField("Street address", [Optional(), OneLine(200)])
    city = StringField("City or town", [Optional(), OneLine(80)])
    state = StringField("State", [DataRequired("Enter the state as two letters, such as ME."), OneLine(2)])
    zip = StringField("ZIP code", [Optional(), OneLine(10)])
    mandated_by = Boxes(
        "Funders that make participation a duty", description="None means that the Agency takes part of its own choice"
    )

    def with_funders(self, funders: Any) -> "AgencyForm":
        """The same form with the funders of the pack to choose from."""
        self.mandated_by.choices = choices(funders)
        return self


class NewAgency(AgencyForm):
    kind = RadioField(
        "Kind of provider", [InputRequired("Choose one.")], default="none",
        choices=choices([
            ("none", "Neither of these"), ("victim_service", "Victim service provider"), ("legal_service", "Legal service provider"),
        ]),
        description="The last two keep a comparable database and never get access to the HMIS",
    )  # fmt: skip


class Exclusion(Form):
    kind = RadioField(
        "What has it turned out to be?", [InputRequired("Choose one.")],
        choices=choices([("victim_service", "Victim service provider"), ("legal_service", "Legal service provider")]),
    )  # fmt: skip
    reason = TextAreaField("On what does this rest?", [DataRequired(WHY), OneLine(1000)])


class Reason(Form):
    reason = TextAreaField("Why?", [DataRequired(WHY), OneLine(1000)])


class Ending(Form):
    reason = TextAreaField("Why does the participation end?", [DataRequired(WHY), OneLine(1000)])
    successor = StringField(
        "Successor program",
        [Optional(), OneLine(200)],
        description="The Agency or program that goes on with the work, if there is one",
    )
    typed = StringField(
        "Type the Agency's name to confirm", [DataRequired("Type the Agency's name exactly as it stands above.")]
    )


class FindAgencies(Form):
    """The filters of the list, sent by GET."""

    class Meta(Form.Meta):
        csrf = False

    q = SearchField("Name")
    state = SelectField(
        "Where it stands",
        choices=choices([
            ("", "All"), ("joining", "Joining"), ("participating", "Participating"), ("ended", "Ended"), ("excluded", "Comparable database instead"),
        ]),
    )  # fmt: skip


class PersonForm(FullName):
    """Somebody to be named."""

    email = EmailField(
        "Work e-mail address", [DataRequired("Enter the work e-mail address."), OneLine(320), Email(ADDRESS)]
    )
    phone = TelField("Work telephone", [Optional(), OneLine(30)])
    title = StringField("Title", [Optional(), OneLine(100)])
    free_mail_ok = BooleanField("This person has no work address: use the private mailbox")

    def names_private_mailbox(self, is_free: bool, sentence: str) -> bool:
        """Refuses a private mailbox that nobody confirmed; True where it did."""
        refused = is_free and not self.free_mail_ok.data
        if refused:
            self.refuse(sentence, "email")
        return refused


class InviteDirector(PersonForm):
    """The director, and what the first forms say."""

    instead_of = SelectField("Whose office is it?", default="", choices=[])
    effective_on = DayField("First day of the agreement", [DataRequired("Enter the first day of the agreement.")])
    ends_on = DayField("Last day of the agreement", [DataRequired("Enter the last day of the agreement.")])
    participation_fee = StringField(
        "Participation fee for this term",
        [DataRequired("Enter the fee as the Board set it, such as $0."), OneLine(300)],
    )
    participation_option = RadioField(
        "Participation", [InputRequired("Choose one.")],
        choices=choices([("Required by a funder", "Required by a funder"), ("Voluntary", "Voluntary")]),
    )  # fmt: skip
    funders = StringField("Funders that require it", [Optional(), OneLine(300)])
    sharing_option = RadioField(
        "Sharing of client records with other Agencies", [InputRequired("Choose one.")], default="No sharing",
        choices=choices([
            ("No sharing", "No sharing"), ("Sharing under a signed data-sharing agreement", "Sharing under a signed data-sharing agreement"),
        ]),
    )  # fmt: skip
    health_privacy_status = SelectField(
        "Health privacy rules that apply to the Agency",
        choices=choices([
            ("", "The director says when signing"), ("Neither", "Neither"), ("HIPAA", "HIPAA"), ("42 CFR Part 2", "42 CFR Part 2"),
            ("HIPAA and 42 CFR Part 2", "HIPAA and 42 CFR Part 2"),
        ]),
    )  # fmt: skip
    manual_version = StringField(
        "Policies and Procedures manual", [DataRequired("Say which version is sent."), OneLine(64)]
    )
    governance_model_version = StringField(
        "Governance Model", [DataRequired("Say which version is sent."), OneLine(64)]
    )
    data_quality_plan_version = StringField(
        "Data Quality Plan", [DataRequired("Say which version is sent."), OneLine(64)]
    )
    data_standards_manual_version = StringField(
        "HUD Data Standards Manual", [DataRequired("Say which version is sent."), OneLine(64)]
    )
    data_dictionary_version = StringField(
        "HUD Data Standards Dictionary", [DataRequired("Say which version is sent."), OneLine(64)]
    )

    AGREEMENT = (
        "effective_on",
        "ends_on",
        "participation_fee",
        "participation_option",
        "funders",
        "sharing_option",
        "health_privacy_status",
    )
    MANUALS = (
        "manual_version", "governance_model_version", "data_quality_plan_version", "data_standards_manual_version", "data_dictionary_version",
    )  # fmt: skip

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.effective_on.data and self.ends_on.data and self.ends_on.data <= self.effective_on.data:
            self.refuse("The last day has to come after the first day of the agreement.", "ends_on")
            valid = False
        if self.participation_option.data == "Required by a funder" and not self.funders.data:
            self.refuse("Name the funders that require it, or choose voluntary.", "funders")
            valid = False
        return valid

    def filled(self, names: Sequence[str]) -> dict[str, str]:
        """The answers to some of the fields, as a document keeps them."""
        values = {name: self[name].data for name in names}
        return {
            name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items() if value
        }


class OfficerForm(PersonForm):
    """Who gets an office: somebody who is at the Agency already, or a person to be named."""

    who = SelectField("Who is it?", default="", choices=[])
    office = RadioField(
        "Which office?", [InputRequired("Choose an office.")],
        choices=choices([
            ("both", "Agency Administrator and security officer"), ("agency_admin", "Agency Administrator"), ("security_officer", "Security officer"),
        ]),
    )  # fmt: skip
    purpose = TextAreaField(
        "What does this person need the HMIS for?", [Optional(), OneLine(1000)],
        description="Your designation is the request for the Agency Administrator's own access",
    )  # fmt: skip
    designate = BooleanField("", [InputRequired("Confirm the designation.")])

    def validate(self, extra_validators: Any = None) -> bool:
        for name in ("first_name", "last_name", "email"):
            if self.who.data and not self[name].data:
                self[name].validators = [Optional()]
        return super().validate(extra_validators)


class EndOffice(Form):
    reason = TextAreaField("Why does this person give the office up?", [DataRequired(WHY), OneLine(1000)])


class ProjectForm(Form):
    name = StringField(
        "Project name",
        [DataRequired("Enter the project's name."), OneLine(300)],
        description="With or without the Agency's name before it",
    )
    project_type = SelectField("Project type", [DataRequired("Choose the project type.")], choices=[])
    starts_on = DayField("Operating since", [Optional()])
    ends_on = DayField("Operating until", [Optional()])


class DeviceForm(Form):
    label = StringField(
        "Name of the device",
        [DataRequired("Give the device a name, such as: Front desk."), OneLine(100)],
        description="By which people there know it",
    )
    description = StringField(
        "Description", [Optional(), OneLine(300)], description="Make, model, asset tag, where it stands"
    )
    kind = RadioField("What is it?", [InputRequired("Choose what it is.")], choices=[])
    safeguards = Boxes(
        "Confirm each of these for this device", description="It can be authorized only when all of them are true"
    )


class ChangeDevice(Form):
    description = StringField("Description", [Optional(), OneLine(300)])
    safeguards = Boxes(
        "Confirm each of these for this device", description="It can be authorized only when all of them are true"
    )


class StatementForm(Form):
    kind = RadioField("What is to be signed?", [InputRequired("Choose what is to be signed.")], choices=[])
    who = SelectField("Who uses it?", [DataRequired("Choose who uses the device.")], choices=[])


class PolicyOnFile(Form):
    on = DayField("Received on", [DataRequired("Enter the day on which the policy came in.")])
    how = RadioField(
        "How did you see it?", [InputRequired("Say how you saw it.")],
        choices=choices([("submitted", "It was submitted"), ("viewed on site", "I viewed it on site")]),
    )  # fmt: skip


class PostedForm(Form):
    what = Boxes(
        "What is posted where clients are taken in?",
        choices=choices(
            [
                ("privacy_notice", "The privacy notice"),
                ("sign", "The sign that explains why personal information is collected"),
            ]
        ),
    )
    on = DayField("Since which day?", [DataRequired("Enter the day since which it hangs there.")])


class LicenceForm(Form):
    kind = RadioField(
        "Kind of license", [InputRequired("Choose a kind.")], default="core",
        choices=choices([("core", "HMIS user license"), ("art", "Reporting tool (ART) license")]),
    )  # fmt: skip
    count = IntegerField(
        "How many?",
        [InputRequired("Enter how many."), NumberRange(1, 500, "Grant between 1 and 500 licenses at a time.")],
    )


class SubmitForm(Form):
    """The signature below a form that is submitted."""

    name = StringField("Your full name", [DataRequired("Type your full name. It is your signature."), OneLine(200)])
    title = StringField("Your title", [Optional(), OneLine(100)])
    correct = BooleanField(
        "", [InputRequired("Confirm this statement. If it is not true, go back and correct the form.")]
    )
    consent = BooleanField(
        "I agree to submit this form electronically",
        [InputRequired("Agree to submit it electronically, or print it and sign it on paper, which counts the same.")],
    )  # fmt: skip


class Nothing(Form):
    """A button alone: nothing but the CSRF token."""
