"""Takes in what somebody uploads: inspected, kept by its fingerprint, handed on as what the services know of it."""

import unicodedata
from urllib.parse import quote

from flask import Response
from werkzeug.datastructures import FileStorage

from portal.adapters import pdf
from portal.adapters.pdf.upload import MAX_PAGES
from portal.adapters.pictures import without_metadata
from portal.adapters.storage import FileLost, Storage
from portal.refusals import Refused, bad_input
from portal.services.paperwork import Scan
from portal.web import kernel
from workflows.vocabulary import Reason

MEDIA = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}


def storage() -> Storage:
    return Storage(kernel.context().settings.storage)


def fetched(sha256: str) -> bytes:
    """A file that the record names; CONFLICT with what to do where the storage has lost it."""
    try:
        return storage().get(sha256)
    except FileLost as lost:
        raise Refused(
            Reason.CONFLICT, f"{lost} Until then the record of it stands, and the file cannot be shown."
        ) from lost


def download(content: bytes, media_type: str, name: str) -> Response:
    """A file to be kept and never shown in the page; its name in any script, and nothing in it that ends a header."""
    clean = (
        "".join("_" if unicodedata.category(letter)[0] == "C" or letter in '"/\\' else letter for letter in name)
        or "file"
    )
    plain = unicodedata.normalize("NFKD", clean).encode("ascii", "ignore").decode() or "file"
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"
    )
    return response


def is_there(upload: FileStorage | None) -> bool:
    """Whether a file was chosen at all: browsers send an empty one where none was."""
    return bool(upload and upload.filename)


def taken_in(upload: FileStorage, field: str, *, most_pages: int = MAX_PAGES) -> Scan:
    """The upload as a plain PDF, PNG or JPEG that lies in the storage; BAD_INPUT on `field` with what to do otherwise.

    A picture is kept without where, when and with what it was taken.
    Called outside any transaction: a file without a row is litter, a row without a file would be a loss.
    """
    return taken_from(upload.read(), upload.filename or "file", field, most_pages=most_pages)


def taken_from(content: bytes, name: str, field: str, *, most_pages: int = MAX_PAGES) -> Scan:
    """taken_in(), of content that came another way, such as a file attached to a message."""
    try:
        found = pdf.inspect_upload(content, name, most_pages=most_pages)
    except pdf.NotAccepted as no:
        raise bad_input(str(no), field) from no
    content = without_metadata(content, MEDIA[found.kind])
    return Scan(storage().put(content), MEDIA[found.kind], len(content), found.pages, name[-200:])
