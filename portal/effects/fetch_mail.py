"""Fetches the help desk's mail: read and stored outside any transaction, each message taken in by one of its own, then put aside."""

import logging
from email.utils import parseaddr
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from portal import jobs
from portal.adapters.inbox import Inbox, InboxError, OpenInbox
from portal.adapters.mail_in import MAX_BYTES
from portal.adapters.storage import Storage
from portal.db import reading, transaction
from portal.effects.mail_reading import incoming, unread
from portal.jobs import Job
from portal.services.helpdesk.mail import arriving, mailbox
from portal.services.helpdesk.mail.incoming import Incoming
from portal.wiring import Context
from workflows.vocabulary import Effect

log = logging.getLogger("portal.mail")

MOST = 500
"""Messages of one go; what is left comes in the next one, and other work in between."""


class LostJob(Exception):
    """Another worker has the job."""


def handle(context: Context, job: Job) -> None:
    """Takes in what lies in the mailbox, oldest first; a mailbox that cannot be reached is said so, and tried again later."""
    if context.inbox is None:
        return
    trouble, taken = "", 0
    try:
        taken = fetch(context, context.inbox, job)
    except InboxError as error:
        log.warning("the mailbox could not be read: %s", error)
        trouble = str(error)
    except LostJob:
        return
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            mailbox.looked(session, context.inbox.name, trouble=trouble, now=context.clock())
            if taken == MOST:
                jobs.enqueue(session, Effect.FETCH_MAIL, key=job.key, now=context.clock())


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
    own = own_addresses(context.settings.mail_from)
    place: dict[str, Any] = {"mailbox": inbox.name, "uidvalidity": box.uidvalidity, "uid": uid, "size": fetched.size}
    storage = Storage(context.settings.storage)
    try:
        mail = incoming(
            fetched.raw, own=own, servers=context.settings.inbox_servers, storage=storage, alive=lambda: _alive(context, job), **place
        )  # fmt: skip
    except (LostJob, OSError, DBAPIError):
        raise  # not the message's fault: the next look tries it again
    except Exception as error:
        log.exception("message %s could not be read", uid)
        return _refused(context, unread(fetched.raw, storage=storage, **place), job, type(error).__name__)
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


def _alive(context: Context, job: Job | None) -> None:
    with transaction(context.sessions) as session:
        _still_ours(context, session, job)


def _still_ours(context: Context, session: Session, job: Job | None) -> None:
    if job is not None and not jobs.keep(session, job, now=context.clock()):
        raise LostJob


def own_addresses(mail_from: str) -> tuple[str, ...]:
    """The addresses that the portal writes from."""
    return (parseaddr(mail_from)[1],)
