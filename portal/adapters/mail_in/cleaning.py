"""Headers and text as people may see them: decoded, in one line where one line is due, and nothing that turns it around."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime

LONGEST_SUBJECT = 200
LONGEST_NAME = 200
LONGEST_ID = 998
LONGEST_ADDRESS = 320
MOST_IDS = 100

# Embeddings, overrides and isolates: they show a file name or a sentence in another order than it is.
_TURNING = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_ADDRESS = re.compile(r"[^\s@<>\"(),;:\\\[\]]+@[^\s@<>\"(),;:\\\[\]]+\.[^\s@<>\"(),;:\\\[\]]+")
_ID = re.compile(r"<\s*([^<>\s]+)\s*>")
_KEPT = {"\n", "\t"}


def decoded(raw: str) -> str:
    """A header's value in letters, whatever it was encoded in; what cannot be decoded stays as it is."""
    raw = re.sub(r"[\r\n]+[ \t]*", " ", raw)
    try:
        pieces = decode_header(raw) if "=?" in raw else [(raw, None)]
    except (HeaderParseError, ValueError):
        pieces = [(raw, None)]
    return "".join(_letters(piece, charset) for piece, charset in pieces)


def _letters(piece: str | bytes, charset: str | None) -> str:
    if isinstance(piece, str):
        if piece.isascii():
            return piece
        piece = piece.encode("utf-8", "surrogateescape")
    return in_charset(piece, charset)[0]


def in_charset(content: bytes, charset: str | None) -> tuple[str, bool]:
    """Bytes as text, and whether they were what they were said to be; never fails: at worst they are read as Windows does."""
    # What calls itself Latin-1 is Windows' own letters as soon as it has a curly quotation mark.
    said = {"iso-8859-1": "cp1252", "us-ascii": "utf-8", "ascii": "utf-8"}.get(
        (charset or "utf-8").lower(), charset or "utf-8"
    )
    for name in (said, "utf-8", "cp1252"):
        try:
            return content.decode(name), name == said
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1"), False


def one_line(text: str, longest: int = LONGEST_SUBJECT) -> str:
    """A text in one line, without control and format characters, at most `longest` characters."""
    plain = "".join(
        " " if unicodedata.category(each) in ("Cc", "Zl", "Zp", "Zs") else each
        for each in text
        if unicodedata.category(each) not in ("Cf", "Cs", "Cn")
    )
    plain = " ".join(plain.split())
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def many_lines(text: str) -> str:
    """A text of several lines without control characters or marks that change the order of letters; LF ends a line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").translate(_TURNING)
    return "".join(each for each in text if each in _KEPT or unicodedata.category(each) not in ("Cc", "Cs"))


def file_name(raw: str, fallback: str) -> str:
    """The last part of a file's claimed name, in one line."""
    plain = one_line(decoded(raw).replace("\\", "/").rsplit("/", 1)[-1], LONGEST_NAME)
    return (plain.strip(". ") and plain) or fallback


def ids(raw: str) -> tuple[str, ...]:
    """The message ids in a header, in order, each once; a bare one without angle brackets counts too."""
    found = _ID.findall(raw) or [word for word in raw.split() if "@" in word]
    plain = (one_line(each, LONGEST_ID + 1) for each in found)
    return tuple(dict.fromkeys(each for each in plain if each and len(each) <= LONGEST_ID))[-MOST_IDS:]


def addresses(values: Iterable[str]) -> list[tuple[str, str]]:
    """(name, address) of everybody in such headers; what is no address is left out.

    Taken apart before it is decoded: a name that decodes to an address does not become one.
    """
    found = []
    for name, address in _apart([re.sub(r"[\r\n]+", " ", value) for value in values]):
        plain = address.strip().strip("'")
        if _ADDRESS.fullmatch(plain) and plain.isprintable() and len(plain) <= LONGEST_ADDRESS:
            user, _, host = plain.rpartition("@")
            found.append((one_line(decoded(name), LONGEST_NAME), f"{user}@{host.lower()}"))
    return found


def _apart(values: list[str]) -> list[tuple[str, str]]:
    try:
        return getaddresses(values)
    except (RecursionError, ValueError, IndexError):  # comments within comments, thousands deep
        return []


def moment(raw: str) -> datetime | None:
    """A date header as naive UTC; None where it is none."""
    try:
        at = parsedate_to_datetime(raw)
        return (at.astimezone(UTC) if at.tzinfo else at).replace(tzinfo=None)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
