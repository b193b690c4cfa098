"""What a message is, and what every way of sending one promises."""

from collections.abc import Callable
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
    """A message could not be sent or should not be; the sentence says why. `final`: trying again would change nothing."""

    def __init__(self, sentence: str, *, final: bool = False) -> None:
        super().__init__(sentence)
        self.final = final


class MailUncertain(MailError):
    """The message was handed over whole, and the server's answer never came: it may have taken it, or not."""


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one person, and to whoever gets a copy (`cc`: name and address).

    `id` is the same whenever the same job sends it, and with `@` and the sender's host it is the Message-ID; `sent_at` is
    naive UTC. `in_reply_to` and `references` are Message-IDs without angle brackets. `automatic` is what the message says of
    itself (RFC 3834): auto-generated, auto-replied, or nothing where a person wrote it.
    """

    id: str
    sender: str
    to_name: str
    to_email: str
    subject: str
    text: str
    html: str
    sent_at: datetime
    attachments: tuple[Attachment, ...] = ()
    cc: tuple[tuple[str, str], ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    automatic: str = "auto-generated"

    @property
    def message_id(self) -> str:
        """Without angle brackets."""
        return f"{self.id}@{parseaddr(self.sender)[1].rpartition('@')[2]}"


_OF_IDS = ("message-id", "in-reply-to", "references")


class Wire(EmailPolicy):
    """Mail as SMTP carries it, with subjects that arrive as they were written."""

    # The standard library's own folding doubles or drops a space beside a letter such as Ö where a line breaks.
    def fold(self, name: str, value: Any) -> str:
        if name.lower() in _OF_IDS:  # and it encodes an id that is longer than a line, which nobody can find again then
            return f"{name}: {f'{self.linesep} '.join(str(value).split())}{self.linesep}"
        if name.lower() != "subject":
            return super().fold(name, value)
        text = str(value)
        header = Header(text, "us-ascii" if text.isascii() else "utf-8", header_name=name)
        return f"{name}: {header.encode(linesep=self.linesep)}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii", "surrogateescape")


WIRE = Wire(linesep="\r\n")


Before = Callable[[], None]


class Mailer(Protocol):
    """Sends a message or raises MailError; sent again with the same id, it is recognized as the same message."""

    def send(self, message: Message, *, before: Before | None = None) -> tuple[str, ...]:
        """Hands it over; the addresses that were refused while others were taken.

        `before` is called once, when nothing can go wrong any more but the handing over itself: what it raises, stops it.
        MailUncertain where nobody can say whether the message was taken; after any other MailError it was not.
        """
        ...


def as_email(message: Message) -> EmailMessage:
    """The message for the wire: text and HTML, attachments, headers that nobody can add to. MailError for a hostile header."""
    for name, value in (
        ("subject", message.subject),
        ("name", message.to_name),
        ("address", message.to_email),
        ("id", message.id),
        *(("name", name) for name, _ in message.cc),
        *(("address", address) for _, address in message.cc),
        *(("reference", each) for each in (message.in_reply_to, *message.references)),
    ):
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            raise MailError(
                f"The message's {name} contains a line break or another control character; it was not sent.", final=True
            )
    sender_name, sender_email = parseaddr(message.sender)
    mail = EmailMessage(policy=WIRE)
    mail["Subject"] = message.subject[:LONGEST_SUBJECT]
    mail["From"] = _address(sender_name, sender_email)
    mail["To"] = _address(message.to_name, message.to_email)
    if message.cc:
        mail["Cc"] = [_address(name, address) for name, address in message.cc]
    mail["Date"] = format_datetime(message.sent_at.replace(tzinfo=UTC))
    mail["Message-ID"] = f"<{message.message_id}>"
    if message.in_reply_to:
        mail["In-Reply-To"] = f"<{message.in_reply_to}>"
    if message.references:
        mail["References"] = " ".join(f"<{each}>" for each in message.references)
    if message.automatic:
        mail["Auto-Submitted"] = message.automatic
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    for attached in message.attachments:
        main, _, sub = attached.media_type.partition("/")
        mail.add_attachment(attached.content, maintype=main, subtype=sub, filename=attached.name)
    return mail


def _address(name: str, email: str) -> Address:
    user, at, host = email.rpartition("@")
    if not (user and at and host) or "@" in user or any(letter in email for letter in ' ,;<>"()'):
        raise MailError(f"{email[:80]!r} is no e-mail address; nothing was sent. Correct it and try again.", final=True)
    try:
        return Address(display_name=name, username=user, domain=host)
    except (ValueError, IndexError) as wrong:
        raise MailError(
            f"{email[:80]!r} is no e-mail address; nothing was sent. Correct it and try again.", final=True
        ) from wrong
