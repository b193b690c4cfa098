"""Signing in, setting a password, the codes."""

from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Email, EqualTo, Regexp

from forms.base import Form, OneLine
from forms.names import FullName, WorkAddress


class SignIn(Form):
    email = EmailField("Work e-mail address", [DataRequired("Enter your e-mail address."), OneLine(320)])
    password = PasswordField("Password", [DataRequired("Enter your password.")])
    next = HiddenField()


class AskForLink(Form):
    mailbox = EmailField(
        "Work e-mail address",
        [
            DataRequired("Enter your e-mail address."),
            Email("Enter an e-mail address like name@example.org."),
            OneLine(320),
        ],
    )


class NewPassword(Form):
    password = PasswordField(
        "New password",
        [DataRequired("Choose a password.")],
    )
    again = PasswordField(
        "The same password again", [EqualTo("password", "The two passwords are not the same. Type both again.")]
    )


class ChangePassword(NewPassword):
    """For whoever came in by the present password: a browser left open must not be enough."""

    current = PasswordField("Your present password", [DataRequired("Enter your present password.")])


class Present(Form):
    """The password once more, before what weighs much."""

    current = PasswordField(
        "Your password", [DataRequired("Enter your password.")], render_kw={"autocomplete": "current-password"}
    )


class Code(Form):
    code = StringField(
        "Six-digit code",
        [
            DataRequired("Enter the six-digit code."),
            Regexp(r"^\s*\d{3}\s?\d{3}\s*$", message="The code has six digits."),
        ],
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code"},
    )


class Invite(FullName, WorkAddress):
    role = SelectField("Role", [DataRequired("Choose a role.")])


class RecoveryCode(Form):
    code = StringField(
        "Recovery code",
        [DataRequired("Enter one of your recovery codes."), OneLine(40)],
        description="24 letters and digits; capitals, spaces and dashes do not matter.",
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class NewAddress(Form):
    email = EmailField(
        "New work e-mail address",
        [
            DataRequired("Enter the new e-mail address."),
            Email("Enter an e-mail address like name@example.org."),
            OneLine(320),
        ],
    )


class OwnAddress(NewAddress):
    """For whoever came in by a password: a browser left open must not be enough to take the account over."""

    current = PasswordField("Your present password", [DataRequired("Enter your present password.")])


class AddressForAnother(NewAddress):
    reason = TextAreaField("Reason", [DataRequired("Say why. It stands on record."), OneLine(500)])


class Help(Form):
    """Somebody else's account is unlocked, or a link is sent."""

    reason = TextAreaField("Reason", [DataRequired("Say why. It stands on record."), OneLine(500)])


class Vouch(Form):
    recognised = TextAreaField(
        "How did you recognize the person?",
        [DataRequired("Say how you recognized the person."), OneLine(500)],
        description="For example: I called back on the number on file and know the voice. It stands on record.",
    )


class Nothing(Form):
    """A button alone: nothing but the CSRF token."""
