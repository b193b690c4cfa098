"""What pages that ask for one act share: the upload, the act with its refusal beside the field, the way back."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect
from sqlalchemy.orm import Session

from portal.refusals import Refused, bad_input
from portal.services.paperwork import Scan
from portal.web.kernel import saved
from portal.web.uploads import is_there, taken_in
from workflows.vocabulary import Reason

APART = (Reason.NOT_ALLOWED, Reason.NOT_FOUND)
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


def acted(form: Any, do: Callable[[Session, Scan | None], Any], said: str, back: str | Callable[[Any], str], file: str = "") -> Any:  # fmt: skip
    """Does it where the form was sent and is right, and answers with the way on; None where the form is to be shown.

    `file`: the field whose upload is taken in first, outside the transaction.
    """
    if not form.validate_on_submit():
        return None
    try:
        kept = upload(form, file.removesuffix(":pdf"), pdf_only=file.endswith(":pdf")) if file else None
    except Refused as no:
        if no.reason in APART:
            raise
        form.refuse(no.sentence, no.field)
        return None
    done = saved(form, lambda session: do(session, kept), raised=APART)
    if not done:
        return None
    flash(said, "success")
    return redirect(back(done.value) if callable(back) else back)


def status_of(form: Any) -> int:
    """400 where the form came back with something to mend."""
    return 400 if form.errors or form.form_errors else 200
