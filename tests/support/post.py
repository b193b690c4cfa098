"""A real SMTP server on this machine that keeps what it takes, and breaks off where a test says so."""

import asyncio
import base64
import email
import email.policy
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from aiosmtpd.smtp import Envelope as Given

from tests.support.peers import free_port

STAGES = ("connect", "EHLO", "MAIL", "RCPT", "DATA")
"""Where it may break off before anything of the message was sent: nothing was taken then."""


@dataclass(frozen=True)
class Taken:
    """A message that the server took: the addresses of its envelope, and the message."""

    sender: str
    to: tuple[str, ...]
    mail: EmailMessage


@dataclass
class Post:
    """`cut`: the stage at which the next connections break off, one of STAGES; or 'text' (amid the message), 'lost' (with the
    whole message, and takes nothing), 'answer' (it took the message and says nothing). `say`: what it says at a stage instead.

    `passwords` and `tokens` let in whoever has one of them (PLAIN, LOGIN, XOAUTH2); `let_in` says who and how.
    """

    port: int
    host: str = "127.0.0.1"
    passwords: dict[str, str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    let_in: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    cut: str = ""
    say: dict[str, str] = field(default_factory=dict)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"

    def ids(self) -> list[str]:
        return [str(each.mail["Message-ID"]).strip("<>") for each in self.taken]


class _Server(SMTP):
    post: Post

    def connection_made(self, transport: Any) -> None:
        self.post.connections += 1
        super().connection_made(transport)
        if self.post.cut == "connect":
            transport.abort()

    def _breaks(self, stage: str) -> bool:
        if self.post.cut == stage and self.transport is not None:
            self.transport.abort()
            return True
        return False

    async def _or_say(self, stage: str, usual: Callable[[], Awaitable[None]]) -> None:
        if self._breaks(stage):
            return
        if stage in self.post.say:
            await self.push(self.post.say[stage])
            return
        await usual()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - the name is aiosmtpd's
        await self._or_say("EHLO", lambda: SMTP.smtp_EHLO(self, hostname))

    async def auth_XOAUTH2(self, _: Any, args: list[str]) -> AuthResult:  # noqa: N802
        said = base64.b64decode(args[1]) if len(args) > 1 else await self.challenge_auth("")
        user, _, rest = str(said, "ascii").removeprefix("user=").partition("\x01auth=Bearer ")
        if rest.removesuffix("\x01\x01") in self.post.tokens and rest.endswith("\x01\x01"):
            self.post.let_in.append(f"{user} by token")
            return AuthResult(success=True)
        reason = await self.challenge_auth('{"status":"400","schemes":"Bearer"}')
        return AuthResult(
            success=False, handled=False, message="535 5.7.3 no" if reason == b"" else "500 an empty line was expected"
        )

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        await self._or_say("MAIL", lambda: SMTP.smtp_MAIL(self, arg))

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.post.cut == "text":
            await self.push("354 Go on")
            await asyncio.sleep(0)
            self._breaks("text")
            return
        await self._or_say("DATA", lambda: SMTP.smtp_DATA(self, arg))


class _Handler:
    def __init__(self, post: Post) -> None:
        self.post = post

    async def handle_RCPT(  # noqa: N802
        self, server: _Server, session: Any, envelope: Given, address: str, options: Any
    ) -> str:
        if server._breaks("RCPT"):
            return "421 gone"
        if address.endswith("refused.example"):
            return "550 no such mailbox"
        if address.endswith("later.example"):
            return "450 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Server, session: Any, envelope: Given) -> str:  # noqa: N802
        if server._breaks("lost"):
            return "421 gone"
        if "text" in self.post.say:
            return self.post.say["text"]
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        read = email.message_from_bytes(content, policy=email.policy.default)
        self.post.taken.append(Taken(str(envelope.mail_from), tuple(envelope.rcpt_tos), read))  # type: ignore[arg-type]
        return "421 gone" if server._breaks("answer") else "250 taken"


class _Controller(Controller):
    def __init__(self, post: Post, tls: ssl.SSLContext | None, starttls: ssl.SSLContext | None) -> None:
        self.post, self.starttls = post, starttls
        super().__init__(_Handler(post), hostname=post.host, port=post.port, ssl_context=tls)

    def factory(self) -> SMTP:
        made = _Server(
            self.handler, enable_SMTPUTF8=True, hostname="post.example", tls_context=self.starttls,
            authenticator=self._known, auth_require_tls=self.starttls is not None,
        )  # fmt: skip
        made.post = self.post
        return made

    def _known(self, server: Any, session: Any, envelope: Any, mechanism: str, said: LoginPassword) -> AuthResult:
        user, password = said.login.decode(), said.password.decode()
        if self.post.passwords.get(user) != password:
            return AuthResult(success=False, handled=False)
        self.post.let_in.append(f"{user} by password")
        return AuthResult(success=True)


@contextmanager
def post_office(
    *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None
) -> Iterator[Post]:
    """The server on a free port, until the block ends; with `tls` from the start, or offered (`starttls`)."""
    post = Post(free_port(), host)
    controller = _Controller(post, tls, starttls)
    controller.start()
    post.connections = 0  # the controller looks whether it listens
    try:
        yield post
    finally:
        controller.stop(no_assert=True)
