"""What one message from outside is, once it was read: plain values that nothing in the message can add to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """Who or what a message comes from: only a person's becomes a ticket."""

    PERSON = "person"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LIST = "list"
    OWN_LOOP = "own_loop"


class Proof(StrEnum):
    """What our own mail server says about the sender: it is so, it is not so, or nothing."""

    PROVEN = "proven"
    FAILED = "failed"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that came with a message, as it came: what of it is kept is decided elsewhere. `inline`: shown in the text."""

    name: str
    media_type: str
    content: bytes
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """What a mail server says about one address; `action` is one of failed, delayed, delivered, relayed, expanded or ''."""

    address: str
    action: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message. Ids come without angle brackets; `sent_at` is naive UTC, by the sender's own clock, or None.

    `text` is what people read, in plain text whatever the message was written in; `folded_from` is the offset in it from
    which on only what was quoted, and a signature, follow; `html` is '' or markup without script, style, form or picture.
    `about`: the ids of the messages that a bounce returns. `notes` says what could not be read.
    `wants_no_answer`: it asks for no automatic answer, although a person may have written it. `proof_said` is what our mail
    server found out, in its own words.
    """

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_name: str = ""
    from_email: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    text: str = ""
    html: str = ""
    folded_from: int | None = None
    attachments: tuple[Attached, ...] = ()
    kind: Kind = Kind.PERSON
    why: str = ""
    wants_no_answer: bool = False
    undelivered: tuple[Undelivered, ...] = ()
    about: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    proof: Proof = Proof.UNSAID
    proof_said: str = ""
