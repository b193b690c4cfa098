"""A message from outside as the services know it: read, with its files inspected and stored, and nothing decided yet."""

from dataclasses import dataclass
from datetime import datetime


def email_key(email: str) -> str:
    """What an address is compared by."""
    return email.strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingFile:
    """A file that came along: in the storage under `sha256`, or not kept (`sha256` empty) for the reason in `refused`."""

    name: str
    size: int
    sha256: str = ""
    media_type: str = ""
    pages: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """Where the message lies (`mailbox`, `uidvalidity`, `uid`), its fingerprint, and what it says.

    `raw_sha256` is empty where the message was too large to be fetched. `kind` is person, auto_reply, bounce, list or
    own_loop; `undelivered` holds (address, action, what the server said); the ids come without angle brackets.
    `proof` is what our mail server says of the sender: proven, failed or unsaid.
    """

    mailbox: str
    uidvalidity: int
    uid: int
    raw_sha256: str
    size: int
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_name: str = ""
    from_email: str = ""
    others: tuple[str, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    text: str = ""
    html: str = ""
    folded_from: int | None = None
    files: tuple[IncomingFile, ...] = ()
    content_sha256: str = ""
    kind: str = "person"
    why: str = ""
    wants_no_answer: bool = False
    undelivered: tuple[tuple[str, str, str], ...] = ()
    about: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    proof: str = "unsaid"
    proof_said: str = ""

    @property
    def forged(self) -> bool:
        """Whether our mail server says that it does not come from whom it says."""
        return self.proof == "failed"
