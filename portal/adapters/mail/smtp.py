"""Mail handed to an SMTP server, over TLS where the server offers it."""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path

from portal.adapters.mail.port import WIRE, Before, MailError, MailUncertain, Message, as_email
from portal.adapters.tokens import TokenError, Tokens, xoauth2
from portal.adapters.trust import LOOPBACK, not_trusted, trusting

TIMEOUT = 20.0  # seconds: a worker must not hang on a server that does not answer
LAST_ANSWER = 60.0
"""Seconds for the answer to a whole message: a server may look it over first, and giving up early leaves one in doubt."""


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Sends by `smtp://[user:password@]host[:port]` (STARTTLS where offered) or `smtps://…` (TLS from the start).

    Nobody signs in without TLS, unless the server is this very machine: whoever stands in between could leave the offer
    out. With `tokens` it is signed in by token. `authority`: certificates that are believed besides.
    """

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    tokens: Tokens | None = field(default=None, compare=False)
    authority: Path | None = None

    def send(self, message: Message, *, before: Before | None = None) -> tuple[str, ...]:
        """Hands the message to the server; MailError where it was not taken, with what the server said."""
        mail = as_email(message)
        foreign = not all(address.isascii() for address in _everybody(message))
        policy = WIRE.clone(utf8=True) if foreign else WIRE
        content = re.sub(rb"(?m)^\.", b"..", mail.as_bytes(policy=policy))
        with self._session() as server:
            with self._said_of_it():
                refused = self._addressed(server, message, foreign)
            if before is not None:
                before()
            with self._said_of_it():
                code, answer = server.docmd("DATA")
            if code != 354:
                raise self._not_taken(smtplib.SMTPDataError(code, answer))
            self._hand_over(server, content)
        return refused

    def _addressed(self, server: smtplib.SMTP, message: Message, foreign: bool) -> tuple[str, ...]:
        """Names sender and recipients; who was refused. SMTPRecipientsRefused where nobody was taken."""
        options = ["SMTPUTF8", "BODY=8BITMIME"] if foreign else []
        if foreign and not server.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError("it takes no addresses with letters beyond ASCII")
        code, answer = server.mail(parseaddr(message.sender)[1], options)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, answer, message.sender)
        refused: dict[str, tuple[int, bytes]] = {}
        everybody = _everybody(message)
        for address in everybody:
            code, answer = server.rcpt(address)
            if code not in (250, 251):
                refused[address] = (code, answer)
        if len(refused) == len(everybody):
            raise smtplib.SMTPRecipientsRefused(refused)
        return tuple(refused)

    def _hand_over(self, server: smtplib.SMTP, content: bytes) -> None:
        """The text, its last line, and the server's answer; only between the last two may one be in doubt."""
        with self._said_of_it():
            server.send(content + (b"" if content.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        if server.sock is not None:
            server.sock.settimeout(LAST_ANSWER)
        try:
            code, answer = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise MailUncertain(
                f"The mail server {self.host} broke off before it said whether it took the message: {type(error).__name__}."
            ) from error
        if code != 250:
            raise self._not_taken(smtplib.SMTPDataError(code, answer))

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        with self._said_of_it():
            server = self._connect()
        try:
            with self._said_of_it():
                server.ehlo()
                if not self.tls and server.has_extn("starttls"):
                    server.starttls(context=trusting(self.authority))
                    server.ehlo()
                if self.user:
                    self._sign_in(server)
            yield server
            # What becomes of the farewell changes nothing about the message.
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _sign_in(self, server: smtplib.SMTP) -> None:
        if self.host not in LOOPBACK and not isinstance(server.sock, ssl.SSLSocket):
            raise MailError(
                f"The mail server {self.host} offers no TLS, and nobody signs in without it. Have it offer STARTTLS, or use smtps:// in PORTAL_MAIL_URL."
            )
        if self.tokens is None:
            server.login(self.user, self.password)
            return
        refused: smtplib.SMTPAuthenticationError | None = None
        for token in self.tokens.tries():
            said = xoauth2(self.user, token)
            try:
                # The first answer is the token; to the question after a refusal, which holds its reason, an empty line.
                server.auth("XOAUTH2", lambda question=None, said=said: said if question is None else "")
            except smtplib.SMTPAuthenticationError as error:
                refused = error
            else:
                return
        raise MailError(
            f"The mail server {self.host} does not let {self.user} in by token. At the mail provider, see that the application may "
            "send mail by SMTP for this mailbox; then check the name in PORTAL_MAIL_URL, and PORTAL_MAIL_SCOPE."
        ) from refused

    @contextmanager
    def _said_of_it(self) -> Iterator[None]:
        try:
            yield
        except TokenError as no:
            raise MailError(str(no)) from no
        except ssl.SSLCertVerificationError as error:
            raise MailError(not_trusted(self.host, error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._not_taken(error) from error

    def _not_taken(self, error: Exception) -> MailError:
        # What the server says may repeat the address, never the message's text.
        sentence = f"The mail server {self.host} did not take the message: {type(error).__name__}: {error}"[:400]
        return MailError(sentence, final=_is_final(error))

    def _connect(self) -> smtplib.SMTP:
        here = socket.gethostname()  # named by ourselves: smtplib would ask the name server, and wait for it
        if self.tls:
            return smtplib.SMTP_SSL(self.host, self.port, here, timeout=TIMEOUT, context=trusting(self.authority))
        return smtplib.SMTP(self.host, self.port, here, timeout=TIMEOUT)


def _everybody(message: Message) -> list[str]:
    return list(dict.fromkeys([message.to_email, *(address for _, address in message.cc)]))


def _is_final(error: Exception) -> bool:
    """Whether the server will say the same next time: a 5xx about the message or its addresses, not about who signs in."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
