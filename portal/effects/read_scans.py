"""Reads a bundle of scans: each file inspected in its limited child, outside any transaction, then put where it belongs."""

from portal import jobs
from portal.adapters import pdf
from portal.adapters.storage import FileLost, Storage
from portal.db import reading, transaction
from portal.jobs import Job
from portal.services.day_one import scans
from portal.services.day_one.scan_names import People
from portal.wiring import Context

MEDIA = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}


def handle(context: Context, job: Job) -> None:
    """Works through all files that have arrived; a worker that lost the job meanwhile stops and commits nothing more."""
    storage = Storage(context.settings.storage)
    while True:
        with reading(context.sessions) as session:
            files = scans.unread(session)
        for scan_id, sha256, name in files:
            verdict = inspect(storage, sha256, name)
            with transaction(context.sessions) as session:
                if not jobs.keep(session, job, now=context.clock()):
                    return
                scans.settle(session, scan_id, verdict, People(session), now=context.clock(), policy=context.policy)
        if not files:
            return


def inspect(storage: Storage, sha256: str, name: str) -> scans.Verdict:
    """What a file is by its content, or why it is not kept."""
    try:
        found = pdf.inspect_upload(storage.get(sha256), name)
    except (pdf.NotAccepted, FileLost) as no:
        return scans.Verdict(refused=str(no))
    return scans.Verdict(MEDIA[found.kind], found.pages)
