"""The rows of files that lie in the storage already: a plan, the minutes of a vote, a record."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import StoredFile
from portal.services.paperwork.verify import Scan


def keep(session: Session, file: Scan, *, actor: Actor, now: datetime) -> StoredFile:
    """The row of an uploaded file that was inspected and stored; it belongs to no Agency and no person."""
    stored = StoredFile(
        sha256=file.sha256, document_id=None, media_type=file.media_type, size=file.size, pages=file.pages,
        name=file.name[-200:], agency_id=None, person_id=None, stored_by=actor.person_id, stored_at=now,
    )  # fmt: skip
    session.add(stored)
    session.flush()
    return stored
