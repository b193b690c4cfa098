"""What a message is, and what every way of sending one promises."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any, Protocol

LONGEST_SUBJECT = 200


class MailError(Exception):
    """A message could not be sent or should not be; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one person. `id` is the same whenever the same job sends it; `sent_at` is naive UTC."""

    id: str
    sender: str
    to_name: str
    to_email: str
    subject: str
    text: str
    html: str
    sent_at: datetime
    attachments: tuple[Attachment, ...] = ()


class Wire(EmailPolicy):
    """Mail as SMTP carries it, with subjects that arrive as they were written."""

    # The standard library's own folding doubles or drops a space beside a letter such as Ö where a line breaks.
    def fold(self, name: str, value: Any) -> str:
        if name.lower() != "subject":
            return super().fold(name, value)
        text = str(value)
        header = Header(text, "us-ascii" if text.isascii() else "utf-8", header_name=name)
        return f"{name}: {header.encode(linesep=self.linesep)}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


WIRE = Wire(linesep="\r\n")


class Mailer(Protocol):
    """Sends a message or raises MailError; sent again with the same id, it is recognized as the same message."""

    def send(self, message: Message) -> None: ...


def as_email(message: Message) -> EmailMessage:
    """The message for the wire: text and HTML, attachments, headers that nobody can add to. MailError for a hostile header."""
    for name, value in (
        ("subject", message.subject),
        ("name", message.to_name),
        ("address", message.to_email),
        ("id", message.id),
    ):
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            raise MailError(
                f"The message's {name} contains a line break or another control character; it was not sent."
            )
    sender_name, sender_email = parseaddr(message.sender)
    mail = EmailMessage(policy=WIRE)
    mail["Subject"] = message.subject[:LONGEST_SUBJECT]
    mail["From"] = _address(sender_name, sender_email)
    mail["To"] = _address(message.to_name, message.to_email)
    mail["Date"] = format_datetime(message.sent_at.replace(tzinfo=UTC))
    mail["Message-ID"] = f"<{message.id}@{sender_email.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    for attached in message.attachments:
        main, _, sub = attached.media_type.partition("/")
        mail.add_attachment(attached.content, maintype=main, subtype=sub, filename=attached.name)
    return mail


def _address(name: str, email: str) -> Address:
    user, at, host = email.rpartition("@")
    if not (user and at and host) or "@" in user or any(letter in email for letter in ' ,;<>"()'):
        raise MailError(f"{email[:80]!r} is no e-mail address; nothing was sent. Correct it and try again.")
    try:
        return Address(display_name=name, username=user, domain=host)
    except (ValueError, IndexError) as wrong:
        raise MailError(f"{email[:80]!r} is no e-mail address; nothing was sent. Correct it and try again.") from wrong
