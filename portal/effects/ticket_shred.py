"""Removes from the storage what was redacted for good, once nothing in the database names it."""

from sqlalchemy import select

from portal.adapters.storage import FileLost, Storage
from portal.db import reading
from portal.jobs import Job
from portal.models import StoredFile
from portal.wiring import Context


def handle(context: Context, job: Job) -> None:
    """Removes the file that the payload or the key names; it stays where somebody has stored the same content meanwhile. The same each time."""
    sha256 = str(job.payload.get("sha256") or job.key.removeprefix("file:"))
    storage = Storage(context.settings.storage)
    if _named(context, sha256):
        return
    try:
        content = storage.get(sha256)
    except FileLost:
        content = None
    storage.remove(sha256)
    if content is not None and _named(context, sha256):  # whoever stored it just now took what lay there for theirs
        storage.put(content)


def _named(context: Context, sha256: str) -> bool:
    with reading(context.sessions) as session:
        return session.scalar(select(StoredFile.id).where(StoredFile.sha256 == sha256).limit(1)) is not None
