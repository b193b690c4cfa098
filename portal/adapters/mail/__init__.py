"""Sending mail: one message to one person, written to a folder or handed to a server."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from portal.adapters.mail.file import FileMailer
from portal.adapters.mail.port import Attachment, Before, Mailer, MailError, MailUncertain, Message
from portal.adapters.mail.smtp import SmtpMailer
from portal.adapters.tokens import Tokens

__all__ = [
    "Attachment",
    "Before",
    "FileMailer",
    "MailError",
    "MailUncertain",
    "Mailer",
    "Message",
    "SmtpMailer",
    "make_mailer",
]


def make_mailer(url: str, *, tokens: Tokens | None = None, authority: Path | None = None) -> Mailer:
    """The way of sending that PORTAL_MAIL_URL names: `file:FOLDER`, `smtp://…` or `smtps://…`; ValueError otherwise.

    `tokens` let in where the address names somebody and no password; `authority`: certificates that are believed besides.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return FileMailer(Path(unquote(parts.path)))
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        tls = parts.scheme == "smtps"
        port = parts.port or (465 if tls else 587)
        by_token = tokens if parts.username and parts.password is None else None
        return SmtpMailer(
            parts.hostname, port, tls, unquote(parts.username or ""), unquote(parts.password or ""), by_token, authority
        )  # fmt: skip
    raise ValueError(
        f"PORTAL_MAIL_URL = {url.rsplit('@', maxsplit=1)[-1]!r} is not known. Use file:FOLDER, smtp://host:port or smtps://host:port."
    )
