"""Whether a document was executed here, asked by the number and the fingerprint on its certificate."""

from wtforms import StringField
from wtforms.validators import DataRequired, Regexp

from forms.base import OneLine
from forms.desk import Filter

NUMBER = "Enter the number as it stands on the certificate, such as 12."


class Check(Filter):
    """A form in the address: nothing is changed by it, and no cookie is needed."""

    number = StringField(
        "Document number",
        [
            DataRequired("Enter the number of the document."),
            OneLine(40),
            Regexp(r"^\D{0,20}\d{1,10}\b", message=NUMBER),
        ],
        description="On the certificate's page: 'Document 12, round 1'",
    )
    sha256 = StringField(
        "Fingerprint (SHA-256)",
        [
            DataRequired("Enter the fingerprint."),
            OneLine(100),
            Regexp(r"^[0-9A-Fa-f\s]{64,100}$", message="A fingerprint has 64 digits and letters from a to f."),
        ],
        description="The SHA-256 of the content on the certificate's page, or that of the PDF file",
    )
