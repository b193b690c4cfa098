"""How a ticket is recognized in mail: ids and marks that only the portal can make, and that no query is needed to refuse."""

import re
from collections.abc import Iterable, Iterator

from portal.refusals import Refused
from portal.secrets import Keys

MESSAGE, MARK = "ticket-message", "ticket-mark"
FOR_YEARS = 10 * 366 * 86_400
"""Seconds: an answer to a message of long ago still finds its ticket."""

_MARK = re.compile(r"\bhmis-mark:\s*([\w-]{1,60}\.[\w-]{1,20}\.[\w-]{20,90})")
_NUMBER = re.compile(r"\[HD-(\d{1,9})\]", re.IGNORECASE)
MOST_MARKS = 20


def message_id(keys: Keys, ticket_id: int, entry_id: int) -> str:
    """The part before the `@` of an answer's Message-ID: ticket and entry, dated and signed."""
    return keys.envelope(MESSAGE, [ticket_id, entry_id])


def of_ours(keys: Keys, ids: Iterable[str]) -> Iterator[tuple[int, int]]:
    """(ticket, entry) of every Message-ID among these that the portal made; a forged or changed one is passed over."""
    for each in ids:
        content = _opened(keys, MESSAGE, each.rpartition("@")[0])
        if isinstance(content, list) and len(content) == 2 and all(isinstance(number, int) for number in content):
            yield content[0], content[1]


def mark(keys: Keys, ticket_id: int) -> str:
    """The line by which an answer finds its ticket when a mail program kept nothing but the text."""
    return f"hmis-mark: {keys.envelope(MARK, ticket_id)}"


def of_marks(keys: Keys, text: str) -> Iterator[int]:
    """The ticket of every mark in a text that the portal made."""
    for envelope in _MARK.findall(text)[:MOST_MARKS]:
        content = _opened(keys, MARK, envelope)
        if isinstance(content, int):
            yield content


def numbers(subject: str) -> list[int]:
    """The tickets that a subject names as [HD-123]: anybody can write that."""
    return [int(number) for number in _NUMBER.findall(subject)][:MOST_MARKS]


def tagged(subject: str, reference: str) -> str:
    """A subject with the ticket's reference in front, once, however often it was answered."""
    bare = re.sub(r"^(?:\s*(?:re|fw|fwd|aw|wg)\s*:)+\s*", "", _NUMBER.sub("", subject), flags=re.IGNORECASE).strip()
    return f"[{reference}] {bare or 'Your question'}"[:200]


def _opened(keys: Keys, purpose: str, envelope: str) -> object:
    if not envelope:
        return None
    try:
        return keys.open(purpose, envelope, max_age=FOR_YEARS)
    except Refused:
        return None
