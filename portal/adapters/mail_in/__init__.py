"""Mail from outside: one raw message is read in a short-lived child with limits into plain values, and never fails."""

import json
import re
import subprocess
import sys
from collections.abc import Collection
from datetime import datetime
from typing import Any

from portal.adapters.mail_in.cleaning import addresses, decoded, ids, one_line
from portal.adapters.mail_in.received import Attached, Kind, Proof, Received, Undelivered

__all__ = ["MAX_BYTES", "MAX_MB", "Attached", "Kind", "Proof", "Received", "Undelivered", "read_mail"]

MAX_MB = 35
MAX_BYTES = MAX_MB * 1024 * 1024
SECONDS = 30

UNREADABLE = (
    "The message could not be read: it is damaged, or made to be hard to read. The original is kept as it came."
)
TOO_LARGE = f"The message is larger than {MAX_MB} MB and was not read. It lies in the mailbox, among those taken over."


def read_mail(
    raw: bytes, *, own: Collection[str] = (), servers: Collection[str] = (), seconds: float = SECONDS
) -> Received:
    """What the message in `raw` is; `own` are the addresses that the portal writes from, `servers` the names of our mail server.

    Never raises.

    What makes the child fall over once is read again without looking for quotations; what does so twice is given by its
    headers alone, with a note that says so.
    """
    for folding in (True, False):
        found = _asked(raw, own, servers, folding, seconds)
        if found is not None:
            return found
    return heads_only(raw, UNREADABLE)


def heads_only(raw: bytes, note: str) -> Received:
    """Sender, subject and ids from the beginning of a message that is not read further; `note` says why not."""
    head = re.split(rb"\r?\n\r?\n", raw[:65_536], maxsplit=1)[0].decode("utf-8", "surrogateescape")
    lines = re.sub(r"\r?\n[ \t]+", " ", head).splitlines()
    headers: dict[str, str] = {}
    for line in lines[:500]:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip()[:4000])
    writers = addresses([headers.get("from", "")])
    name, address = writers[0] if writers else ("", "")
    own_ids = ids(headers.get("message-id", ""))
    return Received(
        message_id=own_ids[0] if own_ids else "", in_reply_to=ids(headers.get("in-reply-to", "")),
        references=ids(headers.get("references", "")), from_name=name, from_email=address,
        subject=one_line(decoded(headers.get("subject", ""))), wants_no_answer=True, notes=(note,),
    )  # fmt: skip


def _asked(
    raw: bytes, own: Collection[str], servers: Collection[str], folding: bool, seconds: float
) -> Received | None:
    told = json.dumps({"own": list(own), "servers": list(servers), "folding": folding})
    try:
        # The command is made of our own words; the message comes by standard input only.
        child = subprocess.run(  # noqa: S603
            [sys.executable, "-I", "-B", "-m", "portal.adapters.mail_in.child", told],
            input=raw,
            capture_output=True,
            timeout=seconds,
            env={},
            check=False,
        )
        line, _, contents = child.stdout.partition(b"\n")
        return _received(json.loads(line), contents)
    except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        return None


def _received(answer: dict[str, Any], contents: bytes) -> Received:
    """What the child said, put together again; ValueError where it is not whole."""
    files, at = [], 0
    for each in answer.pop("attachments"):
        content = contents[at : at + each["size"]]
        if len(content) != each["size"]:
            raise ValueError("the child was cut off")
        at += each.pop("size")
        files.append(Attached(content=content, **each))
    sent_at = answer.pop("sent_at")
    undelivered = tuple(Undelivered(**each) for each in answer.pop("undelivered"))
    kind, proof = Kind(answer.pop("kind")), Proof(answer.pop("proof"))
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in answer.items()}
    return Received(
        attachments=tuple(files), undelivered=undelivered, kind=kind, proof=proof,
        sent_at=datetime.fromisoformat(sent_at) if sent_at else None, **plain,
    )  # fmt: skip
