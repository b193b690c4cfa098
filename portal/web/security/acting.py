"""An upload taken in before the act that keeps it, its refusal beside the field."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from portal.refusals import Refused, bad_input
from portal.services.paperwork import Scan
from portal.web.kernel import APART, Said, acted
from portal.web.uploads import is_there, taken_in

LONG_DOCUMENT = 300
"""Pages of a plan or a record; a signed form has far fewer."""


def upload(form: Any, name: str, *, pdf_only: bool = False) -> Scan | None:
    """The file of a form's field, inspected and stored; None where none was chosen. BAD_INPUT on the field."""
    field = form[name]
    if not is_there(field.data):
        return None
    file = taken_in(field.data, name, most_pages=LONG_DOCUMENT)
    if pdf_only and file.media_type != "application/pdf":
        raise bad_input("This is a picture. Export the document as a PDF and upload that.", name)
    return file


def acted_with_file(form: Any, file: str, do: Callable[[Session, Scan | None], Any], said: Said, back: Said) -> Any:
    """As kernel.acted, with the upload of the field `file` ('name' or 'name:pdf') taken in first, outside the transaction."""
    if not form.validate_on_submit():
        return None
    try:
        kept = upload(form, file.removesuffix(":pdf"), pdf_only=file.endswith(":pdf")) if file else None
    except Refused as no:
        if no.reason in APART:
            raise
        form.refuse(no.sentence, no.field)
        return None
    return acted(form, lambda session: do(session, kept), said, back)
