"""The help desk's mailbox: a folder of files, or an IMAP server."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from portal.adapters.inbox.folder import FolderInbox
from portal.adapters.inbox.imap import ImapInbox
from portal.adapters.inbox.port import Fetched, Inbox, InboxError, OpenInbox
from portal.adapters.tokens import Tokens
from portal.adapters.trust import LOOPBACK

__all__ = ["Fetched", "FolderInbox", "ImapInbox", "Inbox", "InboxError", "OpenInbox", "make_inbox"]


def make_inbox(url: str, *, tokens: Tokens | None = None, authority: Path | None = None) -> Inbox | None:
    """The mailbox that PORTAL_INBOX_URL names; None where it is empty: then nothing is fetched. ValueError otherwise.

    `tokens` let in where the address names no password; `authority`: certificates that are believed besides.
    """
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return FolderInbox(Path(unquote(parts.path)))
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("imaps", "imap") or not (parts.hostname and parts.username) or port == -1:
        raise ValueError(
            "PORTAL_INBOX_URL is not known. Use imaps://user:password@host/INBOX, or file:FOLDER for a folder of .eml files."
        )
    tls = parts.scheme == "imaps"
    if not tls and parts.hostname not in LOOPBACK:
        raise ValueError("PORTAL_INBOX_URL may use imap:// on this machine only. Use imaps://user:password@host/INBOX.")
    if parts.password is None and tokens is None:
        raise ValueError(
            "PORTAL_INBOX_URL names no password. Use imaps://user:password@host/INBOX, or set PORTAL_MAIL_TOKEN_URL."
        )
    return ImapInbox(
        parts.hostname, port or (993 if tls else 143), unquote(parts.username), unquote(parts.password or ""),
        unquote(parts.path.strip("/")) or "INBOX", tls, tokens if parts.password is None else None, authority,
    )  # fmt: skip
