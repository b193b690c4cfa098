"""Whether a document was executed here, for whoever holds a copy and asks by its number and fingerprint (X5)."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Document, Signature, StoredFile
from portal.refusals import Refused
from portal.services.account import limits
from workflows.vocabulary import Reason

MOST, WITHIN = 30, timedelta(hours=1)
SLOW_DOWN = "Many documents were asked about from your network within the hour. Wait a while, or call the help desk."


def take_turn(session: Session, address: str, *, now: datetime) -> None:
    """Lets one network ask so often within an hour; CONFLICT beyond that."""
    if not limits.take(session, limits.of_unnamed("check", address), most=MOST, within=WITHIN, now=now):
        raise Refused(Reason.CONFLICT, SLOW_DOWN)


def executed(session: Session, number: int) -> Document | None:
    """The executed document of that number; None for one that is not executed, or not there. Only for comparing fingerprints."""
    found = session.get(Document, number)
    return found if found is not None and found.status == "executed" and found.executed_at is not None else None


def is_copy(session: Session, document: Document, sha256: str) -> bool:
    """Whether an executed copy of the document, the present one or an earlier one, has this fingerprint; a scan is no copy."""
    scans = select(Signature.scan_sha256).where(Signature.document_id == document.id)
    query = select(StoredFile.id).where(
        StoredFile.document_id == document.id, StoredFile.sha256 == sha256, StoredFile.stored_by.is_(None),
        StoredFile.media_type == "application/pdf", StoredFile.sha256.not_in(scans),
    )  # fmt: skip
    return session.scalar(query) is not None
