"""A raw message becomes what the services know of it: read in a limited child, its files inspected and put into the storage."""

import hashlib
import time
from collections.abc import Callable, Collection, Iterable

from portal.adapters.mail_in import TOO_LARGE, Received, heads_only, read_mail
from portal.adapters.mail_in.keeping import keep
from portal.adapters.storage import Storage
from portal.services.helpdesk.mail.incoming import Incoming, IncomingFile

FILES_SECONDS = 40.0
"""Seconds for looking into the files of one message; whichever come later are not kept."""

NO_TIME = "There was no time to look into it. It stands in the original message."


def incoming(
    raw: bytes, *, mailbox: str, uidvalidity: int, uid: int, own: Collection[str], storage: Storage, size: int | None = None,
    servers: Collection[str] = (), files_of: Collection[str] = ("person", "list"), alive: Callable[[], None] = lambda: None,
) -> Incoming:  # fmt: skip
    """The message in `raw`, which is its headers alone where `size` says that the whole one is larger; never fails for what is in it.

    `own` are the addresses that the portal writes from; `servers` the names of our mail server; `files_of` the kinds of message whose files are kept; `alive` is
    called between the files of a message, and what it raises ends the work.
    """
    whole = size is None or size == len(raw)
    received = read_mail(raw, own=own, servers=servers) if whole else heads_only(raw, TOO_LARGE)
    files = tuple(_files(received, storage, alive)) if received.kind.value in files_of else ()
    return Incoming(
        mailbox=mailbox, uidvalidity=uidvalidity, uid=uid, raw_sha256=storage.put(raw) if whole else "", size=size or len(raw),
        message_id=received.message_id, in_reply_to=received.in_reply_to, references=received.references,
        from_name=received.from_name, from_email=received.from_email, others=(*received.to, *received.cc), subject=received.subject,
        sent_at=received.sent_at, text=received.text, html=received.html, folded_from=received.folded_from, files=files,
        content_sha256=_fingerprint(received) if whole else "", kind=received.kind.value, why=received.why,
        wants_no_answer=received.wants_no_answer, about=received.about, notes=received.notes,
        proof=received.proof.value, proof_said=received.proof_said,
        undelivered=tuple((each.address, each.action, each.said) for each in received.undelivered),
    )  # fmt: skip


def unread(raw: bytes, *, mailbox: str, uidvalidity: int, uid: int, size: int, storage: Storage) -> Incoming:
    """A message of which nothing was read: what is kept of one that nothing can read."""
    kept = storage.put(raw) if size == len(raw) else ""
    return Incoming(mailbox=mailbox, uidvalidity=uidvalidity, uid=uid, raw_sha256=kept, size=size)


def _files(received: Received, storage: Storage, alive: Callable[[], None]) -> Iterable[IncomingFile]:
    until = time.monotonic() + FILES_SECONDS
    for each in received.attachments:
        alive()
        found = keep(each) if time.monotonic() < until else NO_TIME
        if isinstance(found, str):
            yield IncomingFile(name=each.name, size=len(each.content), refused=found)
        else:
            yield IncomingFile(
                name=each.name, size=len(found.content), sha256=storage.put(found.content), media_type=found.media_type, pages=found.pages
            )  # fmt: skip


def _fingerprint(received: Received) -> str:
    """Of what a message says, whichever way it came: its headers along the way differ."""
    digest = hashlib.sha256()
    for part in (received.from_email.lower(), received.subject, received.text, received.html):
        digest.update(part.encode() + b"\x00")
    for file in received.attachments:
        digest.update(file.name.encode() + b"\x00" + hashlib.sha256(file.content).digest())
    return digest.hexdigest()
