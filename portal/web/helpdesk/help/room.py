"""What the pages of whoever asks share: the blueprint, files on the way to a question, what is said about hours."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from portal.models import Person, StoredFile
from portal.refusals import Refused, bad_input
from portal.services.helpdesk.tickets import clock
from portal.services.helpdesk.tickets.entries import Attached
from portal.services.paperwork import Scan
from portal.web import kernel
from portal.web.uploads import is_there, taken_in
from workflows.ticket_clock import Opening, standing

blueprint = Blueprint("help", __name__)

MOST_FILES = 5
_ENVELOPE, _LIFE = "help_file", 24 * 3600


def open_now(session: Session, at: datetime) -> Opening:
    """Whether the desk is open, until when or from when."""
    return standing(at, clock.calendar(session, policy=kernel.policy()))


def take_in(uploads: Iterable[FileStorage], kept: Sequence[str] = ()) -> list[str]:
    """The uploads, stored, as envelopes that a page carries on to the next step; those `kept` before come first.

    BAD_INPUT on 'files' for what is no plain PDF, PNG or JPEG, or for too many.
    """
    chosen = [upload for upload in uploads if is_there(upload)]
    if len(kept) + len(chosen) > MOST_FILES:
        raise bad_input(f"At most {MOST_FILES} files. Put several pages into one PDF.", "files")
    scans = [taken_in(upload, "files") for upload in chosen]
    return [*kept, *(_sealed(scan) for scan in scans)]


def named(envelopes: Iterable[str]) -> list[dict[str, Any]]:
    """What a page says of files that were taken in before; one that was not this person's, or is too old, is left out."""
    return [{"name": scan.name, "envelope": envelope} for envelope, scan in _opened(envelopes)]


def attached(session: Session, envelopes: Iterable[str], *, agency_id: int | None) -> list[Attached]:
    """The rows of these files, for the ticket that they go to."""
    made = []
    for _, scan in _opened(envelopes):
        stored = StoredFile(
            sha256=scan.sha256, media_type=scan.media_type, size=scan.size, pages=scan.pages, name=scan.name, agency_id=agency_id,
            stored_by=kernel.actor().person_id, stored_at=kernel.now(),
        )  # fmt: skip
        session.add(stored)
        made.append(Attached(name=scan.name, file=stored))
    session.flush()
    return made


def with_phone(people: Iterable[Person]) -> list[str]:
    """Who they are and how they are reached: 'Jamie Sample, 207-555-0100'."""
    return [", ".join(filter(None, (each.name, each.phone or each.email))) for each in people]


def _sealed(scan: Scan) -> str:
    content = [kernel.actor().person_id, scan.sha256, scan.media_type, scan.size, scan.pages, scan.name]
    return kernel.keys().envelope(_ENVELOPE, content)


def _opened(envelopes: Iterable[str]) -> list[tuple[str, Scan]]:
    found = []
    for envelope in list(envelopes)[:MOST_FILES]:
        try:
            owner, *rest = kernel.keys().open(_ENVELOPE, envelope, max_age=_LIFE)
        except Refused:
            continue
        if owner == kernel.actor().person_id:
            found.append((envelope, Scan(*rest)))
    return found
