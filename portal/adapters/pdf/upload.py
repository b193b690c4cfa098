"""Decides whether an uploaded file may be kept: a plain PDF, PNG or JPEG, read in a short-lived child with limits."""

import hashlib
import json
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MAX_MB = 15
MAX_BYTES = MAX_MB * 1024 * 1024
MAX_PAGES = 60
SECONDS = 20

CHILD = Path(__file__).with_name("upload_child.py")

# What the child may answer besides 'ok'; the sentences stay on this side, so nothing in a file can speak to the reader.
SENTENCES = {
    "kind": "is not a PDF, PNG or JPEG file. Scan or export it as a PDF and upload that.",
    "damaged": "is damaged and can't be read. Scan or export it again and upload the new file.",
    "encrypted": "is protected by a password. Save a copy without the password and upload that.",
    "pages": "has more than {pages} pages. Upload only the pages of this document.",
    "no_pages": "has no pages. Scan or export it again and upload the new file.",
    "active": "contains scripts or actions that run by themselves. Print it to a new PDF and upload that.",
    "embedded": "contains other files or forms with their own program. Print it to a new PDF and upload that.",
    "bomb": "unpacks to far more than it seems to hold. Scan it again at a lower resolution and upload the new file.",
    "polyglot": "is two kinds of file in one. Print it to a new PDF and upload that.",
    "pixels": "is larger than 64 million pixels. Scan it at 300 dots per inch and upload the new file.",
}


class NotAccepted(ValueError):
    """The upload is refused; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What an accepted upload is: its kind by content, pages (1 for a picture), SHA-256 in hexadecimal, bytes."""

    kind: Literal["pdf", "png", "jpeg"]
    pages: int
    sha256: str
    size: int


def inspect_upload(
    data: bytes, claimed_name: str, *, seconds: float = SECONDS, most_pages: int = MAX_PAGES
) -> Uploaded:
    """What `data` is, judged by its content alone; `claimed_name` only names the file in the sentence.

    Raises NotAccepted. The parsing happens in a child process without environment, with limits on memory, processor
    time, open files and writing, which is ended after `seconds`.
    """
    name = _shown(claimed_name)
    if not data:
        raise NotAccepted(f"{name} is empty. Choose the file again and upload it.")
    if len(data) > MAX_BYTES:
        raise NotAccepted(f"{name} is larger than {MAX_MB} MB. Scan it at a lower resolution and upload the new file.")
    try:
        # The command is made of our own words; the upload comes by standard input only.
        child = subprocess.run(  # noqa: S603
            [sys.executable, "-I", "-B", str(CHILD), str(most_pages)],
            input=data,
            capture_output=True,
            timeout=seconds,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotAccepted(f"{name} takes too long to read. Print it to a new PDF and upload that.") from error
    try:
        answer = json.loads(child.stdout)
        verdict, pages = str(answer["verdict"]), int(answer["pages"])
    except (ValueError, KeyError, TypeError):
        # The child died of a limit before it could answer: what does that is not an ordinary scan.
        verdict, pages = ("bomb" if child.returncode else "damaged"), 0
    if verdict not in ("pdf", "png", "jpeg"):
        raise NotAccepted(f"{name} {SENTENCES.get(verdict, SENTENCES['damaged']).format(pages=most_pages)}")
    return Uploaded(verdict, pages, hashlib.sha256(data).hexdigest(), len(data))  # type: ignore[arg-type]  # one of three


def _shown(claimed: str) -> str:
    """The last part of the claimed name, printable and short, in quotation marks."""
    last = claimed.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(char for char in last if unicodedata.category(char)[0] not in "CZ" or char == " ").strip()
    if not plain:
        return "The file"
    return f"“{plain if len(plain) <= 60 else plain[:57] + '…'}”"
