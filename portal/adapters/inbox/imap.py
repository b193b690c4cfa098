"""A mailbox on an IMAP server, over TLS unless the server is this very machine."""

import imaplib
import re
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailboxLoginError, MailBoxUnencrypted
from imap_tools.utils import encode_folder

from portal.adapters.inbox.port import Fetched, InboxError
from portal.adapters.tokens import TokenError, Tokens, xoauth2
from portal.adapters.trust import not_trusted, trusting

TIMEOUT = 30.0  # seconds: a worker must not hang on a server that does not answer
ASIDE = "Taken over"
AT_ONCE = 200
MARK = "HmisTakenOver"
"""The keyword by which messages are put aside on a server that does not move them."""

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_FAULTS = (ImapToolsError, imaplib.IMAP4.error, OSError, UnicodeError)


@dataclass(frozen=True, slots=True)
class ImapInbox:
    """`imaps://user:password@host[:port]/FOLDER`; `tls` off only on this machine.

    With `tokens` it is signed in by token instead of the password. `authority`: certificates that are believed besides.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    tls: bool = True
    tokens: Tokens | None = field(default=None, compare=False)
    authority: Path | None = None

    @property
    def name(self) -> str:
        return f"{self.user}@{self.host}/{self.folder}"[:200]

    @contextmanager
    def open(self) -> Iterator["_Open"]:
        try:
            box = self._connect()
        except ssl.SSLCertVerificationError as error:
            raise InboxError(not_trusted(self.host, error)) from error
        except (*_FAULTS, ssl.SSLError) as error:
            raise InboxError(
                f"The mail server {self.host} cannot be reached on port {self.port}: {_said(error)}. It is tried again by itself."
            ) from error
        try:
            self._sign_in(box)
            yield _Open(box, self.folder)
        except _FAULTS as error:
            raise InboxError(
                f"The mail server {self.host} broke off: {_said(error)}. It is tried again by itself."
            ) from error
        finally:
            with suppress(*_FAULTS):
                box.client.shutdown()

    def _connect(self) -> BaseMailBox:
        if not self.tls:
            return MailBoxUnencrypted(self.host, self.port, timeout=TIMEOUT)
        return MailBox(self.host, self.port, timeout=TIMEOUT, ssl_context=trusting(self.authority))

    def _sign_in(self, box: BaseMailBox) -> None:
        if self.tokens is not None:
            self._by_token(box, self.tokens)
        else:
            self._by_password(box)
        try:
            box.folder.set(self.folder)
        except ImapToolsError as error:
            raise InboxError(
                f"The mailbox of {self.user} has no folder {self.folder!r}. Name another one in PORTAL_INBOX_URL."
            ) from error

    def _by_password(self, box: BaseMailBox) -> None:
        sign_in = box.login if (self.user + self.password).isascii() else box.login_utf8
        try:
            sign_in(self.user, self.password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise  # it broke off, which says nothing about the password
        except (MailboxLoginError, imaplib.IMAP4.error) as error:
            raise InboxError(
                f"The mail server {self.host} does not let {self.user} in. Check the name and the password in PORTAL_INBOX_URL."
            ) from error

    def _by_token(self, box: BaseMailBox, tokens: Tokens) -> None:
        said: imaplib.IMAP4.error | None = None
        try:
            for token in tokens.tries():
                # What follows a refusal is an empty line: the server has put the reason into its question.
                answers = iter([xoauth2(self.user, token)])
                try:
                    box.client.authenticate("XOAUTH2", lambda _question, answers=answers: next(answers, "").encode())  # type: ignore[misc]
                except imaplib.IMAP4.abort:
                    raise
                except imaplib.IMAP4.error as error:
                    said = error
                else:
                    return
        except TokenError as no:
            raise InboxError(str(no)) from no
        raise InboxError(
            f"The mail server {self.host} does not let {self.user} in by token. At the mail provider, see that the application may "
            "read this mailbox by IMAP; then check the name in PORTAL_INBOX_URL, and PORTAL_MAIL_SCOPE."
        ) from said


class _Open:
    def __init__(self, box: BaseMailBox, folder: str) -> None:
        self._box = box
        self.uidvalidity = int(box.folder.status(folder, ["UIDVALIDITY"])["UIDVALIDITY"])
        self._moves = "MOVE" in _capabilities(box)
        self._aside = ""

    def uids(self) -> list[int]:
        wanted = "ALL" if self._moves else f"UNKEYWORD {MARK}"
        return sorted(int(uid) for uid in self._box.uids(wanted, charset=None))

    def fetch(self, uid: int, *, most: int) -> Fetched | None:
        sized = _SIZE.search(_all(self._asked(uid, "(RFC822.SIZE)")))
        if sized is None:
            return None
        whole = int(sized[1]) <= most
        # As it lies there, byte for byte: the library would write the message anew.
        answer = self._asked(uid, "(BODY.PEEK[])" if whole else "(BODY.PEEK[HEADER])")
        raw = next((each[1] for each in answer if isinstance(each, tuple)), None)
        return None if raw is None else Fetched(raw, int(sized[1]), whole)

    def put_aside(self, uids: Iterable[int]) -> None:
        named = [str(uid) for uid in uids]
        if not named:
            return
        if self._moves and self._folder_for_them():
            for start in range(0, len(named), AT_ONCE):
                self._command("MOVE", ",".join(named[start : start + AT_ONCE]), encode_folder(self._aside))
            return
        for start in range(0, len(named), AT_ONCE):
            # Not by the library's way of setting flags: it also removes whatever somebody marked as deleted.
            self._command("STORE", ",".join(named[start : start + AT_ONCE]), "+FLAGS.SILENT", f"(\\Seen {MARK})")

    def _folder_for_them(self) -> bool:
        """Whether there is a folder to move messages to; made where it is missing, on some servers only below INBOX."""
        if self._aside:
            return True
        for name in (ASIDE, f"INBOX.{ASIDE}", f"INBOX/{ASIDE}"):
            with suppress(ImapToolsError):
                if not self._box.folder.exists(name):
                    self._box.folder.create(name)
                self._aside = name
                return True
        self._moves = False
        return False

    def _asked(self, uid: int, parts: str) -> list[bytes | tuple[bytes, bytes]]:
        return [each for each in self._command("FETCH", str(uid), parts) if each]

    def _command(self, name: str, *arguments: str | bytes) -> list[Any]:
        done, answer = self._box.client.uid(name, *arguments)  # type: ignore[arg-type]
        if done != "OK":
            raise imaplib.IMAP4.error(f"{name} was answered with {done}")
        return answer


def _capabilities(box: BaseMailBox) -> set[str]:
    """What the server can do for whoever is signed in: before, it says less, and that is all the library has asked."""
    done, answer = box.client.capability()
    return set(answer[0].decode("ascii", "replace").upper().split()) if done == "OK" and answer else set()


def _all(answer: list[bytes | tuple[bytes, bytes]]) -> bytes:
    return b" ".join(b" ".join(each) if isinstance(each, tuple) else each for each in answer)


def _said(error: BaseException) -> str:
    """What went wrong, without what was sent: an answer may repeat it."""
    plain = " ".join(str(error).split())[:160]
    return f"{type(error).__name__}: {plain}" if plain else type(error).__name__
