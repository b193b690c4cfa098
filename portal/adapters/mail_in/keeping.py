"""Which files of a message are kept: papers, pictures, office documents without programs, plain text; judged by content."""

from dataclasses import dataclass

from portal.adapters import pdf, zips
from portal.adapters.mail_in.received import Attached
from portal.adapters.pictures import without_metadata

MEDIA = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}
OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
TEXTS = (".txt", ".csv", ".tsv", ".log", ".ics", ".vcf", ".md")
MOST_ENTRIES = 5_000
DECORATION = 4_096
"""Bytes: a smaller picture inside the text is a logo or a line."""

ELSEWHERE = "It stands in the original message."


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that may be kept, without what a phone writes into pictures."""

    media_type: str
    content: bytes
    pages: int = 0


def keep(file: Attached, *, seconds: float = 10) -> Kept | str:
    """What is kept of a file, or the sentence that says why it is not. Nothing of it is run or shown."""
    content = file.content
    if not content:
        return "It is empty."
    if content.startswith((b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return _inspected(file, seconds)
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    if file.media_type == "message/rfc822":
        return Kept("message/rfc822", content)
    if file.name.lower().endswith(TEXTS) or file.media_type in ("text/plain", "text/csv", "text/calendar"):
        return _text(content)
    return f"Only PDF, PNG, JPEG, office documents and plain text are kept. {ELSEWHERE}"


def _inspected(file: Attached, seconds: float) -> Kept | str:
    picture = not file.content.startswith(b"%PDF-")
    if picture and file.inline and len(file.content) < DECORATION:
        return f"It is a small picture of the message's layout. {ELSEWHERE}"
    try:
        found = pdf.inspect_upload(file.content, file.name, seconds=seconds)
    except pdf.NotAccepted as no:
        return f"{no} {ELSEWHERE}"
    media = MEDIA[found.kind]
    return Kept(media, without_metadata(file.content, media), found.pages)


def _office(content: bytes) -> Kept | str:
    try:
        with zips.opened(content, most=MOST_ENTRIES) as archive:
            names = archive.namelist()
    except (zips.DamagedZip, zips.TooManyEntries):
        return f"It is damaged, or no office document. {ELSEWHERE}"
    if "[Content_Types].xml" not in names:
        return f"Archives are not kept. Ask for the files themselves. {ELSEWHERE}"
    if any(
        "vbaproject" in name.lower() or "/activex/" in name.lower() or "/embeddings/" in name.lower() for name in names
    ):
        return f"It contains programs or other files. Ask for a copy without them. {ELSEWHERE}"
    for folder, media in OFFICE.items():
        if any(name.startswith(folder) for name in names):
            return Kept(media, content)
    return f"Archives are not kept. Ask for the files themselves. {ELSEWHERE}"


def _text(content: bytes) -> Kept | str:
    if b"\x00" in content:
        return f"It is not the plain text that it says it is. {ELSEWHERE}"
    return Kept("text/plain", content)
