"""Mail handed to an SMTP server, over TLS where the server offers it."""

import smtplib
import socket
import ssl
from dataclasses import dataclass

from portal.adapters.mail.port import MailError, Message, as_email

TIMEOUT = 20.0  # seconds: a worker must not hang on a server that does not answer


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Sends by `smtp://[user:password@]host[:port]` (STARTTLS where offered) or `smtps://…` (TLS from the start)."""

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = ""

    def send(self, message: Message) -> None:
        """Hands the message to the server; MailError where it was not taken, with what the server said."""
        mail = as_email(message)
        try:
            with self._connect() as server:
                if not self.tls and server.has_extn("starttls"):
                    server.starttls(context=ssl.create_default_context())
                    server.ehlo()
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(mail)
        except (smtplib.SMTPException, OSError) as error:
            # What the server says may repeat the address, never the message's text.
            raise MailError(
                f"The mail server {self.host} did not take the message: {type(error).__name__}: {error}"[:400]
            ) from error

    def _connect(self) -> smtplib.SMTP:
        here = socket.gethostname()  # named by ourselves: smtplib would ask the name server, and wait for it
        if self.tls:
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, here, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, here, timeout=TIMEOUT)
        server.ehlo()
        return server
