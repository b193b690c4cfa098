"""Keeps the tests at home: whatever would leave this machine fails where it tries to, with its destination named."""

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOCAL_NAMES = {"", "localhost", "localhost.localdomain", "0.0.0.0", "::"}
MAILERS = {"sendmail", "mail", "mailx", "msmtp", "exim", "exim4", "postdrop"}


class LeftTheMachine(BaseException):
    """A test tried to reach another machine. Not an Exception, so that no `except Exception` retries it in silence."""


class _Guard:
    on = False
    installed = False


def is_local(host: Any) -> bool:
    """Whether a host name or address means this machine."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


@contextmanager
def closed() -> Iterator[None]:
    """While the block lasts, connecting, sending or looking up a name beyond this machine raises LeftTheMachine."""
    if not _Guard.installed:
        sys.addaudithook(_watch)  # cannot be taken out again, hence the switch
        _Guard.installed = True
    before, _Guard.on = _Guard.on, True
    try:
        yield
    finally:
        _Guard.on = before


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _Guard.on:
        return
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if isinstance(address, tuple) and not is_local(address[0]):
            raise LeftTheMachine(f"A test tried to reach {address[0]} port {address[1]}. Start a peer on 127.0.0.1.")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        if not is_local(arguments[0]):
            raise LeftTheMachine(f"A test tried to look up {arguments[0]!r}. Start a peer on 127.0.0.1.")
    elif event == "subprocess.Popen":
        command = str(arguments[0]).rpartition("/")[2]
        if command in MAILERS:
            raise LeftTheMachine(f"A test tried to send real mail with {command}. Use the mail that writes files.")
