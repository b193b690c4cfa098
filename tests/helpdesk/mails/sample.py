"""What a sample is: the message byte for byte, and what reading it must give."""

import base64
import quopri
from dataclasses import dataclass, field
from typing import Any

DESK = "hmis-help@example.org"
HEAD = {
    "From": "Jamie Sample <jamie@shelter.example.org>", "To": f"HMIS help desk <{DESK}>", "Subject": "A report does not open",
    "Date": "Mon, 23 Nov 2026 09:15:00 -0500", "Message-ID": "<a1b2c3@shelter.example.org>", "MIME-Version": "1.0",
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """`expects`: attributes of what is read; `shown`: the text above the fold; `has`, `lacks`: what text and HTML hold."""

    name: str
    raw: bytes
    expects: dict[str, Any] = field(default_factory=dict)
    shown: str | None = None
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    files: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def mail(body: bytes | str = "Hello.", /, *, crlf: bool = True, drop: tuple[str, ...] = (), **headers: str) -> bytes:
    """A message: HEAD, changed by `headers` (an underscore for a hyphen), without those in `drop`, then the body."""
    all_ = {name: value for name, value in HEAD.items() if name not in drop}
    for name, value in headers.items():
        wanted = name.replace("_", "-")
        known = next((each for each in all_ if each.lower() == wanted.lower()), wanted)
        all_[known] = value
    head = "".join(f"{name}: {value}\n" for name, value in all_.items()).encode()
    text = body.encode() if isinstance(body, str) else body
    whole = head + b"\n" + text
    return whole.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") if crlf else whole


def part(content: bytes | str, media: str, *, encoding: str = "", **headers: str) -> bytes:
    """One part of a message of several, encoded as said."""
    data = content.encode() if isinstance(content, str) else content
    if encoding == "base64":
        data = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data)
    head = f"Content-Type: {media}\n" + (f"Content-Transfer-Encoding: {encoding}\n" if encoding else "")
    head += "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return head.encode() + b"\n" + data


def several(*parts: bytes, media: str = "multipart/mixed", boundary: str = "=_edge", **headers: str) -> bytes:
    """A message of several parts."""
    body = b"".join(b"--" + boundary.encode() + b"\n" + each + b"\n" for each in parts)
    return mail(body + b"--" + boundary.encode() + b"--\n", Content_Type=f'{media}; boundary="{boundary}"', **headers)


def nested(*parts: bytes, media: str, boundary: str) -> bytes:
    """Several parts as one part."""
    body = b"".join(b"--" + boundary.encode() + b"\n" + each + b"\n" for each in parts)
    return f'Content-Type: {media}; boundary="{boundary}"\n\n'.encode() + body + f"--{boundary}--\n".encode()


def both(text: str, html: str, **headers: str) -> bytes:
    """Text and HTML of the same message, as most programs send it."""
    return several(
        part(text, "text/plain; charset=utf-8", encoding="quoted-printable"),
        part(html, "text/html; charset=utf-8", encoding="quoted-printable"),
        media="multipart/alternative",
        **headers,
    )
