"""Fetches the help desk's mail: read and stored outside any transaction, each message taken in by one of its own, then put aside."""

import hashlib
import logging
from collections.abc import Iterable
from email.utils import parseaddr

from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from portal import jobs
from portal.adapters.inbox import Inbox, InboxError, OpenInbox
from portal.adapters.mail_in import MAX_BYTES, TOO_LARGE, Received, heads_only, read_mail
from portal.adapters.mail_in.keeping import keep
from portal.adapters.storage import Storage
from portal.db import reading, transaction
from portal.jobs import Job
from portal.services.helpdesk.mail import arriving, mailbox
from portal.services.helpdesk.mail.incoming import Incoming, IncomingFile
from portal.wiring import Context

log = logging.getLogger("portal.mail")

MOST = 500
"""Messages of one go; what is left comes a minute later, and other work in between."""

FILES_SECONDS = 40.0
"""Seconds for looking into the files of one message; whichever come later are not kept."""


class LostJob(Exception):
    """Another worker has the job."""


def handle(context: Context, job: Job) -> None:
    """Takes in what lies in the mailbox, oldest first; a mailbox that cannot be reached is said so, and tried again later."""
    if context.inbox is None:
        return
    trouble = ""
    try:
        fetch(context, context.inbox, job)
    except InboxError as error:
        log.warning("the mailbox could not be read: %s", error)
        trouble = str(error)
    except LostJob:
        return
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            mailbox.looked(session, context.inbox.name, trouble=trouble, now=context.clock())


def fetch(context: Context, inbox: Inbox, job: Job | None) -> int:
    """Takes in up to MOST messages; how many were new. InboxError, and LostJob where another worker has taken over."""
    taken = 0
    with inbox.open() as box:
        listed = box.uids()
        with reading(context.sessions) as session:
            there = arriving.known(session, mailbox=inbox.name, uidvalidity=box.uidvalidity, uids=listed)
        # Whoever was killed between its commit and this left them lying.
        box.put_aside(uid for uid in listed if uid in there)
        for uid in [uid for uid in listed if uid not in there][:MOST]:
            taken += _one(context, inbox, box, uid, job)
            box.put_aside([uid])
    return taken


def _one(context: Context, inbox: Inbox, box: OpenInbox, uid: int, job: Job | None) -> bool:
    fetched = box.fetch(uid, most=MAX_BYTES)
    if fetched is None:
        return False
    own = (parseaddr(context.settings.mail_from)[1],)
    received = read_mail(fetched.raw, own=own) if fetched.whole else heads_only(fetched.raw, TOO_LARGE)
    storage = Storage(context.settings.storage)
    files = _stored(context, received, storage, job)
    mail = Incoming(
        mailbox=inbox.name, uidvalidity=box.uidvalidity, uid=uid, raw_sha256=storage.put(fetched.raw) if fetched.whole else "",
        size=fetched.size, message_id=received.message_id, in_reply_to=received.in_reply_to, references=received.references,
        from_name=received.from_name, from_email=received.from_email, others=(*received.to, *received.cc), subject=received.subject,
        sent_at=received.sent_at, text=received.text, html=received.html, folded_from=received.folded_from, files=files,
        content_sha256=_fingerprint(received) if fetched.whole else "", kind=received.kind.value, why=received.why,
        wants_no_answer=received.wants_no_answer,
        undelivered=tuple((each.address, each.action, each.said) for each in received.undelivered), about=received.about,
        notes=received.notes,
    )  # fmt: skip
    try:
        with transaction(context.sessions) as session:
            _still_ours(context, session, job)
            return (
                arriving.take(session, mail, own=own, keys=context.keys, now=context.clock(), policy=context.policy)
                is not None
            )
    except IntegrityError:
        with reading(context.sessions) as session:
            if arriving.known(session, mailbox=inbox.name, uidvalidity=box.uidvalidity, uids=[uid]):
                return False  # another worker was quicker
        return _refused(context, mail, job, "IntegrityError")
    except (LostJob, OperationalError, InterfaceError):
        raise
    except Exception as error:  # one message must not keep back all that come after it
        log.exception("message %s could not be taken in", uid)
        return _refused(context, mail, job, type(error).__name__)


def _refused(context: Context, mail: Incoming, job: Job | None, fault: str) -> bool:
    with transaction(context.sessions) as session:
        _still_ours(context, session, job)
        why = f"It could not be taken in ({fault}). Read the original, and tell whoever runs the portal."
        return arriving.refuse(session, mail, why, now=context.clock()) is not None


def _stored(context: Context, received: Received, storage: Storage, job: Job | None) -> tuple[IncomingFile, ...]:
    """The files, inspected and put into the storage; only those of a message that may become part of a ticket."""
    if received.kind.value not in ("person", "list"):
        return ()
    return tuple(_files(context, received, storage, job))


def _files(context: Context, received: Received, storage: Storage, job: Job | None) -> Iterable[IncomingFile]:
    began = context.clock()
    for each in received.attachments:
        now = context.clock()
        if (now - began).total_seconds() > FILES_SECONDS:
            yield IncomingFile(
                name=each.name,
                size=len(each.content),
                refused="There was no time to look into it. It stands in the original message.",
            )
            continue
        with transaction(context.sessions) as session:
            _still_ours(context, session, job)
        found = keep(each)
        if isinstance(found, str):
            yield IncomingFile(name=each.name, size=len(each.content), refused=found)
        else:
            yield IncomingFile(
                name=each.name, size=len(found.content), sha256=storage.put(found.content), media_type=found.media_type, pages=found.pages
            )  # fmt: skip


def _still_ours(context: Context, session: Session, job: Job | None) -> None:
    if job is not None and not jobs.keep(session, job, now=context.clock()):
        raise LostJob


def _fingerprint(received: Received) -> str:
    """Of what a message says, whichever way it came: its headers along the way differ."""
    digest = hashlib.sha256()
    for part in (received.from_email.lower(), received.subject, received.text, received.html):
        digest.update(part.encode() + b"\x00")
    for file in received.attachments:
        digest.update(file.name.encode() + b"\x00" + hashlib.sha256(file.content).digest())
    return digest.hexdigest()
