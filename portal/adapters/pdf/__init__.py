"""Paper and PDF: executed and blank documents as accessible PDF files, and the inspection of files people upload."""

from portal.adapters.pdf.document import blank, executed
from portal.adapters.pdf.records import Authority, Certificate, Delivery, NotComplete, SignatureBlock, content_sha256
from portal.adapters.pdf.upload import NotAccepted, Uploaded, inspect_upload

__all__ = [
    "Authority",
    "Certificate",
    "Delivery",
    "NotAccepted",
    "NotComplete",
    "SignatureBlock",
    "Uploaded",
    "blank",
    "content_sha256",
    "executed",
    "inspect_upload",
]
