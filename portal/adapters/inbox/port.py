"""What a mailbox is to the portal: numbered messages, fetched whole, and put aside once they are safely taken over."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


class InboxError(Exception):
    """The mailbox could not be reached, opened or read; the sentence says what to do and never a password."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message as it lies in the mailbox. Where `whole` is false it was too large, and `raw` is its headers alone."""

    raw: bytes
    size: int
    whole: bool = True


class OpenInbox(Protocol):
    """A mailbox while it is open. Uids rise within one `uidvalidity`; both are whole numbers below 2**53."""

    uidvalidity: int

    def uids(self) -> list[int]:
        """The messages that were not put aside, oldest first; some of them may be known to the portal already."""
        ...

    def fetch(self, uid: int, *, most: int) -> Fetched | None:
        """A message, its headers alone where it has more than `most` bytes; None where it is gone. Marks nothing."""
        ...

    def put_aside(self, uids: Iterable[int]) -> None:
        """Has these no longer listed: called once the portal has them on record. Calling it again does no harm."""
        ...


class Inbox(Protocol):
    """A mailbox. `name` is what the record calls it, without password."""

    @property
    def name(self) -> str: ...

    def open(self) -> AbstractContextManager[OpenInbox]:
        """Opens it; InboxError where that fails, or where anything fails while it is open."""
        ...
