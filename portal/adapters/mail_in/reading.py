"""Reads one message into its parts: whatever is wrong with it, something comes out, and what could not be read is said."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import Message

from portal.adapters.mail_in import bodies, proving, telling
from portal.adapters.mail_in.cleaning import (
    addresses,
    decoded,
    file_name,
    ids,
    in_charset,
    many_lines,
    moment,
    one_line,
)
from portal.adapters.mail_in.received import Attached, Kind, Received
from portal.adapters.mail_in.telling import Headers

MOST_PARTS = 300
MOST_FILES = 50
DEEPEST = 30
SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
SEALED = {
    "application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted", "application/x-microsoft-rpmsg-message",
}  # fmt: skip
_SEALED = (
    "The message, or a part of it, is encrypted, or signed as one sealed block, and cannot be read here. "
    "Ask for it without encryption."
)
ENDINGS = {
    "application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "text/calendar": ".ics", "message/rfc822": ".eml",
    "text/plain": ".txt", "text/html": ".html", "text/csv": ".csv",
}  # fmt: skip


@dataclass(slots=True)
class Parts:
    """What the walk through a message collects."""

    texts: list[str] = field(default_factory=list)
    htmls: list[str] = field(default_factory=list)
    files: list[Attached] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seen: int = 0

    def note(self, said: str) -> None:
        if said not in self.notes:
            self.notes.append(said)


def read(raw: bytes, *, own: Collection[str] = (), servers: Collection[str] = (), folding: bool = True) -> Received:
    """The message in `raw`; `own` are the addresses that the portal writes from, `servers` the names of our mail server.

    Without `folding` no quotation is looked for.
    """
    message = message_from_bytes(raw, policy=policy.compat32)
    headers = Headers(message)
    parts = Parts()
    _walk(message, parts, 0)
    received = _heads(headers, parts, servers)
    text, html = _body(parts)
    kind, why = telling.kind_of(headers, message, sender=received.from_email, subject=received.subject, own=own)
    bounce = kind == Kind.BOUNCE
    return replace(
        received, text=text, html=html, folded_from=bodies.fold(text) if folding and text else None,
        attachments=tuple(parts.files), kind=kind, why=why, wants_no_answer=telling.wants_no_answer(headers),
        undelivered=telling.undelivered(message) if bounce else (), about=telling.returned(message, text) if bounce else (),
        notes=tuple(parts.notes),
    )  # fmt: skip


def _heads(headers: Headers, parts: Parts, servers: Collection[str]) -> Received:
    written = writers = addresses(headers.all("from"))
    if not writers:
        writers = addresses([*headers.all("sender"), *headers.all("reply-to")])
        if headers.word("auto-submitted") in ("", "no") and headers.get("return-path").strip() != "<>":
            parts.note(
                "The message does not say whom it is from." if not writers else "The message has no readable From."
            )
    elif len(writers) > 1:
        parts.note(f"The message names {len(writers)} senders; the first one counts.")
    name, address = writers[0] if writers else ("", "")
    proof, proof_said = proving.proven(headers, address, writers=len(written), servers=servers)
    own_ids = ids(headers.get("message-id"))
    if not own_ids:
        parts.note("The message has no Message-ID.")
    return Received(
        message_id=own_ids[0] if own_ids else "", in_reply_to=ids(headers.get("in-reply-to")),
        references=ids(" ".join(headers.all("references"))), from_name=name, from_email=address,
        to=tuple(each for _, each in addresses(headers.all("to"))), cc=tuple(each for _, each in addresses(headers.all("cc"))),
        subject=one_line(decoded(headers.get("subject"))), sent_at=moment(headers.get("date")), proof=proof, proof_said=proof_said,
    )  # fmt: skip


def _body(parts: Parts) -> tuple[str, str]:
    """The text that is shown and the markup beside it."""
    html = "\n<hr>\n".join(each for each in map(bodies.safe, parts.htmls) if each)
    text = "\n\n".join(each for each in map(str.strip, parts.texts) if each)
    if not text:
        text = many_lines("\n\n".join(filter(None, map(bodies.as_text, parts.htmls)))).strip()
    if len(text) > bodies.LONGEST_TEXT:
        parts.note(f"The text is longer than {bodies.LONGEST_TEXT:,} characters; the rest stands in the original.")
        text = text[: bodies.LONGEST_TEXT]
    return text, many_lines(html)


def _walk(part: Message, parts: Parts, depth: int) -> None:
    parts.seen += 1
    if parts.seen > MOST_PARTS or depth > DEEPEST:
        parts.note("The message has more parts than are read; the rest stands in the original.")
        return
    media = _media(part, parts)
    if media in SEALED:
        parts.note(_SEALED)
    if media == "message/rfc822":
        _nested(part, parts)
    elif media.startswith("message/"):  # a delivery report, which is told in its text part as well
        return
    elif part.is_multipart():
        for inner in _branches(part):
            _walk(inner, parts, depth + 1)
    else:
        _leaf(part, media, parts)


def _branches(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    yield from (inner for inner in payload if isinstance(inner, Message)) if isinstance(payload, list) else ()


def _media(part: Message, parts: Parts) -> str:
    """What a part is; words where it says something impossible, or says that it has parts and has none."""
    media = part.get_content_type()
    if media.startswith("multipart/") and not part.is_multipart():
        parts.note("The message is cut off or its parts are not marked as they should be.")
        return media if media in SEALED else "text/plain"
    return media if re.fullmatch(r"[\w.+-]+/[\w.+-]+", media) else "text/plain"


def _leaf(part: Message, media: str, parts: Parts) -> None:
    content = part.get_payload(decode=True)
    content = content if isinstance(content, bytes) else b""
    disposition, name = _disposition(part), _name(part)
    if media in SIGNATURES:
        return
    if media in ("application/ms-tnef", "application/vnd.ms-tnef"):
        parts.note(
            "Outlook packed its attachments into winmail.dat, which cannot be read here. Ask for them as ordinary files."
        )
    if media in ("text/plain", "text/html") and disposition != "attachment" and not name:
        text = _text(part, content, parts)
        if "-----BEGIN PGP MESSAGE-----" in text:
            parts.note(_SEALED)
        (parts.texts if media == "text/plain" else parts.htmls).append(text)
        return
    _keep(parts, name, media, content, inline=disposition == "inline" or "content-id" in part)


def _keep(parts: Parts, name: str, media: str, content: bytes, *, inline: bool) -> None:
    if len(parts.files) >= MOST_FILES:
        parts.note(f"More than {MOST_FILES} files came with the message; the others stand in the original.")
        return
    shown = file_name(name, f"attachment-{len(parts.files) + 1}{ENDINGS.get(media, '')}")
    parts.files.append(Attached(name=shown, media_type=one_line(media, 80), content=content, inline=inline))


def _nested(part: Message, parts: Parts) -> None:
    """A message inside the message: kept as a file, never read as what its sender says now."""
    inner = part.get_payload()
    first = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], Message) else None
    if first is None:
        return
    try:
        content = first.as_bytes()
    except (UnicodeError, LookupError, ValueError, AttributeError, KeyError, TypeError):
        parts.note("A message that came as an attachment cannot be read; it stands in the original.")
        return
    subject = one_line(decoded(Headers(first).get("subject")), 80)
    _keep(
        parts,
        _name(part) or (f"{subject}.eml".replace("/", "-") if subject else ""),
        "message/rfc822",
        content,
        inline=False,
    )


def _text(part: Message, content: bytes, parts: Parts) -> str:
    said = _parameter(part, "charset")
    text, right = in_charset(content, said)
    if not right:
        parts.note(
            f"The text calls itself {one_line(said, 40) or 'plain ASCII'} and is something else; some letters may be wrong."
        )
    text = many_lines(text)
    if part.get_content_type() != "text/html" and _parameter(part, "format").lower() == "flowed":
        text = bodies.unflowed(text, without_space=_parameter(part, "delsp").lower() == "yes")
    return text


def _parameter(part: Message, name: str) -> str:
    try:
        value = part.get_param(name, "")
    except (ValueError, TypeError, IndexError, AttributeError):
        return ""
    if isinstance(value, tuple):  # RFC 2231: charset, language, value
        value = in_charset(value[2].encode("latin-1", "replace"), value[0])[0]
    return str(value).strip()


def _name(part: Message) -> str:
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        try:
            value = part.get_param(parameter, "", header=header)
        except (ValueError, TypeError, IndexError, AttributeError):
            continue
        if isinstance(value, tuple):
            value = in_charset(value[2].encode("latin-1", "replace"), value[0])[0]
        if value:
            return str(value)
    return ""


def _disposition(part: Message) -> str:
    return str(part.get("content-disposition") or "").split(";")[0].strip().lower()
